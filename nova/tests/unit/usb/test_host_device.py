# SPDX-License-Identifier: Apache-2.0
"""Tests of what a scan sees and of what tells devices apart."""

import dataclasses
import unittest

from nova.tests.unit.usb import host_devices
from nova.usb import host_device

stick = host_devices.stick


def identities(*devices):
    return [identity for identity, _device in host_device.identify(devices)]


class CleanTextTest(unittest.TestCase):

    def test_texts(self):
        for raw, clean in [
                (None, None),
                ('', None),
                ('  \t\n', None),
                ('SanDisk', 'SanDisk'),
                ('  SanDisk \x00', 'SanDisk'),
                ('a\x1bb\x7fc\x85d', 'abcd'),
                ('Gerät 日本', 'Gerät 日本'),
                ('key \U0001f511', 'key \ufffd'),
                ('\udcff', '\ufffd'),
                (b'caf\xc3\xa9', 'café'),
                (b'\xff', '\ufffd'),
                # Turns the direction of writing, joins, ends a line or a
                # paragraph, is no character.
                ('a\u202eb\u200bc\ufeffd', 'abcd'),
                ('a\u2028b\u2029c\ufdd0d', 'abcd'),
                ('\u200e', None),
                ('x' * 300, 'x' * 255),
                ('x' * 254 + ' y', 'x' * 254),
                (5, '5')]:
            with self.subTest(raw=raw):
                self.assertEqual(clean, host_device.clean_text(raw))

    def test_limit(self):
        self.assertEqual('abc', host_device.clean_text('abcdef', 3))


class HostUsbDeviceTest(unittest.TestCase):

    def test_values_are_brought_into_one_form(self):
        device = stick(vendor_id='05AC', product_id='12A8', device_class='EF',
                       interface_classes=['FF', '08', 'ff'], serial=' S\n',
                       manufacturer='', bus_number='3', speed=' 480 ')
        self.assertEqual('05ac', device.vendor_id)
        self.assertEqual('12a8', device.product_id)
        self.assertEqual('ef', device.device_class)
        self.assertEqual(('08', 'ff'), device.interface_classes)
        self.assertEqual('S', device.serial)
        self.assertIsNone(device.manufacturer)
        self.assertIsNone(device.product)
        self.assertEqual('480', device.speed)
        self.assertEqual(host_device.UsbAddress(3, 2), device.address)
        self.assertEqual((3, 2), (device.address.bus, device.address.device))

    def test_nothing_but_the_numbers_is_needed(self):
        device = stick()
        for name in ('serial', 'manufacturer', 'product', 'speed',
                     'controller', 'host_use', 'bcd_device'):
            self.assertIsNone(getattr(device, name), name)

    def test_wrong_numbers(self):
        for values in [{'vendor_id': '781'}, {'vendor_id': '07811'},
                       {'product_id': 'xyz0'}, {'vendor_id': '0781\n'},
                       {'device_class': '8'}, {'interface_classes': ['8']},
                       {'bus_number': 'one'}, {'port': ' '},
                       {'bcd_device': '1.0'}]:
            with self.subTest(values=values):
                self.assertRaises(ValueError, stick, **values)

    def test_long_controllers_stay_different(self):
        made = {stick(controller='platform/%s/xhci.%d' % ('x' * 90, number)
                      ).controller for number in range(3)}
        self.assertEqual(3, len(made))
        for controller in made:
            self.assertLessEqual(len(controller), 64)
        self.assertEqual('0000:00:14.0',
                         stick(controller='0000:00:14.0').controller)

    def test_frozen(self):
        with self.assertRaises(dataclasses.FrozenInstanceError):
            stick().serial = 'other'


class PlaceTest(unittest.TestCase):

    def test_places(self):
        for values, place in [
                ({}, '1-1.4'),
                ({'controller': '0000:00:14.0'}, '0000:00:14.0-usb2-1.4'),
                ({'controller': '0000:00:14.0', 'speed': '1.5'},
                 '0000:00:14.0-usb2-1.4'),
                ({'controller': '0000:00:14.0', 'speed': '480'},
                 '0000:00:14.0-usb2-1.4'),
                ({'controller': '0000:00:14.0', 'speed': '5000'},
                 '0000:00:14.0-usb3-1.4'),
                ({'controller': '0000:00:14.0', 'speed': '20000'},
                 '0000:00:14.0-usb3-1.4'),
                ({'controller': '0000:00:14.0', 'speed': 'unknown'},
                 '0000:00:14.0-usb2-1.4'),
                ({'controller': 'platform/vhci_hcd.0', 'speed': '12'},
                 'platform/vhci_hcd.0-usb2-1.4')]:
            with self.subTest(values=values):
                self.assertEqual(
                    place, host_device.place(stick('1-1.4', **values)))

    def test_bus_numbers_are_not_places(self):
        one, other = (stick(port, controller='0000:00:14.0', bus_number=bus)
                      for port, bus in (('1-2', 1), ('7-2', 7)))
        self.assertEqual(host_device.port_identity(one),
                         host_device.port_identity(other))

    def test_same_place(self):
        def at(port, controller=None, speed='480'):
            return stick(port, controller=controller, speed=speed)

        for one, other, same in [
                (at('1-1', 'A'), at('1-1', 'A'), True),
                (at('1-1', 'A'), at('2-1', 'A'), True),
                (at('1-1', 'A'), at('1-1', 'B'), False),
                (at('1-1', 'A'), at('1-2', 'A'), False),
                (at('1-1', 'A'), at('2-1', 'A', '5000'), False),
                # Nothing better is known of one of them.
                (at('1-1'), at('1-1', 'A'), True),
                (at('1-1', 'A'), at('2-1'), False),
                (at('1-1'), at('1-1'), True)]:
            with self.subTest(one=one, other=other):
                self.assertEqual(same, host_device.same_place(one, other))
                self.assertEqual(same, host_device.same_place(other, one))


class IdentityTest(unittest.TestCase):

    def test_two_controllers(self):
        self.assertEqual(
            ['0781:5567/port=0000:00:14.0-usb2-1',
             '0781:5567/port=0000:05:00.0-usb2-1'],
            identities(stick('1-1', controller='0000:00:14.0'),
                       stick('3-1', controller='0000:05:00.0')))

    def test_both_root_hubs_of_a_controller(self):
        self.assertEqual(
            ['0781:5567/port=0000:00:14.0-usb2-1',
             '0781:5567/port=0000:00:14.0-usb3-1'],
            identities(
                stick('1-1', controller='0000:00:14.0', speed='480'),
                stick('2-1', controller='0000:00:14.0', speed='10000')))

    def test_serial(self):
        self.assertEqual(['0781:5567/serial=4C53'],
                         identities(stick(serial='4C53')))

    def test_no_serial(self):
        self.assertEqual(['0781:5567/port=1-1.4'],
                         identities(stick('1-1.4')))

    def test_two_identical_without_serial(self):
        self.assertEqual(['0781:5567/port=1-1', '0781:5567/port=1-2'],
                         identities(stick('1-1'), stick('1-2')))

    def test_two_identical_with_serial(self):
        self.assertEqual(
            ['0781:5567/port=1-1/serial=S', '0781:5567/port=1-2/serial=S'],
            identities(stick('1-1', serial='S'), stick('1-2', serial='S')))

    def test_same_serial_of_another_product(self):
        self.assertEqual(
            ['0781:5567/serial=S', '0781:5568/serial=S'],
            identities(stick('1-1', serial='S'),
                       stick('1-2', serial='S', product_id='5568')))

    def test_serials_that_differ_in_case(self):
        first, second = identities(stick('1-1', serial='ab'),
                                   stick('1-2', serial='AB'))
        self.assertNotEqual(first.upper(), second.upper())
        self.assertTrue(first.startswith('0781:5567/serial=~'))

    def test_strange_serials(self):
        serials = ['ä' * 40, 'Z' * 65, 'Z' * 300, 'A/port=1-2', 'A B', '~X',
                   '\U0001f511', 'A\udcff', 'A=B', 'A%B']
        made = identities(*[stick('1-%d' % number, serial=serial)
                            for number, serial in enumerate(serials, 1)])
        self.assertEqual(len(serials), len(set(made)))
        for identity in made:
            self.assertTrue(identity.isascii())
            self.assertLessEqual(len(identity), 191)
            self.assertFalse(host_device.is_by_port(identity), identity)

    def test_longest(self):
        port = '1-' + '.'.join('15' for _ in range(20))
        made = identities(stick(port, serial='Z' * 64),
                          stick(port + '.1', serial='Z' * 64))
        for identity in made:
            self.assertLessEqual(len(identity), 191)
            self.assertTrue(host_device.is_by_port(identity))
        far = stick(port, serial='Z' * 64, controller='/' * 64,
                    speed='20000')
        self.assertLessEqual(len(host_device.port_identity(far)), 191)
        upper = [host_device.port_identity(stick(controller=name))
                 for name in ('platform/Xhci', 'platform/xhci')]
        self.assertNotEqual(*[identity.lower() for identity in upper])
        strange = identities(stick('x' * 100))
        self.assertLessEqual(len(strange[0]), 191)

    def test_order_is_kept(self):
        devices = [stick('1-3'), stick('1-1', serial='A'), stick('1-2')]
        self.assertEqual(
            devices, [device for _identity, device
                      in host_device.identify(iter(devices))])

    def test_is_by_port(self):
        self.assertTrue(host_device.is_by_port('0781:5567/port=1-1/serial=S'))
        self.assertFalse(host_device.is_by_port('0781:5567/serial=S'))

    def test_is_by_bus(self):
        for identity, by_bus in [
                ('0781:5567/port=1-1.4', True),
                ('0781:5567/port=10-1/serial=1-1', True),
                ('0781:5567/serial=1-1', False),
                (host_device.port_identity(
                    stick(controller='0000:00:14.0')), False),
                (host_device.port_identity(
                    stick(controller='10000:00:14.0')), False),
                (host_device.port_identity(
                    stick(controller='platform/1-1')), False)]:
            with self.subTest(identity=identity):
                self.assertEqual(by_bus, host_device.is_by_bus(identity))
