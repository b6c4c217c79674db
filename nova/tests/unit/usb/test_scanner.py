# SPDX-License-Identifier: Apache-2.0

import errno
import os
import shutil
import threading
import time
from unittest import mock

import fixtures

from nova import test
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.usb import exception
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
        self.scanner = scanner.Scanner(self.host.sys, self.host.proc,
                                       self.host.dev)

    def scan(self):
        return {device.port_path: device for device in self.scanner.scan()}

    def test_all_fields(self):
        address = self.host.plug('1-2', **STICK)
        device, = self.scanner.scan()
        self.assertEqual(
            ('0781', '5567', '1-2', 1, address.device, 'AB-1', 'SanDisk',
             'Cruzer', '00', ('08',), '480', '0000:00:14.0', '0100', None),
            (device.vendor_id, device.product_id, device.port_path,
             device.bus_number, device.device_number, device.serial,
             device.manufacturer, device.product, device.device_class,
             device.interface_classes, device.speed, device.controller,
             device.bcd_device, device.host_use))

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
        self.assertEqual((7, 'platform/dummy_hcd.0'),
                         (device.bus_number, device.controller))

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
        self.assertTrue(self.scanner.has_usb())
        shutil.rmtree(os.path.join(self.host.sys, 'bus', 'usb'))
        self.assertEqual([], self.scanner.scan())
        self.assertFalse(self.scanner.has_usb())

    def test_sysfs_is_not_there(self):
        """An empty /sys is no host without USB, but one that nobody sees."""
        self.host.plug('1-1', **STICK)
        for folder in ('bus', ''):
            shutil.rmtree(os.path.join(self.host.sys, folder))
            self.assertRaises(exception.UsbScanFailed, self.scanner.scan)

    def test_sysfs_cannot_be_read(self):
        self.host.plug('1-1', **STICK)
        for call in ('listdir', 'open'):
            for code in (errno.EACCES, errno.EMFILE, errno.ENOMEM):
                error = OSError(code, 'so')
                with mock.patch.object(scanner.os, call, side_effect=error):
                    raised = self.assertRaises(exception.UsbScanFailed,
                                               self.scanner.scan)
                self.assertIn('so', str(raised))
        self.assertEqual({'1-1'}, set(self.scan()))

    def test_too_many_files_while_a_device_is_read(self):
        # Not what it says; and nothing that makes a device go away.
        self.host.plug('1-1', **STICK)
        real_open = os.open

        def open_(path, *args, **kwargs):
            if path == 'idVendor':
                raise OSError(errno.EMFILE, 'Too many open files')
            return real_open(path, *args, **kwargs)

        with mock.patch.object(scanner.os, 'open', open_):
            self.assertRaises(exception.UsbScanFailed, self.scanner.scan)

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

    def _vanishes_at_every_step(self, before):
        """Whatever was read before a device went, the scan goes on.

        :param before: called before each scan with the device
        :returns: how many steps there are
        """
        self.host.plug('1-2', **ADAPTER)
        for step in range(30):
            if '1-1' not in self.scan():
                self.host.plug('1-1', **STICK)
            before()
            found, steps = self._scan_and_unplug(step)
            if steps <= step:
                break
            self.assertEqual({'1-2'}, set(found), 'step %d' % step)
        self.assertEqual({'1-1', '1-2'}, set(found))
        return steps

    def test_vanishes_at_every_step(self):
        # The directory, six attributes, one of the interface.
        self.assertEqual(8, self._vanishes_at_every_step(self.scan))

    def test_new_one_vanishes_at_every_step(self):
        def forget():
            self.scanner = scanner.Scanner(self.host.sys, self.host.proc,
                                           self.host.dev)

        # And three strings, and its number once more.
        self.assertEqual(12, self._vanishes_at_every_step(forget))

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
        self.assertEqual(10, len(self.scan()))
        with mock.patch.object(scanner.os, 'open',
                               side_effect=os.open) as opened:
            found = self.scan()
        self.assertEqual(['AB-1'] * 10, [device.serial for device in
                                         found.values()])
        # The directory, six attributes, one of the interface; strings were
        # read, and the root hubs' are not.
        self.assertEqual(10 * 8, opened.call_count)


class SickDeviceTest(test.NoDBTestCase):
    """A device whose strings the kernel does not tell, as it holds its lock.

    A FIFO hangs as such an attribute does: whoever opens it waits.
    """

    def setUp(self):
        super().setUp()
        self.host = usb_fixtures.UsbHost(
            self.useFixture(fixtures.TempDir()).path)
        self.scanner = scanner.Scanner(self.host.sys, self.host.proc,
                                       self.host.dev, patience=0.2)

    def scan(self):
        return {device.port_path for device in self.scanner.scan()}

    def make_sick(self, port, attribute):
        fifo = os.path.join(self.host._path(port), attribute)
        os.unlink(fifo)
        os.mkfifo(fifo)
        # It may be unplugged by then.
        handle = os.open(fifo, os.O_PATH)
        self.addCleanup(self._recover, handle)
        return fifo

    @staticmethod
    def _recover(handle):
        """Let go of whoever waits."""
        os.close(os.open('/proc/self/fd/%d' % handle,
                         os.O_RDWR | os.O_NONBLOCK))
        os.close(handle)

    def plug_sick(self, port, attribute='serial'):
        self.host.plug(port, **STICK)
        return self.make_sick(port, attribute)

    def test_others_are_there_and_soon(self):
        self.host.plug('1-1', **STICK)
        sick = {'1-%d' % number for number in range(2, 12)}
        for port in sick:
            self.plug_sick(port)
        self.host.plug('1-12', **ADAPTER)
        start = time.monotonic()
        self.assertEqual({'1-1', '1-12'}, self.scan())
        # Ten of them; each alone would have taken as long as all. (Not how
        # fast it is, but that it ends: they hang for ever.)
        self.assertLess(time.monotonic() - start, 30)

    def test_each_is_waited_for_once(self):
        self.plug_sick('1-1')
        self.host.plug('1-2', **STICK)
        before = threading.active_count()
        for _scan in range(5):
            self.assertEqual({'1-2'}, self.scan())
        self.assertLessEqual(threading.active_count(), before + 1)
        self.assertEqual(1, self.stdlog.logger.output.count(
            'does not answer'))

    def test_known_strings_are_not_read_again(self):
        self.host.plug('1-1', **STICK)
        self.assertEqual({'1-1'}, self.scan())
        self.make_sick('1-1', 'serial')
        found, = self.scanner.scan()
        self.assertEqual('AB-1', found.serial)

    def test_it_is_there_once_it_answers(self):
        fifo = self.plug_sick('1-1', 'product')
        self.assertEqual(set(), self.scan())
        writer = os.open(fifo, os.O_WRONLY)
        os.write(writer, b'Late\n')
        os.close(writer)
        for _attempt in range(500):
            found = self.scanner.scan()
            if found:
                break
            time.sleep(0.01)
        self.assertEqual(['Late'], [device.product for device in found])

    def test_replugged_while_it_hangs(self):
        self.plug_sick('1-1')
        self.assertEqual(set(), self.scan())
        self.host.unplug('1-1')
        self.host.plug('1-1', **ADAPTER)
        self.assertEqual({'1-1'}, self.scan())
