# SPDX-License-Identifier: Apache-2.0
"""Tests of how long a request is left alone; queue and changes, too."""

import types

from nova.compute.usb import changes
from nova.compute.usb import stalled
from nova.compute.usb import unsettled
from nova import test


class StalledRequestsTest(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.flags(rpc_timeout=60, group='usb')
        self.now = 1000
        self.stalled = stalled.StalledRequests()
        self.stalled.clock = lambda: self.now

    def device(self, **values):
        fields = dict(uuid='a', status='attaching', instance_uuid='server',
                      updated_at=5)
        fields.update(values)
        return types.SimpleNamespace(**fields)

    def test_after_twice_the_timeout(self):
        self.assertFalse(self.stalled.includes(self.device()))
        self.now += 119
        self.assertFalse(self.stalled.includes(self.device()))
        self.now += 1
        self.assertTrue(self.stalled.includes(self.device()))

    def test_each_request_anew(self):
        for changed in ({'status': 'detaching'}, {'updated_at': 6},
                        {'instance_uuid': 'other'}):
            self.stalled.includes(self.device())
            self.now += 200
            self.assertFalse(self.stalled.includes(self.device(**changed)))

    def test_forgets_what_has_ended(self):
        self.stalled.includes(self.device())
        self.stalled.forget_others(['b'])
        self.now += 200
        self.assertFalse(self.stalled.includes(self.device()))

    def test_remembers_what_goes_on(self):
        self.stalled.includes(self.device())
        self.stalled.forget_others(['a', 'b'])
        self.now += 200
        self.assertTrue(self.stalled.includes(self.device()))


class UnsettledServersTest(test.NoDBTestCase):

    def test_each_once(self):
        servers = unsettled.UnsettledServers()
        for uuid in 'bab':
            servers.add(uuid)
        self.assertEqual(['a', 'b'], list(servers.take()))
        self.assertEqual(0, len(servers))

    def test_added_while_it_is_settled(self):
        servers = unsettled.UnsettledServers()
        servers.add('a')
        for uuid in servers.take():
            servers.add(uuid)
        self.assertIn('a', servers)

    def test_the_rest_stays_when_a_round_is_ended(self):
        servers = unsettled.UnsettledServers()
        for uuid in 'abc':
            servers.add(uuid)
        for uuid in servers.take():
            break
        self.assertEqual(['b', 'c'], list(servers.take()))


class ChangesTest(test.NoDBTestCase):

    def test_once(self):
        said = changes.Changes()
        self.assertEqual(
            [True, False, True, False, True, False, True],
            [said.noted('a', 'x'), said.noted('a', 'x'), said.noted('a', 'y'),
             said.noted('b', None), said.noted('a', None),
             said.noted('a', None), said.noted('a', 'y')])
        said.forget('a')
        self.assertTrue(said.noted('a', 'y'))
