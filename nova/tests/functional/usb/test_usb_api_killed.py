# SPDX-License-Identifier: Apache-2.0
"""nova-api dies between its claim and its call to the host.

The host never heard of it, and nothing changed there: it learns of it when
somebody looks at the device and finds it as it was long ago.
"""

import datetime

import fixtures
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from nova.tests.functional.usb import away_base
from nova.tests.usb_fixtures import usb_away

LOOK_AGAIN = 'nova.compute.usb.rpcapi.ComputeUsbAPI.look_again'


class ApiKilledTest(away_base.AwayTestBase):

    def setUp(self):
        super(ApiKilledTest, self).setUp()
        self.path = '/servers/%s/os-usb-devices' % self.server['id']

    def _left(self, begin, minutes=10):
        """What a nova-api began so long ago; time alone changes nothing."""
        with time_fixture.TimeFixture(
                timeutils.utcnow() - datetime.timedelta(minutes=minutes)):
            begin(self.device('1-1'))
        before = self.device('1-1').status
        for _n in range(2):
            self.scan()
            self.wait_out()
        self.assertEqual(before, self.device('1-1').status)

    def _claim(self, device):
        device.claim(self.server['id'])

    def _look(self, *request):
        code, body = self.request(*request)
        self.converge()
        self.assert_free()
        return code

    def test_the_device_is_shown(self):
        self._left(self._claim)
        self.assertEqual(200, self._look(
            'GET', '/os-usb-devices/' + self.uuid))

    def test_the_servers_are_listed(self):
        self._left(self._claim)
        self.assertEqual(200, self._look('GET', self.path))

    def test_it_is_asked_for_again(self):
        self._left(self._claim)
        self.assertEqual(409, self._look(
            'POST', self.path, {'usb_device': {'id': self.uuid}}))
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])

    def test_it_is_to_be_detached(self):
        self._left(self._claim)
        self.assertEqual(409, self._look(
            'DELETE', '%s/%s' % (self.path, self.uuid)))

    def test_died_while_it_detached(self):
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])
        self._left(lambda device: device.begin_detach())
        self.assertEqual(200, self._look('GET', self.path))

    def test_a_request_that_is_young_is_left_alone(self):
        self._left(self._claim, minutes=0)
        with fixtures.MockPatch(LOOK_AGAIN) as look_again:
            self.request('GET', self.path)
            self.request('GET', '/os-usb-devices/' + self.uuid)
        look_again.mock.assert_not_called()

    def test_the_host_cannot_be_told(self):
        self._left(self._claim)
        path = '/os-usb-devices/' + self.uuid
        broker = self.useFixture(usb_away.BrokerFixture())
        with usb_away.away(broker):
            code, body = self.request('GET', path)
            self._wait_for_assert(lambda: self.assertIn(
                'was not told', self.stdlog.logger.output))
        self.assertEqual((200, 'attaching'),
                         (code, body['usb_device']['status']))
        self.assertEqual(200, self._look('GET', path))
