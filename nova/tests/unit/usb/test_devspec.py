# SPDX-License-Identifier: Apache-2.0
"""Tests of [usb] device_spec."""

import json
import re
import unittest

import hypothesis
from hypothesis import strategies as st

from nova.tests.unit.usb import host_devices
from nova.usb import devspec
from nova.usb import exception

DONGLE = host_devices.stick(
    '1-1.2', controller='0000:00:14.0', vendor_id='0529', product_id='0001',
    device_class='ff')
STICK = host_devices.stick(
    '1-3', serial='4C53 0001', interface_classes=('08',))
# The second of the same kind, told from the first by its port.
TWIN = host_devices.stick(
    '1-4', serial='4C53 0001', interface_classes=('08',),
    controller='platform/vhci_hcd.0')
ROOT_DISK = host_devices.stick('2-1', serial='R', host_use='it holds /')


def spec(*entries):
    return devspec.DeviceSpec.parse([json.dumps(entry)
                                     for entry in entries])


class DecideTest(unittest.TestCase):

    def offered(self, *entries):
        """Which of the four devices a spec offers."""
        parsed = spec(*entries)
        return ''.join(
            letter for letter, device in [
                ('D', DONGLE), ('S', STICK), ('T', TWIN), ('R', ROOT_DISK)]
            if parsed.decide(device).blocked_reason is None)

    def test_table(self):
        for entries, offered in [
                ([], 'DST'),
                ([{}], 'DST'),
                ([{'deny': True}], ''),
                ([{'vendor_id': '0529'}], 'D'),
                ([{'vendor_id': '0529', 'product_id': '0002'}], ''),
                ([{'vendor_id': '05*'}], 'D'),
                ([{'vendor_id': '????'}], 'DST'),
                ([{'product_id': '000?'}], 'D'),
                ([{'product_id': '000??'}], ''),
                ([{'class': '08'}], 'ST'),
                ([{'class': 'FF'}], 'D'),
                ([{'class': '*'}], 'DST'),
                ([{'serial': '4C53*'}], 'ST'),
                ([{'serial': '4c53*'}], ''),
                ([{'serial': '*'}], 'DST'),
                ([{'serial': '?*'}], 'ST'),
                ([{'serial': '[4]C53 0001'}], ''),
                ([{'controller': '0000:00:14.0'}], 'D'),
                ([{'controller': '0000:00:1F.0'}], ''),
                ([{'controller': 'platform/*'}], 'T'),
                ([{'controller': '*', 'port_path': '*-4'}], 'T'),
                ([{'controller': '*'}], 'DST'),
                ([{'controller': '?*'}], 'DT'),
                ([{'port_path': '1-3'}], 'S'),
                ([{'port_path': '1-4'}], 'T'),
                ([{'port_path': '1-1.*'}], 'D'),
                ([{'port_path': '1-1'}], ''),
                ([{'port_path': '1-4', 'class': 'ff'}], ''),
                ([[{'port_path': '1-4'}, {'class': 'ff'}]], 'DT'),
                ([{'port_path': '1-4', 'deny': True}], 'DS'),
                ([{'class': '08'}, {'port_path': '1-4', 'deny': True}], 'S'),
                ([{'port_path': '1-4', 'deny': True}, {'class': '08'}], 'S'),
                ([{'vendor_id': '0781', 'deny': False}], 'ST')]:
            with self.subTest(entries=entries):
                self.assertEqual(offered, self.offered(*entries))

    def test_reasons(self):
        self.assertEqual('it holds /', spec({'deny': True}).decide(
            ROOT_DISK).blocked_reason)
        self.assertIn('denies', spec({'class': '08', 'deny': True}).decide(
            STICK).blocked_reason)
        self.assertIn('does not offer', spec({'class': '0e'}).decide(
            STICK).blocked_reason)

    def test_placement(self):
        parsed = spec(
            {'vendor_id': '0529', 'resource_class': 'CUSTOM_DONGLE',
             'traits': ['CUSTOM_B', 'CUSTOM_A', 'CUSTOM_B', 'HW_CPU_X86_VMX']},
            {'resource_class': 'CUSTOM_OTHER'})
        self.assertEqual(
            devspec.Decision(None, 'CUSTOM_DONGLE',
                             ('CUSTOM_A', 'CUSTOM_B', 'HW_CPU_X86_VMX')),
            parsed.decide(DONGLE))
        self.assertEqual(devspec.Decision(None, 'CUSTOM_OTHER', ()),
                         parsed.decide(STICK))
        self.assertEqual('CUSTOM_USB_0781_5567',
                         spec().decide(STICK).resource_class)
        self.assertEqual(
            'CUSTOM_USB_05AC_12A8',
            spec().decide(host_devices.stick(
                vendor_id='05ac', product_id='12a8')).resource_class)


class ParseTest(unittest.TestCase):

    def assertInvalid(self, value, *words):
        with self.assertRaises(exception.UsbDeviceSpecInvalid) as caught:
            devspec.DeviceSpec.parse([value])
        message = str(caught.exception)
        self.assertNotIn('\n', message)
        for word in words:
            self.assertIn(word, message)

    def test_not_json(self):
        self.assertInvalid('{vendor_id: 0529}', 'not JSON',
                           '{vendor_id: 0529}')
        self.assertInvalid('', 'not JSON')
        self.assertInvalid('{"vendor_id":\n  0529}', '{"vendor_id": 0529}')

    def test_not_an_object(self):
        for value in ('5', '"0529"', 'null', '[[]]', '[{}, 5]'):
            with self.subTest(value=value):
                self.assertInvalid(value, 'is an object')

    def test_unknown_key(self):
        self.assertInvalid('{"vendor": "0529"}', 'unknown key vendor',
                           'vendor_id')

    def test_wrong_values(self):
        for entry, word in [
                ({'vendor_id': '529'}, 'four hexadecimal'),
                ({'vendor_id': 1321}, 'string'),
                ({'vendor_id': ''}, 'empty'),
                ({'vendor_id': None}, 'string'),
                ({'product_id': '0x01'}, 'four hexadecimal'),
                ({'product_id': 'x*'}, 'four hexadecimal'),
                ({'class': '8'}, 'two hexadecimal'),
                ({'class': 'hub'}, 'two hexadecimal'),
                ({'port_path': '1.4'}, '1-1.4'),
                ({'port_path': 'usb*'}, '1-1.4'),
                ({'controller': '00:14.0'}, '0000:00:14.0'),
                ({'controller': 'vhci_hcd.0'}, '0000:00:14.0'),
                ({'controller': 'a / b'}, '0000:00:14.0'),
                ({'controller': ''}, 'empty'),
                ({'serial': ['A']}, 'string'),
                ({'deny': 'yes'}, 'true or false'),
                ({'deny': 1}, 'true or false'),
                ({'deny': True, 'traits': []}, 'neither'),
                ({'deny': True, 'resource_class': 'CUSTOM_A'}, 'neither'),
                ({'resource_class': 'DONGLE'}, 'CUSTOM_'),
                ({'resource_class': 'CUSTOM_dongle'}, 'CUSTOM_'),
                ({'resource_class': 'CUSTOM_A\n'}, 'CUSTOM_'),
                ({'resource_class': 'CUSTOM_' + 'A' * 250}, 'CUSTOM_'),
                ({'resource_class': 5}, 'CUSTOM_'),
                ({'traits': 'CUSTOM_A'}, 'list'),
                ({'traits': ['A']}, 'not a trait'),
                ({'traits': [5]}, 'not a trait'),
                ({'traits': ['COMPUTE_MANAGED_PCI_DEVICE']},
                 'not a trait')]:
            with self.subTest(entry=entry):
                self.assertInvalid(json.dumps(entry), word)


class WildcardTest(unittest.TestCase):

    def matches(self, pattern, value):
        device = host_devices.stick(serial=value)
        decision = spec({'serial': pattern}).decide(device)
        return decision.blocked_reason is None

    def test_table(self):
        for pattern, value, matches in [
                ('*', 'abc', True), ('a*', 'abc', True), ('*c', 'abc', True),
                ('*b*', 'abc', True), ('a*c', 'abc', True),
                ('a*b', 'abc', False), ('a?c', 'abc', True),
                ('?', 'abc', False), ('???', 'abc', True),
                ('*?', 'a', True), ('?*?', 'a', False), ('**', 'a', True),
                ('a*a', 'a', False), ('aa*aa', 'aaa', False),
                ('aa*aa', 'aaaa', True), ('*ab*ab', 'abab', True),
                ('*ab*ab', 'ab', False), ('*ab*ab', 'ababab', True),
                ('a*b?*d', 'abbcd', True), ('a*b?*d', 'abd', False),
                ('a.c', 'abc', False), ('*[a]*', 'a', False),
                ('*\\d*', '5', False), ('*.?', 'a.b', True)]:
            with self.subTest(pattern=pattern, value=value):
                self.assertEqual(matches, self.matches(pattern, value))

    @hypothesis.given(st.text('ab*?', min_size=1, max_size=8),
                      st.text('ab', min_size=1, max_size=10))
    @hypothesis.settings(database=None, deadline=None)
    def test_as_a_regular_expression_would(self, pattern, value):
        wanted = re.escape(pattern).replace(r'\*', '.*').replace(r'\?', '.')
        self.assertEqual(re.fullmatch(wanted, value) is not None,
                         self.matches(pattern, value))

    def test_no_value_is_slow(self):
        # 126 characters are the longest string that a device can have. As a
        # regular expression each of these took longer than a test may.
        for stars in (7, 50, 120):
            self.assertFalse(self.matches('*0' * stars + '*1', '0' * 126))
            self.assertTrue(self.matches('*0' * stars, '0' * 126))
