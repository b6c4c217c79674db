# SPDX-License-Identifier: Apache-2.0
"""One server and one device, and what may be left after something failed."""

import fixtures

from nova.tests.functional.usb import base
from nova.usb import status


class FaultTestBase(base.UsbTestBase):

    def setUp(self):
        super(FaultTestBase, self).setUp()
        self.server = self.boot()
        self.uuid = self.device('1-1').uuid

    def patch(self, name, **kwargs):
        return self.useFixture(fixtures.MockPatch(name, **kwargs))

    def assert_agree(self):
        """No device is between two states; domain and records agree."""
        held = {}
        for device in self.devices().values():
            self.assertIn(device.status, (status.ATTACHED,) + status.FREE)
            if device.status == status.ATTACHED and device.present:
                held[device.uuid] = (device.bus_number, device.device_number)
        self.assertEqual(held, self.in_domain(self.server))

    def assert_free(self):
        device = self.device('1-1')
        self.assertEqual((self.uuid, 'available', None), (
            device.uuid, device.status, device.instance_uuid))
        self.assert_agree()

    def assert_attached(self):
        device = self.device('1-1')
        self.assertEqual(
            (self.uuid, 'attached', self.server['id']),
            (device.uuid, device.status, device.instance_uuid))
        self.assert_agree()

    def assert_refused(self, answer, *words):
        code, body = answer
        self.assertEqual(409, code, body)
        for word in words:
            self.assertIn(word, body['conflictingRequest']['message'])
