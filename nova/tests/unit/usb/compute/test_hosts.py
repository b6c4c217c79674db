# SPDX-License-Identifier: Apache-2.0

from unittest import mock

import oslo_messaging as messaging
from oslo_utils import fixture as utils_fixture
from oslo_utils import timeutils

from nova.compute.usb import hosts
from nova.compute.usb import rpcapi as usb_rpcapi
from nova.tests.unit.usb.compute import api_base as base
from nova.usb import exception as usb_exception
from nova.usb import status


class HostsTest(base.ComputeTestCase):

    def setUp(self):
        super(HostsTest, self).setUp()
        self.rpcapi = mock.create_autospec(
            usb_rpcapi.ComputeUsbAPI, instance=True)
        self.hosts = hosts.Hosts(self.rpcapi)

    def ask(self, error=None):
        self.rpcapi.rescan.side_effect = error
        return self.hosts.ask('rescan', self.admin, 'h1')

    def test_answer(self):
        self.rpcapi.rescan.return_value = 7
        self.assertEqual(7, self.ask())
        self.rpcapi.rescan.assert_called_once_with(self.admin, 'h1')

    def test_no_answer(self):
        for error in (messaging.MessagingTimeout('x'),
                      messaging.MessageDeliveryFailure('x')):
            raised = self.assertRaises(
                usb_exception.UsbHostUnavailable, self.ask, error)
            self.assertIn(type(error).__name__, str(raised))

    def test_what_the_host_answers_in_its_own_words(self):
        for name, kind in [
                ('UnsupportedVersion', usb_exception.UsbNotSupported),
                ('NoSuchMethod', usb_exception.UsbNotSupported),
                ('KeyError', usb_exception.UsbHostUnavailable)]:
            self.assertRaises(kind, self.ask, messaging.RemoteError(name))

    def test_what_the_host_answers_in_ours(self):
        error = usb_exception.UsbAttachFailed(
            device='D', server='S', reason='R')
        self.assertIs(error, self.assertRaises(
            usb_exception.UsbAttachFailed, self.ask, error))

    def test_only_what_is_stalled_is_looked_at_again(self):
        self.flags(rpc_timeout=10, group='usb')
        clock = self.useFixture(utils_fixture.TimeFixture())
        began = timeutils.utcnow(with_timezone=True)
        for state in status.ALL:
            device = base.FakeDevice(status=state, updated_at=began)
            self.assertEqual(state in status.UNDER_WAY,
                             hosts.may_be_under_way(device))
            self.hosts.look_again_if_stalled(device)
        self.rpcapi.look_again.assert_not_called()
        clock.advance_time_seconds(21)
        for state in status.ALL:
            device = base.FakeDevice(status=state, updated_at=began)
            self.assertFalse(hosts.may_be_under_way(device))
            self.hosts.look_again_if_stalled(device)
        self.assertEqual(2, self.rpcapi.look_again.call_count)
        self.rpcapi.look_again.assert_called_with(mock.ANY, base.HOST)
