# SPDX-License-Identifier: Apache-2.0
"""Compares what a server holds with what its live domain has.

:func:`plan` decides and does nothing; the steps of its plan are applied one
after the other, by :mod:`nova.compute.usb.settler`.  Where a step of a
device fails, the later steps of that device are left out.

Invariants, whatever a server holds, has and a scan sees; the property tests
hold exactly these:

1. A device is put in only when the server's record of it is ``attached``,
   and only at the address where the scan saw that very device, offered for
   use.
2. A device that the server has and that is still where the domain says is
   never taken out, also when it has become blocked since.  Any other address
   that an ``attached`` device has in the domain is taken out.
3. A device of which the server has no record is taken out.
4. A record is released only when its request is stalled, or when its grant
   was revoked and the domain does not have the device where it is now.  A
   request under way that somebody waits for is left alone, record and domain.
5. All that is taken out is taken out before anything is put in, because two
   devices may have changed places; a record is released only after its
   device was taken out.
6. Without a live domain nothing is taken out or put in.
7. A plan that was applied is followed by one that changes nothing.
"""

import collections

from nova.i18n import _
from nova.usb import exception
from nova.usb import status
from nova.usb import tracker

#: What a step does.
TAKE_OUT = 'take out'
RELEASE = 'release'
PUT_IN = 'put in'
LEAVE = 'leave'


class Step(collections.namedtuple(
        'Step', ['verb', 'device_uuid', 'address', 'reason'])):
    """One thing to do.

    :param verb: ``TAKE_OUT`` of the live domain, ``RELEASE`` the record,
        ``PUT_IN`` to the live domain, or ``LEAVE`` the device as it is
        although the server does not have what it holds
    :param device_uuid: uuid of the device's record
    :param address: where to put it in, else None
    :param reason: why, a clause for the log
    """

    __slots__ = ()


class Plan(collections.namedtuple('Plan', ['steps', 'again'])):
    """What brings a domain in line with the records.

    :param steps: list of Step, to be applied in this order
    :param again: whether the server has to be looked at again although no
        step fails: a request is under way, or a device has just gone
    """

    __slots__ = ()


def usable(record, sightings):
    """Find out where a record's device is now and whether it may be used.

    The one answer for an attach, a settlement and a domain that is being
    defined.

    :param record: anything with the attributes of a UsbDevice
    :param sightings: list of nova.usb.tracker.Sighting, one scan of the
        record's host made just before
    :returns: nova.usb.host_device.HostUsbDevice
    :raises: UsbIdentityChanged when the scan did not see it,
        UsbDeviceBlocked when it may not be used
    """
    sighting = tracker.find(record, sightings)
    if sighting is None:
        raise exception.UsbIdentityChanged(
            device=record.uuid, reason=_(
                'no %s is plugged into its host now') % record.identity)
    if sighting.decision.blocked_reason:
        raise exception.UsbDeviceBlocked(
            device=record.uuid, reason=sighting.decision.blocked_reason)
    return sighting.device


def plan(records, live, sightings, stalled, revoked=()):
    """Decide what brings a server's domain in line with its records.

    :param records: what the server holds on its host: objects with the
        attributes of a UsbDevice
    :param live: dict of the uuid of a device's record to the UsbAddress that
        the live domain has; None when the server has no live domain
    :param sightings: list of nova.usb.tracker.Sighting, one scan of the host
    :param stalled: the uuids of the records whose request nobody waits for
    :param revoked: the uuids of the records that the server was granted and
        is no longer; see :func:`nova.usb.grant.still_holds`
    :returns: Plan
    """
    has = live or {}
    held = {record.uuid: record for record in records}
    outs = [Step(TAKE_OUT, uuid, None, _("it is not the server's"))
            for uuid in has if uuid not in held]
    rest = []
    again = False
    for uuid, record in held.items():
        if record.status in status.UNDER_WAY:
            steps = _of_request(record, uuid in has, uuid in stalled)
            again = again or uuid not in stalled
        elif live is None:
            continue
        else:
            steps = _of_attached(record, has.get(uuid), sightings,
                                 uuid in revoked)
            # The next report says that it has gone, or that it is back
            # where it was before anybody noticed.
            again = again or (record.present and not record.blocked_reason
                              and tracker.find(record, sightings) is None)
        outs += [step for step in steps if step.verb == TAKE_OUT]
        rest += [step for step in steps if step.verb != TAKE_OUT]
    return Plan(sorted(outs) + sorted(rest, key=_order), again)


def _order(step):
    return (RELEASE, LEAVE, PUT_IN).index(step.verb), step.device_uuid


def _of_request(record, in_domain, stalled):
    """What to do about a device that is ``attaching`` or ``detaching``."""
    if not stalled:
        return [Step(LEAVE, record.uuid, None,
                     _('it is %s') % record.status)]
    reason = _('it is %s, and nobody waits for that any '
               'more') % record.status
    steps = [Step(RELEASE, record.uuid, None, reason)]
    if in_domain:
        steps.insert(0, Step(TAKE_OUT, record.uuid, None, reason))
    return steps


def _of_attached(record, address, sightings, revoked):
    """What to do about a device that the server has.

    :param address: where the live domain has it, None when it has not
    """
    try:
        now = usable(record, sightings).address
        refusal = None
    except exception.UsbIdentityChanged:
        now, refusal = None, _('it is not plugged into its host now')
    except exception.UsbDeviceBlocked as e:
        now = tracker.find(record, sightings).device.address
        refusal = _('it is blocked: %s') % e.kwargs['reason']
    if address is not None and address == now:
        return []
    steps = []
    if address is not None:
        steps.append(Step(TAKE_OUT, record.uuid, None, _(
            'the domain has it at %(old)s and it is %(now)s') % {
                'old': _words(address),
                'now': _('at %s now') % _words(now) if now
                else _('not there')}))
    if revoked:
        steps.append(Step(RELEASE, record.uuid, None, _(
            "it is no longer granted to the server's project")))
    elif refusal:
        steps.append(Step(LEAVE, record.uuid, None, refusal))
    else:
        steps.append(Step(PUT_IN, record.uuid, now,
                          _('the server holds it')))
    return steps


def _words(address):
    return _('bus %(bus)s device %(device)s') % {
        'bus': address.bus, 'device': address.device}
