# SPDX-License-Identifier: Apache-2.0
"""What the controllers call: the USB devices of a server.

The device is claimed here, in the database, before its host hears of it:
the conditional UPDATE behind :meth:`UsbDevice.claim` is what gives a device
to one server and to no other.  From then on the claim is always ended by
somebody: by the host, which attaches or releases; or by this module, when
the host does not answer.
"""

import copy

from oslo_context import context as common_context

from nova.compute import api as compute
from nova.compute.usb import audit
from nova.compute.usb import device_finder
from nova.compute.usb import hosts
from nova.compute.usb import rollback
from nova.compute.usb import selection
from nova.compute import utils as compute_utils
from nova.compute import vm_states
import nova.conf
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception

CONF = nova.conf.CONF

#: The states of a server in which it may get a device.  ACTIVE, PAUSED:
#: live.  STOPPED: recorded, and attached at the next start.
ATTACH_STATES = [vm_states.ACTIVE, vm_states.PAUSED, vm_states.STOPPED]

#: The states in which it may lose one.  In those that are not above its
#: domain has no device or is as good as lost, and what changes is the
#: record.
DETACH_STATES = ATTACH_STATES + [
    vm_states.SUSPENDED, vm_states.RESCUED, vm_states.ERROR,
    vm_states.SHELVED, vm_states.SOFT_DELETED]


class API(object):
    """The USB devices of servers, for nova-api.

    Every method may raise ``UsbDatabaseNotSynced``, ``InstanceNotFound`` and
    ``UsbCellUnavailable``; those that take a device ``UsbDeviceNotFound``.
    """

    def __init__(self, compute_api=None):
        self.compute_api = compute_api or compute.API()
        self.hosts = hosts.Hosts()
        self.finder = device_finder.DeviceFinder()
        self.rollback = rollback.Rollback(self.hosts)

    def get_instance(self, context, server_id):
        """The server; leaves the context targeted at its cell."""
        instance = self.compute_api.get(
            context, server_id, cell_down_support=True)
        if not instance.obj_attr_is_set('vm_state'):
            # All that is known without its cell.
            raise usb_exception.UsbCellUnavailable(
                cell=context.cell_uuid, what='server %s' % server_id)
        return instance

    def list_for_server(self, context, server_id):
        """The devices that the server holds.

        :returns: UsbDeviceList
        """
        instance = self.get_instance(context, server_id)
        if not instance.host:
            # On no host, perhaps in no cell yet: it can hold none.
            return usb_obj.UsbDeviceList(context, objects=[])
        devices = usb_obj.UsbDeviceList.get_by_instance_uuid(
            context, instance.uuid)
        for device in devices:
            self.hosts.look_again_if_stalled(device)
        return devices

    def get_for_server(self, context, server_id, device_uuid):
        """One device that the server holds.

        :returns: UsbDevice
        :raises: UsbDeviceNotFound also when another server holds it
        """
        for device in self.list_for_server(context, server_id):
            if device.uuid == device_uuid:
                return device
        raise usb_exception.UsbDeviceNotFound(device=device_uuid)

    def attach(self, context, server_id, request):
        """Give a server a device of its host.

        :param request: nova.compute.usb.selection.AttachRequest
        :returns: the UsbDevice, attached
        :raises: UsbDeviceConflict and its subclasses, UsbNotSupported,
            InstanceInvalidState, InstanceIsLocked
        """
        instance = self.get_instance(context, server_id)
        return self.attach_usb_device(context, instance, request)

    def detach(self, context, server_id, device_uuid):
        """Take a device from a server; returns when the guest let go.

        :raises: UsbDetachFailed, UsbDeviceNotAttached, UsbHostUnavailable,
            InstanceInvalidState, InstanceIsLocked
        """
        instance = self.get_instance(context, server_id)
        self.detach_usb_device(context, instance, device_uuid)

    @compute.check_instance_lock
    @compute.check_instance_state(vm_state=ATTACH_STATES)
    def attach_usb_device(self, context, instance, request):
        """As ``attach``, for a server that was read."""
        self._check_instance_host(context, instance)
        try:
            device = selection.select_and_claim(
                context, instance, request, self.finder.find)
        except usb_exception.UsbDeviceInUse:
            self.hosts.look_again_if_stalled(usb_obj.UsbDevice.get_by_uuid(
                context, request.device_uuid))
            raise
        try:
            attached = self._ask_host(
                context, instance, device, 'attach_usb_device')
        except Exception:
            # The host frees what it could not attach.  This is for a host
            # that did not get that far; if it did attach in the meantime,
            # the request was fulfilled after all.
            attached = self.rollback.undo_attach(context, device)
            if attached is None:
                raise
        audit.log(context, 'attached', device, server=instance.uuid)
        return attached

    @compute.check_instance_lock
    @compute.check_instance_state(vm_state=DETACH_STATES)
    def detach_usb_device(self, context, instance, device_uuid):
        """As ``detach``, for a server that was read."""
        device = usb_obj.UsbDevice.get_by_uuid(context, device_uuid)
        if device.instance_uuid != instance.uuid:
            raise usb_exception.UsbDeviceNotFound(device=device_uuid)
        self._check_instance_host(context, instance)
        self.hosts.look_again_if_stalled(device)
        device.begin_detach()
        try:
            self._ask_host(context, instance, device, 'detach_usb_device')
        except Exception:
            # As above.  A host that detaches it later all the same releases
            # it from this state as well.
            if self.rollback.undo_detach(context, device):
                raise
        audit.log(context, 'detached', device, server=instance.uuid)

    def before_live_migration(self, context, instance):
        """Refuse, or detach all, as ``[usb] live_migration`` says.

        :raises: UsbLiveMigrationRefused
        """
        try:
            devices = usb_obj.UsbDeviceList.get_by_instance_uuid(
                context, instance.uuid)
        except usb_exception.UsbDatabaseNotSynced:
            return
        if devices and CONF.usb.live_migration == 'refuse':
            raise usb_exception.UsbLiveMigrationRefused(
                server=instance.uuid, instance_uuid=instance.uuid,
                devices=', '.join(device.uuid for device in devices))
        for device in devices:
            # Each is an action of its own; two in one request would share
            # their events.
            own = copy.copy(context)
            own.request_id = common_context.generate_request_id()
            try:
                self.detach_usb_device(own, instance, device.uuid)
            except exception.NovaException as e:
                raise usb_exception.UsbLiveMigrationNotDetached(
                    server=instance.uuid, instance_uuid=instance.uuid,
                    devices=device.uuid, reason=e.format_message())

    def _ask_host(self, context, instance, device, method):
        """One call to the host, as an instance action that can fail."""
        objects.InstanceAction.action_start(
            context, instance.uuid, method, want_result=False)
        with compute_utils.EventReporter(
                context, 'api_' + method, CONF.host, instance.uuid):
            return self.hosts.ask(method, context, instance, device.uuid)

    def _check_instance_host(self, context, instance):
        if not instance.host:
            raise usb_exception.UsbServerWithoutHost(
                device=None, server=instance.uuid, state=instance.vm_state)
        self.hosts.check_up(context, instance.host)
