# SPDX-License-Identifier: Apache-2.0
"""What happens to a server's USB devices when something happens to it.

Called by the decorators in :mod:`nova.compute.usb.hooks`, on the host where
the event takes place, before or after upstream's own work.
"""

from oslo_concurrency import lockutils
from oslo_log import log as logging
from oslo_serialization import jsonutils

from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status

LOG = logging.getLogger(__name__)

#: Where a shelved server keeps the uuids of the devices that it had.
SHELVED_KEY = 'usb_devices'


class Lifecycle(object):
    """The events of a server's life.

    :param attachments: the nova.compute.usb.attachments.Attachments of the
        host
    :param is_stale: see :meth:`Attachments.settle`
    :param reserve: counts in Placement what a server holds, see
        nova.compute.usb.allocations.Allocations.balance
    """

    def __init__(self, attachments, is_stale, reserve):
        self.reserve = reserve
        self.attachments = attachments
        self.host = attachments.host
        self.is_stale = is_stale

    def before_suspend(self, context, instance):
        """A saved domain must name no device: take them out of it.

        Suspend and a snapshot that is not live save the domain, rescue its
        definition.  What has the saved address when they are used again may
        be another device.  The records stay the server's.

        :raises: UsbDetachFailed; the server must not be saved then
        """
        driver = self.attachments.driver
        with lockutils.lock(instance.uuid):
            # The held ones too: a server that is rescued while it is stopped
            # has no live domain, but a definition that names them.
            uuids = set(driver.attached(instance) or ())
            uuids.update(
                device.uuid for device in
                usb_obj.UsbDeviceList.get_by_instance_uuid(
                    context, instance.uuid))
            for uuid in sorted(uuids):
                driver.detach(context, instance, uuid)

    def after_start(self, context, instance):
        """The server runs (again): it gets what it holds.

        Never raises: a device that cannot be attached stops no server; it
        is tried again at every scan.
        """
        self._settle(context, instance)

    def after_snapshot(self, context, instance):
        """The domain that was saved for a snapshot runs again.

        As after a start, but the server's task goes on with the upload.
        """
        self._settle(context, instance, task=instance.task_state)

    def _settle(self, context, instance, task=None):
        done = False
        try:
            done = self.attachments.settle(
                context, instance.uuid, self.is_stale, task)
        except Exception as e:
            LOG.warning('USB devices are not all attached, trying again at '
                        'the next scan: %s', e, instance=instance)
        if not done:
            self.attachments.unsettled.add(instance.uuid)

    def after_move(self, context, instance):
        """The server is on another host for good: free what it left.

        Called with the server's lock held.
        """
        left = [device for device in
                usb_obj.UsbDeviceList.get_by_instance_uuid(
                    context, instance.uuid)
                if device.host != instance.host]
        for device in left:
            device.release(list(status.CLAIMED))
        if left:
            self._tell(context, instance, 'usb_devices_left_behind',
                       'left behind on the old host', left)

    def after_offload(self, context, instance):
        """The shelved server has left this host: free its devices.

        Called with the server's lock held.
        """
        devices = usb_obj.UsbDeviceList.get_by_instance_uuid(
            context, instance.uuid)
        if not devices:
            return
        instance.system_metadata[SHELVED_KEY] = jsonutils.dumps(
            [device.uuid for device in devices])
        instance.save()
        for device in devices:
            device.release(list(status.CLAIMED))

    def after_unshelve(self, context, instance):
        """Claim again what the server had, where that can be done.

        Called with the server's lock held.
        """
        uuids = jsonutils.loads(
            instance.system_metadata.pop(SHELVED_KEY, '[]'))
        if not uuids:
            return
        instance.save()
        lost = []
        for uuid in uuids:
            try:
                self._claim_again(context, instance, uuid)
            except exception.NovaException as e:
                LOG.warning('USB device %(device)s is not attached again: '
                            '%(error)s', {'device': uuid, 'error': e},
                            instance=instance)
                lost.append(uuid)
        if lost:
            self._tell(context, instance, 'usb_devices_lost',
                       'not free any more, or on another host', lost)

    def _claim_again(self, context, instance, uuid):
        device = usb_obj.UsbDevice.get_by_uuid(context, uuid)
        if device.host != self.host:
            raise usb_exception.UsbDeviceOnOtherHost(
                device=uuid, server=instance.uuid)
        if device.project_id not in (None, instance.project_id):
            raise usb_exception.UsbDeviceGrantedElsewhere(
                device=uuid, server=instance.uuid)
        device.claim(instance.uuid)
        try:
            self.reserve(context, instance)
        except usb_exception.UsbDevicesReserved:
            self.attachments.give_up(context, instance, uuid)
            raise
        self.attachments.attach_locked(context, instance, uuid)

    def _tell(self, context, instance, event, what, devices):
        """Say in the instance action what became of devices."""
        names = ', '.join(sorted(getattr(device, 'uuid', device)
                                 for device in devices))
        message = 'USB devices %s: %s' % (what, names)
        LOG.warning('%s', message, instance=instance)
        event = 'compute_' + event
        try:
            objects.InstanceActionEvent.event_start(
                context, instance.uuid, event, want_result=False,
                host=self.host)
            objects.InstanceActionEvent.event_finish_with_failure(
                context, instance.uuid, event, exc_val=message, exc_tb='',
                want_result=False)
        except exception.InstanceActionNotFound:
            # Not begun by a user.  It is in the log.
            LOG.debug('No action to note it in', instance=instance)
