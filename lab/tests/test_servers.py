# SPDX-License-Identifier: Apache-2.0

import os
import tempfile
import unittest
from unittest import mock

from lab import broker
from lab import database
from lab import process
from toolbox import commands

PORTS = {'rabbitmq': 1, 'erlang': 2, 'epmd': 3}


class FakeProcess:
    """A program that is never run."""

    def __init__(self, argv):
        self.argv = argv
        self.runs = True

    def stop(self):
        self.runs = False


class ServerTest(unittest.TestCase):

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = folder.name
        self.made = []
        patch = mock.patch.object(process, 'start', self.start)
        patch.start()
        self.addCleanup(patch.stop)

    def start(self, name, argv, log, env=None):
        self.made.append(FakeProcess(argv))
        return self.made[-1]

    def test_database_keeps_its_data(self):
        server = database.Database(self.state, 4, 'secret', ['nova'])
        with mock.patch.object(commands, 'output') as install:
            server.start()
            data = os.path.join(server.home, 'data')
            self.assertIn('--datadir=' + data, install.call_args.args[0])
            server.stop()
            server.start()
        install.assert_called_once()
        first, second = [set(made.argv) for made in self.made]
        # Only the first one makes databases and user.
        self.assertEqual({'--init-file=%s/setup.sql' % server.home},
                         first - second)
        self.assertEqual(set(), second - first)
        self.assertEqual([False, True], [made.runs for made in self.made])

    def test_broker_keeps_its_configuration(self):
        server = broker.Broker(self.state, PORTS, 'secret')
        server.start()
        path = os.path.join(server.home, 'rabbitmq.conf')
        with open(path) as source:
            self.assertIn('default_pass = secret', source.read())
        written = os.stat(path).st_mtime_ns
        server.stop()
        self.assertEqual([False, False], [made.runs for made in self.made])
        server.start()
        self.assertEqual(written, os.stat(path).st_mtime_ns)
        self.assertEqual([True, True],
                         [made.runs for made in self.made[2:]])
        self.assertEqual([made.argv for made in self.made[:2]],
                         [made.argv for made in self.made[2:]])
