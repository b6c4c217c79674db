# SPDX-License-Identifier: Apache-2.0

from unittest import mock

import fixtures
import oslo_messaging as messaging
from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import rpcapi as usb_rpcapi
from nova.tests.unit.usb.compute import api_base as base


class ComputeUsbAPITest(base.ComputeTestCase):
    """What is sent to whom; the transport is replaced."""

    def setUp(self):
        super(ComputeUsbAPITest, self).setUp()
        self.flags(rpc_timeout=7, group='usb')
        self.get_client = self.useFixture(fixtures.MockPatch(
            'nova.rpc.get_client')).mock
        self.router = self.useFixture(fixtures.MockPatch(
            'nova.rpc.ClientRouter')).mock.return_value
        self.prepare = self.router.client.return_value.prepare
        self.client = self.prepare.return_value
        self.rpcapi = usb_rpcapi.ComputeUsbAPI()

    def _sent(self, host):
        (target,), _kwargs = self.get_client.call_args
        self.assertEqual(('compute', 'usb', '1.0'), (
            target.topic, target.namespace, target.version))
        self.router.client.assert_called_with(self.admin)
        self.prepare.assert_called_with(
            server=host, timeout=7, retry=usb_rpcapi.SEND_RETRIES)
        return self.client.call.call_args

    def test_attach(self):
        server = self.server()
        self.client.call.return_value = 'device'
        self.assertEqual('device', self.rpcapi.attach_usb_device(
            self.admin, server, uuids.device))
        self.assertEqual(
            mock.call(self.admin, 'attach_usb_device', instance=server,
                      device_uuid=uuids.device), self._sent(base.HOST))

    def test_detach(self):
        server = self.server()
        self.rpcapi.detach_usb_device(self.admin, server, uuids.device)
        self.assertEqual(
            mock.call(self.admin, 'detach_usb_device', instance=server,
                      device_uuid=uuids.device), self._sent(base.HOST))

    def test_rescan(self):
        self.rpcapi.rescan(self.admin, 'h2')
        self.assertEqual(mock.call(self.admin, 'rescan'), self._sent('h2'))

    def test_one_router_for_all_calls(self):
        for _n in range(2):
            self.rpcapi.rescan(self.admin, 'h2')
        self.assertEqual(1, self.get_client.call_count)

    def test_what_the_call_raises(self):
        self.client.call.side_effect = messaging.MessagingTimeout()
        self.assertRaises(messaging.MessagingTimeout,
                          self.rpcapi.rescan, self.admin, 'h2')
