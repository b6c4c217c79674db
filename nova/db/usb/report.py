# SPDX-License-Identifier: Apache-2.0
"""Takes the report of a compute host into the records of its devices.

One transaction and a bounded number of statements, however many devices
there are.  The host's row in ``device_reports`` is written first: that locks
it, and reports of one host pass one after the other.
"""

import datetime

from oslo_db import exception as db_exc
from oslo_utils import timeutils
from oslo_utils import uuidutils
import sqlalchemy as sa

import nova.conf
from nova.db.usb import api
from nova.db.usb import models
from nova.usb import exception as usb_exception
from nova.usb import status
from nova.usb import tracker
from nova import usb_compat

CONF = nova.conf.CONF

Device = models.UsbDevice
Report = models.UsbReport

#: How many ids stand in one condition; SQLite takes 999 parameters at
#: least.
_CHUNK = 500

#: How often a report reads, compares and writes.  The second time it finds
#: nothing to do, unless a server released a device right in between: then
#: its record may be free and absent now, or not be there any more.
_ROUNDS = 3


@api.writer
def apply(context, host, reporter, sequence, sightings, takeover=False):
    """Make the records of a host say what its nova-compute saw.

    :param host: the host
    :param reporter: names the process of nova-compute, not only the host
    :param sequence: number of this report among those of the process, 1 for
        the first
    :param sightings: list of ``tracker.Sighting``, one for each device
    :param takeover: whether to take the host over from another process; a
        process that has just started does so until it was answered, and
        always with its first report
    :returns: the rows of the host afterwards
    :raises: UsbReportSuperseded when a newer report was there before
    """
    _take_turn(context, host, reporter, sequence, takeover or sequence == 1)
    now = timeutils.utcnow()
    grace = datetime.timedelta(seconds=CONF.usb.absent_grace_time)
    for _round in range(_ROUNDS):
        records = _records(context, host)
        plan = tracker.plan(records, sightings, now, grace)
        if not plan:
            return records
        _update(context, plan.updates)
        _delete(context, [record.id for record in plan.deletes])
        _create(context, host, plan.creates)
    # What was read is from before a change that keeps ours from counting;
    # only another transaction can see that.
    raise db_exc.RetryRequest(usb_exception.UsbReportSuperseded(
        host=host, reporter=reporter, sequence=sequence))


def _records(context, host):
    return context.session.query(Device).filter(
        Device.host == host).order_by(Device.id).populate_existing().all()


def _take_turn(context, host, reporter, sequence, takeover):
    turn = context.session.query(Report).filter(
        Report.host == host,
        sa.or_(sa.and_(Report.reporter == reporter,
                       Report.sequence < sequence),
               sa.and_(Report.reporter != reporter,
                       sa.literal(takeover) == sa.true())))
    if turn.update({'reporter': reporter, 'sequence': sequence},
                   synchronize_session=False):
        return
    superseded = usb_exception.UsbReportSuperseded(
        host=host, reporter=reporter, sequence=sequence)
    if context.session.query(Report.id).filter(Report.host == host).first():
        raise superseded
    row = Report(host=host, reporter=reporter, sequence=sequence)
    try:
        # Flushed here, so that this is the first writer of a new host, or
        # fails.
        row.save(context.session)
    except db_exc.DBDuplicateEntry:
        raise superseded


def _update(context, updates):
    """Write what changed, as one statement with many sets of values.

    A status is never written as the plan saw it: a server may have claimed
    the device since.
    """
    if not updates:
        return
    table = Device.__table__
    blocked = sa.bindparam('free_status', type_=sa.String(16))
    columns = {name: sa.bindparam('new_' + name, type_=table.c[name].type)
               for name in tracker.REPORTED_FIELDS}
    # Whoever claims a device notes this; a report does only what is missing.
    columns['accepted_as'] = sa.func.coalesce(
        table.c.accepted_as, columns['accepted_as'])
    statement = table.update().where(
        table.c.id == sa.bindparam('row_id', type_=sa.Integer())).values(
            status=usb_compat.case(
                # Not IN, which takes no part in many sets of values.
                (sa.and_(table.c.instance_uuid.isnot(None),
                         *[table.c.status != state
                           for state in status.FREE]), table.c.status),
                (table.c.disabled == sa.true(), status.BLOCKED),
                else_=blocked),
            **columns)
    rows = []
    # In one order, so that two transactions never wait for each other.
    for record, changes in sorted(updates, key=lambda pair: pair[0].id):
        values = {name: getattr(record, name)
                  for name in tracker.REPORTED_FIELDS}
        values.update({name: value for name, value in changes.items()
                       if name != 'status'})
        row = {'new_' + name: value
               for name, value in values.items()}
        row['row_id'] = record.id
        row['free_status'] = (status.BLOCKED if values['blocked_reason']
                              else status.AVAILABLE)
        rows.append(row)
    context.session.connection().execute(statement, rows)


def _delete(context, ids):
    """Delete records, but for those that became worth keeping meanwhile."""
    ids = sorted(ids)
    for start in range(0, len(ids), _CHUNK):
        context.session.query(Device).filter(
            Device.id.in_(ids[start:start + _CHUNK]),
            Device.present == sa.false(),
            sa.or_(Device.status.in_(status.FREE),
                   Device.instance_uuid.is_(None)),
            Device.project_id.is_(None), Device.disabled == sa.false(),
            Device.description.is_(None)).delete(synchronize_session=False)


def _create(context, host, creates):
    if not creates:
        return
    context.session.connection().execute(
        Device.__table__.insert(),
        [dict(values, uuid=uuidutils.generate_uuid(), host=host,
              disabled=False)
         for values in creates])


@api.writer
def forget_host(context, host):
    """Forget a host that was removed from the cloud.

    Its free devices go.  What a server holds stays as an orphan, not
    present, until an administrator releases it by force.

    :returns: the rows of the orphans
    """
    return forget_host_here(context, host)


def forget_host_here(context, host):
    """As ``forget_host``, in the transaction that is open."""
    devices = context.session.query(Device).filter(Device.host == host)
    devices.update({'present': False}, synchronize_session=False)
    devices.filter(Device.status.in_(status.FREE)).delete(
        synchronize_session=False)
    context.session.query(Report).filter(Report.host == host).delete(
        synchronize_session=False)
    return devices.order_by(Device.id).populate_existing().all()
