# SPDX-License-Identifier: Apache-2.0
"""Neutron: its API with a database and no agents.

Ports get addresses and are bound, but no packet flows: without agents nothing
connects them, which Nova's fake driver does not need.  Beside a real
libvirt ports are not bound, and a server with a network goes to ERROR.
"""

from cloud import files
from cloud import service

DATABASES = ('neutron',)


def configure(settings):
    """Write Neutron's configuration."""
    data = settings.data('neutron')
    data.mkdir(parents=True, exist_ok=True)
    files.write(settings.etc('neutron') / 'neutron.conf', {
        'DEFAULT': {
            'api_paste_config':
                settings.venv / 'etc' / 'neutron' / 'api-paste.ini',
            'auth_strategy': 'keystone',
            'core_plugin': 'ml2',
            'notify_nova_on_port_data_changes': 'false',
            'notify_nova_on_port_status_changes': 'false',
            'service_plugins': '',
            'state_path': data,
            'transport_url': 'fake:/',
        },
        'database': {'connection': settings.database('neutron')},
        'keystone_authtoken': settings.authtoken('neutron'),
        'ml2': {
            'extension_drivers': '',
            # Of cloud/inside/simulated_ports.py.
            'mechanism_drivers':
                '' if settings.libvirt else 'simulated_ports',
            'tenant_network_types': 'local',
            'type_drivers': 'local',
        },
        'oslo_concurrency': {'lock_path': data},
        'oslo_messaging_notifications': {'driver': 'noop'},
    })


def prepare(settings, group):
    """Make Neutron's database."""
    service.manage(settings, group, 'neutron', 'python',
                   settings.inside('neutron_schema.py'),
                   settings.database('neutron'))
    service.use_wal(settings, 'neutron')


def launch(settings, group):
    """Start Neutron.

    :returns: process.Child
    """
    return service.launch(
        settings, group, 'neutron', 'neutron_app',
        OS_NEUTRON_CONFIG_DIR=str(settings.etc('neutron')),
        OS_NEUTRON_CONFIG_FILES='neutron.conf')
