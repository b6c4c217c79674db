# SPDX-License-Identifier: Apache-2.0
"""A report of a host, against the statements that it cannot do without."""

import itertools

import sqlalchemy as sa

from bench import database
from bench import measure
from nova.db.usb import models
from nova.db.usb import report as usb_report
from nova.usb import devspec
from nova.usb import host_device
from nova.usb import tracker

DEVICES = 127
TABLE = models.UsbDevice.__table__


class Host(object):
    """A host whose devices get new numbers."""

    def __init__(self, context, engine):
        self.context = context
        self.engine = engine
        self.sequence = itertools.count(1)
        self.number = itertools.count(1)
        self.numbers = {n: next(self.number) for n in range(DEVICES)}

    def report(self, changes):
        for n in range(changes):
            self.numbers[n] = next(self.number)
        devices = [host_device.HostUsbDevice(
            vendor_id='0403', product_id='6001', serial='S%d' % n,
            port_path='1-%d' % (n + 1), bus_number=1, device_number=number)
            for n, number in self.numbers.items()]
        usb_report.apply(
            self.context, 'host', 'bench', next(self.sequence),
            tracker.sight(devices, devspec.DeviceSpec([])))

    def bare(self, changes):
        """Read the rows, write as many: what any report has to do."""
        statement = TABLE.update().where(
            TABLE.c.id == sa.bindparam('row_id')).values(
                device_number=sa.bindparam('number'))
        with self.engine.begin() as connection:
            rows = connection.execute(TABLE.select()).fetchall()
            connection.execute(statement, [
                {'row_id': row.id, 'number': next(self.number)}
                for row in rows[:changes]])


def run(arguments):
    with database.made(arguments.url) as (context, engine):
        host = Host(context, engine)
        host.report(0)
        for changes in (1, 100):
            statements = []
            listener = lambda *args: statements.append(args)  # noqa: E731
            sa.event.listen(engine, 'before_cursor_execute', listener)
            host.report(changes)
            sa.event.remove(engine, 'before_cursor_execute', listener)
            measure.ratio(
                '%d of %d changed, %d statements' % (
                    changes, DEVICES, len(statements)),
                lambda: host.report(changes), lambda: host.bare(changes), 20)
