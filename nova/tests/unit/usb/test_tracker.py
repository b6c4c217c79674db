# SPDX-License-Identifier: Apache-2.0
"""Tests of the matching of scans with records.

The records are held in memory here; the database is another test's.
"""

import unittest

from nova.tests.unit.usb import host_devices
from nova.tests.unit.usb import records
from nova.usb import status

stick = host_devices.stick
Records = records.Records


class PlanTest(unittest.TestCase):

    def setUp(self):
        self.records = Records()

    def assertKept(self, plan):
        self.assertEqual([], plan.creates)
        self.assertEqual([], plan.deletes)

    def test_first_scan(self):
        plan = self.records.report(stick('1-1', serial='S'), stick('1-2'),
                                   **{'1_2': 'it holds /'})
        self.assertEqual(2, len(plan.creates))
        first, second = self.records.rows
        self.assertEqual(('0781:5567/serial=S', status.AVAILABLE, True),
                         (first.identity, first.status, first.present))
        self.assertEqual(('0781:5567/port=1-2', status.BLOCKED, 'it holds /'),
                         (second.identity, second.status,
                          second.blocked_reason))
        self.assertEqual('CUSTOM_X', first.resource_class)

    def test_nothing_changed(self):
        devices = [stick('1-1', serial='S', interface_classes=('08', '03')),
                   stick('1-2')]
        self.records.report(*devices)
        plan = self.records.report(*reversed(devices))
        self.assertEqual(([], [], []), tuple(plan))
        self.assertFalse(plan)

    def test_only_what_changed(self):
        self.records.report(stick('1-1', serial='S'))
        plan = self.records.report(stick('1-1', serial='S', device_number=9))
        self.assertKept(plan)
        self.assertEqual([(self.records.at('1-1'), {'device_number': 9})],
                         plan.updates)

    def test_unplugged(self):
        self.records.report(stick('1-1'), stick('1-2'))
        held = self.records.claim('1-2')
        self.assertEqual([], self.records.report().deletes)
        self.assertFalse(self.records.report())
        self.records.wait(300)
        plan = self.records.report()
        self.assertEqual(1, len(plan.deletes))
        self.assertEqual([held], self.records.rows)
        self.assertFalse(held.present)
        self.assertEqual((1, 2), (held.bus_number, held.device_number))
        self.assertFalse(self.records.report())

    def test_off_the_bus_for_a_moment(self):
        self.records.report(stick('1-1'))
        record = self.records.at('1-1')
        for number in range(3, 6):
            self.records.report()
            self.assertEqual((False, self.records.now),
                             (record.present, record.absent_since))
            self.records.wait(299)
            self.assertKept(self.records.report(
                stick('1-1', device_number=number)))
            self.assertEqual(
                (True, None, number, status.AVAILABLE),
                (record.present, record.absent_since, record.device_number,
                 record.status))

    def test_what_an_administrator_said_outlives_any_absence(self):
        for name, value in [('project_id', 'p'), ('disabled', True),
                            ('description', 'rack 7')]:
            with self.subTest(name=name):
                self.records = Records()
                self.records.report(stick('1-1'))
                record = self.records.at('1-1')
                setattr(record, name, value)
                self.records.report()
                self.records.wait(10 ** 8)
                self.assertFalse(self.records.report())
                self.assertKept(self.records.report(stick('1-1')))
                self.assertEqual(value, getattr(record, name))
                self.assertEqual(
                    status.BLOCKED if name == 'disabled' else
                    status.AVAILABLE, record.status)

    def test_freed_after_a_long_absence(self):
        self.records.report(stick('1-1'))
        held = self.records.claim('1-1')
        self.records.report()
        self.records.wait(300)
        self.assertFalse(self.records.report())
        held.status, held.instance_uuid = status.AVAILABLE, None
        self.assertEqual([held], self.records.report().deletes)

    def test_claimed_for_no_server(self):
        for state in status.CLAIMED:
            for devices in [[stick('1-1')], []]:
                with self.subTest(state=state, devices=devices):
                    self.records = Records()
                    self.records.report(stick('1-1'))
                    record = self.records.claim('1-1', None, state)
                    self.records.report(*devices)
                    self.assertEqual(status.AVAILABLE, record.status)
                    record.status = state
                    record.disabled = True
                    self.records.report(*devices)
                    self.assertEqual(status.BLOCKED, record.status)

    def test_replugged_in_the_same_port(self):
        self.records.report(stick('1-1'))
        held = self.records.claim('1-1')
        self.records.report()
        self.assertKept(self.records.report(stick('1-1', device_number=7)))
        self.assertEqual((True, 7, 'server'), (
            held.present, held.device_number, held.instance_uuid))

    def test_replugged_in_another_port_with_serial(self):
        self.records.report(stick('1-1', serial='S'))
        held = self.records.claim('1-1')
        self.records.report()
        self.assertKept(self.records.report(
            stick('2-3', serial='S', bus_number=2)))
        self.assertEqual((True, '2-3', 2), (
            held.present, held.port_path, held.bus_number))

    def test_replugged_in_another_port_without_serial(self):
        self.records.report(stick('1-1'))
        held = self.records.claim('1-1')
        self.assertEqual(1, len(self.records.report(stick('1-2')).creates))
        self.assertFalse(held.present)
        self.assertIsNone(self.records.at('1-2').instance_uuid)

    def test_swapped_for_another(self):
        for other in [stick('1-1', product_id='0001', serial='S'),
                      stick('1-1', serial='T'), stick('1-1')]:
            with self.subTest(other=other):
                self.records = Records()
                self.records.report(stick('1-1', serial='S'))
                held = self.records.claim('1-1')
                plan = self.records.report(other)
                self.assertEqual(1, len(plan.creates))
                self.assertFalse(held.present)
                self.assertIsNone(self.records.rows[1].instance_uuid)

    def test_two_swap_ports(self):
        a, b = stick('1-1', serial='A'), stick('1-2', serial='B')
        self.records.report(a, b)
        held = self.records.claim('1-1')
        self.assertKept(self.records.report(stick('1-2', serial='A'),
                                            stick('1-1', serial='B')))
        self.assertEqual(('1-2', 'A'), (held.port_path, held.serial))

    def test_a_second_with_the_same_serial_comes(self):
        self.records.report(stick('1-1', serial='S'))
        held = self.records.claim('1-1')
        plan = self.records.report(stick('1-2', serial='S'),
                                   stick('1-1', serial='S'))
        self.assertEqual(1, len(plan.creates))
        self.assertEqual([(held, {'identity':
                                  '0781:5567/port=1-1/serial=S'})],
                         plan.updates)
        self.assertIsNone(self.records.at('1-2').instance_uuid)

    def test_and_goes_again(self):
        both = [stick('1-1', serial='S'), stick('1-2', serial='S')]
        self.records.report(*both)
        held = self.records.claim('1-1')
        self.records.report(both[0])
        # While the other one may come back, an identity is not guessed.
        self.assertEqual('0781:5567/port=1-1/serial=S', held.identity)
        self.records.wait(300)
        self.records.report(both[0])
        self.assertEqual([held], self.records.rows)
        self.assertEqual('0781:5567/serial=S', held.identity)
        # It may go to another port again.
        self.records.report(stick('1-4', serial='S'))
        self.assertEqual(('1-4', True), (held.port_path, held.present))

    def test_and_goes_but_a_server_holds_it(self):
        both = [stick('1-1', serial='S'), stick('1-2', serial='S')]
        self.records.report(*both)
        first = self.records.claim('1-1', 'one')
        second = self.records.claim('1-2', 'two')
        self.records.report(both[0])
        self.assertEqual('0781:5567/port=1-1/serial=S', first.identity)
        self.assertEqual((True, False), (first.present, second.present))
        self.assertFalse(self.records.report(both[0]))
        # Alone in a third port: whose it is would be a guess.
        plan = self.records.report(stick('1-3', serial='S'))
        self.assertEqual(1, len(plan.creates))
        self.assertEqual((False, False), (first.present, second.present))

    def test_both_replugged_ambiguous_elsewhere(self):
        self.records.report(stick('1-1', serial='S'))
        held = self.records.claim('1-1')
        plan = self.records.report(stick('1-2', serial='S'),
                                   stick('1-3', serial='S'))
        self.assertEqual(2, len(plan.creates))
        self.assertFalse(held.present)

    def test_blocked_and_not(self):
        device = stick('1-1')
        self.records.report(device)
        record = self.records.at('1-1')
        self.records.report(device, **{'1_1': 'why'})
        self.assertEqual((status.BLOCKED, 'why'),
                         (record.status, record.blocked_reason))
        record.disabled = True
        plan = self.records.report(device)
        self.assertEqual([(record, {'blocked_reason': None})], plan.updates)
        record.disabled = False
        self.records.report(device)
        self.assertEqual(status.AVAILABLE, record.status)

    def test_blocked_while_claimed(self):
        device = stick('1-1')
        self.records.report(device)
        for state in status.CLAIMED:
            record = self.records.claim('1-1', state=state)
            record.blocked_reason = None
            plan = self.records.report(device, **{'1_1': 'why'})
            self.assertEqual([(record, {'blocked_reason': 'why'})],
                             plan.updates)

    def test_one_identity_twice_in_a_scan(self):
        # No host has that; a file of simulated devices could.
        plan = self.records.report(stick('1-1'), stick('1-1', bus_number=2))
        self.assertEqual([1], [values['bus_number']
                               for values in plan.creates])

    def test_twenty_replugs(self):
        self.records.report(stick('1-1', serial='S'))
        held = self.records.claim('1-1')
        for number in range(3, 23):
            self.records.report()
            self.records.report(stick('1-1', serial='S',
                                      device_number=number))
        self.assertEqual([held], self.records.rows)
        self.assertEqual((True, 22), (held.present, held.device_number))
