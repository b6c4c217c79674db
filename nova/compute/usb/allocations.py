# SPDX-License-Identifier: Apache-2.0
"""What a host and its servers are in Placement, kept right.

The inventory says what the host has to give (:mod:`.publication`); the
allocation of each server counts what it holds of it (:mod:`.consumers`): as
much as its flavor asked for when it was scheduled, or as many devices as it
holds, whichever is more.  Both follow the records in rounds, after a report
of the host; an attach does not wait for a round, it counts its device first.
"""

import collections
import threading

from oslo_log import log as logging

from nova.compute import resource_tracker
from nova.compute.usb import consumers
from nova.compute.usb import inventory as usb_inventory
from nova.compute.usb import provider as usb_provider
from nova.compute.usb import publication
from nova import context as nova_context
from nova import exception
from nova.usb import exception as usb_exception
from nova import utils

LOG = logging.getLogger(__name__)


class Allocations(object):
    """The devices of this host and its servers in Placement.

    :param manager: upstream's ComputeManager
    """

    def __init__(self, manager):
        self._manager = manager
        #: Whether something may be held for servers that are no more, or
        #: that hold nothing any more; and Placement may have lost something.
        self.suspect = False
        self.publication = publication.Publication()
        self._consumers = consumers.Consumers(manager.host, self.publication)
        self._provider = None
        self._round = threading.Lock()
        # Servers whose allocation may be wrong.
        self._marked = set()
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
        :param sightings: list of nova.usb.tracker.Sighting
        """
        self.publication.note(records, sightings)
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
        self.publication.withdraw()
        self.suspect = True

    def mark(self, instance_uuid):
        """Have the next round look at a server's allocation.

        A round asks nothing about a server that neither holds nor has
        allocated anything.
        """
        self._marked.add(instance_uuid)

    def concerns(self, instance_uuid):
        """Whether a server holds something, or did a short while ago."""
        return instance_uuid in self._holders | self._touched

    # Rounds

    def _is_settled(self):
        """Whether a round would ask nobody anything."""
        return self.publication.wanted is None or not (
            self._marked or self.suspect or self.publication.is_due())

    def balance_marked(self, context):
        """Tell Placement what changed, once upstream has a compute node.

        Never raises: the first error ends the round, is said once, and the
        next round goes on there.  A round that is begun while another one
        waits for Placement does nothing.
        """
        if self._is_settled() or not self._manager.rt.compute_nodes:
            return
        if not self._round.acquire(False):
            return
        try:
            self._balance_marked(context, self._node_provider())
            self._complain(None)
        except Exception as e:
            self._complain(e)
        finally:
            self._round.release()

    def balance_soon(self):
        """As balance_marked, in a thread of its own; nobody waits for it."""
        if not self._is_settled():
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

    def _balance_marked(self, context, provider):
        if self.suspect or self.publication.is_due():
            self.publication.send(context, provider)
        if not (self._marked or self.suspect):
            return
        everything, self.suspect = self.suspect, False
        marked = sorted(self._marked)
        self._marked.difference_update(marked)
        todo = collections.deque(marked)
        try:
            if provider.absent or provider.find(context) is None:
                # Nothing of this host was ever counted.
                return
            held = self._consumers.held(context)
            allocated = provider.consumers(context)
            concerned = set(held) | set(allocated)
            todo = collections.deque(sorted(
                concerned if everything else concerned.intersection(marked)))
            while todo:
                if not self._consumers.balance(
                        context, provider, todo[0], held.get(todo[0], {}),
                        allocated.get(todo[0], {})):
                    self.mark(todo[0])
                todo.popleft()
        except Exception:
            self.suspect |= everything
            self._marked.update(todo)
            raise

    def _node_provider(self):
        if self._provider is None:
            # Drivers that have several nodes have no USB devices.
            nodes = self._manager.rt.compute_nodes
            node = nodes[min(nodes)]
            self._provider = usb_provider.Provider(
                self._manager.reportclient, node.uuid,
                node.hypervisor_hostname)
        return self._provider

    def remove(self, context):
        """Delete the provider; nothing is sent any more until a restart.

        Upstream's cache would ask for the provider for minutes to come, and
        fail every build of the host because it is gone.  So it is emptied,
        while nothing is claimed.

        :raises: PlacementUnavailable
        """
        @utils.synchronized(
            resource_tracker.COMPUTE_RESOURCE_SEMAPHORE, fair=True)
        def delete():
            self._node_provider().delete(context)
            self._manager.reportclient.clear_provider_cache()

        with self._round:
            self.publication.wanted = None
            if self._manager.rt.compute_nodes:
                delete()

    # One server

    def balance(self, context, instance):
        """Count what a server holds, now: one of it is being attached.

        What is not counted for want of Placement is left to a later round.

        :raises: UsbDevicesReserved when Placement has no more to give: the
            devices are there, but held for servers that were scheduled to
            this host for them
        """
        self._touched.add(instance.uuid)
        try:
            if self._manager.rt.compute_nodes:
                self._consumers.allocate(
                    context, self._node_provider(), instance, at_once=True)
                return
        except usb_provider.PlacementRefused as e:
            LOG.info('%s', e, instance=instance)
            held = self._consumers.held(context).get(instance.uuid, ())
            raise usb_exception.UsbDevicesReserved(
                device=None, classes=', '.join(sorted(held)))
        except Exception as e:
            self._complain(e)
        self.mark(instance.uuid)

    def balance_or_mark(self, context, instance):
        """Count what a server holds, now that it holds less; never raises.
        """
        self.mark(instance.uuid)
        self.balance_marked(context)
