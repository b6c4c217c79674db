# SPDX-License-Identifier: Apache-2.0
"""The invariants of the tracker, over any sequence of events."""

import types

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

FIRST, SECOND = '0000:00:14.0', '0000:05:00.0'

#: Few of everything, so that devices meet again.
DEVICES = st.lists(
    st.builds(stick,
              port=st.sampled_from(['1-1', '1-2', '1-3', '2-1']),
              product_id=st.sampled_from(['0001', '0002']),
              serial=st.sampled_from([None, 'S', 's', 'T']),
              controller=st.sampled_from([FIRST, SECOND]),
              bus_number=st.integers(1, 2),
              device_number=st.integers(1, 4)),
    max_size=4, unique_by=(lambda device: device.port_path,
                           host_device.place))

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
        again = tracker.plan(self.records.rows, seen, self.records.now,
                             self.records.GRACE)
        assert not again, again

    def _check_not_its_business(self, before):
        now = {row.id: row for row in self.records.rows}
        by_port = [host_device.place(sighting.device)
                   for sighting in self.seen
                   if host_device.is_by_port(sighting.identity)]
        for old in before:
            row = now.get(old['id'])
            if row is None:
                assert old['status'] in status.FREE, old
                assert not (old['project_id'] or old['disabled'] or
                            old['description']), old
                assert (self.records.now - old['absent_since'] >=
                        self.records.GRACE), old
                continue
            for name in ('uuid', 'instance_uuid', 'tag', 'project_id',
                         'disabled', 'description', 'vendor_id',
                         'product_id', 'serial'):
                assert getattr(row, name) == old[name], (name, old, row)
            if old['status'] in status.CLAIMED:
                assert row.status == old['status'], (old, row)
            if row.present and host_device.place(row) in by_port:
                assert host_device.place(row) == host_device.place(
                    types.SimpleNamespace(**old)), (old, row)

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
        if row.disabled or row.blocked_reason:
            row.status = status.BLOCKED
        else:
            row.status = status.AVAILABLE

    @stateful.rule(seconds=st.sampled_from([1, 299, 300]))
    def wait(self, seconds):
        self.records.wait(seconds)

    @stateful.rule(data=st.data(), project_id=st.sampled_from([None, 'p']),
                   description=st.sampled_from([None, 'd']))
    def grant_and_describe(self, data, project_id, description):
        row = self._pick(data, self.records.rows)
        if row is not None:
            row.project_id = project_id
            row.description = description

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
    def free_ones_are_blocked_for_a_reason(self):
        for row in self.records.rows:
            assert row.present == (row.absent_since is None), row
            if row.status in status.FREE:
                assert row.instance_uuid is None, row
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
