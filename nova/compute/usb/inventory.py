# SPDX-License-Identifier: Apache-2.0
"""What a host has to give, as Placement is to know it.

Pool devices alone: those that are granted to no project.  A device that is
granted to one is given to the servers of that project, by its uuid, and no
flavor may be scheduled for it.
"""

import collections
import re

import os_traits

from nova.usb import status

#: How many resource classes of the default kind a host makes at most.  A
#: resource class is the whole cloud's; a device that can be programmed shows
#: as many products as whoever holds it likes.  An operator who has more names
#: classes of their own in ``[usb] device_spec``, which are not bounded.
MAX_DEFAULT_CLASSES = 64

_DEFAULT_CLASS = re.compile(r'CUSTOM_USB_[0-9A-F]{4}_[0-9A-F]{4}\Z')


def is_default_class(name):
    """Whether nobody chose this name of a resource class."""
    return bool(_DEFAULT_CLASS.match(name))


def is_pool(device):
    """Whether a record is of a device that Placement counts.

    :param device: UsbDevice
    """
    return bool(device.resource_class) and device.project_id is None


def held(devices, host):
    """Count what servers hold of a host's pool devices.

    :param devices: UsbDevices, of whatever servers
    :param host: only what is plugged in there counts: a server that moves
        holds devices of the host that it leaves
    :returns: dict of server's uuid to Counter of resource classes
    """
    found = collections.defaultdict(collections.Counter)
    for device in devices:
        if (device.instance_uuid and device.host == host and
                device.status in status.CLAIMED and is_pool(device)):
            found[device.instance_uuid][device.resource_class] += 1
    return dict(found)


class Inventory(collections.namedtuple('Inventory', ['totals', 'traits'])):
    """What a host has to give.

    :param totals: dict of resource class to number of devices
    :param traits: frozenset of the traits of its devices
    """

    @classmethod
    def of(cls, records, sightings, before=()):
        """From the records of a host and the scan that they come from.

        :param records: UsbDevices of the host
        :param sightings: list of nova.usb.tracker.Sighting
        :param before: the resource classes that the host gave so far; where
            there are too many, these stay
        """
        offered = [device for device in records
                   if is_pool(device) and is_offered(device)]
        totals = collections.Counter(
            device.resource_class for device in offered)
        needed = {device.resource_class for device in offered
                  if device.status in status.CLAIMED}
        for name in _beyond_bound(totals, needed, before):
            del totals[name]
        identities = {device.identity for device in offered
                      if device.resource_class in totals}
        traits = set()
        for seen in sightings:
            if (seen.identity in identities and
                    not seen.decision.blocked_reason):
                traits.update(seen.decision.traits)
        return cls(dict(totals), frozenset(traits))

    @classmethod
    def nothing(cls):
        """Of a host that gives nothing (any more)."""
        return cls({}, frozenset())

    def for_provider(self, current, used):
        """The inventories that the provider is to have.

        A class of which something is allocated cannot be taken out; it
        stays, but gives nothing more.

        :param current: the inventories that it has, as Placement answers
        :param used: dict of resource class to amount that is allocated
        :returns: dict of resource class to inventory
        """
        wanted = {name: _inventory(total, 0)
                  for name, total in self.totals.items()}
        for name, old in current.items():
            if name not in wanted and used.get(name):
                wanted[name] = _inventory(old['total'], old['total'])
        return wanted

    def provider_traits(self):
        """:returns: set of the traits that the provider is to have"""
        # Older releases of os-traits do not have it.
        owner = getattr(os_traits, 'OWNER_NOVA', None)
        return set(self.traits) | ({owner} if owner else set())


def is_offered(device):
    """Whether it is somebody's, or can be given to somebody."""
    return device.status in status.CLAIMED or (
        device.status == status.AVAILABLE and device.present)


def of_flavor(extra_specs, resource_class):
    """How many of a resource class a server was scheduled with.

    :param extra_specs: of its flavor
    """
    total = 0
    for key, value in extra_specs.items():
        # resources:CUSTOM_X, or resources_GROUP:CUSTOM_X
        group, _colon, name = key.partition(':')
        if group.startswith('resources') and name == resource_class:
            total += int(value)
    return total


def _beyond_bound(totals, needed, before):
    """The classes of the default kind that are too many."""
    default = sorted(
        (name for name in totals if is_default_class(name)),
        key=lambda name: (name not in needed, name not in before, name))
    return default[MAX_DEFAULT_CLASSES:]


def _inventory(total, reserved):
    return {'total': total, 'reserved': reserved, 'min_unit': 1,
            'max_unit': total, 'step_size': 1, 'allocation_ratio': 1.0}
