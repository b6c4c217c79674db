# SPDX-License-Identifier: Apache-2.0

import unittest

from lab import domain
from lab import packages
from lab import sysfs
from lab import test

XML = """<domain><devices>
  <hostdev mode='subsystem' type='usb' managed='yes'>
    <source startupPolicy='optional'>
      <vendor id='0x46f4'/><address bus='2' device='11'/>
    </source>
    <address type='usb' bus='0' port='1'/>
  </hostdev>
  <hostdev mode='subsystem' type='pci'>
    <source><address domain='0x0000' bus='0x01'/></source>
  </hostdev>
  <hostdev mode='subsystem' type='usb'>
    <source><address bus='1' device='4'/></source>
  </hostdev>
</devices></domain>"""


class DomainTest(unittest.TestCase):

    def test_addresses_on_the_host(self):
        self.assertEqual([(1, 4), (2, 11)], domain.addresses(XML))

    def test_none(self):
        self.assertEqual([], domain.addresses('<domain/>'))


class SysfsTest(unittest.TestCase):

    def test_parse(self):
        self.assertEqual(
            {'1-1.2': {'idVendor': '056a', 'product': 'a: b'},
             '2-3': {'serial': 'X'}},
            sysfs.parse('1-1.2/idVendor:056a\n1-1.2/product:a: b\n'
                        '2-3/serial:X\nnoise\n'))


class ObstaclesTest(unittest.TestCase):

    def test_none(self):
        self.assertEqual([], packages.obstacles(0, 'x86_64',
                                                lambda name: name))

    def test_each_is_said(self):
        found = packages.obstacles(1000, 'aarch64', lambda name: None)
        self.assertEqual(3, len(found))
        for sentence, word in zip(found, ('root', 'aarch64', 'apt-get')):
            self.assertIn(word, sentence)


class TableTest(unittest.TestCase):

    def test_passed(self):
        good = test.Result('1 a', test.PASSED, 3, ['said'])
        bad = test.Result('2 b', test.FAILED, 1, [])
        self.assertTrue(test.passed([good]))
        self.assertFalse(test.passed([good, bad]))
        self.assertFalse(test.passed([]))
        self.assertIn('    said', test.table([good, bad]))
