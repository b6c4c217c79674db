# SPDX-License-Identifier: Apache-2.0
"""All of the lab: the cloud outside, the emulated host, its nova-compute."""

import pathlib
import secrets
import sys

from cloud import settings as cloud_settings
from lab import broker
from lab import compute
from lab import database
from lab import guest
from lab import host
from lab import kernel
from lab import outside
from lab import process
from lab import settings
from lab import state
from lab import user
from toolbox.console import say

CODE = pathlib.Path(__file__).resolve().parent
FLAVOR = 'lab'


class World:
    """Everything that runs, from first to last.

    :param venv: virtual environment with the services
    :param cache: directory that outlives the lab
    :param image: file system image of the environment with the fork, if
        there is one
    :param nova_venv: the environment with the fork, if it is another one
    """

    def __init__(self, venv, cache, image=None, nova_venv=None):
        self.venv = venv
        self.nova_venv = nova_venv or venv
        self.image = image
        self.cache = cache
        self.state = None
        self.settings = None
        self.host = None
        self.compute = None
        self.broker = None
        self.database = None
        self.outside = None
        self.admin = None
        self.member = None
        self.image_id = None
        self.flavor_id = None
        self._directory = state.State()
        self._running = []

    def __enter__(self):
        self.state = self._directory.make()
        return self

    def __exit__(self, kind, *unused):
        if kind is not None:
            self.show_logs()
        self.stop()
        self._directory.remove()

    def start(self):
        """Bring all up.

        :raises: toolbox.errors.Failure
        """
        say('Preparing the kernel')
        unpacked = kernel.prepare(str(self.cache))
        ports = settings.free_ports()
        (self.state / 'log').mkdir()
        self._start_host(unpacked, ports)
        self._start_outside(ports)
        say('Waiting for the emulated host')
        self.host.wait_ready()
        say('Starting nova-compute in it')
        self.compute = compute.Compute(self.settings.nova, self.host)
        self.compute.start()
        self.admin = user.User(self.settings, 'admin')
        self.member = user.User(self.settings, 'member')
        self._seed(unpacked)
        say('Waiting for nova-compute')
        self.compute.wait_up(self.admin)

    def stop(self):
        """End all, the last started first; safe to call again."""
        while self._running:
            self._running.pop().stop()

    def show_logs(self):
        """Print the ends of the logs, for whoever has to find out why."""
        for log in sorted((self.state / 'log').glob('*.log')):
            if not log.name.endswith('-setup.log'):
                print(process.tail(log), file=sys.stderr)
        if self.host:
            print(process.tail(self.host.console), file=sys.stderr)

    def _start_host(self, unpacked, ports):
        say('Booting the emulated host')
        # Erlang's own two are for nobody inside.
        shared = [port for name, port in ports.items()
                  if name not in ('epmd', 'erlang', 'mariadb')]
        self.host = host.Host(unpacked, str(self.state), shared,
                              self.nova_venv, self.image)
        self._running.append(self.host)
        self.host.start()

    def _start_outside(self, ports):
        home = str(self.state)
        self.broker = broker.Broker(home, ports, secrets.token_hex(12))
        self.database = database.Database(
            home, ports['mariadb'], secrets.token_hex(12),
            settings.DATABASES)
        self.settings = settings.LabSettings(
            checkout=CODE.parent, state=self.state, venv=self.venv,
            nova_venv=self.nova_venv, ports=ports, libvirt=True,
            broker=self.broker, server=self.database,
            passwords=cloud_settings.passwords(
                self.state / 'passwords.json'))
        cloud_settings.write_clouds(self.settings)
        self.outside = outside.Outside(self.settings)
        self._running += [self.broker, self.database, self.outside]
        say('Starting RabbitMQ and MariaDB')
        self.broker.start()
        self.database.start()
        self.database.wait_ready()
        self.broker.wait_ready()
        say('Starting Keystone, Placement, Glance, Neutron and Nova')
        self.outside.start()

    def _seed(self, unpacked):
        say('Uploading the image of the guest')
        ramdisk = guest.build(unpacked, str(self.state), str(CODE))
        self.image_id = guest.upload(self.admin, unpacked, ramdisk)
        self.flavor_id = self.admin.compute('POST', '/flavors', {'flavor': {
            'name': FLAVOR, 'ram': guest.MEMORY, 'vcpus': 1,
            'disk': 1}})['flavor']['id']
