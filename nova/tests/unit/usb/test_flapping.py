# SPDX-License-Identifier: Apache-2.0
"""Tests of what becomes of devices that come and go all the time."""

import unittest

from nova.tests.unit.usb import host_devices
from nova.usb import flapping

stick = host_devices.stick
OTHER = stick('1-2', serial='T')


class FlappingTest(unittest.TestCase):

    def setUp(self):
        self.now = 1000.0
        self.flapping = flapping.Flapping()
        self.flapping.clock = lambda: self.now
        self.number = 0

    def scan(self, *devices, wait=0.3):
        self.now += wait
        return self.flapping.judge(host_devices.see(*devices, OTHER))

    def flap(self, times, wait=0.3, absent=False):
        """Replug the stick so often; returns what the last scan gave."""
        for _n in range(times):
            if absent:
                self.scan(wait=wait / 2)
            self.number += 1
            found = self.scan(stick(serial='S', device_number=self.number),
                              wait=wait / 2 if absent else wait)
        return found

    def stays(self, seconds):
        return self.scan(stick(serial='S', device_number=self.number),
                         wait=seconds)

    def reasons(self, sightings):
        return {sighting.device.serial: sighting.decision.blocked_reason
                for sighting in sightings}

    def test_a_few_times(self):
        found = self.flap(flapping.LIMIT)
        self.assertEqual({'S': None, 'T': None}, self.reasons(found))

    def test_too_often(self):
        for absent in (False, True):
            self.setUp()
            found = self.flap(flapping.LIMIT + 1, absent=absent)
            self.assertIn('40 times within 20 seconds',
                          self.reasons(found)['S'])
            self.assertIsNone(self.reasons(found)['T'])
            # Where it is now, all the same.
            self.assertEqual({2, self.number}, {
                sighting.device.device_number for sighting in found})

    def test_slowly_is_not_flapping(self):
        found = self.flap(300, wait=1)
        self.assertIsNone(self.reasons(found)['S'])

    def test_its_report_is_steady(self):
        first = self.flapping.steady(self.flap(flapping.LIMIT + 1))
        for _n in range(50):
            self.assertEqual(first, self.flapping.steady(self.flap(1)))
            self.assertEqual(first, self.flapping.steady(self.scan()))
        # Another one is reported as ever.
        self.flapping.judge(host_devices.see())
        self.assertEqual(['S'], [sighting.device.serial for sighting in
                                 self.flapping.steady([])])

    def test_it_stays(self):
        self.flap(flapping.LIMIT + 5)
        self.assertIsNotNone(self.reasons(self.stays(29))['S'])
        found = self.stays(1)
        self.assertIsNone(self.reasons(found)['S'])
        self.assertEqual(found, self.flapping.steady(found))
        # It has its chances again.
        self.assertIsNone(self.reasons(self.flap(20))['S'])

    def test_it_is_pulled_out_for_good(self):
        self.flap(flapping.LIMIT + 1)
        self.assertEqual(2, len(self.flapping.steady(self.scan())))
        self.scan(wait=31)
        self.assertEqual(1, len(self.flapping.steady(self.scan())))

    def test_a_reason_that_there_is_stays(self):
        for number in range(flapping.LIMIT + 2):
            self.now += 0.3
            found = self.flapping.judge(host_devices.see(
                stick(device_number=number), **{'1_1': 'it is mounted'}))
        self.assertEqual('it is mounted', found[0].decision.blocked_reason)
