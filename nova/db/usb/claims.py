# SPDX-License-Identifier: Apache-2.0
"""Changes whose a USB device is, and what an administrator says of it.

A change is one conditional UPDATE or DELETE: it names the states that it
comes from and, where there is one, the owner, and its row count decides.
Nothing is read first and written back.  When no row was changed, the record
is read once more to say precisely why.

Every function takes the context of the cell that it works on.  All may raise
``UsbDatabaseNotSynced``.
"""

import sqlalchemy as sa

from nova.db.usb import api
from nova.db.usb import models
from nova.usb import exception as usb_exception
from nova.usb import features
from nova.usb import status
from nova import usb_compat

Device = models.UsbDevice


def _is_difference():
    """SQL: whether a device is blocked for not being what was attached."""
    return Device.blocked_reason.startswith(features.DIFFERENT,
                                            autoescape=True)


def free_status():
    """SQL: the state of a device that becomes, or is, held by no server."""
    blocked = sa.and_(Device.blocked_reason.isnot(None),
                      sa.not_(_is_difference()))
    return usb_compat.case(
        (sa.or_(Device.disabled == sa.true(), blocked), status.BLOCKED),
        else_=status.AVAILABLE)


def freed():
    """What a record loses when its server loses the device.

    Whoever lets go of a device that came back as another one has accepted
    that: from now on it is what it is.
    """
    return {'status': free_status(), 'instance_uuid': None, 'tag': None,
            'claim_project_id': None, 'accepted_as': None,
            'blocked_reason': usb_compat.case(
                (_is_difference(), sa.null()), else_=Device.blocked_reason)}


def _as_it_is():
    """SQL: as ``nova.usb.features.describe`` says what a device can do."""
    return (Device.device_class + '/' + sa.func.coalesce(
        Device.bcd_device, '') + '/' + sa.type_coerce(
            Device.interface_classes, sa.String(255)))


def _update(query, values):
    return query.update(values, synchronize_session=False)


def _same(column, value):
    return column.is_(None) if value is None else column == value


@api.writer
def device_claim(context, device_uuid, instance_uuid, tag=None, **expected):
    """Give a free device to a server.

    :param tag: what the server's project calls it, or None
    :param expected: columns and what the caller saw in them when it decided
        that the server may have the device
    :raises: UsbDeviceNotFound, UsbDeviceInUse, UsbDeviceDisabled,
        UsbDeviceBlocked, UsbDeviceAbsent, UsbDeviceChanged
    """
    sources, goal = status.TRANSITIONS['claim']
    free = api.query(
        context, Device.uuid == device_uuid, Device.status.in_(sources),
        Device.instance_uuid.is_(None),
        Device.present == sa.true(), Device.disabled == sa.false(),
        *[_same(getattr(Device, name), value)
          for name, value in expected.items()])
    if not _update(free, {'status': goal, 'instance_uuid': instance_uuid,
                          'tag': tag, 'accepted_as': _as_it_is(),
                          'claim_project_id': Device.project_id}):
        raise _why_no_claim(api.get(context, device_uuid))
    return api.get(context, device_uuid)


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


def _granted_as_claimed():
    """SQL: whether the grant is still the one under which it was claimed.

    A nova-api of the first version notes neither that nor ``accepted_as``.
    """
    return sa.or_(Device.claim_project_id == Device.project_id,
                  Device.accepted_as.is_(None),
                  sa.and_(Device.claim_project_id.is_(None),
                          Device.project_id.is_(None)))


@api.writer
def device_move(context, device_uuid, owner, verb):
    """Take a server's device from one state to the next.

    :param owner: uuid of the server whose device it has to be
    :param verb: a key of ``status.TRANSITIONS`` that ends in a claimed
        state; ``finish_attach`` also wants the grant to be the one under
        which the device was claimed
    :raises: UsbDeviceNotFound, UsbDeviceClaimLost, UsbDeviceNotAttached,
        UsbGrantChanged
    """
    sources, goal = status.TRANSITIONS[verb]
    query = api.query(context, Device.uuid == device_uuid,
                   Device.status.in_(sources), Device.instance_uuid == owner)
    if verb == 'finish_attach':
        query = query.filter(_granted_as_claimed())
    if not _update(query, {'status': goal}):
        device = api.get(context, device_uuid)
        if device.instance_uuid == owner and device.status in sources:
            raise usb_exception.UsbGrantChanged(
                device=device_uuid, server=owner)
        raise _why_not_owner(device, owner)
    return api.get(context, device_uuid)


@api.writer
def device_release(context, device_uuid, owner, from_statuses):
    """Make a server's device nobody's.

    :param from_statuses: the states in which it may be taken
    :returns: the row
    :raises: UsbDeviceNotFound, UsbDeviceClaimLost, UsbDeviceNotAttached
    """
    query = api.query(context, Device.uuid == device_uuid,
                   Device.status.in_(list(from_statuses)),
                   Device.instance_uuid == owner)
    if not _update(query, freed()):
        raise _why_not_owner(api.get(context, device_uuid), owner)
    return api.get(context, device_uuid)


@api.writer
def device_force_release(context, device_uuid, owner, from_status):
    """Make a device nobody's that was judged to be an orphan.

    :param owner: uuid of the server that held it when it was judged, or
        None
    :param from_status: the state in which it was then
    :returns: the row
    :raises: UsbDeviceNotFound, UsbDeviceNotClaimed, UsbDeviceChanged
    """
    query = api.query(context, Device.uuid == device_uuid,
                   Device.status == from_status,
                   Device.status.in_(status.CLAIMED),
                   _same(Device.instance_uuid, owner))
    if not _update(query, freed()):
        device = api.get(context, device_uuid)
        if device.status in status.FREE:
            raise usb_exception.UsbDeviceNotClaimed(
                device=device_uuid, status=device.status)
        raise usb_exception.UsbDeviceChanged(device=device_uuid)
    return api.get(context, device_uuid)


def release_instance(context, instance_uuid):
    """Free all that a server holds, in the transaction that is open.

    One statement: at READ COMMITTED, a claim for the same server between
    two of them would end half freed.

    :returns: how many there were
    """
    return _update(api.query(context, Device.instance_uuid == instance_uuid),
                   freed())


# Administration

@api.writer
def device_update(context, device_uuid, values):
    """Store what an administrator says of a device.

    :param values: dict of project_id, disabled, description
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
        _update(api.query(context, Device.uuid == device_uuid), values)
    return api.get(context, device_uuid)


@api.writer
def device_forget(context, device_uuid):
    """Delete the record of a device that is nobody's and not plugged in.

    :raises: UsbDeviceNotFound, UsbDeviceInUse, UsbDevicePresent
    """
    gone = api.query(context, Device.uuid == device_uuid,
                  Device.present == sa.false(),
                  Device.status.in_(status.FREE))
    if gone.delete(synchronize_session=False):
        return
    device = api.get(context, device_uuid)
    if device.status in status.CLAIMED:
        raise usb_exception.UsbDeviceInUse(
            device=device_uuid, status=device.status)
    raise usb_exception.UsbDevicePresent(device=device_uuid)
