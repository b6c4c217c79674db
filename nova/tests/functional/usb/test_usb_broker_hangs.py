# SPDX-License-Identifier: Apache-2.0
"""A broker that is away so that sending to it does not even fail."""

import datetime
import threading

import fixtures
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from nova.compute.usb import sender
from nova.tests.functional.usb import away_base
from nova.tests.usb_fixtures import usb_away


class BrokerHangsTest(away_base.AwayTestBase):

    def setUp(self):
        super(BrokerHangsTest, self).setUp()
        self.broker = self.useFixture(usb_away.BrokerFixture())

    def hang(self):
        self.flags(rpc_timeout=1, group='usb')
        self.broker.hang()

    def come_back(self):
        """It is back; what waited to be sent is sent, and answered."""
        self.broker.come_back()
        self.flags(rpc_timeout=60, group='usb')
        self._wait_for_assert(lambda: self.assertEqual(0, self._waiting()))

    def _waiting(self):
        return sum(thread.name == 'usb-sender'
                   for thread in threading.enumerate())

    def test_attach(self):
        self.hang()
        with fixtures.MockPatchObject(sender, 'LATE_LIMIT', 2):
            answers = [self.attach(self.server, id=self.uuid)
                       for _n in range(3)]
        self.assertEqual([409] * 3, [code for code, _body in answers],
                         answers)
        self.assertEqual('available', self.device('1-1').status)
        # The last was refused at once.
        self.assertEqual(2, self._waiting())
        self.come_back()
        self.converge()
        self.assert_free()
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])
        self.assert_attached()

    def test_detach(self):
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])
        self.hang()
        self.assertEqual(409, self.detach(self.server, self.uuid)[0])
        self.assertEqual('attached', self.device('1-1').status)
        self.come_back()
        # Nothing is taken from a guest long after the request failed.
        self.converge()
        self.assert_attached()
        self.assertEqual(204, self.detach(self.server, self.uuid)[0])
        self.assert_free()

    def test_another_server_was_given_it_meanwhile(self):
        other = self.boot()
        self.hang()
        self.assertEqual(409, self.attach(self.server, id=self.uuid)[0])
        self.device('1-1').claim(other['id'])
        self.come_back()
        device = self.device('1-1')
        self.assertEqual(('attaching', other['id']),
                         (device.status, device.instance_uuid))
        self.assertEqual({}, self.in_domain(self.server))

    def test_nobody_waits_for_a_hint(self):
        with time_fixture.TimeFixture(
                timeutils.utcnow() - datetime.timedelta(minutes=10)):
            self.device('1-1').claim(self.server['id'])
        self.hang()
        for _n in range(3):
            self.assertEqual(200, self.request(
                'GET', '/os-usb-devices/' + self.uuid)[0])
        self.assertEqual(1, self._waiting())
        self.come_back()
