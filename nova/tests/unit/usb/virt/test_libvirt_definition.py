# SPDX-License-Identifier: Apache-2.0
"""Tests of what is in the persistent definition of a domain."""

from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from nova.tests.unit.usb.virt import libvirt_base
from nova.tests.usb_fixtures.compat import fakelibvirt

ATTACHED = libvirt_base.ATTACHED
STICK = libvirt_base.STICK
PLAIN = libvirt_base.PLAIN
XHCI = libvirt_base.XHCI


class DefinitionTest(libvirt_base.LibvirtUsbTestCase):
    """No persistent definition keeps a device."""

    def clear(self):
        self.driver.clear_definition(
            self.compute_driver._host.get_guest(self.instance))

    def test_the_running_domain_keeps_it(self):
        other = self.host.plug('1-2', **STICK)
        self.start(PLAIN + XHCI + ATTACHED % (
            self.address.device, uuids.device, '') + ATTACHED % (
            other.device, uuids.other, ''))
        self.clear()
        self.assertEqual([], self.domain.usb_config)
        self.assertEqual({uuids.device: self.address, uuids.other: other},
                         self.attached())

    def test_devices_of_others_stay(self):
        self.start(PLAIN + XHCI + (ATTACHED % (
            self.address.device, 'x', '')).replace('ua-usb-x', 'ua-mine'))
        self.clear()
        self.assertEqual(1, len(self.domain.usb_config))

    def test_a_failure_stops_no_start(self):
        self.start(PLAIN + XHCI + ATTACHED % (
            self.address.device, uuids.device, ''))
        with mock.patch.object(
                self.domain, 'detachDeviceFlags',
                side_effect=fakelibvirt.make_libvirtError(
                    fakelibvirt.libvirtError, 'no luck')):
            self.clear()
        self.assertIn('stay in the persistent definition',
                      self.stdlog.logger.output)

    def test_holders(self):
        self.start(uuid=uuids.without)
        self.assertEqual(set(), self.driver.holders())
        self.start()
        self.attach()
        self.assertEqual({uuids.instance}, self.driver.holders())
        self.domain.destroy()
        self.assertEqual(set(), self.driver.holders())
