# SPDX-License-Identifier: Apache-2.0
"""The allocations of servers and migrations on the provider of a host."""

from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova.compute.usb import inventory as usb_inventory
from nova.compute.usb import provider as usb_provider
from nova.compute import vm_states
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj

LOG = logging.getLogger(__name__)

#: Migrations that hold nothing any more.
_OVER = ('completed', 'confirmed', 'reverted')


class Consumers(object):
    """Those that hold something of one host's devices.

    :param host: the host
    :param publication: nova.compute.usb.publication.Publication of the host
    """

    def __init__(self, host, publication):
        self.host = host
        self._publication = publication

    def held(self, context):
        """:returns: dict of server to Counter of resource classes"""
        return usb_inventory.held(
            usb_obj.UsbDeviceList.get_by_host(context, self.host), self.host)

    def balance(self, context, provider, uuid, held, allocated):
        """Make one consumer's allocation right, if that can be told now.

        :param provider: nova.compute.usb.provider.Provider
        :param uuid: of a server or a migration
        :param held: dict of resource class to what it holds
        :param allocated: dict of resource class to what is allocated to it
        :returns: False when it has to be looked at again
        :raises: PlacementUnavailable
        """
        if dict(held) == dict(allocated):
            return True
        elevated = context.elevated(read_deleted='yes')
        try:
            instance = objects.Instance.get_by_uuid(
                elevated, uuid, expected_attrs=['flavor'])
        except exception.InstanceNotFound:
            # A server that is being made; or a migration.
            if self._is_over(elevated, uuid):
                self._drop(context, provider, uuid, allocated)
            return True
        if instance.deleted:
            self._drop(context, provider, uuid, allocated)
        elif instance.host != self.host:
            # On its way; it will be looked at when it is somewhere.
            LOG.debug('Not on this host', instance=instance)
        elif instance.task_state is not None:
            return False
        elif instance.vm_state != vm_states.RESIZED:
            # What a resized server holds is allocated to its migration,
            # until it is confirmed or reverted.
            self._try_allocate(context, provider, instance)
        return True

    def _try_allocate(self, context, provider, instance):
        try:
            self.allocate(context, provider, instance)
        except usb_provider.PlacementRefused as e:
            # Held for somebody else.  The record says who has it.
            LOG.warning('The USB devices of the server are not counted in '
                        'Placement: %s', e, instance=instance)

    @staticmethod
    def _is_over(context, uuid):
        try:
            migration = objects.Migration.get_by_uuid(context, uuid)
        except exception.MigrationNotFound:
            return False
        return migration.status in _OVER

    @staticmethod
    def _drop(context, provider, uuid, allocated):
        """Free what is held for a consumer that is no more.

        Upstream frees all that a server had; ``nova-manage placement
        audit`` only what is of the classes that it knows.
        """
        LOG.info('Freeing %(held)s in Placement of %(consumer)s, which is no '
                 'more', {'held': allocated, 'consumer': uuid})
        provider.allocate(context, uuid, lambda holds: {})

    def allocate(self, context, provider, instance, at_once=False):
        """Make a server's allocation what its flavor and devices need.

        :param provider: nova.compute.usb.provider.Provider
        :param at_once: for an attach: nothing is done for a server that
            holds nothing that counts
        :raises: PlacementRefused, PlacementUnavailable
        """
        # The records are read when the lock is held: two at a time would
        # each count what it knew before the other one came.
        with lockutils.lock('usb-allocation-%s' % instance.uuid):
            held = self.held(context).get(instance.uuid, {})
            if at_once:
                if not held:
                    return
                if self._publication.lacks(held):
                    # Plugged in so recently that Placement was not told.
                    self._publication.send(context, provider)
            flavor = instance.flavor.extra_specs
            classes = self._publication.classes

            def wanted(holds):
                return {
                    name: max(held.get(name, 0),
                              usb_inventory.of_flavor(flavor, name))
                    for name in classes.union(holds)}

            provider.allocate(context, instance.uuid, wanted)
