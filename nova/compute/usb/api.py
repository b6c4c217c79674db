# SPDX-License-Identifier: Apache-2.0
"""What the controllers call: USB devices of the cloud and of a server.

The device is claimed here, in the database, before its host hears of it:
the conditional UPDATE behind :meth:`UsbDevice.claim` is what gives a device
to one server and to no other.  From then on the claim is always ended by
somebody: by the host, which attaches or releases; or by this module, when
the host does not answer.
"""

import copy

from oslo_context import context as common_context
from oslo_log import log as logging
import oslo_messaging as messaging

from nova.compute import api as compute
from nova.compute.usb import device_list
from nova.compute.usb import pool
from nova.compute.usb import rollback
from nova.compute.usb import rpcapi as usb_rpcapi
from nova.compute.usb import selection
from nova.compute import utils as compute_utils
from nova.compute import vm_states
import nova.conf
from nova import context as nova_context
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova import servicegroup
from nova.usb import exception as usb_exception
from nova.usb import status

CONF = nova.conf.CONF
LOG = logging.getLogger(__name__)

#: The states of a server in which its devices may change.  ACTIVE, PAUSED:
#: live.  STOPPED: recorded, and attached at the next start.
ATTACH_STATES = [vm_states.ACTIVE, vm_states.PAUSED, vm_states.STOPPED]

#: What an RPC call raises when nobody answers.
NO_ANSWER = (messaging.MessagingTimeout, messaging.MessageDeliveryFailure)


class API(object):
    """USB devices, for nova-api.

    Every method may raise ``UsbDatabaseNotSynced``; those that take a server
    raise ``InstanceNotFound``; those that take a device
    ``UsbDeviceNotFound``; both ``UsbCellUnavailable``.
    """

    def __init__(self, compute_api=None):
        self.compute_api = compute_api or compute.API()
        self.rpcapi = usb_rpcapi.ComputeUsbAPI()
        self.undo = rollback.Undo(self.rpcapi)
        self.servicegroup_api = servicegroup.API()

    # Devices of the cloud

    def list_devices(self, context, filters=None, limit=None, marker=None,
                     sort_key='created_at', sort_dir='asc'):
        """One page of the devices of all cells.

        :returns: list of UsbDevice
        :raises: MarkerNotFound
        """
        return device_list.get_devices_sorted(
            context, filters or {}, limit, marker, [sort_key], [sort_dir])

    def get_device(self, context, uuid):
        """The device with that uuid, in whatever cell it is.

        Its context is the one of that cell, so that its methods write there.
        """
        results = nova_context.scatter_gather_skip_cell0(
            context, usb_obj.UsbDevice.get_by_uuid, uuid)
        for result in results.values():
            if isinstance(result, usb_obj.UsbDevice):
                self.undo.watch(result)
                return result
        for cell_uuid, result in results.items():
            if isinstance(result, usb_exception.UsbDatabaseNotSynced):
                raise result
            if not isinstance(result, usb_exception.UsbDeviceNotFound):
                LOG.warning('Cell %(cell)s did not say whether it knows USB '
                            'device %(device)s: %(result)s',
                            {'cell': cell_uuid, 'device': uuid,
                             'result': result})
                raise usb_exception.UsbCellUnavailable(
                    cell=cell_uuid, what='USB device %s' % uuid)
        raise usb_exception.UsbDeviceNotFound(device=uuid)

    def update_device(self, context, uuid, changes):
        """Change what an administrator says of a device.

        :param changes: dict with any of project_id, disabled, tag
        :returns: the UsbDevice as it is afterwards
        :raises: UsbDeviceHeldForFlavor, UsbPlacementUnavailable when it is
            to be granted
        """
        device = self.get_device(context, uuid)
        granted = changes.get('project_id', device.project_id)
        moves = (granted is None) != (device.project_id is None)
        if moves and granted is not None:
            pool.check_leaves(self.compute_api.placementclient, device)
        for name, value in changes.items():
            setattr(device, name, value)
        device.save()
        if moves:
            # Only its host tells Placement.
            self.rpcapi.look_again(device._context, device.host)
        return device

    def rescan(self, context, uuid):
        """Have the device's host scan its devices now.

        :raises: UsbHostUnavailable, UsbNotSupported
        """
        device = self.get_device(context, uuid)
        self._check_host(device._context, device.host)
        try:
            self.rpcapi.rescan(device._context, device.host)
        except NO_ANSWER as e:
            raise usb_exception.UsbHostUnavailable(reason=type(e).__name__)
        except messaging.RemoteError as e:
            self._raise_remote(e)

    def force_release(self, context, uuid):
        """Free an orphan: a device whose server cannot let go of it.

        :raises: UsbDeviceNotClaimed, UsbDeviceNotOrphaned
        """
        device = self.get_device(context, uuid)
        if device.status in status.FREE:
            raise usb_exception.UsbDeviceNotClaimed(
                device=uuid, status=device.status)
        if self._in_good_hands(device):
            raise usb_exception.UsbDeviceNotOrphaned(
                device=uuid, server=device.instance_uuid)
        LOG.warning('USB device %(device)s (%(status)s) is taken from server '
                    '%(server)s by force.',
                    {'device': uuid, 'status': device.status,
                     'server': device.instance_uuid})
        device.force_release()

    def delete_device(self, context, uuid):
        """Forget a device that is not plugged in and nobody's.

        :raises: UsbDevicePresent, UsbDeviceInUse
        """
        self.get_device(context, uuid).forget()

    def _in_good_hands(self, device):
        """Whether the server that holds a device can still detach it."""
        if device.status != status.ATTACHED or not device.present:
            return False
        context = device._context
        try:
            instance = objects.Instance.get_by_uuid(
                context, device.instance_uuid, expected_attrs=[])
        except exception.InstanceNotFound:
            return False
        return (instance.host == device.host and
                self._host_is_up(context, device.host))

    # Devices of a server

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
            self.undo.watch(device)
        return devices

    def get_for_server(self, context, server_id, uuid):
        """One device that the server holds.

        :returns: UsbDevice
        :raises: UsbDeviceNotFound also when another server holds it
        """
        for device in self.list_for_server(context, server_id):
            if device.uuid == uuid:
                return device
        raise usb_exception.UsbDeviceNotFound(device=uuid)

    def attach(self, context, server_id, device_id=None, vendor_id=None,
               product_id=None, serial=None, tag=None):
        """Give a server a device of its host.

        :param device_id: uuid of the device; or else any free one is taken
            that has
        :param vendor_id: this vendor, four lower-case hexadecimal digits,
        :param product_id: this product, likewise, and
        :param serial: if not None, this serial
        :param tag: what the tenant calls it, or None
        :returns: the UsbDevice, attached
        :raises: UsbDeviceConflict and its subclasses, UsbNotSupported,
            InstanceInvalidState, InstanceIsLocked
        """
        instance = self.get_instance(context, server_id)
        if device_id is not None:
            wanted = {'uuid': device_id}
        else:
            wanted = {'vendor_id': vendor_id, 'product_id': product_id}
            if serial is not None:
                wanted['serial'] = serial
        return self.attach_usb_device(context, instance, wanted, tag)

    def detach(self, context, server_id, uuid):
        """Take a device from a server; returns when the guest let go.

        :raises: UsbDetachFailed, UsbDeviceNotAttached, UsbHostUnavailable,
            InstanceInvalidState, InstanceIsLocked
        """
        instance = self.get_instance(context, server_id)
        self.detach_usb_device(context, instance, uuid)

    @compute.check_instance_lock
    @compute.check_instance_state(vm_state=ATTACH_STATES)
    def attach_usb_device(self, context, instance, wanted, tag):
        self._check_instance_host(context, instance)
        try:
            device = selection.claim(
                context, instance, wanted, tag, self.get_device)
        except usb_exception.UsbDeviceInUse:
            self.undo.watch(usb_obj.UsbDevice.get_by_uuid(
                context, wanted['uuid']))
            raise
        try:
            return self._ask_host(
                context, instance, device, 'attach_usb_device')
        except Exception:
            # The host frees what it could not attach.  This is for a host
            # that did not get that far; if it did attach in the meantime,
            # the request was fulfilled after all.
            attached = self.undo.attach(context, device)
            if attached is None:
                raise
            return attached

    @compute.check_instance_lock
    @compute.check_instance_state(vm_state=ATTACH_STATES)
    def detach_usb_device(self, context, instance, uuid):
        device = usb_obj.UsbDevice.get_by_uuid(context, uuid)
        if device.instance_uuid != instance.uuid:
            raise usb_exception.UsbDeviceNotFound(device=uuid)
        self._check_instance_host(context, instance)
        self.undo.watch(device)
        device.begin_detach()
        try:
            self._ask_host(context, instance, device, 'detach_usb_device')
        except Exception:
            # As above.  A host that detaches it later all the same releases
            # it from this state as well.
            if self.undo.detach(context, device):
                raise

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
            try:
                return getattr(self.rpcapi, method)(
                    context, instance, device.uuid)
            except NO_ANSWER as e:
                raise usb_exception.UsbHostUnavailable(
                    reason=type(e).__name__)
            except messaging.RemoteError as e:
                self._raise_remote(e)

    @staticmethod
    def _raise_remote(error):
        """Say in our words what a nova-compute answered in its own."""
        if error.exc_type in ('UnsupportedVersion', 'NoSuchMethod'):
            raise usb_exception.UsbNotSupported(
                reason='the nova-compute of that host is too old')
        LOG.error('nova-compute failed at a USB request: %s', error)
        raise usb_exception.UsbHostUnavailable(reason=error.exc_type)

    # Hosts

    def _check_instance_host(self, context, instance):
        if not instance.host:
            raise usb_exception.UsbServerWithoutHost(
                device=None, server=instance.uuid, state=instance.vm_state)
        self._check_host(context, instance.host)

    def _check_host(self, context, host):
        if not self._host_is_up(context, host):
            raise usb_exception.UsbHostUnavailable(reason='it is down')

    def _host_is_up(self, context, host):
        service = objects.Service.get_by_host_and_binary(
            context, host, 'nova-compute')
        return bool(service) and self.servicegroup_api.service_is_up(service)
