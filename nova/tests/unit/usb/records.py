# SPDX-License-Identifier: Apache-2.0
"""The records of a host in memory, for tests of what decides on them."""

import datetime
import types

from nova.tests.unit.usb import host_devices
from nova.usb import features
from nova.usb import status
from nova.usb import tracker

see = host_devices.see


class Records(object):
    """The records of one host, in memory."""

    #: For how long a record outlives its device.
    GRACE = datetime.timedelta(seconds=300)

    def __init__(self):
        self.rows = []
        self.last_id = 0
        self.now = datetime.datetime(2026, 1, 1)

    def wait(self, seconds):
        self.now += datetime.timedelta(seconds=seconds)

    def report(self, *devices, **reasons):
        plan = tracker.plan(self.rows, see(*devices, **reasons), self.now,
                            self.GRACE)
        self.apply(plan)
        return plan

    def apply(self, plan):
        for record in plan.deletes:
            self.rows.remove(record)
        for record, changes in plan.updates:
            vars(record).update(changes)
        for values in plan.creates:
            self.last_id += 1
            self.rows.append(types.SimpleNamespace(
                id=self.last_id, uuid='uuid-%d' % self.last_id,
                instance_uuid=None, tag=None, project_id=None,
                disabled=False, description=None, **values))

    def at(self, port):
        found = [row for row in self.rows if row.port_path == port]
        assert len(found) == 1, found
        return found[0]

    def claim(self, port, server='server', state=status.ATTACHED):
        record = self.at(port)
        record.status = state
        record.instance_uuid = server
        record.accepted_as = features.describe(record)
        return record
