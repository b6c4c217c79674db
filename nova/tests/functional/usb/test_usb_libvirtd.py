# SPDX-License-Identifier: Apache-2.0
"""libvirtd is restarted: domains and records agree when it is back."""

import time

from nova.tests.functional.usb import libvirt_base
from nova.tests.usb_fixtures.compat import fakelibvirt
from nova.tests.usb_fixtures import usb_libvirtd

#: The calls to libvirt at which it goes: name, which one, whether the call
#: was done and only its answer is lost.
BEFORE_ATTACH = (
    ('lookupByUUIDString', 1, False),
    ('XMLDesc', 1, False),
)
ATTACH = (
    ('attachDeviceFlags', 1, False),
    ('attachDeviceFlags', 1, True),
    # After the attach, when the domain is read once more.
    ('XMLDesc', 3, False),
)
DETACH = (
    ('lookupByUUIDString', 1, False),
    ('detachDeviceFlags', 1, False),
    ('detachDeviceFlags', 1, True),
)


class LibvirtdTest(libvirt_base.LibvirtUsbTestBase):

    def setUp(self):
        super().setUp()
        self.server = self.boot()
        self.uuid = self.device('1-1').uuid
        self.libvirtd = self.useFixture(usb_libvirtd.LibvirtdFixture(
            self.computes['compute1']))

    def domain(self, server, hostname='compute1'):
        # As virsh sees it.
        return self.libvirtd.real.lookupByUUIDString(server['id'])

    def assert_agree(self):
        """The domain has what the record says, once."""
        device = self.device('1-1')
        self.assertIn(device.status, ('available', 'attached'))
        held = {}
        if device.status == 'attached':
            held = {self.uuid: self.address}
            self.assertEqual(self.server['id'], device.instance_uuid)
        self.assertEqual(held, self.live(self.server))
        domain = self.domain(self.server)
        self.assertEqual(len(held), len(domain.usb_live))
        self.assertEqual([], domain.usb_config)

    def converge(self):
        """It is back; the next scans put right what is wrong."""
        self.libvirtd.start()
        manager = self.computes['compute1'].manager.usb
        self.scan()
        manager.stalled.clock = lambda: time.monotonic() + 1000
        self.scan()
        manager.stalled.clock = time.monotonic
        self.assert_agree()

    def _while_it_stops(self, calls, before, request):
        outcomes = {}
        for call in calls:
            before()
            self.libvirtd.stop_at(*call)
            code, body = request()
            self.assertEqual(call[0], self.libvirtd.stopped_at)
            self.converge()
            outcomes[call] = code, self.device('1-1').status
        return outcomes

    def attached_before(self):
        if self.device('1-1').status != 'attached':
            code, body = self.attach(self.server, id=self.uuid)
            self.assertEqual(200, code, body)
        self.assert_agree()

    def free_before(self):
        if self.device('1-1').status == 'attached':
            self.assertEqual(204, self.detach(self.server, self.uuid)[0])
        self.assert_agree()

    def test_before_the_attach(self):
        outcomes = self._while_it_stops(
            BEFORE_ATTACH, self.free_before,
            lambda: self.attach(self.server, id=self.uuid))
        self.assertEqual(
            dict.fromkeys(BEFORE_ATTACH, (409, 'available')), outcomes)

    def test_attach(self):
        # Nobody knows whether the guest has it, so it is the server's; the
        # next scan sees to it that it has.
        outcomes = self._while_it_stops(
            ATTACH, self.free_before,
            lambda: self.attach(self.server, id=self.uuid))
        self.assertEqual(
            dict.fromkeys(ATTACH, (200, 'attached')), outcomes)

    def test_detach(self):
        outcomes = self._while_it_stops(
            DETACH, self.attached_before,
            lambda: self.detach(self.server, self.uuid))
        self.assertEqual(
            dict.fromkeys(DETACH, (409, 'attached')), outcomes)

    def test_away_altogether(self):
        self.libvirtd.stop()
        code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual((409, {}), (code, self.live(self.server)), body)
        self.assertEqual('available', self.device('1-1').status)
        self.converge()
        self.attached_before()
        self.libvirtd.stop()
        code, body = self.detach(self.server, self.uuid)
        self.assertEqual(409, code, body)
        self.assertEqual('attached', self.device('1-1').status)
        self.converge()
        self.assertEqual(204, self.detach(self.server, self.uuid)[0])

    def test_rescan_while_it_is_away(self):
        self.attached_before()
        self.libvirtd.stop()
        self.address = self.host.replug('1-1')
        # The host and its devices are well.
        code, body = self.request(
            'POST', '/os-usb-devices/%s/action' % self.uuid,
            {'rescan': None})
        self.assertEqual(204, code, body)
        self.assertEqual(self.address.device,
                         self.device('1-1').device_number)
        self.converge()

    def test_replugged_while_it_is_away(self):
        self.attached_before()
        self.libvirtd.stop()
        self.address = self.host.replug('1-1')
        self.scan()
        self.libvirtd.start()
        self.scan()
        self.assert_agree()

    def test_restarted_between(self):
        self.attached_before()
        self.libvirtd.restart()
        made = self.libvirtd.connections
        self.assertEqual(204, self.detach(self.server, self.uuid)[0])
        self.assert_agree()
        self.assertEqual(made + 1, self.libvirtd.connections)
        # What tells when a guest let go of a device is asked for again.
        self.assertIn(fakelibvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                      self.libvirtd.real._event_callbacks)
        self.libvirtd.restart()
        self.attached_before()
