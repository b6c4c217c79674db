# SPDX-License-Identifier: Apache-2.0
"""Nova: API, conductor, scheduler and compute in one process.

They talk over oslo.messaging's in-process bus, which is why they are
together; each database is a file of its own.
"""

import os

from cloud import disks
from cloud import files
from cloud import service
from cloud import settings as settings_module
from cloud import simulation

# What Nova and its libraries do as root, where they may.
PRIVILEGED = ('nova_sys_admin', 'privsep_osbrick',
              'vif_plug_linux_bridge_privileged', 'vif_plug_ovs_privileged')
DATABASES = ('nova_api', 'nova_cell0', 'nova_cell1')
CELL = 'cell1'
OWN = """\
# Read after nova.conf, which every start writes anew; this file is yours.
# Options of USB passthrough are in section [usb].
"""


def configure(settings):
    """Write Nova's configuration, and the simulated devices."""
    instances = settings.data('nova') / 'instances'
    instances.mkdir(parents=True, exist_ok=True)
    (settings.data('nova') / 'providers').mkdir(exist_ok=True)
    sections = base(settings)
    if settings.libvirt:
        sections['DEFAULT'].update(
            compute_driver='libvirt.LibvirtDriver',
            instances_path=disks.folder(settings.state),
            instance_name_template=disks.prefix(settings.state) + '%08x')
        sections['libvirt'] = {'virt_type': settings.virt_type}
        sections.update(privsep(settings, settings.etc('nova') / 'nova.conf'))
    else:
        simulation.write_once(settings.simulated_devices, settings.hosts)
        sections['DEFAULT'].update(
            compute_driver=simulation.DRIVER, host=simulation.HOST,
            # With a second host a resize moves the server there.
            allow_resize_to_same_host=str(settings.hosts == 1).lower())
        # A file sends no events; look at it often.
        sections['usb'] = {
            'scan_interval': simulation.SCAN_INTERVAL,
            'simulated_devices': settings.simulated_devices,
        }
    files.write(settings.etc('nova') / 'nova.conf', sections)
    if not settings.own_nova_conf.exists():
        files.write_private(settings.own_nova_conf, OWN)


def base(settings):
    """Nova's configuration without that of a compute host.

    :param settings: Settings
    :returns: dict, as :func:`cloud.files.write` takes it
    """
    data = settings.data('nova')
    return {
        'DEFAULT': {
            'instances_path': data / 'instances',
            'my_ip': '127.0.0.1',
            # There is no crowd of hosts to keep from starting in step.
            'periodic_fuzzy_delay': 0,
            'state_path': data,
            'transport_url': settings.transport_url,
            # Ctrl-C is to end the cloud in seconds.
            'manager_shutdown_timeout': 3,
            'graceful_shutdown_timeout': 5,
        },
        'api_database': {'connection': settings.database('nova_api')},
        # One cell; all services of this process are in it.
        'database': {'connection': settings.database('nova_cell1')},
        # Not what this machine may have in /etc/nova.
        'compute': {'provider_config_location': data / 'providers'},
        'glance': settings.credentials('nova'),
        'neutron': dict(
            settings.credentials('nova'), service_metadata_proxy='true',
            metadata_proxy_shared_secret=settings.passwords[
                settings_module.METADATA]),
        'placement': settings.credentials('nova'),
        'keystone_authtoken': settings.authtoken('nova'),
        'service_user': dict(settings.credentials('nova'),
                             send_service_user_token='true'),
        'oslo_concurrency': {'lock_path': data},
        'oslo_messaging_notifications': {'driver': 'noop'},
        'vnc': {'enabled': 'false'},
        'wsgi': {'api_paste_config': _paste(settings)},
    }


def _paste(settings):
    return settings.venv / 'etc' / 'nova' / 'api-paste.ini'


def privsep(settings, conf):
    """How a compute host does what upstream does with sudo: as it is.

    :param settings: Settings
    :param conf: the configuration file that this is for
    :returns: dict, as :func:`cloud.files.write` takes it
    """
    options = {'helper_command': '%s --config-file %s' % (
        settings.tool('privsep-helper'), conf)}
    if os.geteuid() != 0:
        # It has none to keep, and asking for some fails.  Files of this
        # user, all that it is needed for here, take none.
        options['capabilities'] = ''
    return {section: options for section in PRIVILEGED}


def prepare(settings, group):
    """Make Nova's databases and its cells."""
    def manage(*words):
        service.manage(settings, group, 'nova', 'nova-manage',
                       '--config-file', settings.etc('nova') / 'nova.conf',
                       *words)

    manage('api_db', 'sync')
    cell0 = settings.database('nova_cell0')
    # Tells when it is done already, and changes nothing then.
    manage('cell_v2', 'map_cell0', '--database_connection', cell0)
    # Of cell0 and of this configuration's cell.
    manage('db', 'sync')
    for name in DATABASES:
        service.use_wal(settings, name)
    # Goes when the databases go.
    marker = settings.state / 'db' / 'nova_cell1.created'
    if not marker.exists():
        manage('cell_v2', 'create_cell', '--name', CELL,
               '--transport-url', settings.transport_url,
               '--database_connection', settings.database('nova_cell1'))
        marker.touch()


def _variables(settings):
    return {
        'OS_NOVA_CONFIG_DIR': str(settings.etc('nova')),
        'OS_NOVA_CONFIG_FILES': '%s;nova.conf;%s' % (
            _paste(settings), settings.own_nova_conf),
    }


def launch(settings, group):
    """Start Nova.

    :returns: process.Child
    """
    hosts = simulation.HOSTS[:settings.hosts]
    return service.launch(
        settings, group, 'nova', 'nova_app', **_variables(settings),
        # Empty: the one host whose name nova.conf or the machine gives.
        CLOUD_HOSTS='' if settings.libvirt else ','.join(hosts))


def launch_metadata(settings, group):
    """Start Nova's metadata service, which only reads databases.

    :returns: process.Child
    """
    return service.launch(settings, group, 'metadata', 'nova.wsgi.metadata',
                          **_variables(settings))
