# SPDX-License-Identifier: Apache-2.0
"""Reads and changes records of USB devices.

A change is one conditional UPDATE or DELETE: it names the states that it
comes from and, where there is one, the owner, and its row count decides.
Nothing is read first and written back.  When no row was changed, the record
is read once more to say precisely why.

Every function takes the context of the cell that it works on.  All may raise
``UsbDatabaseNotSynced``.
"""

import functools

from oslo_db import api as oslo_db_api
from oslo_db import exception as db_exc
import sqlalchemy as sa
from sqlalchemy import exc as sa_exc

from nova.db.usb import models
from nova.db.usb import paging
from nova import exception
from nova.usb import exception as usb_exception
from nova.usb import features
from nova.usb import host_device
from nova.usb import status
from nova import usb_compat

db_api = usb_compat.db_api

Device = models.UsbDevice

#: What ``device_get_by_filters`` can filter by.
FILTERS = ('uuid', 'host', 'status', 'present', 'vendor_id', 'product_id',
           'serial', 'instance_uuid', 'project_id', 'disabled')

#: MySQL's and PostgreSQL's own codes for a table that is not there.
_NO_SUCH_TABLE = (1146, '42P01')


def is_missing_table(error):
    """Whether a database error says that a table of ours is missing."""
    if isinstance(error, db_exc.DBNonExistentTable):
        return error.table.split('.')[-1].strip('`"') in models.TABLES
    while error is not None and not isinstance(error, sa_exc.DBAPIError):
        error = getattr(error, 'inner_exception', None)
    orig = getattr(error, 'orig', None)
    codes = list(getattr(orig, 'args', ()))[:1]
    codes += [getattr(orig, 'pgcode', None), getattr(orig, 'sqlstate', None)]
    return (any(code in _NO_SUCH_TABLE for code in codes) and
            any(name in str(orig) for name in models.TABLES))


def _named(decorate):
    """Turn a missing table into what an operator can act upon."""
    def decorator(func):
        decorated = decorate(func)

        @functools.wraps(func)
        def wrapper(context, *args, **kwargs):
            try:
                return decorated(context, *args, **kwargs)
            except (db_exc.DBError, sa_exc.DBAPIError) as e:
                if not is_missing_table(e):
                    raise
                cell = getattr(context, 'cell_uuid', None) or 'default'
                raise usb_exception.UsbDatabaseNotSynced(cell=cell)
        return wrapper
    return decorator


#: A function that reads from the context's cell.
reader = _named(db_api.pick_context_manager_reader)

#: A function that writes, as one transaction, again after a deadlock.
writer = _named(lambda func: oslo_db_api.wrap_db_retry(
    max_retries=5, retry_on_deadlock=True)(
        db_api.pick_context_manager_writer(func)))


def _is_difference():
    """SQL: whether a device is blocked for not being what was attached."""
    return Device.blocked_reason.startswith(features.DIFFERENT,
                                            autoescape=True)


def free_status():
    """SQL: the state of a device that becomes, or is, nobody's."""
    blocked = sa.and_(Device.blocked_reason.isnot(None),
                      sa.not_(_is_difference()))
    return usb_compat.case(
        (sa.or_(Device.disabled == sa.true(), blocked), status.BLOCKED),
        else_=status.AVAILABLE)


def lost():
    """What a record loses, besides its owner, when its server loses it.

    Whoever lets go of a device that came back as another one has accepted
    that: from now on it is what it is.
    """
    return {'status': free_status(), 'tag': None, 'accepted_as': None,
            'blocked_reason': usb_compat.case(
                (_is_difference(), sa.null()), else_=Device.blocked_reason)}


def freed():
    """What a record loses when its device becomes nobody's."""
    return dict(lost(), instance_uuid=None)


def _as_it_is():
    """SQL: as ``nova.usb.features.describe`` says what a device can do."""
    return (Device.device_class + '/' + sa.func.coalesce(
        Device.bcd_device, '') + '/' + Device.interface_classes)


def _query(context, *conditions):
    return context.session.query(Device).filter(*conditions)


def _update(query, values):
    return query.update(values, synchronize_session=False)


def _get(context, uuid):
    device = _query(context, Device.uuid == uuid).populate_existing().first()
    if device is None:
        raise usb_exception.UsbDeviceNotFound(device=uuid)
    return device


# Reading

@reader
def device_get_by_uuid(context, uuid):
    """:raises: UsbDeviceNotFound"""
    return _get(context, uuid)


@reader
def device_get_all_by_host(context, host):
    return _query(context, Device.host == host).order_by(Device.id).all()


@reader
def device_get_all_by_instance_uuid(context, instance_uuid):
    return _query(context, Device.instance_uuid == instance_uuid).order_by(
        Device.id).all()


def _has_serial(serial):
    """SQL: whether a device has exactly that serial number.

    MySQL's usual collations take 'a' for 'A'; an identity has no letters
    that differ in case alone.
    """
    if serial is None:
        return Device.serial.is_(None)
    return sa.and_(Device.serial == serial, Device.identity.endswith(
        host_device.serial_suffix(serial), autoescape=True))


def _conditions(filters):
    conditions = []
    for name, value in filters.items():
        if name not in FILTERS:
            raise exception.InvalidInput(
                reason='USB devices cannot be filtered by %s' % name)
        column = getattr(Device, name)
        several = isinstance(value, (list, tuple, set, frozenset))
        if name == 'serial':
            conditions.append(sa.or_(sa.false(), *[
                _has_serial(serial)
                for serial in (value if several else [value])]))
        elif several:
            conditions.append(column.in_(list(value)))
        elif value is None or isinstance(value, bool):
            conditions.append(column.is_(value))
        else:
            conditions.append(column == value)
    return conditions


@reader
def device_get_by_filters(context, filters, limit=None, marker=None,
                          sort_keys=None, sort_dirs=None):
    """One page of the cell's devices.

    :param filters: dict of column to value, or to a list of values; see
        ``FILTERS``
    :param limit: how many at most; None for all
    :param marker: uuid of the last device of the page before, or that
        device itself, which may be of another cell
    :param sort_keys: columns; the default is when they were first seen.
        ``uuid`` breaks ties.
    :param sort_dirs: 'asc' or 'desc' for each
    :returns: list of rows
    :raises: MarkerNotFound, InvalidSortKey, InvalidInput
    """
    if limit == 0:
        return []
    order = paging.Order(sort_keys, sort_dirs)
    query = _query(context, *_conditions(filters or {}))
    if marker is not None:
        query = query.filter(order.behind(_marker_values(
            context, marker, order)))
    return query.order_by(*order.clauses()).limit(limit).all()


def _marker_values(context, marker, order):
    if isinstance(marker, str):
        uuid = marker
        marker = _query(context, Device.uuid == uuid).first()
        if marker is None:
            raise exception.MarkerNotFound(marker=uuid)
    return order.values_of(marker)


@reader
def device_get_marker_by_values(context, sort_keys, sort_dirs, values):
    """The first device of this cell at or behind a place in the order.

    :param values: what the marker, a device of another cell, has in the
        columns ``sort_keys``, of which the last must be ``uuid``
    :returns: its uuid, or None
    """
    order = paging.Order(sort_keys, sort_dirs)
    found = context.session.query(Device.uuid).filter(
        order.behind(values, inclusive=True)).order_by(
            *order.clauses()).limit(1).first()
    return found[0] if found else None


# Claims

def _same(column, value):
    return column.is_(None) if value is None else column == value


@writer
def device_claim(context, uuid, instance_uuid, tag=None, **expected):
    """Give a free device to a server.

    :param expected: columns and what the caller saw in them when it decided
        that the server may have the device
    :raises: UsbDeviceNotFound, UsbDeviceInUse, UsbDeviceDisabled,
        UsbDeviceBlocked, UsbDeviceAbsent, UsbDeviceChanged
    """
    sources, goal = status.TRANSITIONS['claim']
    values = {'status': goal, 'instance_uuid': instance_uuid,
              'accepted_as': _as_it_is()}
    if tag is not None:
        values['tag'] = tag
    query = _query(
        context, Device.uuid == uuid, Device.status.in_(sources),
        Device.instance_uuid.is_(None),
        Device.present == sa.true(), Device.disabled == sa.false(),
        *[_same(getattr(Device, name), value)
          for name, value in expected.items()])
    if not _update(query, values):
        raise _why_no_claim(_get(context, uuid))
    return _get(context, uuid)


def _why_no_claim(device):
    if device.status in status.CLAIMED:
        return usb_exception.UsbDeviceInUse(
            device=device.uuid, status=device.status)
    if device.disabled:
        return usb_exception.UsbDeviceDisabled(device=device.uuid)
    if device.status == status.BLOCKED:
        return usb_exception.UsbDeviceBlocked(
            device=device.uuid, reason=device.blocked_reason)
    if not device.present:
        return usb_exception.UsbDeviceAbsent(device=device.uuid)
    return usb_exception.UsbDeviceChanged(device=device.uuid)


def _why_not_owner(device, owner):
    if device.instance_uuid != owner:
        return usb_exception.UsbDeviceClaimLost(
            device=device.uuid, server=owner, status=device.status)
    return usb_exception.UsbDeviceNotAttached(
        device=device.uuid, server=owner, status=device.status)


@writer
def device_move(context, uuid, owner, verb):
    """Take a server's device from one state to the next.

    :param owner: uuid of the server whose device it has to be
    :param verb: a key of ``status.TRANSITIONS`` that ends in a claimed state
    :raises: UsbDeviceNotFound, UsbDeviceClaimLost, UsbDeviceNotAttached
    """
    sources, goal = status.TRANSITIONS[verb]
    query = _query(context, Device.uuid == uuid,
                   Device.status.in_(sources), Device.instance_uuid == owner)
    if not _update(query, {'status': goal}):
        raise _why_not_owner(_get(context, uuid), owner)
    return _get(context, uuid)


def _delete_gone(context, *conditions):
    """Delete records of devices that are nobody's and not plugged in."""
    return _query(
        context, Device.present == sa.false(),
        Device.status.in_(status.FREE), *conditions).delete(
            synchronize_session=False)


def _free(context, uuid, *conditions):
    """Make a device nobody's.

    :returns: whether it was done, and the row, or None where it is gone
    """
    query = _query(context, Device.uuid == uuid, *conditions)
    if not _update(query, freed()):
        return False, None
    if _delete_gone(context, Device.uuid == uuid):
        return True, None
    return True, _get(context, uuid)


@writer
def device_release(context, uuid, owner, from_statuses):
    """Make a server's device nobody's.

    :param from_statuses: the states in which it may be taken
    :returns: the row, or None when it was deleted because the device is not
        plugged in
    :raises: UsbDeviceNotFound, UsbDeviceClaimLost, UsbDeviceNotAttached
    """
    done, device = _free(
        context, uuid, Device.status.in_(list(from_statuses)),
        Device.instance_uuid == owner)
    if not done:
        raise _why_not_owner(_get(context, uuid), owner)
    return device


@writer
def device_force_release(context, uuid):
    """Make a device nobody's, whosever it is.

    :returns: as ``device_release``
    :raises: UsbDeviceNotFound, UsbDeviceNotClaimed
    """
    done, device = _free(context, uuid, Device.status.in_(status.CLAIMED))
    if not done:
        raise usb_exception.UsbDeviceNotClaimed(
            device=uuid, status=_get(context, uuid).status)
    return device


def release_instance(context, instance_uuid):
    """Free all that a server holds, in the transaction that is open.

    :returns: how many there were
    """
    held = _query(context, Device.instance_uuid == instance_uuid)
    # The first statement locks the rows, so that no report changes
    # ``present`` between the other two.
    count = _update(held, lost())
    if count:
        held.filter(Device.present == sa.false()).delete(
            synchronize_session=False)
        _update(held, {'instance_uuid': None})
    return count


# Administration

@writer
def device_update(context, uuid, values):
    """Store what an administrator says of a device.

    :param values: dict of project_id, disabled, tag
    :raises: UsbDeviceNotFound
    """
    values = dict(values)
    if 'disabled' in values:
        reason = Device.blocked_reason.isnot(None)
        if values['disabled']:
            reason = sa.true()
        values['status'] = usb_compat.case(
            (Device.status.in_(status.CLAIMED), Device.status),
            (reason, status.BLOCKED), else_=status.AVAILABLE)
    if values:
        _update(_query(context, Device.uuid == uuid), values)
    return _get(context, uuid)


@writer
def device_forget(context, uuid):
    """Delete the record of a device that is nobody's and not plugged in.

    :raises: UsbDeviceNotFound, UsbDeviceInUse, UsbDevicePresent
    """
    if _delete_gone(context, Device.uuid == uuid):
        return
    device = _get(context, uuid)
    if device.status in status.CLAIMED:
        raise usb_exception.UsbDeviceInUse(device=uuid, status=device.status)
    raise usb_exception.UsbDevicePresent(device=uuid)
