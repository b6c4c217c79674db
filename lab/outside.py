# SPDX-License-Identifier: Apache-2.0
"""The cloud around the emulated host, on the machine itself.

The services and their configuration are the embedded cloud's, package
`cloud`; here each part of Nova is a process of its own.
"""

from concurrent import futures

from cloud import files
from cloud import glance
from cloud import identity
from cloud import keystone
from cloud import neutron
from cloud import nova as cloud_nova
from cloud import placement
from cloud import ports as cloud_ports
from cloud import service
from lab import process
from toolbox import process as toolbox_process

PEERS = {'keystone': keystone, 'placement': placement, 'glance': glance,
         'neutron': neutron}
DAEMONS = ('nova-conductor', 'nova-scheduler')
# Releases that are made for eventlet bring their own server; later ones are
# WSGI applications and no more.
API_SERVER = 'nova-api-os-compute'


class Outside:
    """Keystone, Placement, Glance, Neutron, nova-api and its daemons.

    :param settings: lab.settings.LabSettings
    """

    def __init__(self, settings):
        self.settings = settings
        self._group = toolbox_process.Group()

    def start(self):
        """Make the databases and start everything.

        :raises: toolbox.errors.Failure
        """
        settings = self.settings
        for module in PEERS.values():
            module.configure(settings)
        self._configure_nova()
        self._prepare()
        self._start_peers(['keystone'])
        identity.seed(settings)
        self._start_peers(['placement', 'glance', 'neutron'])
        # Not earlier: nova-conductor ends when Placement does not answer.
        for name in DAEMONS:
            self._start_daemon(name)
        api = self._launch_api()
        service.wait(settings, 'nova', api)
        self.check()

    def check(self):
        """:raises: toolbox.errors.Failure when a service has ended."""
        self._group.check()

    def stop(self):
        self._group.stop()

    def _nova_conf(self):
        return self.settings.etc('nova') / 'nova.conf'

    def _configure_nova(self):
        settings = self.settings.nova
        settings.data('nova').mkdir(parents=True, exist_ok=True)
        sections = cloud_nova.base(settings)
        sections['conductor'] = {'workers': 1}
        # So that a compute host is in its cell soon after it has come up.
        sections['scheduler'] = {'workers': 1,
                                 'discover_hosts_in_cells_interval': 3}
        if self._has_server():
            sections['DEFAULT'].update({
                'osapi_compute_listen': cloud_ports.HOST,
                'osapi_compute_listen_port': settings.ports['nova'],
                'osapi_compute_workers': 1,
            })
        files.write(self._nova_conf(), sections)

    def _prepare(self):
        """Make all databases, those of different services at a time."""
        work = [(module, self.settings) for module in PEERS.values()]
        work.append((cloud_nova, self.settings.nova))
        with futures.ThreadPoolExecutor() as pool:
            waiting = [pool.submit(module.prepare, settings, self._group)
                       for module, settings in work]
            try:
                for one in waiting:
                    one.result()
            except BaseException:
                # Ends the commands that the pool's threads wait for.
                self._group.stop()
                raise

    def _start_peers(self, names):
        children = [(name, PEERS[name].launch(self.settings, self._group))
                    for name in names]
        for name, child in children:
            service.wait(self.settings, name, child)

    @property
    def api_log(self):
        """The log of nova-api."""
        return self.settings.log(
            API_SERVER if self._has_server() else 'nova')

    def _has_server(self):
        return self.settings.nova.tool(API_SERVER).exists()

    def _launch_api(self):
        if self._has_server():
            return self._start_daemon(API_SERVER)
        settings = self.settings.nova
        paste = settings.venv / 'etc' / 'nova' / 'api-paste.ini'
        return service.launch(
            settings, self._group, 'nova', 'nova.wsgi.osapi_compute',
            OS_NOVA_CONFIG_DIR=str(settings.etc('nova')),
            OS_NOVA_CONFIG_FILES='%s;nova.conf' % paste)

    def _start_daemon(self, name):
        return self._group.start(
            name, process.with_parent([self.settings.nova.tool(name),
                                       '--config-file', self._nova_conf()]),
            self.settings.log(name))
