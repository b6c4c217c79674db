# SPDX-License-Identifier: Apache-2.0
"""USB devices in Placement: inventory of a child provider for each node.

The inventory is what can be given to servers: a resource class for each kind
of device (``[usb] device_spec``, or ``CUSTOM_USB_<VID>_<PID>``) with as many
units as there are devices, free or claimed.  A flavor with
``resources:CUSTOM_USB_0529_0001=1`` thus lands on a host that has one, and
holds it for its server, which attaches it as any other.  What servers hold
beyond their flavor is added to their allocation.
"""

import collections

import os_traits
from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status
from nova import usb_compat

LOG = logging.getLogger(__name__)

#: Migrations that hold nothing any more.
_OVER = ('completed', 'confirmed', 'reverted')


class Inventory(collections.namedtuple('Inventory', ['totals', 'traits'])):
    """What a host has to give.

    :param totals: dict of resource class to number of devices
    :param traits: set of the traits of its devices
    """

    @classmethod
    def of(cls, records, sightings):
        """From the records of a host and the scan that they come from.

        :param sightings: tuples of identity, device and
            nova.usb.devspec.Decision
        """
        totals = collections.Counter(
            device.resource_class for device in records
            if device.resource_class and (
                device.status in status.CLAIMED or
                device.status == status.AVAILABLE))
        traits = set()
        for _identity, _device, decision in sightings:
            if not decision.blocked_reason:
                traits.update(decision.traits)
        return cls(dict(totals), traits)

    def update_tree(self, tree, nodename):
        """Put them into what the resource tracker sends.

        Nothing is done on a host that never had a device.

        :param tree: nova.compute.provider_tree.ProviderTree, changed
        """
        name = provider_name(nodename)
        if not tree.exists(name):
            if not self.totals:
                return
            tree.new_child(name, nodename)
        inventory = {resource_class: _record(total, 0)
                     for resource_class, total in self.totals.items()}
        for resource_class, old in tree.data(name).inventory.items():
            # Not taken out: Placement keeps a class of which something is
            # allocated, and would refuse the whole tree of the host.
            inventory.setdefault(
                resource_class, _record(old['total'], old['total']))
        tree.update_inventory(name, inventory)
        owner = getattr(os_traits, 'OWNER_NOVA', None)
        tree.update_traits(
            name, sorted(self.traits | ({owner} if owner else set())))


def _record(total, reserved):
    return {'total': total, 'reserved': reserved, 'min_unit': 1,
            'max_unit': total, 'step_size': 1, 'allocation_ratio': 1.0}


def provider_name(nodename):
    return nodename + '_usb'


class Allocations(object):
    """What the servers of a host hold, in their allocations.

    :param manager: upstream's ComputeManager
    """

    def __init__(self, manager):
        self._manager = manager
        #: Whether something may be held for servers that are no more.
        self.suspect = True
        # Servers whose allocation may not count what they hold.
        self._marked = set()

    @property
    def ready(self):
        """Whether the resource tracker has sent something already."""
        return bool(self._manager.rt.compute_nodes)

    def mark(self, instance_uuid):
        """Have the next :meth:`balance_marked` look at a server."""
        self._marked.add(instance_uuid)

    def balance_marked(self, context):
        """Balance the servers of this host that are marked.

        Those that cannot be balanced stay marked.  Nothing is done before
        there is a provider.
        """
        if not self.ready:
            return
        self.drop_orphans(context)
        for instance_uuid in sorted(self._marked):
            # Before, not after: another thread may mark it meanwhile.
            self._marked.discard(instance_uuid)
            try:
                instance = objects.Instance.get_by_uuid(
                    context, instance_uuid)
            except exception.InstanceNotFound:
                continue
            if instance.host == self._manager.host:
                self.balance_or_mark(context, instance)

    def balance_or_mark(self, context, instance):
        """As :meth:`try_balance`; a server that is not right is marked."""
        if not self.try_balance(context, instance):
            self.mark(instance.uuid)

    def try_balance(self, context, instance):
        """As :meth:`balance`; what fails is logged.

        :returns: whether the allocation is right now
        """
        try:
            return self.balance(context, instance)
        except Exception as e:
            LOG.warning('The allocation in Placement does not count the '
                        'USB devices right, trying again at the next scan: '
                        '%s', e, instance=instance)
            return False

    def balance(self, context, instance):
        """Make a server's allocation what its flavor and devices need.

        :returns: whether it is that now; False while the inventory is not
            sent yet
        :raises: UsbDevicesReserved when Placement has no more to give: the
            devices are there, but held for servers that were scheduled to
            this host for them
        """
        # Two at a time would both add what is missing.
        with lockutils.lock('usb-allocation-%s' % instance.uuid):
            return self._balance(context, instance)

    def _balance(self, context, instance):
        provider, known = self._provider(context, instance.node)
        if provider is None:
            return False
        client = self._manager.reportclient
        allocations = client.get_allocations_for_consumer(
            context, instance.uuid)
        if allocations is None:
            # Placement did not answer.
            return False
        if not allocations:
            # One that is deleted, say: nothing that ours could be added to.
            return True
        allocated = allocations.get(provider, {}).get('resources', {})
        more, less = self._differences(
            context, instance, known, collections.Counter(allocated))
        try:
            if less:
                usb_compat.remove_from_allocation(
                    client, context, instance.uuid, provider, less)
            if more:
                usb_compat.add_to_allocation(
                    client, context, instance.uuid, provider, more)
        except exception.AllocationUpdateFailed as e:
            LOG.info('Placement refused: %s', e, instance=instance)
            raise usb_exception.UsbDevicesReserved(
                device=None, classes=', '.join(sorted(more)))
        return True

    def _differences(self, context, instance, known, allocated):
        """What has to be added to an allocation, and taken from it."""
        held = collections.Counter(
            device.resource_class for device in
            usb_obj.UsbDeviceList.get_by_instance_uuid(
                context, instance.uuid))
        wanted = collections.Counter({
            name: max(held[name], self._of_flavor(instance, name))
            for name in known})
        allocated = collections.Counter({
            name: allocated[name] for name in known})
        return dict(wanted - allocated), dict(allocated - wanted)

    def drop_orphans(self, context):
        """Free what is held for servers that are no more, if suspected.

        Upstream frees all that a server had; ``nova-manage placement
        audit`` only what is of the classes that it knows.
        """
        if not self.suspect:
            return
        try:
            for nodename in list(self._manager.rt.compute_nodes):
                self._drop_orphans(context, nodename)
            self.suspect = False
        except Exception as e:
            LOG.warning('Placement was not searched for what is held for '
                        'deleted servers, trying again at the next scan: %s',
                        e)

    def _drop_orphans(self, context, nodename):
        provider, _known = self._provider(context, nodename)
        if provider is None:
            return
        client = self._manager.reportclient
        found = client.get_allocations_for_resource_provider(
            context, provider).allocations
        for consumer, held in found.items():
            if self._is_over(context, consumer):
                LOG.info('Freeing %(held)s in Placement of %(consumer)s, '
                         'which is no more', {'held': held['resources'],
                                              'consumer': consumer})
                usb_compat.remove_from_allocation(
                    client, context, consumer, provider, held['resources'])

    @staticmethod
    def _is_over(context, consumer):
        """Whether a server, or a migration, has ended for sure.

        A server that is not found may be one that is being made.
        """
        everything = context.elevated(read_deleted='yes')
        try:
            return objects.Instance.get_by_uuid(
                everything, consumer, expected_attrs=[]).deleted
        except exception.InstanceNotFound:
            pass
        try:
            return objects.Migration.get_by_uuid(
                everything, consumer).status in _OVER
        except exception.MigrationNotFound:
            return False

    def _provider(self, context, nodename):
        """The uuid of the devices' provider, None when there is none yet."""
        node = self._manager.rt.compute_nodes.get(nodename)
        if node is None:
            return None, ()
        tree = self._manager.reportclient.get_provider_tree_and_ensure_root(
            context, node.uuid, name=node.hypervisor_hostname)
        name = provider_name(node.hypervisor_hostname)
        if not tree.exists(name):
            return None, ()
        data = tree.data(name)
        return data.uuid, set(data.inventory)

    @staticmethod
    def _of_flavor(instance, resource_class):
        """How many the server was scheduled with."""
        total = 0
        for key, value in instance.flavor.extra_specs.items():
            # resources:CUSTOM_X, or resources_GROUP:CUSTOM_X
            group, _colon, name = key.partition(':')
            if group.startswith('resources') and name == resource_class:
                total += int(value)
        return total
