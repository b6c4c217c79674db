# SPDX-License-Identifier: Apache-2.0
"""Compares what a scan of a host saw with the records of its devices.

:func:`plan` decides and does nothing; whoever applies its plan does so in
one transaction.  Between the reading of the records and that, a server may
claim or free a device, so the applier looks at ``status`` again where a plan
deletes a record or changes its status.

Invariants, whatever is scanned, claimed and freed in whatever order; the
property tests hold exactly these:

1. Every device seen has exactly one record that is present, and that record
   has the device's vendor, product and serial number; no record stands for
   two devices seen.
2. A plan never changes whose a device is: ``uuid``, ``instance_uuid``,
   ``tag``, ``project_id``, ``disabled``, ``description`` and a claimed
   ``status`` are not its business.  A record that is claimed for no server
   becomes free.
3. A claimed record is never deleted, nor is one of which an administrator
   said something (a grant, ``disabled``, a description).  Another one is
   deleted when it was not seen for the grace time: a device that only
   enumerates again keeps its uuid.
4. A claimed record is present only while a device with its vendor, product
   and serial number is seen; where the device has no serial number, or
   another one with the same was seen beside it, only in the same place.
5. Identities are unique among the records of a host.
6. What a server was given, ``accepted_as``, never changes while it is
   claimed.  A device that comes back at another address and can do something
   else is blocked, and stays so until the record is free.
7. A free record is ``blocked`` when there is a reason or an administrator
   disabled it, and else ``available``.
8. The same scan once more changes nothing.
"""

import collections
import operator

from nova.usb import features
from nova.usb import host_device
from nova.usb import status

#: What a record has from the device itself.
DEVICE_FIELDS = (
    'vendor_id', 'product_id', 'serial', 'manufacturer', 'product',
    'device_class', 'interface_classes', 'speed', 'port_path', 'bus_number',
    'device_number', 'controller', 'bcd_device')

#: All that a report may change in a record, besides ``status``.
REPORTED_FIELDS = DEVICE_FIELDS + (
    'identity', 'present', 'absent_since', 'blocked_reason',
    'resource_class', 'accepted_as')


class Sighting(collections.namedtuple(
        'Sighting', ['identity', 'device', 'decision'])):
    """One device that a scan of a host saw.

    :param identity: what :func:`~nova.usb.host_device.identify` called it
    :param device: nova.usb.host_device.HostUsbDevice, or anything with its
        attributes
    :param decision: nova.usb.devspec.Decision, what becomes of it
    """

    __slots__ = ()


def sight(devices, spec):
    """Give the devices of one scan their identities, and decide on them.

    :param devices: all the HostUsbDevice of one host at one time
    :param spec: nova.usb.devspec.DeviceSpec
    :returns: list of Sighting, sorted by identity
    """
    return [Sighting(identity, device, spec.decide(device))
            for identity, device in sorted(
                host_device.identify(devices), key=operator.itemgetter(0))]


class Plan(collections.namedtuple('Plan', ['creates', 'updates',
                                           'deletes'])):
    """What has to change so that the records say what was seen.

    :param creates: list of dicts, the values of new records
    :param updates: list of (record, dict of the values that change)
    :param deletes: list of records
    """

    def __bool__(self):
        return any(self)


def plan(records, sightings, now, grace):
    """Decide what has to change.

    :param records: the records of one host, all of them: anything with the
        attributes of a UsbDevice
    :param sightings: one scan of that host, a list of Sighting
    :param now: datetime in UTC, without a time zone as in ``absent_since``
    :param grace: datetime.timedelta for which a record outlives its device
    :returns: Plan
    """
    seen = {}
    for sighting in sightings:
        # Of two with one identity, which no host has, the first counts.
        seen.setdefault(sighting.identity, sighting)
    pairs, new, unseen = _match(list(records), seen)
    deletes = [record for record in unseen
               if record.absent_since is not None and is_fleeting(record) and
               now - record.absent_since >= grace]
    gone = {id(record) for record in deletes}
    survivors = [record for record in records if id(record) not in gone]
    updates = [(record, _changes(record, _values(sighting, record),
                                 survivors))
               for record, sighting in pairs]
    updates += [(record, _absence(record, now)) for record in unseen
                if id(record) not in gone]
    return Plan(
        creates=[dict(_values(sighting),
                      status=_free(
                          False, sighting.decision.blocked_reason))
                 for sighting in new],
        updates=[(record, changes) for record, changes in updates if changes],
        deletes=deletes)


def is_free(record):
    """Whether a record is nobody's.

    One that is claimed for no server is, too: nothing else would end that.
    """
    return record.status in status.FREE or record.instance_uuid is None


def is_fleeting(record):
    """Whether a record goes when its device is absent for long enough."""
    return is_free(record) and not (
        record.project_id or record.disabled or record.description)


def find(record, sightings):
    """Find the device of a scan that a record stands for.

    By the rules of a plan.

    :param record: anything with the attributes of a UsbDevice
    :param sightings: one scan of the record's host, a list of Sighting
    :returns: the Sighting, or None
    """
    pairs, _new, _unseen = _match(
        [record], {sighting.identity: sighting for sighting in sightings})
    if not pairs:
        return None
    record, sighting = pairs[0]
    return sighting._replace(decision=sighting.decision._replace(
        blocked_reason=_reason(record, sighting)))


def _reason(record, sighting):
    """Why the device that a record stands for may not be used, or None.

    A guest may configure its device otherwise, and it shows other interfaces
    then.  That is told from another device in its place by the address,
    which each device gets anew.
    """
    device = sighting.device
    reason = sighting.decision.blocked_reason
    moved = (record.bus_number, record.device_number) != (
        device.bus_number, device.device_number)
    if reason is None and record.status in status.CLAIMED and (
            moved or features.is_difference(record.blocked_reason)):
        reason = features.difference(record.accepted_as, device)
    return reason


def _match(records, seen):
    """Find the record of each device that was seen.

    :returns: pairs of record and sighting, sightings without a record,
        records that were not seen
    """
    pairs = []
    new = []
    left = {record.identity: record for record in records}
    pending = []
    for sighting in seen.values():
        record = left.pop(sighting.identity, None)
        if record is None:
            pending.append(sighting)
        else:
            pairs.append((record, sighting))
    for sighting in pending:
        record = _same_place(left.values(), sighting)
        if record is None:
            new.append(sighting)
        else:
            del left[record.identity]
            pairs.append((record, sighting))
    return pairs, new, list(left.values())


def _same_place(records, sighting):
    """The record of a device that is told apart in another way now.

    A second device with the same serial number came, or went: the one that
    stayed in its place is still the same device.  Or its record is from
    before identities named the controller and not the bus; then this is how
    it gets its new identity.
    """
    device = sighting.device
    for record in records:
        if (host_device.same_three(record) ==
                host_device.same_three(device) and
                host_device.same_place(record, device)):
            return record
    return None


def _values(sighting, record=None):
    """What a record of a device has to say.

    :param record: the one that there is, if there is one
    """
    values = {name: getattr(sighting.device, name) for name in DEVICE_FIELDS}
    values['interface_classes'] = list(values['interface_classes'])
    values.update(
        identity=sighting.identity, present=True, absent_since=None,
        blocked_reason=sighting.decision.blocked_reason,
        resource_class=sighting.decision.resource_class, accepted_as=None)
    if record is not None:
        values['blocked_reason'] = _reason(record, sighting)
        values['accepted_as'] = record.accepted_as
        if record.status in status.CLAIMED and not record.accepted_as:
            # Since before that was noted.
            values['accepted_as'] = features.describe(sighting.device)
    return values


def _free(disabled, reason):
    """The state of a device that is nobody's."""
    return status.BLOCKED if disabled or reason else status.AVAILABLE


def _changes(record, values, survivors):
    """What differs between a record and the device it stands for."""
    if host_device.is_by_bus(values['identity']) and (
            host_device.is_by_port(record.identity)):
        # A nova-compute of an earlier release knows no other identities.
        values['identity'] = record.identity
    if values['bcd_device'] is None:
        # Not looked for, or not to be had; it does not change.
        values['bcd_device'] = record.bcd_device
    if values['identity'] != record.identity and not host_device.is_by_port(
            values['identity']):
        # It could be called by its serial number alone again.  While there
        # is a record of another one with the same, that would be a guess.
        three = host_device.same_three(record)
        if any(other is not record and host_device.same_three(other) == three
               for other in survivors):
            values['identity'] = record.identity
    changes = {name: value for name, value in values.items()
               if getattr(record, name) != value}
    changes.update(_freed(record, values['blocked_reason']))
    return changes


def _absence(record, now):
    """What changes in the record of a device that was not seen."""
    changes = _freed(record, record.blocked_reason)
    if record.present:
        changes['present'] = False
    if record.absent_since is None:
        changes['absent_since'] = now
    return changes


def _freed(record, reason):
    """The state of a record that is nobody's, if it is another one."""
    free = _free(record.disabled, reason)
    if is_free(record) and record.status != free:
        return {'status': free}
    return {}
