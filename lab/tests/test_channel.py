# SPDX-License-Identifier: Apache-2.0

import os
import socket
import tempfile
import threading
import unittest

from lab import channel
from lab import errors
from lab.inside import agent
from lab import qmp


class AgentEnd:
    """A socket where the agent has its serial line."""

    def __init__(self, connection):
        self._connection = connection
        self.line = agent.Line('/dev/null')
        os.close(self.line._file)
        self.line._file = connection.fileno()


class ChannelTest(unittest.TestCase):
    """The two ends, with sockets instead of serial lines."""

    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self._servers = []
        paths = [os.path.join(home.name, name) for name in 'ce']
        for path in paths:
            server = socket.socket(socket.AF_UNIX)
            self.addCleanup(server.close)
            server.bind(path)
            server.listen(1)
            self._servers.append(server)
        self.channel = channel.Channel(*paths)
        self.addCleanup(self.channel.close)
        self._ends = []
        for server in self._servers:
            connection, _ = server.accept()
            self.addCleanup(connection.close)
            self._ends.append(AgentEnd(connection))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        commands = self._ends[0].line
        commands.send({'id': 0, 'ready': True})
        try:
            for request in commands.messages():
                agent.answer(commands, request)
        except OSError:
            pass

    def test_run(self):
        self.assertTrue(self.channel.ready.wait(10))
        self.assertEqual('hello\n', self.channel.run('echo', 'hello'))

    def test_failure_says_what_was_printed(self):
        with self.assertRaisesRegex(errors.LabError, '(?s)code 3.*oops'):
            self.channel.shell('echo oops; exit 3')

    def test_no_such_program(self):
        with self.assertRaisesRegex(errors.LabError, 'code 127'):
            self.channel.run('/no/such/program')

    def test_timeout(self):
        with self.assertRaisesRegex(errors.LabError, 'code 124'):
            self.channel.run('sleep', '30', timeout=0.2)

    def test_clock(self):
        offset, error = self.channel.clock()
        # Both ends are this machine.
        self.assertLess(abs(offset), error + 0.01)

    def test_events(self):
        for action in ('bind', 'add'):
            self._ends[1].line.send({'time': 1, 'action': action,
                                     'devpath': '/devices/1-1'})
        self.assertEqual('/devices/1-1',
                         self.channel.wait_event('add', 10)['devpath'])
        self.assertRaises(errors.LabTimeout, self.channel.wait_event,
                          'remove', 0.1)


class QmpTest(unittest.TestCase):

    def setUp(self):
        home = tempfile.TemporaryDirectory()
        self.addCleanup(home.cleanup)
        self.path = os.path.join(home.name, 'q')
        self.server = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.server.close)
        self.server.bind(self.path)
        self.server.listen(1)

    def _client(self, *answers):
        """A client of a QEMU that has already said all it will say."""
        def serve():
            connection, _ = self.server.accept()
            with connection:
                connection.sendall(
                    b'\n'.join((b'{"QMP": {}}', b'{"return": {}}')
                               + answers) + b'\n')
                connection.recv(65536)
                connection.recv(65536)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        client = qmp.Qmp(self.path, timeout=5)
        self.addCleanup(client.close)
        return client

    def test_event_before_the_answer_is_kept(self):
        client = self._client(
            b'{"event": "DEVICE_DELETED", "data": {"device": "stick"}}',
            b'{"return": {"x": 1}}')
        self.assertEqual({'x': 1}, client.execute('device_del', id='stick'))
        client.wait_event('DEVICE_DELETED', device='stick')

    def test_error(self):
        client = self._client(b'{"error": {"desc": "no such device"}}')
        with self.assertRaisesRegex(errors.LabError, 'no such device'):
            client.execute('device_del', id='stick')
