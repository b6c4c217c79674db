# SPDX-License-Identifier: Apache-2.0
"""What the servers of one host hold, brought into their domains.

The record says which server a device belongs to; the domain says what the
guest really has.  :class:`Attachments` moves the second towards the first,
on request (attach, detach) and whenever they may differ (:meth:`settle`:
at the start of nova-compute, after a replug, after a failure).

Whoever touches the devices of a server holds the lock that upstream's
manager takes for starting and stopping it: its uuid.
"""

import contextlib

from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova.compute import vm_states
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status

LOG = logging.getLogger(__name__)

#: The states of a server whose domain has the devices.  A rescued server's
#: has none: what is being repaired should be as bare as it can be.
LIVE_STATES = (vm_states.ACTIVE, vm_states.PAUSED)

#: What a request may fail with as it is; the rest (a hypervisor that is
#: away, what nobody thought of) is told as a failed attach or detach.
SAID_BY_US = (usb_exception.UsbDeviceConflict, usb_exception.UsbNotSupported,
              usb_exception.UsbDatabaseNotSynced, exception.NotFound)

#: The moments of attach and detach at which a crash leaves something half
#: done, in their order; :func:`reached` is called at each.
STEPS = (
    'attach:asked', 'attach:located', 'attach:in_domain', 'attach:recorded',
    'detach:asked', 'detach:out_of_domain', 'detach:recorded',
)


def reached(step):
    """Called at each of :data:`STEPS`; does nothing.

    Tests replace it to end the process there.
    """


class Attachments(object):
    """Attaches, detaches and settles.

    :param driver: a nova.virt.usb.driver.UsbDriver
    :param host: the name of this host
    :param locate: callable that takes a UsbDevice, scans, and returns the
        HostUsbDevice that it is now; raises UsbIdentityChanged when it is
        not to be found and UsbDeviceBlocked when it may not be used
    """

    def __init__(self, driver, host, locate):
        self.driver = driver
        self.host = host
        self.locate = locate
        #: uuids of the servers whose domain may differ from the records.
        self.unsettled = set()

    def attach(self, context, instance, uuid):
        """Attach a device that is claimed for the instance.

        :returns: the UsbDevice, attached
        :raises: UsbDeviceConflict and its subclasses; the claim is free then
        """
        with lockutils.lock(instance.uuid):
            return self.attach_locked(context, instance, uuid)

    def give_up(self, context, instance, uuid):
        """Free a claim that never came to an attach, if it is still there."""
        device = usb_obj.UsbDevice.get_by_uuid(context, uuid)
        if device.instance_uuid == instance.uuid and (
                device.status == status.ATTACHING):
            self._quietly(instance, device.release, [status.ATTACHING])

    def attach_locked(self, context, instance, uuid):
        """As :meth:`attach`, for those that hold the server's lock."""
        reached('attach:asked')
        device = self._claimed(context, instance, uuid)
        with self._failing(instance, device):
            address = self.locate(device).address
            reached('attach:located')
            live = self.driver.attached(instance) is not None
        with self._failing(instance, device, in_domain=True):
            self._attach(context, instance, device, address, live)
        reached('attach:recorded')
        return device

    @contextlib.contextmanager
    def _failing(self, instance, device, in_domain=False):
        """Undo an attach that fails here, and say why in our words.

        :param in_domain: whether the domain may have the device by now
        """
        try:
            yield
        except Exception as e:
            if in_domain:
                self._undo(instance, device)
            else:
                self._quietly(instance, device.release, [status.ATTACHING])
            if isinstance(e, SAID_BY_US):
                raise
            LOG.exception('USB device %s was not attached', device.uuid,
                          instance=instance)
            raise usb_exception.UsbAttachFailed(
                device=device.uuid, server=instance.uuid, reason=str(e))

    def _attach(self, context, instance, device, address, live):
        if live:
            self._into_domain(context, instance, device.uuid, address)
            reached('attach:in_domain')
        else:
            # It is stopped; or it was deleted before it was claimed for,
            # and nothing would ever free the device.
            objects.Instance.get_by_uuid(context, instance.uuid)
        device.finish_attach()
        if not live and self.driver.attached(instance) is not None:
            # A stopped server's domain is made anew when it starts, with
            # all that the records say.  This one was started meanwhile.
            self._into_domain(context, instance, device.uuid, address)

    def _into_domain(self, context, instance, uuid, address):
        self.driver.attach(context, instance, uuid, address)
        has = (self.driver.attached(instance) or {}).get(uuid)
        if has != address:
            raise usb_exception.UsbAttachFailed(
                device=uuid, server=instance.uuid,
                reason='it is at %s on the host but the domain has %s' % (
                    address, has or 'none'))

    def _undo(self, instance, device):
        """Free a claim after a failure, the domain first."""
        try:
            self.driver.detach(device._context, instance, device.uuid)
        except Exception as e:
            # Nobody else may get a device that a guest may still have.
            LOG.warning('USB device %(device)s could not be taken out of the '
                        'domain after a failed attach: %(error)s. It stays '
                        "the server's; detach it.",
                        {'device': device.uuid, 'error': e},
                        instance=instance)
            self._quietly(instance, device.finish_attach)
        else:
            self._quietly(instance, device.release,
                          [status.ATTACHING, status.ATTACHED])

    def _quietly(self, instance, method, *args):
        """After a failure: what fails now must not hide the first error."""
        try:
            method(*args)
        except usb_exception.UsbDeviceConflict as e:
            LOG.info('nova-api has ended this claim already: %s', e)
        except Exception:
            self.unsettled.add(instance.uuid)
            LOG.exception('The record of a USB device could not be changed; '
                          'the next scan puts it right')

    def detach(self, context, instance, uuid):
        """Detach a device of the instance that is ``detaching``.

        A device that is the instance's no longer is no error.

        :raises: UsbDetachFailed; the device is ``attached`` again then
        """
        with lockutils.lock(instance.uuid):
            reached('detach:asked')
            device = usb_obj.UsbDevice.get_by_uuid(context, uuid)
            if device.instance_uuid != instance.uuid:
                return
            if device.status != status.DETACHING:
                # Sent late; nova-api has said that it failed.
                raise usb_exception.UsbDetachFailed(
                    device=uuid, server=instance.uuid,
                    reason='it is %s, nobody asks for it now' % device.status)
            try:
                self.driver.detach(context, instance, uuid)
            except Exception as e:
                self._quietly(instance, device.abort_detach)
                if isinstance(e, SAID_BY_US):
                    raise
                LOG.exception('USB device %s was not detached', uuid,
                              instance=instance)
                raise usb_exception.UsbDetachFailed(
                    device=uuid, server=instance.uuid, reason=str(e))
            reached('detach:out_of_domain')
            # From attached too: nova-api takes its request back when this
            # host seems not to answer.
            device.release([status.DETACHING, status.ATTACHED])
            reached('detach:recorded')

    def settle(self, context, instance_uuid, is_stale, task=None):
        """Bring what a server's domain has in line with the records.

        A server that is on its way (a task is under way, or a resize waits
        to be confirmed) is left alone: what ends that calls this again.

        :param is_stale: callable that takes a UsbDevice in a state between
            two others and says whether the request behind it is over
        :param task: the server's task, where that is the caller's own
        :returns: False when it has to be looked at again: a task, an attach
            or a detach is under way, or something had to be put right
        :raises: nova.exception.NovaException when a step fails; the others
            are made all the same
        """
        with lockutils.lock(instance_uuid):
            return self._settle(context, instance_uuid, is_stale, task)

    def _settle(self, context, instance_uuid, is_stale, task):
        held = {
            device.uuid: device for device in
            usb_obj.UsbDeviceList.get_by_instance_uuid(context, instance_uuid)
            if device.host == self.host}
        try:
            instance = objects.Instance.get_by_uuid(context, instance_uuid)
        except exception.InstanceNotFound:
            self._clear_deleted(context, instance_uuid)
            self._release_all(held.values(), 'is deleted')
            return True
        if instance.task_state not in (None, task):
            return False
        if instance.vm_state == vm_states.RESIZED:
            # Confirming it, or reverting, calls this again.
            return True
        if instance.host != self.host:
            self._release_all(held.values(), 'has left this host')
        elif not self._settle_here(context, instance, held, is_stale):
            return False
        return not any(device.status in status.UNDER_WAY
                       for device in held.values())

    def _clear_deleted(self, context, instance_uuid):
        """Take all out of the domain that a deleted server left behind.

        It runs on when the server was deleted while its host was down, and
        upstream lets it do so for a while.
        """
        try:
            instance = objects.Instance.get_by_uuid(
                context.elevated(read_deleted='only'), instance_uuid,
                expected_attrs=[])
        except exception.InstanceNotFound:
            # Not this cloud's, as far as can be told.
            return
        if instance.host == self.host:
            for uuid in self.driver.attached(instance) or ():
                self._take_out(context, instance, uuid, None, None, None)

    def _settle_here(self, context, instance, held, is_stale):
        """As settle, for a server of this host.

        :returns: whether the domain was right.  One that was not is looked
            at once more: a record read here may just have been changed by
            what a failed request sent before, and came late.
        """
        has = None
        if instance.vm_state in LIVE_STATES:
            has = self.driver.attached(instance)
        errors = []
        wanted = {}
        # All out before any goes in: two devices may have changed places.
        for uuid in sorted(set(held) | set(has or {})):
            with self._collected(errors, instance, uuid):
                address = self._take_out(context, instance, uuid,
                                         held.get(uuid), has, is_stale)
                if address is not None:
                    wanted[uuid] = address
        for uuid, address in wanted.items():
            with self._collected(errors, instance, uuid):
                self._into_domain(context, instance, uuid, address)
        if errors:
            raise errors[0]
        return has is None or self.driver.attached(instance) == has

    @staticmethod
    @contextlib.contextmanager
    def _collected(errors, instance, uuid):
        try:
            yield
        except exception.NovaException as e:
            LOG.warning('USB device %(device)s: %(error)s',
                        {'device': uuid, 'error': e}, instance=instance)
            errors.append(e)

    def _take_out(self, context, instance, uuid, device, has, is_stale):
        """Take one out of the domain that is not to be there, as it is.

        :param device: the record, None when the server does not hold it
        :param has: what the domain has, None without a live one
        :returns: the address at which it is to be put in, or None
        """
        address = (has or {}).get(uuid)
        if device is None:
            LOG.warning('The domain has USB device %s, which is not the '
                        "server's. It is taken out.", uuid,
                        instance=instance)
            self.driver.detach(context, instance, uuid)
        elif device.status == status.ATTACHED:
            if has is not None:
                return self._move(context, instance, device, address)
        elif is_stale(device):
            # Nobody waits for the answer any more.  Attaching: whoever
            # asked was told that it failed.
            if address is not None:
                self.driver.detach(context, instance, uuid)
            device.release([status.ATTACHING, status.DETACHING])
        return None

    def _move(self, context, instance, device, address):
        """As _take_out, for a device that the server has."""
        want, refused = None, None
        try:
            if device.present:
                want = self.locate(device).address
        except usb_exception.UsbDeviceConflict as e:
            refused = e
        if address is not None and address != want:
            LOG.info('USB device %(device)s is now %(want)s, the domain has '
                     '%(address)s', {'device': device.uuid,
                                     'want': want or 'not there',
                                     'address': address}, instance=instance)
            self.driver.detach(context, instance, device.uuid)
        if refused is not None:
            raise refused
        return want if want != address else None

    @staticmethod
    def _release_all(devices, why):
        for device in devices:
            LOG.warning('USB device %(device)s is freed: server %(server)s '
                        '%(why)s.', {'device': device.uuid, 'why': why,
                                     'server': device.instance_uuid})
            device.release(list(status.CLAIMED))

    @staticmethod
    def _claimed(context, instance, uuid):
        device = usb_obj.UsbDevice.get_by_uuid(context, uuid)
        if (device.status, device.instance_uuid) != (
                status.ATTACHING, instance.uuid):
            raise usb_exception.UsbDeviceConflict(
                device=uuid, reason='it is %s and no longer claimed for '
                'server %s' % (device.status, instance.uuid))
        return device
