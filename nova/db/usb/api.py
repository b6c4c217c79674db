# SPDX-License-Identifier: Apache-2.0
"""Reads records of USB devices.

Changes are in :mod:`nova.db.usb.claims` and :mod:`nova.db.usb.report`.

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
from nova.usb import host_device
from nova import usb_compat

db_api = usb_compat.db_api

Device = models.UsbDevice

#: What ``device_get_by_filters`` can filter by.
FILTERS = ('uuid', 'host', 'status', 'present', 'vendor_id', 'product_id',
           'serial', 'instance_uuid', 'project_id', 'disabled')

#: MySQL's and PostgreSQL's own codes for a table that is not there, and for
#: a column.
_NO_SUCH_TABLE = (1146, '42P01')
_NO_SUCH_COLUMN = (1054, '42703')

#: How SQLite, which has no such codes, speaks of a column.
_SQLITE_NO_SUCH_COLUMN = ('no such column', 'has no column named')


def is_not_synced(error):
    """Whether a statement of ours met a table that is missing or too old."""
    if isinstance(error, db_exc.DBNonExistentTable):
        return error.table.split('.')[-1].strip('`"') in models.TABLES
    while error is not None and not isinstance(error, sa_exc.DBAPIError):
        error = getattr(error, 'inner_exception', None)
    orig = getattr(error, 'orig', None)
    codes = list(getattr(orig, 'args', ()))[:1]
    codes += [getattr(orig, 'pgcode', None), getattr(orig, 'sqlstate', None)]
    if any(code in _NO_SUCH_TABLE for code in codes):
        return any(name in str(orig) for name in models.TABLES)
    return (any(code in _NO_SUCH_COLUMN for code in codes) or
            any(words in str(orig) for words in _SQLITE_NO_SUCH_COLUMN))


def _named(decorate):
    """Turn a table that is missing or too old into an error with a remedy."""
    def decorator(func):
        decorated = decorate(func)

        @functools.wraps(func)
        def wrapper(context, *args, **kwargs):
            try:
                return decorated(context, *args, **kwargs)
            except (db_exc.DBError, sa_exc.DBAPIError) as e:
                if not is_not_synced(e):
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


def query(context, *conditions):
    return context.session.query(Device).filter(*conditions)


def get(context, device_uuid):
    device = query(context, Device.uuid == device_uuid
                    ).populate_existing().first()
    if device is None:
        raise usb_exception.UsbDeviceNotFound(device=device_uuid)
    return device


# Reading

@reader
def device_get_by_uuid(context, device_uuid):
    """:raises: UsbDeviceNotFound"""
    return get(context, device_uuid)


@reader
def device_get_all_by_host(context, host):
    return query(context, Device.host == host).order_by(Device.id).all()


@reader
def device_get_all_by_instance_uuid(context, instance_uuid):
    return query(context, Device.instance_uuid == instance_uuid).order_by(
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
    found = query(context, *_conditions(filters or {}))
    if marker is not None:
        found = found.filter(order.behind(_marker_values(
            context, marker, order)))
    return found.order_by(*order.clauses()).limit(limit).all()


def _marker_values(context, marker, order):
    if not isinstance(marker, str):
        return order.values_of(marker)
    device = query(context, Device.uuid == marker).first()
    if device is None:
        raise exception.MarkerNotFound(marker=marker)
    return order.values_of(device)


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
