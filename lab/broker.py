# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ of the lab's own, on loopback, from Debian's package."""

import os
import socket

from lab import process
from toolbox import waiting

# Not the one in /usr/sbin, which gives up root and so could not read the
# lab's directory.
SERVER = '/usr/lib/rabbitmq/bin/rabbitmq-server'
USER = 'nova'


class Broker:
    """One RabbitMQ node.

    :param state: the lab's state directory.
    :param ports: needs `rabbitmq`, `erlang` (between Erlang nodes) and
        `epmd` (Erlang's name server, which else would stay behind).
    :param password: of the one user.
    """

    def __init__(self, state, ports, password):
        self.home = os.path.join(state, 'rabbitmq')
        self.ports = ports
        self.password = password
        self._log = os.path.join(state, 'log', 'rabbitmq.log')
        self._children = []

    @property
    def url(self):
        """transport_url of oslo.messaging."""
        return 'rabbit://%s:%s@127.0.0.1:%d/' % (
            USER, self.password, self.ports['rabbitmq'])

    def start(self):
        """Start it; again, after `stop`, with all that was lasting."""
        if not os.path.exists(self.home):
            self._configure()
        env = dict(os.environ, **self._environment())
        self._children.append(process.start(
            'epmd', ['epmd', '-address', '127.0.0.1',
                     '-port', self.ports['epmd']], self._log, env))
        self._children.append(process.start(
            'RabbitMQ', [SERVER], self._log, env))

    def _configure(self):
        os.makedirs(self.home)
        self._write('rabbitmq.conf', [
            'listeners.tcp.1 = 127.0.0.1:%d' % self.ports['rabbitmq'],
            'default_user = ' + USER,
            'default_pass = ' + self.password,
            'log.console = true',
            'log.file = false',
        ])
        self._write('plugins', ['[].'])

    def wait_ready(self, timeout=120):
        """Wait until it takes connections.

        :raises: lab.errors.LabError
        """
        waiting.wait_for('RabbitMQ', self._answers, timeout,
                         check=self._children[-1].check)

    def stop(self):
        """End it in order, so that it can be started again."""
        while self._children:
            self._children.pop().stop()

    def _answers(self):
        try:
            with socket.create_connection(
                    ('127.0.0.1', self.ports['rabbitmq']), 1):
                return True
        except OSError:
            return False

    def _write(self, name, lines):
        with open(os.path.join(self.home, name), 'w') as target:
            target.write('\n'.join(lines + ['']))

    def _environment(self):
        home = self.home
        return {
            'ERL_EPMD_ADDRESS': '127.0.0.1',
            'ERL_EPMD_PORT': str(self.ports['epmd']),
            'HOME': home,
            'RABBITMQ_CONF_ENV_FILE': os.path.join(home, 'none'),
            'RABBITMQ_CONFIG_FILE': os.path.join(home, 'rabbitmq.conf'),
            'RABBITMQ_DIST_PORT': str(self.ports['erlang']),
            'RABBITMQ_ENABLED_PLUGINS_FILE': os.path.join(home, 'plugins'),
            'RABBITMQ_LOG_BASE': home,
            'RABBITMQ_MNESIA_BASE': home,
            'RABBITMQ_NODENAME': 'nova-lab@localhost',
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS':
                '-kernel inet_dist_use_interface {127,0,0,1}',
        }
