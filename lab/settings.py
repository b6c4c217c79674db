# SPDX-License-Identifier: Apache-2.0
"""The embedded cloud's settings, on a real database and a real broker."""

import dataclasses
import pathlib
import socket
import typing

from cloud import ports as cloud_ports
from cloud import settings

DATABASES = ('keystone', 'placement', 'glance', 'neutron', 'nova_api',
             'nova_cell0', 'nova_cell1')
SERVERS = ('rabbitmq', 'erlang', 'epmd', 'mariadb')


@dataclasses.dataclass(frozen=True)
class LabSettings(settings.Settings):
    """One cloud of the lab.

    broker: lab.broker.Broker; server: lab.database.Database; nova_venv: the
    environment of Nova's own services, which may be of another release.
    """

    broker: typing.Any = None
    server: typing.Any = None
    nova_venv: typing.Optional[pathlib.Path] = None

    @property
    def nova(self):
        """The same, as Nova's services are to see them."""
        return dataclasses.replace(self, venv=self.nova_venv or self.venv)

    def database(self, name):
        return self.server.url(name)

    @property
    def transport_url(self):
        return self.broker.url


def free_ports():
    """A free TCP port for each service, as a dict.

    The kernel chooses; all stay taken until the last is found, so no two
    are the same.
    """
    taken = []
    found = {}
    try:
        for name in cloud_ports.SERVICES + SERVERS:
            probe = socket.socket()
            taken.append(probe)
            probe.bind((cloud_ports.HOST, 0))
            found[name] = probe.getsockname()[1]
    finally:
        for probe in taken:
            probe.close()
    return found
