# SPDX-License-Identifier: Apache-2.0
"""Tests of attaching and detaching with libvirt."""

import threading
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from nova import objects
from nova.tests.unit.usb.virt import libvirt_base
from nova.tests.usb_fixtures import compat
from nova.tests.usb_fixtures.compat import fakelibvirt
from nova.usb import exception
from nova.usb import host_device

STICK = libvirt_base.STICK
DOMAIN = libvirt_base.DOMAIN
XHCI = libvirt_base.XHCI
PLAIN = libvirt_base.PLAIN
NONE = libvirt_base.NONE
ATTACHED = libvirt_base.ATTACHED
LIVE = libvirt_base.LIVE
CONFIG = libvirt_base.CONFIG


class AttachTest(libvirt_base.LibvirtUsbTestCase):

    def test_xml_and_flags(self):
        self.start()
        self.attach()
        uuid, xml, flags = self.libvirt.attach_calls[0]
        self.assertEqual((uuids.instance, LIVE), (uuid, flags))
        self.assertEqual(
            ATTACHED % (self.address.device, uuids.device,
                        '<address type="usb" bus="1"/>'),
            ''.join(line.strip() for line in xml.splitlines()))
        self.assertEqual({uuids.device: self.address}, self.attached())
        self.assertEqual([], self.domain.usb_config)

    def test_guest_of_another_nova(self):
        """Without a USB 3 controller libvirt chooses."""
        self.start(PLAIN)
        self.attach()
        self.assertNotIn('<address type="usb"',
                         self.libvirt.attach_calls[0][1])
        self.assertEqual({uuids.device: self.address}, self.attached())

    def test_paused(self):
        self.start().suspend()
        self.attach()
        self.assertEqual({uuids.device: self.address}, self.attached())

    def test_without_a_live_domain(self):
        self.assertIsNone(self.attached())
        self.attach()
        self.define()
        self.assertIsNone(self.attached())
        self.attach()
        self.assertEqual([], self.libvirt.attach_calls)
        self.assertEqual([], self.domain.usb_config)

    def test_same_once_more(self):
        self.start()
        self.attach()
        self.attach()
        self.assertEqual(1, len(self.libvirt.attach_calls))

    def test_after_a_replug(self):
        self.start()
        self.attach()
        address = self.host.replug('1-1')
        self.attach(address=address)
        self.assertEqual({uuids.device: address}, self.attached())
        self.assertEqual([], self.domain.usb_config)
        self.assertEqual(1, len(self.domain.usb_live))

    def test_domain_that_started_without_it(self):
        self.host.unplug('1-1')
        self.start(PLAIN + XHCI + ATTACHED % (
            self.address.device, uuids.device, ''))
        self.assertEqual({}, self.attached())
        address = self.host.plug('1-1', **STICK)
        self.attach(address=address)
        self.assertEqual({uuids.device: address}, self.attached())
        self.assertEqual([], self.domain.usb_config)

    def test_ports_exhausted(self):
        self.start(PLAIN)
        self.attach()
        error = self.assertRaises(
            exception.UsbGuestPortsExhausted, self.attach, uuids.other,
            self.host.plug('1-2', **STICK))
        self.assertIn('Detach another USB device', str(error))
        self.assertEqual({uuids.device: self.address}, self.attached())

    def test_fifteen_devices(self):
        self.start()
        for number in range(2, 17):
            self.attach(getattr(uuids, 'device%d' % number),
                        self.host.plug('2-%d' % number, **STICK))
        self.assertEqual(15, len(self.attached()))
        self.assertRaises(exception.UsbGuestPortsExhausted, self.attach)

    def test_guest_without_usb(self):
        self.start(NONE)
        error = self.assertRaises(exception.UsbAttachFailed, self.attach)
        self.assertIn('Hard reboot the server', str(error))

    def test_nothing_at_that_address(self):
        self.start()
        error = self.assertRaises(
            exception.UsbAttachFailed, self.attach,
            address=host_device.UsbAddress(1, 99))
        self.assertIn('Did not find USB device bus:1 device:99', str(error))
        self.assertEqual({}, self.attached())

    def test_never_to_two_domains(self):
        self.start(uuid=uuids.other_instance)
        other = objects.Instance(uuid=uuids.other_instance)
        self.driver.attach(None, other, uuids.device, self.address)
        self.start()
        error = self.assertRaises(exception.UsbAttachFailed, self.attach,
                                  uuids.second)
        self.assertIn('is in use by', str(error))
        self.assertEqual({}, self.attached())
        self.assertEqual({uuids.device: self.address},
                         self.driver.attached(other))

    def test_libvirt_refuses(self):
        self.start()
        self.libvirt.attach_error = 'no reason at all'
        error = self.assertRaises(exception.UsbAttachFailed, self.attach)
        self.assertIn('no reason at all', str(error))
        self.assertEqual(409, error.code)


class DetachTest(libvirt_base.LibvirtUsbTestCase):

    def test_detach(self):
        self.start()
        self.attach()
        self.attach(uuids.other, self.host.plug('1-2', **STICK))
        self.detach()
        self.assertEqual([uuids.other], list(self.attached()))
        self.assertEqual([LIVE], [
            flags for _uuid, _xml, flags in self.libvirt.detach_calls])

    def test_nothing_to_detach(self):
        self.detach()
        self.define()
        self.detach()
        self.domain.create()
        self.detach()
        self.assertEqual([], self.libvirt.detach_calls)

    def test_domain_that_does_not_run(self):
        self.define(PLAIN + XHCI + ATTACHED % (
            self.address.device, uuids.device, ''))
        self.detach()
        self.assertEqual([], self.domain.usb_config)

    def test_device_that_is_unplugged(self):
        self.start()
        self.attach()
        self.host.unplug('1-1')
        self.detach()
        self.assertEqual({}, self.attached())

    def test_definitions_that_differ(self):
        """Each is asked for the address that it has itself.

        The persistent one is left by a nova-compute that wrote it.
        """
        self.start(PLAIN + XHCI + ATTACHED % (
            self.address.device, uuids.device, ''))
        self.domain.usb_config[0].find('source/address').set('device', '77')
        self.detach()
        self.assertEqual([CONFIG, LIVE], [
            flags for _uuid, _xml, flags in self.libvirt.detach_calls])
        self.assertEqual({}, self.attached())
        self.assertEqual([], self.domain.usb_config)

    def test_gone_meanwhile(self):
        self.start()
        self.attach()

        def gone(xml, flags):
            self.domain.usb_live = []
            raise fakelibvirt.make_libvirtError(
                fakelibvirt.libvirtError, 'device not found',
                error_code=fakelibvirt.VIR_ERR_DEVICE_MISSING)

        with mock.patch.object(self.domain, 'detachDeviceFlags', gone):
            self.detach()

    def test_guest_that_keeps_it(self):
        self.flags(detach_timeout=1, group='usb')
        self.start()
        self.attach()
        self.libvirt.keeps_device = True
        error = self.assertRaises(exception.UsbDetachTimeout, self.detach)
        self.assertIn('within 1 seconds', str(error))
        self.assertEqual({uuids.device: self.address}, self.attached())
        self.libvirt.keeps_device = False
        self.detach()
        self.assertEqual({}, self.attached())
        self.assertEqual(set(), self._waiters())

    def _waiters(self):
        if compat.libvirtevent is None:
            self.skipTest('this Nova does not listen to such events')
        return self.compute_driver._device_event_handler._waiters

    def _later(self, name):
        """Have libvirt answer at once, and QEMU while it is waited for."""
        self._waiters()
        handler = self.compute_driver._device_event_handler
        wait = handler.wait

        def tell_and_wait(waiter, timeout):
            self.assertEqual(20, timeout)
            if name == 'DeviceRemovedEvent':
                self.domain.usb_live = []
            self.compute_driver.emit_event(
                getattr(compat.libvirtevent, name)(
                    uuids.instance, 'ua-usb-' + uuids.device))
            return wait(waiter, timeout)

        return mock.patch.object(handler, 'wait', tell_and_wait)

    def test_waits_for_the_guest(self):
        self.start()
        self.attach()
        self.libvirt.keeps_device = True
        with self._later('DeviceRemovedEvent'):
            self.detach()
        self.assertEqual({}, self.attached())

    def test_qemu_refuses(self):
        self.start()
        self.attach()
        self.libvirt.keeps_device = True
        with self._later('DeviceRemovalFailedEvent'):
            error = self.assertRaises(exception.UsbDetachFailed, self.detach)
        self.assertNotIsInstance(error, exception.UsbDetachTimeout)
        self.assertIn('QEMU refused', str(error))

    def test_libvirt_fails(self):
        self.start()
        self.attach()
        error = fakelibvirt.make_libvirtError(
            fakelibvirt.libvirtError, 'timed out',
            error_code=fakelibvirt.VIR_ERR_OPERATION_INVALID,
            error_message='cannot acquire state change lock')
        with mock.patch.object(self.domain, 'detachDeviceFlags',
                               side_effect=error):
            raised = self.assertRaises(exception.UsbDetachFailed, self.detach)
        self.assertIn('cannot acquire state change lock', str(raised))
        self.assertEqual(set(), self._waiters())

    def test_domain_ends_meanwhile(self):
        self.start()
        self.attach()

        def end(xml, flags):
            if flags & LIVE:
                self.domain.destroy()

        with mock.patch.object(self.domain, 'detachDeviceFlags', end):
            self.detach()
        self.assertIsNone(self.attached())

    def test_domain_is_undefined_meanwhile(self):
        self.start()
        error = fakelibvirt.make_libvirtError(
            fakelibvirt.libvirtError, 'Domain not found',
            error_code=fakelibvirt.VIR_ERR_NO_DOMAIN)
        with mock.patch.object(self.domain, 'XMLDesc', side_effect=error):
            self.assertIsNone(self.attached())

    def test_no_release_waits_for_ever(self):
        """22.x has no events: it looks until the device is gone."""
        self.start()
        self.attach()
        self.flags(detach_timeout=1, group='usb')
        del self.compute_driver._device_event_handler
        self.libvirt.listen(self.connection, None)
        self.libvirt.keeps_device = True
        self.assertRaises(exception.UsbDetachTimeout, self.detach)
        self.libvirt.keeps_device = False
        self.detach()
        self.assertEqual({}, self.attached())


class HostTest(libvirt_base.LibvirtUsbTestCase):

    def test_scan(self):
        device, = self.driver.scan()
        self.assertEqual(self.address, device.address)

    def test_host_is_that_of_the_start(self):
        self.flags(host='compute2')
        self.hosts.host('compute2').plug('2-1', **STICK)
        device, = self.driver.scan()
        self.assertEqual('1-1', device.port_path)

    def test_wants_controller(self):
        self.assertTrue(self.driver.wants_controller)
        self.flags(guest_controller=False, group='usb')
        self.assertFalse(self.driver.wants_controller)
        self.flags(guest_controller=True, enabled=False, group='usb')
        self.assertFalse(self.driver.wants_controller)

    def test_events(self):
        self.hosts.events = True
        called = threading.Event()
        self.assertTrue(self.driver.start_events(called.set))
        self.addCleanup(self.driver.stop_events)
        self.host.plug('1-2', **STICK)
        self.assertTrue(called.wait(5))
        self.driver.stop_events()
        called.clear()
        self.host.unplug('1-2')
        self.assertFalse(called.wait(0.1))
