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
   ``tag``, ``project_id``, ``disabled`` and a claimed ``status`` are not its
   business.
3. A claimed record is never deleted.  A free one that is not seen is.
4. A claimed record is present only while a device with its vendor, product
   and serial number is seen; where the device has no serial number, or
   another one with the same was seen beside it, only in the same port.
5. Identities are unique among the records of a host.
6. A free record is ``blocked`` when there is a reason or an administrator
   disabled it, and else ``available``.
7. The same scan once more changes nothing.
"""

import collections
import operator

from nova.usb import host_device
from nova.usb import status

#: What a record has from the device itself.
DEVICE_FIELDS = (
    'vendor_id', 'product_id', 'serial', 'manufacturer', 'product',
    'device_class', 'interface_classes', 'speed', 'port_path', 'bus_number',
    'device_number', 'controller')

#: All that a report may change in a record, besides ``status``.
REPORTED_FIELDS = DEVICE_FIELDS + (
    'identity', 'present', 'blocked_reason', 'resource_class')


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


def plan(records, sightings):
    """Decide what has to change.

    :param records: the records of one host, all of them: anything with the
        attributes of a UsbDevice
    :param sightings: one scan of that host, a list of Sighting
    :returns: Plan
    """
    seen = {}
    for sighting in sightings:
        # Of two with one identity, which no host has, the first counts.
        seen.setdefault(sighting.identity, sighting)
    pairs, new, unseen = _match(list(records), seen)
    deletes = [record for record in unseen if record.status in status.FREE]
    gone = {id(record) for record in deletes}
    survivors = [record for record in records if id(record) not in gone]
    updates = [(record, _changes(record, _values(sighting), survivors))
               for record, sighting in pairs]
    updates += [(record, {'present': False}) for record in unseen
                if id(record) not in gone and record.present]
    return Plan(
        creates=[dict(_values(sighting),
                      status=_free(
                          False, sighting.decision.blocked_reason))
                 for sighting in new],
        updates=[(record, changes) for record, changes in updates if changes],
        deletes=deletes)


def find(record, sightings):
    """Find the device of a scan that a record stands for.

    By the rules of a plan.

    :param record: anything with the attributes of a UsbDevice
    :param sightings: one scan of the record's host, a list of Sighting
    :returns: the Sighting, or None
    """
    pairs, _new, _unseen = _match(
        [record], {sighting.identity: sighting for sighting in sightings})
    return pairs[0][1] if pairs else None


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
        record = _same_port(left.values(), sighting)
        if record is None:
            new.append(sighting)
        else:
            del left[record.identity]
            pairs.append((record, sighting))
    return pairs, new, list(left.values())


def _same_port(records, sighting):
    """The record of a device that is told apart in another way now.

    A second device with the same serial number came, or went: the one that
    stayed in its port is still the same device.
    """
    device = sighting.device
    if not device.serial:
        return None
    by_port = host_device.is_by_port(sighting.identity)
    for record in records:
        if (record.port_path == device.port_path and
                host_device.same_three(record) ==
                host_device.same_three(device) and
                host_device.is_by_port(record.identity) != by_port):
            return record
    return None


def _values(sighting):
    values = {name: getattr(sighting.device, name) for name in DEVICE_FIELDS}
    values['interface_classes'] = list(values['interface_classes'])
    values.update(
        identity=sighting.identity, present=True,
        blocked_reason=sighting.decision.blocked_reason,
        resource_class=sighting.decision.resource_class)
    return values


def _free(disabled, reason):
    """The state of a device that is nobody's."""
    return status.BLOCKED if disabled or reason else status.AVAILABLE


def _changes(record, values, survivors):
    """What differs between a record and the device it stands for."""
    if values['identity'] != record.identity and not host_device.is_by_port(
            values['identity']):
        # It could be called by its serial number alone again.  While there
        # is a record of another one with the same, that would be a guess.
        three = host_device.same_three(record)
        if any(other is not record and host_device.same_three(other) == three
               for other in survivors):
            values['identity'] = record.identity
    changes = {name: value for name, value in values.items()
               if _stored(record, name) != value}
    if record.status in status.FREE:
        free = _free(record.disabled, values['blocked_reason'])
        if record.status != free:
            changes['status'] = free
    return changes


def _stored(record, name):
    value = getattr(record, name)
    return list(value) if name == 'interface_classes' else value
