# SPDX-License-Identifier: Apache-2.0
"""What happens to a server's USB devices when something happens to it.

Called by the decorators in :mod:`nova.compute.usb.hooks`, and by the virt
driver through its listener, on the host where the event takes place, before
or after upstream's own work.
"""

import functools

from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova.compute.usb import shelf
from nova import exception
from nova.i18n import _
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import grant
from nova.usb import status
from nova.virt.usb import driver as usb_driver

LOG = logging.getLogger(__name__)


def _settled_later(method):
    """A decorator for what follows upstream's own work, which succeeded.

    What fails now is logged, and the next scan settles the server.
    """
    @functools.wraps(method)
    def wrapper(self, context, instance):
        if self.driver is None:
            return
        try:
            method(self, context, instance)
        except usb_exception.UsbDatabaseNotSynced as e:
            # Then no server has a device.  The reconciler says it aloud.
            LOG.debug('%s', e, instance=instance)
        except Exception as e:
            LOG.warning('What follows %(event)s failed for the USB devices '
                        'of the server; the next scan puts them right: '
                        '%(error)s',
                        {'event': method.__name__,
                         'error': str(e) or repr(e)},
                        instance=instance)
            self.attachments.unsettled.add(instance.uuid)
    return wrapper


class Lifecycle(usb_driver.Listener):
    """The events of a server's life.

    :param attachments: the nova.compute.usb.attachments.Attachments of the
        host
    :param settler: the nova.compute.usb.settler.Settler of the host
    :param is_stalled: see :meth:`Settler.settle`
    :param allocations: the nova.compute.usb.allocations.Allocations of the
        host
    """

    def __init__(self, attachments, settler, is_stalled, allocations):
        self.allocations = allocations
        self.attachments = attachments
        self.settler = settler
        self.driver = settler.driver
        self.host = settler.host
        self.is_stalled = is_stalled

    def before_suspend(self, context, instance):
        """A saved domain must name no device: take them out of it.

        Suspend and a snapshot that is not live save the domain, rescue its
        definition.  What has the saved address when they are used again may
        be another device.  The records stay the server's.

        :raises: UsbDetachFailed; the server must not be saved then
        """
        if self.driver is None:
            return
        with lockutils.lock(instance.uuid):
            # The held ones too: a server that is rescued while it is stopped
            # has no live domain, but a definition that names them.
            uuids = set(self.driver.attached(instance) or ())
            uuids.update(self._held(context, instance))
            for uuid in sorted(uuids):
                self.driver.detach(context, instance, uuid)

    def before_live_migration(self, context, instance):
        """Refuse to live migrate a server that has devices.

        The server's lock is awaited: an attach that was let in before the
        server's task was set is complete then, and later ones are refused
        because of the task.

        :raises: MigrationPreCheckError; upstream's conductor leaves the
            server as it was then
        """
        if self.driver is None:
            return
        with lockutils.lock(instance.uuid):
            devices = set(self.driver.attached(instance) or ())
            devices.update(self._held(context, instance))
        if devices:
            raise exception.MigrationPreCheckError(
                reason=_('server %(server)s cannot be live migrated with USB '
                         'devices attached: %(devices)s. Detach them '
                         'first') % {'server': instance.uuid,
                                     'devices': ', '.join(sorted(devices))})

    @staticmethod
    def _held(context, instance):
        try:
            return [device.uuid for device in
                    usb_obj.UsbDeviceList.get_by_instance_uuid(
                        context, instance.uuid)]
        except usb_exception.UsbDatabaseNotSynced as e:
            # Then no server has a device.
            LOG.debug('%s', e, instance=instance)
            return []

    def after_failure(self, context, instance):
        """What needed its devices out of the domain did not come to pass.

        The server goes on; the next scan gives it back what it holds.
        """
        self.attachments.unsettled.add(instance.uuid)

    @_settled_later
    def after_start(self, context, instance):
        """The server runs (again): it gets what it holds.

        A device that cannot be attached stops no server; it is tried again
        at every scan.
        """
        self._settle(context, instance)

    @_settled_later
    def after_snapshot(self, context, instance):
        """The domain that was saved for a snapshot runs again.

        As after a start, but the server's task goes on with the upload.
        """
        self._settle(context, instance, task=instance.task_state)

    def _settle(self, context, instance, task=None):
        if not self.settler.settle(context, instance.uuid, self.is_stalled,
                                   task):
            self.attachments.unsettled.add(instance.uuid)

    @_settled_later
    def after_move(self, context, instance):
        """The server is on another host for good: free what it left.

        Called with the server's lock held.
        """
        held = usb_obj.UsbDeviceList.get_by_instance_uuid(
            context, instance.uuid)
        if instance.host == self.host and any(
                device.host == self.host for device in held):
            # The domain that a rebuild made anew may lack what could not be
            # had just then.
            self.attachments.unsettled.add(instance.uuid)
        left = [device for device in held if device.host != instance.host]
        for device in left:
            device.release(list(status.CLAIMED))
        if left:
            # The move succeeded, and its action says so.
            _tell(self.host, context, instance, 'usb_devices_left_behind',
                  'left behind on the old host', left, failed=False)
        if self.allocations.concerns(instance.uuid):
            # What it holds was allocated to its migration, which is over.
            self.allocations.mark(instance.uuid)
            self.allocations.balance_soon()

    @_settled_later
    def after_offload(self, context, instance):
        """The shelved server has left this host: free its devices.

        Called with the server's lock held.
        """
        devices = usb_obj.UsbDeviceList.get_by_instance_uuid(
            context, instance.uuid)
        if not devices and not shelf.read(instance):
            return
        shelf.put(instance, devices)
        instance.save()
        for device in devices:
            device.release(list(status.CLAIMED))

    @_settled_later
    def after_unshelve(self, context, instance):
        """Claim again what the server had, where that can be done.

        Called with the server's lock held.
        """
        shelved = shelf.read(instance)
        if not shelved:
            return
        lost = []
        for uuid, by_hand in sorted(shelved.items()):
            try:
                self._claim_again(context, instance, uuid, by_hand)
            except Exception as e:
                if not isinstance(e, usb_exception.UsbDeviceConflict):
                    # Such errors do not name it.
                    e = '%s: %r' % (uuid, e)
                LOG.warning('A USB device that the shelved server had is '
                            'not attached again: %s', e, instance=instance)
                lost.append(uuid)
                # A claim may have been made all the same.
                self.attachments.unsettled.add(instance.uuid)
        shelf.clear(instance)
        instance.save()
        if lost:
            _tell(self.host, context, instance, 'usb_devices_lost',
                  'not free or not granted any more, or on another host',
                  lost)

    def _claim_again(self, context, instance, uuid, by_hand):
        device = usb_obj.UsbDevice.get_by_uuid(context, uuid)
        if device.host != self.host:
            raise usb_exception.UsbDeviceOnOtherHost(
                device=uuid, server=instance.uuid)
        if not grant.may_return(device, instance.project_id, by_hand):
            raise usb_exception.UsbGrantRevoked(
                device=uuid, server=instance.uuid)
        device.claim(instance.uuid)
        try:
            self.allocations.balance(context, instance)
        except usb_exception.UsbDevicesReserved:
            self.attachments.give_up(context, instance, uuid)
            raise
        self.attachments.attach_locked(context, instance, uuid)


def _tell(host, context, instance, event, what, devices, failed=True):
    """Say in the instance action what became of devices.

    :param host: the name of this host
    :param failed: whether the action is marked as failed; only then the
        event names the devices
    """
    names = ', '.join(sorted(getattr(device, 'uuid', device)
                             for device in devices))
    message = 'USB devices %s: %s' % (what, names)
    LOG.warning('USB devices %(what)s: %(names)s',
                {'what': what, 'names': names}, instance=instance)
    event = 'compute_' + event
    try:
        objects.InstanceActionEvent.event_start(
            context, instance.uuid, event, want_result=False,
            host=host)
        if failed:
            objects.InstanceActionEvent.event_finish_with_failure(
                context, instance.uuid, event, exc_val=message,
                exc_tb='', want_result=False)
        else:
            objects.InstanceActionEvent.event_finish(
                context, instance.uuid, event, want_result=False)
    except exception.InstanceActionNotFound:
        # Not begun by a user.  It is in the log.
        LOG.debug('No action to note it in', instance=instance)
