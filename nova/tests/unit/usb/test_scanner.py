# SPDX-License-Identifier: Apache-2.0

import errno
import os
from unittest import mock

import fixtures

from nova import test
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.usb import host_use
from nova.usb import scanner

STICK = {'vendor_id': '0781', 'product_id': '5567', 'serial': 'AB-1',
         'manufacturer': 'SanDisk', 'product': 'Cruzer',
         'interfaces': ['08']}
ADAPTER = {'vendor_id': '0403', 'product_id': '6001', 'speed': '12'}


class ScanTest(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.host = usb_fixtures.UsbHost(
            self.useFixture(fixtures.TempDir()).path)
        self.scanner = scanner.Scanner(self.host.sys, self.host.proc)

    def scan(self):
        return {device.port_path: device for device in self.scanner.scan()}

    def test_all_fields(self):
        address = self.host.plug('1-2', **STICK)
        device, = self.scanner.scan()
        self.assertEqual(
            ('0781', '5567', '1-2', 1, address.device, 'AB-1', 'SanDisk',
             'Cruzer', '00', ('08',), '480', '0000:00:14.0', None),
            (device.vendor_id, device.product_id, device.port_path,
             device.bus_number, device.device_number, device.serial,
             device.manufacturer, device.product, device.device_class,
             device.interface_classes, device.speed, device.controller,
             device.host_use))

    def test_hubs_are_left_out(self):
        self.host.plug('1-1.4.2', **ADAPTER)
        self.assertEqual({'1-1.4.2'}, set(self.scan()))

    def test_strings_may_be_missing(self):
        self.host.plug('1-1', **ADAPTER)
        device = self.scan()['1-1']
        self.assertEqual((None, None, None), (
            device.serial, device.manufacturer, device.product))

    def test_strings_of_any_kind(self):
        self.host.plug('1-1', vendor_id='0403', product_id='6001',
                       serial='S' * 300, manufacturer='Müller \U0001f50c',
                       product=b'\xff\x00gone\x07')
        device = self.scan()['1-1']
        self.assertEqual('S' * 255, device.serial)
        self.assertEqual('Müller \ufffd', device.manufacturer)
        self.assertEqual('\ufffdgone', device.product)

    def test_each_interface_class_once(self):
        self.host.plug('1-1', interfaces=['0a', '03', '02', '03'], **ADAPTER)
        self.assertEqual(('02', '03', '0a'),
                         self.scan()['1-1'].interface_classes)

    def test_controller_of_each_bus(self):
        self.host.plug('1-1', **ADAPTER)
        self.host.plug('3-1', **ADAPTER)
        self.assertEqual(
            {'1-1': '0000:00:14.0', '3-1': '0000:05:00.0'},
            {port: device.controller for port, device in
             self.scan().items()})

    def test_controller_that_is_not_on_pci(self):
        # As dummy_hcd's, or that of a board without PCI.
        self.host.CONTROLLERS = {7: 'dummy_hcd.0'}
        path = os.path.join(self.host.sys, 'devices/platform/dummy_hcd.0/usb7')
        os.makedirs(path)
        os.symlink(path, os.path.join(self.host.sys,
                                      'bus/usb/devices/usb7'))
        with mock.patch.object(self.host, '_path',
                               return_value=path + '/7-1'):
            self.host.plug('7-1', **ADAPTER)
        device = self.scan()['7-1']
        self.assertEqual((7, None), (device.bus_number, device.controller))

    def test_replug_changes_the_address_only(self):
        old = self.host.plug('1-1', **STICK)
        new = self.host.replug('1-1')
        self.assertNotEqual(old, new)
        self.assertEqual(new, self.scan()['1-1'].address)

    def test_unplugged(self):
        self.host.plug('1-1.1', **STICK)
        self.host.unplug('1-1')
        self.assertEqual({}, self.scan())

    def test_no_usb(self):
        absent = scanner.Scanner(os.path.join(self.host.sys, 'nothing'))
        self.assertEqual([], absent.scan())
        self.assertFalse(absent.has_usb())
        self.assertTrue(self.scanner.has_usb())

    def test_not_configured_yet(self):
        self.host.plug('1-1', interfaces=[], **ADAPTER)
        device = self.scan()['1-1']
        self.assertEqual(((), host_use.NOT_READY),
                         (device.interface_classes, device.host_use))

    def test_host_use(self):
        self.host.plug('1-1', **STICK)
        self.host.disk('1-1', 'sdb', 16, partitions=1)
        self.host.mounts(('8:17', '/mnt', '/dev/sdb1'))
        self.assertIn('/mnt', self.scan()['1-1'].host_use)

    def _scan_and_unplug(self, step):
        """Scan; unplug 1-1 right before the given step of reading it.

        :returns: what was found, and how many steps there were
        """
        real_open = os.open
        steps = []

        def open_(path, *args, **kwargs):
            directory = kwargs.get('dir_fd')
            if directory is not None:
                path_of = os.readlink('/proc/self/fd/%d' % directory)
            else:
                path_of = path
            if path_of.endswith('/1-1') and len(steps) <= step:
                steps.append(path)
                if len(steps) == step + 1:
                    self.host.unplug('1-1')
            return real_open(path, *args, **kwargs)

        with mock.patch.object(scanner.os, 'open', open_):
            return self.scan(), len(steps)

    def test_vanishes_at_every_step(self):
        """Whatever was read before a device went, the scan goes on."""
        self.host.plug('1-2', **ADAPTER)
        for step in range(30):
            if '1-1' not in self.scan():
                self.host.plug('1-1', **STICK)
            found, steps = self._scan_and_unplug(step)
            if steps <= step:
                break
            self.assertEqual({'1-2'}, set(found), 'step %d' % step)
        # The directory, eight attributes, one of the interface.
        self.assertEqual(({'1-1', '1-2'}, 10), (set(found), steps))

    def test_another_device_in_the_same_port_is_never_mixed_in(self):
        """A device that is swapped while it is read is left out."""
        self.host.plug('1-1', **STICK)
        real_open = os.open

        def open_(path, *args, **kwargs):
            if path == 'devnum' and not swapped:
                swapped.append(self.host.unplug('1-1'))
                self.host.plug('1-1', **ADAPTER)
            return real_open(path, *args, **kwargs)

        swapped = []
        with mock.patch.object(scanner.os, 'open', open_):
            self.assertEqual({}, self.scan())
        self.assertEqual('0403', self.scan()['1-1'].vendor_id)

    def test_unreadable_attribute(self):
        self.host.plug('1-1', **STICK)
        real_read = os.read

        def read(descriptor, size):
            if os.readlink('/proc/self/fd/%d' % descriptor).endswith(
                    '/serial'):
                raise OSError(errno.EIO, 'no answer')
            return real_read(descriptor, size)

        with mock.patch.object(scanner.os, 'read', read):
            self.assertIsNone(self.scan()['1-1'].serial)

    def test_module_function_scans_the_host(self):
        hosts = self.useFixture(usb_fixtures.UsbHostFixture())
        hosts.host().plug('1-1', **STICK)
        self.assertEqual(['AB-1'], [device.serial for device in
                                    scanner.scan()])

    def test_reads_no_more_than_it_needs(self):
        for number in range(1, 11):
            self.host.plug('1-%d' % number, **STICK)
        with mock.patch.object(scanner.os, 'open',
                               side_effect=os.open) as opened:
            self.assertEqual(10, len(self.scan()))
        # The directory, eight attributes, one of the interface; and the root
        # hubs' are not read.
        self.assertEqual(10 * 10, opened.call_count)
