# SPDX-License-Identifier: Apache-2.0
"""Tests of the places of devices: controllers, and records from before them.
"""

import unittest

from nova.tests.unit.usb import host_devices
from nova.tests.unit.usb import records
from nova.usb import features
from nova.usb import host_device
from nova.usb import status
from nova.usb import tracker

stick = host_devices.stick
see = host_devices.see


class Records(records.Records):
    """Records that can be reported as an earlier release did."""

    def report_by_bus(self, *devices):
        plan = tracker.plan(self.rows, see_by_bus(*devices), self.now,
                            self.GRACE)
        self.apply(plan)
        return plan


def see_by_bus(*devices):
    """Sightings as an earlier release reports them: places are buses."""
    sightings = []
    for sighting in see(*devices):
        device = sighting.device
        if host_device.is_by_port(sighting.identity):
            bare = stick(device.port_path, vendor_id=device.vendor_id,
                         product_id=device.product_id, serial=device.serial)
            sighting = sighting._replace(
                identity=host_device.port_identity(bare))
        sightings.append(sighting)
    return sightings


FIRST, SECOND = '0000:00:14.0', '0000:05:00.0'


class ControllerTest(unittest.TestCase):
    """Buses are numbered anew at each boot; places stay."""

    def setUp(self):
        self.records = Records()

    def _held(self):
        """Two of a kind, in port 1 of two controllers, of two servers."""
        self.records.report(stick('1-1', controller=FIRST),
                            stick('3-1', controller=SECOND, bus_number=3))
        return (self.records.claim('1-1', 'one'),
                self.records.claim('3-1', 'two'))

    def test_buses_change_numbers(self):
        one, two = self._held()
        plan = self.records.report(
            stick('1-1', controller=SECOND),
            stick('3-1', controller=FIRST, bus_number=3))
        self.assertEqual(([], []), (plan.creates, plan.deletes))
        self.assertEqual([('one', FIRST, '3-1', 3), ('two', SECOND, '1-1', 1)],
                         [(row.instance_uuid, row.controller, row.port_path,
                           row.bus_number) for row in (one, two)])

    def test_second_with_the_serial_comes_while_buses_change(self):
        self.records.report(stick('1-1', serial='S', controller=FIRST))
        held = self.records.claim('1-1')
        self.records.report(
            stick('1-1', serial='S', controller=SECOND),
            stick('2-1', serial='S', controller=FIRST, bus_number=2))
        self.assertEqual((FIRST, '2-1'), (held.controller, held.port_path))
        self.assertEqual(2, len(self.records.rows))

    def test_both_root_hubs(self):
        self.records.report(
            stick('1-1', controller=FIRST, speed='480'),
            stick('2-1', controller=FIRST, speed='5000', bus_number=2))
        slow, fast = self.records.claim('1-1'), self.records.claim('2-1')
        self.records.report(
            stick('2-1', controller=FIRST, speed='480', bus_number=2),
            stick('1-1', controller=FIRST, speed='5000'))
        self.assertEqual((('480', '2-1'), ('5000', '1-1')), (
            (slow.speed, slow.port_path), (fast.speed, fast.port_path)))

    def _old(self, *devices):
        """Records that an earlier release made, each a server's."""
        self.records.report_by_bus(*devices)
        for number, row in enumerate(self.records.rows):
            self.assertTrue(host_device.is_by_bus(row.identity))
            row.status = status.ATTACHED
            row.instance_uuid = 'server-%d' % number
            row.accepted_as = features.describe(row)
        return list(self.records.rows)

    def test_old_records_are_carried_over(self):
        devices = [stick('1-1', controller=FIRST),
                   stick('3-1', controller=SECOND, bus_number=3),
                   stick('1-2', controller=FIRST, serial='S'),
                   stick('1-3', controller=FIRST, serial='S')]
        rows = self._old(*devices)
        plan = self.records.report(*devices)
        self.assertEqual(([], []), (plan.creates, plan.deletes))
        self.assertEqual(rows, self.records.rows)
        for row in rows:
            self.assertEqual(host_device.port_identity(row), row.identity)
            self.assertFalse(host_device.is_by_bus(row.identity))
        self.assertFalse(self.records.report(*devices))

    def test_carried_over_although_the_buses_changed_meanwhile(self):
        one, two = self._old(stick('1-1', controller=FIRST),
                             stick('3-1', controller=SECOND, bus_number=3))
        self.records.report(stick('1-1', controller=SECOND),
                            stick('3-1', controller=FIRST, bus_number=3))
        self.assertEqual(('3-1', '1-1'), (one.port_path, two.port_path))
        self.assertEqual(2, len(self.records.rows))

    def test_carried_over_by_the_old_rule(self):
        # Of a controller that is no PCI device nothing was recorded.
        row, = self._old(stick('1-1'))
        device = stick('1-1', controller='platform/vhci_hcd.0')
        plan = self.records.report(device)
        self.assertEqual(([], []), (plan.creates, plan.deletes))
        self.assertEqual(host_device.port_identity(device), row.identity)

    def test_an_older_nova_compute_makes_no_second_record(self):
        devices = [stick('1-1', controller=FIRST, bcd_device='0100'),
                   stick('3-1', controller=SECOND, bus_number=3)]
        self.records.report(*devices)
        names = [row.identity for row in self.records.rows]
        for row in self.records.rows:
            row.status, row.instance_uuid = status.ATTACHED, 'server'
            row.accepted_as = features.describe(row)
        old = [stick(device.port_path, controller=device.controller,
                     bus_number=device.bus_number) for device in devices]
        self.assertFalse(self.records.report_by_bus(*old))
        self.assertEqual(names, [row.identity for row in self.records.rows])
        self.assertEqual('0100', self.records.rows[0].bcd_device)
        self.assertFalse(self.records.report(*devices))

    def test_older_and_newer_in_turn(self):
        # An older conductor compares identities alone: as long as an older
        # nova-compute reports, its records keep the old ones.
        device = stick('1-1', controller=FIRST)
        row, = self._old(device)
        self.assertFalse(self.records.report_by_bus(device))
        self.assertTrue(host_device.is_by_bus(row.identity))
