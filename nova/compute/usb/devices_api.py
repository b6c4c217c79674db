# SPDX-License-Identifier: Apache-2.0
"""What the controllers call: the USB devices of the cloud."""

from oslo_log import log as logging
from oslo_utils import timeutils

from nova.compute.usb import api as server_api
from nova.compute.usb import audit
from nova.compute.usb import device_list
from nova.compute.usb import hosts
from nova.compute.usb import pool
import nova.conf
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)


class DevicesAPI(object):
    """The devices of the cloud, for nova-api.

    Every method may raise ``UsbDatabaseNotSynced``; those that take a device
    ``UsbDeviceNotFound`` and ``UsbCellUnavailable``.

    :param servers: nova.compute.usb.api.API, made here if None
    """

    def __init__(self, servers=None):
        self.servers = servers or server_api.API()
        self.finder = self.servers.finder
        self.hosts = self.servers.hosts

    def list_devices(self, context, filters=None, limit=None, marker=None,
                     sort_keys=None, sort_dirs=None):
        """One page of the devices of all cells.

        :param sort_keys: columns, the default is ``created_at``
        :param sort_dirs: 'asc' or 'desc' for each
        :returns: list of UsbDevice
        :raises: MarkerNotFound
        """
        return device_list.get_devices_sorted(
            context, filters or {}, limit, marker,
            sort_keys or ['created_at'], sort_dirs or ['asc'], self.finder)

    def get_device(self, context, device_uuid):
        """The device with that uuid, in whatever cell it is.

        Its context is the one of that cell, so that its methods write there.
        """
        device = self.finder.find(context, device_uuid)
        self.hosts.look_again_if_stalled(device)
        return device

    def update_device(self, context, device_uuid, changes, detach=False):
        """Change what an administrator says of a device.

        :param changes: dict with any of project_id, disabled, description
        :param detach: whether a server of another project than the device
            is granted to now loses it at once
        :returns: the UsbDevice as it is afterwards
        :raises: UsbDeviceConflict where it cannot be detached; what was
            changed stays changed; UsbDeviceHeldForFlavor and
            UsbPlacementUnavailable where it cannot be granted
        """
        device = self.get_device(context, device_uuid)
        granted = changes.get('project_id', device.project_id)
        moves = (granted is None) != (device.project_id is None)
        if moves and granted is not None:
            pool.check_leaves(self.servers.compute_api.placementclient, device)
        for name, value in changes.items():
            setattr(device, name, value)
        device.save()
        if moves:
            # Only its host tells Placement.
            self.hosts.look_again(device)
        audit.log(context, 'changed', device, **changes)
        if detach and device.status == status.ATTACHED:
            self._detach_ungranted(device)
            return usb_obj.UsbDevice.get_by_uuid(
                device._context, device_uuid)
        return device

    def _detach_ungranted(self, device):
        try:
            instance = objects.Instance.get_by_uuid(
                device._context, device.instance_uuid)
        except exception.InstanceNotFound:
            # Deleted meanwhile, and the device freed with it.
            return
        if instance.project_id != device.project_id:
            self.servers.detach_usb_device(
                device._context, instance, device.uuid)

    def rescan(self, context, device_uuid):
        """Have the device's host scan its devices now.

        :raises: UsbHostUnavailable, UsbNotSupported
        """
        device = self.get_device(context, device_uuid)
        self.hosts.check_up(device._context, device.host)
        self.hosts.ask('rescan', device._context, device.host)

    def force_release(self, context, device_uuid):
        """Free an orphan: a device whose server cannot let go of it.

        Its host takes it out of the domain afterwards; when it is away now,
        with its first report.

        :raises: UsbDeviceNotClaimed, UsbDeviceNotOrphaned,
            UsbDeviceUnderWay; UsbDeviceChanged where somebody else changed
            the record at the same time
        """
        device = self.get_device(context, device_uuid)
        if device.status in status.FREE:
            raise usb_exception.UsbDeviceNotClaimed(
                device=device_uuid, status=device.status)
        self._check_orphaned(device)
        server, state = device.instance_uuid, device.status
        device.force_release()
        audit.log(context, 'released by force', device, server=server,
                  status=state)
        self.hosts.look_again(device)

    def delete_device(self, context, device_uuid):
        """Forget a device that is not plugged in and nobody's.

        :raises: UsbDevicePresent, UsbDeviceInUse
        """
        device = self.get_device(context, device_uuid)
        device.forget()
        audit.log(context, 'forgotten', device)

    def _check_orphaned(self, device):
        """Refuse to free what its server can detach, or is about to have.

        :raises: UsbDeviceUnderWay, UsbDeviceNotOrphaned
        """
        if hosts.may_be_under_way(device):
            raise usb_exception.UsbDeviceUnderWay(
                device=device.uuid, server=device.instance_uuid,
                status=device.status, seconds=2 * CONF.usb.rpc_timeout)
        if device.status == status.ATTACHED and self._can_be_detached(device):
            raise usb_exception.UsbDeviceNotOrphaned(
                device=device.uuid, server=device.instance_uuid)

    def _can_be_detached(self, device):
        """Whether a request to detach a device can be expected to work."""
        context = device._context
        try:
            instance = objects.Instance.get_by_uuid(
                context, device.instance_uuid, expected_attrs=[])
        except exception.InstanceNotFound:
            return False
        # A task that has not moved for long is not about to end.
        stuck = instance.task_state is not None and timeutils.is_older_than(
            instance.updated_at, 2 * CONF.usb.rpc_timeout)
        return (device.present and not stuck and
                instance.vm_state in server_api.DETACH_STATES and
                instance.host == device.host and
                self.hosts.is_up(context, device.host))
