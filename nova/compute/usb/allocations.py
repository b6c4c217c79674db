# SPDX-License-Identifier: Apache-2.0
"""What a host and its servers are in Placement, kept right.

The inventory says what the host has to give (:mod:`.inventory`); the
allocation of each server counts what it holds of it: as much as its flavor
asked for when it was scheduled, or as many devices as it holds, whichever is
more.  Both follow the records in rounds, after a report of the host; an
attach does not wait for a round, it counts its device first.
"""

import collections
import threading
import time

from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova.compute.usb import inventory as usb_inventory
from nova.compute.usb import provider as usb_provider
from nova.compute import vm_states
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception

LOG = logging.getLogger(__name__)

#: Migrations that hold nothing any more.
_OVER = ('completed', 'confirmed', 'reverted')

#: A device that comes and goes changes the inventory each time.  So many
#: changes in so many seconds are sent at once; then the host waits until the
#: scan after that.
_BURST = 6
_BURST_SECONDS = 60

#: Seconds between two looks at a class that is gone from the host but still
#: allocated to somebody.
_LEFTOVER_SECONDS = 600


class Allocations(object):
    """The devices of this host and its servers in Placement.

    :param manager: upstream's ComputeManager
    """

    def __init__(self, manager):
        self._manager = manager
        self.host = manager.host
        self.clock = time.monotonic
        #: Whether something may be held for servers that are no more, or
        #: that hold nothing any more.
        self.suspect = False
        #: uuids of the servers whose allocation may be wrong.
        self.marked = set()
        self._round = threading.Lock()
        self._provider = None
        # What the host has, what Placement was told, and when.
        self._wanted = None
        self._sent = None
        self._sent_at = collections.deque(maxlen=_BURST)
        self._leftover_at = None
        # device's uuid -> server, resource class: as of the last report
        self._counted = {}
        # Servers that hold something, and those that changed since then.
        self._holders = set()
        self._touched = set()
        self._complained = False

    # What a report says

    def note(self, records, sightings):
        """Take over what a report found; the next round sends it.

        :param records: UsbDevices of this host
        :param sightings: see Inventory.of
        """
        before = self._sent.totals if self._sent else ()
        self._wanted = usb_inventory.Inventory.of(records, sightings, before)
        counted = {
            device.uuid: (device.instance_uuid, device.resource_class)
            for device in records
            if device.instance_uuid and usb_inventory.is_pool(device)}
        # New ones, ended ones, and those that were granted meanwhile.
        for uuid, _name in set(counted.items()) ^ set(self._counted.items()):
            for found in (counted, self._counted):
                if uuid in found:
                    self.mark(found[uuid][0])
        self._counted = counted
        self._holders = self._touched.union(
            server for server, _name in counted.values())
        self._touched = set()

    def withdraw(self):
        """The host gives nothing any more; the next round says so."""
        self._wanted = usb_inventory.Inventory.nothing()
        self.suspect = True

    def mark(self, instance_uuid):
        """Have the next round look at a server's allocation.

        It costs nothing for a server that neither holds nor held anything.
        """
        self.marked.add(instance_uuid)

    def concerns(self, instance_uuid):
        """Whether a server holds something, or did a short while ago."""
        return instance_uuid in self._holders | self._touched

    # Rounds

    @property
    def settled(self):
        """Whether a round would ask nobody anything."""
        return self._wanted is None or not (
            self.marked or self.suspect or self._is_due())

    def balance_marked(self, context):
        """Tell Placement what changed, once upstream has a compute node.

        Never raises: the first error ends the round, is said once, and the
        next round goes on there.  A round that is begun while another one
        waits for Placement does nothing.
        """
        if self.settled or not self._manager.rt.compute_nodes:
            return
        if not self._round.acquire(False):
            return
        try:
            self._balance_marked(context)
            self._complain(None)
        except Exception as e:
            self._complain(e)
        finally:
            self._round.release()

    def balance_soon(self):
        """As balance_marked, in a thread of its own; nobody waits for it.
        """
        if not self.settled:
            threading.Thread(
                target=self.balance_marked,
                args=(nova_context.get_admin_context(),),
                name='usb-placement', daemon=True).start()

    def _complain(self, error):
        """Log an error that lasts once, not at every scan."""
        if error is not None and not self._complained:
            LOG.warning('USB devices are not counted right in Placement, '
                        'trying again at every scan: %s', error,
                        exc_info=not isinstance(
                            error, exception.NovaException))
        elif error is None and self._complained:
            LOG.info('USB devices are counted in Placement again')
        self._complained = error is not None

    def _balance_marked(self, context):
        provider = self._node_provider()
        if self._is_due():
            self._send(context, provider)
        if not (self.marked or self.suspect):
            return
        everything, self.suspect = self.suspect, False
        marked = sorted(self.marked)
        self.marked.difference_update(marked)
        todo = collections.deque()
        try:
            if not self._sent.totals and provider.absent:
                # Nothing of this host was ever counted.
                return
            held = self._held(context)
            consumers = provider.consumers(context)
            concerned = set(held) | set(consumers)
            todo.extend(sorted(concerned if everything
                               else concerned.intersection(marked)))
            while todo:
                self._balance_consumer(
                    context, todo[0], held.get(todo[0], {}),
                    consumers.get(todo[0], {}))
                todo.popleft()
        except Exception:
            self.suspect |= everything
            self.marked.update(marked if not todo else todo)
            raise

    def _node_provider(self):
        if self._provider is None:
            # Drivers that have several nodes have no USB devices.
            node = self._manager.rt.compute_nodes[
                min(self._manager.rt.compute_nodes)]
            self._provider = usb_provider.Provider(
                self._manager.reportclient, node.uuid,
                node.hypervisor_hostname)
        return self._provider

    def _held(self, context):
        return usb_inventory.held(
            usb_obj.UsbDeviceList.get_by_host(context, self.host), self.host)

    def _balance_consumer(self, context, uuid, held, allocated):
        if dict(held) == dict(allocated):
            return
        elevated = context.elevated(read_deleted='yes')
        try:
            instance = objects.Instance.get_by_uuid(
                elevated, uuid, expected_attrs=['flavor'])
        except exception.InstanceNotFound:
            # A server that is being made; or a migration.
            self._drop_migration(elevated, uuid, allocated)
            return
        if instance.deleted:
            self._drop(context, uuid, allocated)
        elif instance.host != self.host:
            # On its way; it will be looked at when it is somewhere.
            LOG.debug('Not on this host', instance=instance)
        elif instance.task_state is not None:
            self.mark(uuid)
        elif instance.vm_state != vm_states.RESIZED:
            # What a resized server holds is allocated to its migration,
            # until it is confirmed or reverted.
            try:
                self._allocate(context, instance)
            except usb_provider.PlacementRefused as e:
                # Held for somebody else.  The record says who has it.
                LOG.warning('The USB devices of the server are not counted '
                            'in Placement: %s', e, instance=instance)

    def _drop_migration(self, context, uuid, allocated):
        try:
            migration = objects.Migration.get_by_uuid(context, uuid)
        except exception.MigrationNotFound:
            return
        if migration.status in _OVER:
            self._drop(context, uuid, allocated)

    def _drop(self, context, uuid, allocated):
        """Free what is held for a consumer that is no more.

        Upstream frees all that a server had; ``nova-manage placement
        audit`` only what is of the classes that it knows.
        """
        LOG.info('Freeing %(held)s in Placement of %(consumer)s, which is no '
                 'more', {'held': allocated, 'consumer': uuid})
        self._node_provider().allocate(context, uuid, lambda holds: {})

    # The inventory

    def _is_due(self):
        if self._wanted is None:
            return False
        now = self.clock()
        if self._wanted == self._sent:
            return self._leftover_at is not None and (
                self.suspect or now - self._leftover_at >= _LEFTOVER_SECONDS)
        return self.suspect or len(self._sent_at) < _BURST or (
            now - self._sent_at[0] >= _BURST_SECONDS)

    def _send(self, context, provider):
        wanted = self._wanted
        leftover = provider.send(context, wanted)
        self._sent = wanted
        self._sent_at.append(self.clock())
        self._leftover_at = self.clock() if leftover else None

    def _is_unsent(self, names):
        return self._sent is None or any(
            self._sent.totals.get(name) != self._wanted.totals.get(name)
            for name in names)

    # One server

    def balance(self, context, instance):
        """Count what a server holds, now: one of it is being attached.

        What is refused for want of Placement is counted by a later round.

        :raises: UsbDevicesReserved when Placement has no more to give: the
            devices are there, but held for servers that were scheduled to
            this host for them
        """
        self._touched.add(instance.uuid)
        try:
            if self._manager.rt.compute_nodes:
                self._allocate(context, instance, now=True)
                return
        except usb_provider.PlacementRefused as e:
            LOG.info('%s', e, instance=instance)
            raise usb_exception.UsbDevicesReserved(
                device=None, classes=', '.join(sorted(
                    self._held(context).get(instance.uuid, ()))))
        except Exception as e:
            self._complain(e)
        self.mark(instance.uuid)

    def balance_or_mark(self, context, instance):
        """Count what a server holds, now that it holds less; never raises.
        """
        self.mark(instance.uuid)
        self.balance_marked(context)

    def _allocate(self, context, instance, now=False):
        """Make a server's allocation what its flavor and devices need.

        :param now: for an attach; nothing is done for a server that holds
            nothing that counts
        """
        # The records are read when the lock is held: two at a time would
        # each count what it knew before the other one came.
        with lockutils.lock('usb-allocation-%s' % instance.uuid):
            held = self._held(context).get(instance.uuid, {})
            if now and not held:
                return
            if now and self._is_unsent(held):
                # Plugged in so recently that Placement was not told.
                self._send(context, self._node_provider())
            flavor = instance.flavor.extra_specs

            def wanted(holds):
                names = set(self._sent.totals) | set(holds)
                return {
                    name: max(held.get(name, 0),
                              usb_inventory.of_flavor(flavor, name))
                    for name in names}

            self._node_provider().allocate(context, instance.uuid, wanted)
