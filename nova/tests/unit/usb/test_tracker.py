# SPDX-License-Identifier: Apache-2.0
"""Tests of the matching of scans with records.

The records are held in memory here; the database is another test's.
"""

import unittest

import hypothesis
from hypothesis import stateful
from hypothesis import strategies as st

from nova.tests.unit.usb import host_devices
from nova.tests.unit.usb import records
from nova.usb import host_device
from nova.usb import status
from nova.usb import tracker

stick = host_devices.stick
see = host_devices.see
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
        plan = self.records.report()
        self.assertEqual(1, len(plan.deletes))
        self.assertEqual([held], self.records.rows)
        self.assertFalse(held.present)
        self.assertEqual((1, 2), (held.bus_number, held.device_number))
        self.assertFalse(self.records.report())

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


#: Few of everything, so that devices meet again.
DEVICES = st.lists(
    st.builds(stick,
              port=st.sampled_from(['1-1', '1-2', '1-3', '2-1']),
              product_id=st.sampled_from(['0001', '0002']),
              serial=st.sampled_from([None, 'S', 's', 'T']),
              bus_number=st.integers(1, 2),
              device_number=st.integers(1, 4)),
    max_size=4, unique_by=lambda device: device.port_path)

REASONS = st.dictionaries(st.sampled_from(['1_1', '1_2', '1_3', '2_1']),
                          st.just('the host uses it'), max_size=2)


class TrackerMachine(stateful.RuleBasedStateMachine):
    """Any sequence of scans, claims and releases."""

    def __init__(self):
        super(TrackerMachine, self).__init__()
        self.records = Records()
        self.seen = []
        self.claims = 0
        # Of each claimed record what no plan may change.
        self.owners = {}

    @stateful.rule(devices=DEVICES, reasons=REASONS)
    def scan(self, devices, reasons):
        others = [vars(row).copy() for row in self.records.rows]
        seen = see(*devices, **reasons)
        self.records.report(*devices, **reasons)
        self.seen = seen
        self._check_not_its_business(others)
        again = tracker.plan(self.records.rows, seen)
        assert not again, again

    def _check_not_its_business(self, before):
        now = {row.id: row for row in self.records.rows}
        by_port = [sighting.device.port_path for sighting in self.seen
                   if host_device.is_by_port(sighting.identity)]
        for old in before:
            row = now.get(old['id'])
            if row is None:
                assert old['status'] in status.FREE, old
                continue
            for name in ('uuid', 'instance_uuid', 'tag', 'project_id',
                         'disabled', 'vendor_id', 'product_id', 'serial'):
                assert getattr(row, name) == old[name], (name, old, row)
            if old['status'] in status.CLAIMED:
                assert row.status == old['status'], (old, row)
            if row.present and row.port_path in by_port:
                assert row.port_path == old['port_path'], (old, row)

    def _pick(self, data, rows):
        rows = list(rows)
        return data.draw(st.sampled_from(rows)) if rows else None

    @stateful.rule(data=st.data(), state=st.sampled_from(status.CLAIMED))
    def claim(self, data, state):
        row = self._pick(data, (
            row for row in self.records.rows if row.present and
            row.status == status.AVAILABLE))
        if row is not None:
            self.claims += 1
            row.status = state
            row.instance_uuid = 'server-%d' % self.claims
            self.owners[row.uuid] = row.instance_uuid

    @stateful.rule(data=st.data())
    def release(self, data):
        row = self._pick(data, (row for row in self.records.rows
                                if row.status in status.CLAIMED))
        if row is None:
            return
        del self.owners[row.uuid]
        row.instance_uuid = None
        if not row.present:
            self.records.rows.remove(row)
        elif row.disabled or row.blocked_reason:
            row.status = status.BLOCKED
        else:
            row.status = status.AVAILABLE

    @stateful.rule(data=st.data(), disabled=st.booleans())
    def disable(self, data, disabled):
        row = self._pick(data, self.records.rows)
        if row is not None:
            row.disabled = disabled
            if row.status in status.FREE:
                row.status = (status.BLOCKED
                              if disabled or row.blocked_reason
                              else status.AVAILABLE)

    @stateful.invariant()
    def every_device_has_one_record(self):
        present = sorted(
            (row.vendor_id, row.product_id, row.serial or '', row.port_path,
             row.bus_number, row.device_number)
            for row in self.records.rows if row.present)
        assert present == sorted(
            (s.device.vendor_id, s.device.product_id, s.device.serial or '',
             s.device.port_path) + tuple(s.device.address)
            for s in self.seen), present

    @stateful.invariant()
    def no_claim_is_lost_or_moved(self):
        assert self.owners == {
            row.uuid: row.instance_uuid for row in self.records.rows
            if row.status in status.CLAIMED}

    @stateful.invariant()
    def free_ones_are_there(self):
        for row in self.records.rows:
            if row.status in status.FREE:
                assert row.present and row.instance_uuid is None, row
                assert (row.status == status.BLOCKED) == bool(
                    row.disabled or row.blocked_reason), row

    @stateful.invariant()
    def identities_are_unique(self):
        names = [row.identity for row in self.records.rows]
        assert len(set(names)) == len(names), names

    @stateful.invariant()
    def identities_by_port_name_the_port(self):
        for row in self.records.rows:
            if host_device.is_by_port(row.identity):
                assert row.identity == host_device.port_identity(row), row
            else:
                assert row.identity == host_device.serial_identity(row), row


class TrackerMachineTest(TrackerMachine.TestCase):
    # Its examples are drawn anew in each run, which is the point of it; a
    # failure prints what to repeat it with.
    settings = hypothesis.settings(
        max_examples=100, stateful_step_count=30, deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck))
