# SPDX-License-Identifier: Apache-2.0

import pathlib
import tempfile
import types
import unittest
from unittest import mock

from lab import agreement
from lab import context
from lab import devices
from lab import domain
from lab import errors
from lab.steps import away
from toolbox import errors as toolbox_errors

ADDRESS = (1, 4)
COUNTED = {'allocations': {
    'host': {'resources': {'VCPU': 1}},
    'usb': {'resources': {'CUSTOM_USB_0403_6001': 1}}}}


class FakeContext:
    """A cloud in which one device is attached to the server."""

    server = 's1'
    host = types.SimpleNamespace(channel=None)

    def __init__(self):
        self.status = 'attached'
        self.project_id = None
        self.allocations = COUNTED
        self.up = True
        self.admin = self

    def device(self, device_id):
        return {'id': device_id, 'status': self.status,
                'project_id': self.project_id}

    def call(self, method, service, path):
        return self.allocations

    def kernel_address(self, device):
        return ADDRESS

    def serves(self):
        return self.up


class AgreementTest(unittest.TestCase):

    def setUp(self):
        self.context = FakeContext()

    def reached(self, *addresses):
        with mock.patch.object(domain, 'live', return_value=list(addresses)):
            return agreement.reached(self.context, {'id': 'd1'},
                                     devices.ADAPTER)

    def test_attached(self):
        self.assertEqual('attached', self.reached(ADDRESS)['status'])

    def test_granted_ones_are_not_counted(self):
        self.context.project_id = 'p1'
        self.assertIsNone(self.reached(ADDRESS))
        self.context.allocations = {'allocations': {}}
        self.assertEqual('attached', self.reached(ADDRESS)['status'])

    def test_available(self):
        self.context.status = 'available'
        self.context.allocations = {'allocations': {}}
        self.assertEqual('available', self.reached()['status'])

    def test_half_done(self):
        self.context.status = 'attaching'
        self.assertIsNone(self.reached(ADDRESS))

    def test_domain_says_otherwise(self):
        for addresses in ((), ((1, 5),), (ADDRESS, ADDRESS)):
            self.assertIsNone(self.reached(*addresses))

    def test_placement_says_otherwise(self):
        self.context.allocations = {'allocations': {}}
        self.assertIsNone(self.reached(ADDRESS))

    def test_freed_in_the_record_only(self):
        self.context.status = 'available'
        self.assertIsNone(self.reached())

    def test_host_is_down(self):
        self.context.up = False
        self.assertIsNone(self.reached(ADDRESS))


class Service:
    """What goes away; notes it."""

    def __init__(self, done):
        self.stop = lambda: done.append('stop')
        self.start = lambda: done.append('start')
        self.wait_ready = lambda: done.append('ready')


class AwayTest(unittest.TestCase):

    def away(self, status, ask=away._asked_once, say='it failed'):
        done = []
        fake = mock.Mock(spec=context.Context)
        fake.server, fake.host, fake.world = 's1', mock.Mock(), mock.Mock()
        fake.world.compute.log = fake.world.outside.api_log = self.log
        fake.last_heard.side_effect = ['1', '1', '2']

        def attach(*unused):
            done.append('attach')
            with open(self.log, 'a') as log:
                log.write(say + '\n')
            return types.SimpleNamespace(status_code=status, text='why')

        fake.member = mock.Mock(try_attach=attach)
        with mock.patch.object(devices, 'plug'), \
                mock.patch.object(devices, 'unplug'), \
                mock.patch.object(agreement, 'reached',
                                  return_value={'status': 'available'}):
            try:
                said = away._away(fake, {'id': 'd1'}, 'X', Service(done),
                                  ask)
            finally:
                # It comes back whatever happens.
                self.assertEqual(['stop', 'attach', 'start', 'ready'],
                                 sorted(set(done), key=done.index))
        return said, done.count('attach')

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = pathlib.Path(folder.name) / 'log'
        self.log.write_text('it failed\n')
        patcher = mock.patch.object(away, 'FAILED_REPORT', 'it failed')
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_refused(self):
        for status in (409, 503):
            said, asked = self.away(status)
            self.assertIn('answered %d' % status, said)
            self.assertEqual(1, asked)

    def test_neither_success_nor_a_bare_error(self):
        for status in (200, 500):
            with self.assertRaisesRegex(errors.StepFailed, str(status)):
                self.away(status)

    def test_waits_for_a_sign_that_is_new(self):
        with mock.patch.object(context, 'REPORT', 0):
            with self.assertRaises(toolbox_errors.TimedOut):
                self.away(503, say='something else')

    def test_asks_again_when_connections_are_locked(self):
        said, asked = self.away(409, away._asked_twice, away.LOCKED)
        self.assertEqual(2, asked)
        self.assertEqual(2, said.count('409 after'))
        with mock.patch.object(away, 'HEARTBEAT', 0):
            with self.assertRaises(toolbox_errors.TimedOut):
                self.away(409, away._asked_twice)
