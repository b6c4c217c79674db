# SPDX-License-Identifier: Apache-2.0
"""Tests of telling impostors from the devices that they pretend to be."""

import unittest

from nova.tests.unit.usb import host_devices
from nova.tests.unit.usb import records
from nova.usb import exception
from nova.usb import features
from nova.usb import settlement
from nova.usb import status


def stick(**values):
    values.setdefault('serial', 'S')
    values.setdefault('interface_classes', ('08',))
    values.setdefault('bcd_device', '0100')
    return host_devices.stick(**values)


class DifferenceTest(unittest.TestCase):

    def test_describe(self):
        self.assertEqual('00/0100/08', features.describe(stick()))
        self.assertEqual('ef//03,08', features.describe(stick(
            device_class='EF', bcd_device=None,
            interface_classes=('08', '03', '08'))))

    def test_table(self):
        for accepted, now, words in [
                ('00/0100/08', {}, None),
                (None, {}, None),
                ('00/0100/08', {'interface_classes': ('03',)},
                 'its interface classes is 03 and was 08'),
                ('00/0100/08', {'interface_classes': ('08', '03')},
                 '03,08 and was 08'),
                ('00/0100/08', {'device_class': '09'},
                 'its class is 09 and was 00'),
                ('00/0100/08', {'bcd_device': '0200'},
                 'its bcdDevice is 0200 and was 0100'),
                ('00//08', {}, None),
                ('00/0100/08', {'bcd_device': None}, None),
                ('00/0100/', {}, None),
                # It was just plugged in.
                ('00/0100/08', {'interface_classes': ()}, None)]:
            with self.subTest(accepted=accepted, now=now):
                found = features.difference(accepted, stick(**now))
                self.assertEqual(words is None, found is None, found)
                self.assertEqual(found is not None,
                                 features.is_difference(found))
                self.assertIn(words or '', found or '')

    def test_other_reasons(self):
        for reason in (None, '', 'the host uses it'):
            self.assertFalse(features.is_difference(reason))


class ImpostorTest(unittest.TestCase):
    """What becomes of the record, and of the domain."""

    KEYBOARD = {'interface_classes': ('03',), 'device_number': 9}

    def setUp(self):
        self.records = records.Records()
        self.records.report(stick())
        self.held = self.records.claim('1-1')
        self.held.accepted_as = features.describe(stick())

    def usable(self, device):
        return settlement.usable(self.held, host_devices.see(device))

    def test_before_it_was_reported(self):
        self.assertRaises(exception.UsbDeviceBlocked, self.usable,
                          stick(**self.KEYBOARD))
        self.usable(stick(device_number=9))

    def test_blocked_until_it_is_free(self):
        self.records.report(stick(**self.KEYBOARD))
        for _scan in range(2):
            self.assertTrue(features.is_difference(self.held.blocked_reason))
            self.assertEqual(status.ATTACHED, self.held.status)
            self.assertRaises(exception.UsbDeviceBlocked, self.usable,
                              stick(**self.KEYBOARD))
            self.assertFalse(self.records.report(stick(**self.KEYBOARD)))
        self.assertEqual('00/0100/08', self.held.accepted_as)

    def test_what_it_really_is_comes_back(self):
        self.records.report(stick(**self.KEYBOARD))
        self.records.report(stick(device_number=10))
        self.assertIsNone(self.held.blocked_reason)
        self.usable(stick(device_number=10))

    def test_guest_configures_it_otherwise(self):
        # The address tells that it is the same device.
        other = stick(interface_classes=('0a', '02'))
        self.records.report(other)
        self.assertIsNone(self.held.blocked_reason)
        self.assertEqual(['02', '0a'], self.held.interface_classes)
        self.usable(other)
        # Pulled out and plugged in, it is what it was given as.
        self.records.report(stick(device_number=7))
        self.assertIsNone(self.held.blocked_reason)

    def test_given_before_that_was_noted(self):
        self.held.accepted_as = None
        self.records.report(stick(device_number=3))
        self.assertEqual('00/0100/08', self.held.accepted_as)
        self.records.report(stick(**self.KEYBOARD))
        self.assertTrue(features.is_difference(self.held.blocked_reason))

    def test_one_that_is_nobodys_may_be_what_it_is(self):
        self.held.status, self.held.accepted_as = status.AVAILABLE, None
        self.records.report(stick(**self.KEYBOARD))
        self.assertEqual((status.AVAILABLE, None), (
            self.held.status, self.held.blocked_reason))

    def test_the_hosts_use_is_said_first(self):
        self.records.report(stick(**self.KEYBOARD),
                            **{'1_1': 'the host uses it'})
        self.assertEqual('the host uses it', self.held.blocked_reason)
