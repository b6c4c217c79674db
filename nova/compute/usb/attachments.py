# SPDX-License-Identifier: Apache-2.0
"""Attaches devices to the servers of one host and detaches them, on request.

The record says which server a device belongs to; the domain says what the
guest really has.  :class:`Attachments` changes both for one request; whatever
else makes them differ is :mod:`nova.compute.usb.settler`'s to put right.

Whoever touches the devices of a server holds the lock that upstream's
manager takes for starting and stopping it: its uuid.
"""

import contextlib

from oslo_concurrency import lockutils
from oslo_log import log as logging

from nova.compute import vm_states
from nova import exception
from nova.i18n import _
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import settlement
from nova.usb import status

LOG = logging.getLogger(__name__)

#: The states of a server whose domain has the devices.  A rescued server's
#: has none: what is being repaired should be as bare as it can be.
LIVE_STATES = (vm_states.ACTIVE, vm_states.PAUSED)

#: The states of a server that devices are attached to.
ATTACHABLE_STATES = LIVE_STATES + (vm_states.STOPPED,)

#: Errors that a request fails with unchanged; all others (a hypervisor that
#: is away, an error in the code) become a failed attach or detach.
UNCHANGED = (usb_exception.UsbDeviceConflict, usb_exception.UsbNotSupported,
             usb_exception.UsbDatabaseNotSynced, exception.NotFound)

#: The moments of attach and detach at which a crash leaves something half
#: done, in their order; :func:`reached` is called at each.
STEPS = (
    'attach:asked', 'attach:located', 'attach:in_domain', 'attach:recorded',
    'detach:asked', 'detach:out_of_domain', 'detach:recorded',
)

#: What became of a device after a request failed.
FREE = _('The device is free again.')
KEPT = _('The guest may have it: it stays attached to the server. Detach it.')
STILL_ATTACHED = _('It is still attached; try again.')
ENDED = _('The request was ended by nova-api before.')
UNKNOWN = _('Its record could not be changed; the next scan of the host puts '
            'it right.')


def reached(step):
    """Called at each of :data:`STEPS`; does nothing.

    Tests replace it to end the process there.
    """


def put_in(driver, context, instance, device_uuid, address):
    """Give a device to a live domain, and look whether it has it.

    :param driver: a nova.virt.usb.driver.UsbDriver
    :param address: UsbAddress, from a scan made just before
    :raises: UsbAttachFailed and its subclasses
    """
    driver.attach(context, instance, device_uuid, address)
    has = (driver.attached(instance) or {}).get(device_uuid)
    if has != address:
        raise usb_exception.UsbAttachFailed(
            device=device_uuid, server=instance.uuid,
            reason='it is at %s on the host but the domain has %s' % (
                address, has or 'none'))


class Attachments(object):
    """Attaches and detaches.

    :param driver: a nova.virt.usb.driver.UsbDriver
    :param host: the name of this host
    :param unsettled: nova.compute.usb.unsettled.UnsettledServers, which gets
        the server of each request that leaves something to be done
    """

    def __init__(self, driver, host, unsettled):
        self.driver = driver
        self.host = host
        self.unsettled = unsettled

    def attach(self, context, instance, device_uuid):
        """Attach a device that is claimed for the instance.

        :returns: the UsbDevice, attached
        :raises: UsbDeviceConflict and its subclasses; they say what became
            of the claim
        """
        with lockutils.lock(instance.uuid):
            return self.attach_locked(context, instance, device_uuid)

    def attach_locked(self, context, instance, device_uuid):
        """As :meth:`attach`, for callers that hold the server's lock."""
        reached('attach:asked')
        device = self._claimed(context, instance, device_uuid)
        with self._rolled_back(instance, device):
            instance = self._ready(context, instance)
            address = settlement.usable(
                device, self.driver.sightings()).address
            reached('attach:located')
            live = self.driver.attached(instance) is not None
        with self._rolled_back(instance, device, in_domain=True):
            self._attach(context, instance, device, address, live)
        reached('attach:recorded')
        return device

    def give_up(self, context, instance, device_uuid):
        """Free a claim that never came to an attach, if it is still there."""
        device = usb_obj.UsbDevice.get_by_uuid(context, device_uuid)
        if device.instance_uuid == instance.uuid and (
                device.status == status.ATTACHING):
            self._outcome(instance, FREE, device.release, [status.ATTACHING])

    @staticmethod
    def _claimed(context, instance, device_uuid):
        device = usb_obj.UsbDevice.get_by_uuid(context, device_uuid)
        if (device.status, device.instance_uuid) != (
                status.ATTACHING, instance.uuid):
            raise usb_exception.UsbDeviceConflict(
                device=device_uuid, reason='it is %s and no longer claimed '
                'for server %s' % (device.status, instance.uuid))
        return device

    def _ready(self, context, instance):
        """Read the server again, now that its lock is held.

        What nova-api checked may have changed since: the server may be on
        its way to another host, with a domain that must take no device
        along, or deleted, and nothing would ever free the device.

        :returns: the Instance, as it is now
        :raises: UsbServerNotReady, InstanceNotFound
        """
        now = objects.Instance.get_by_uuid(context, instance.uuid)
        state = None
        if now.host != self.host:
            state = _('on host %s now') % now.host if now.host else _(
                'on no host now')
        elif now.task_state is not None:
            state = _('busy (%s)') % now.task_state
        elif now.vm_state not in ATTACHABLE_STATES:
            state = now.vm_state
        if state is not None:
            raise usb_exception.UsbServerNotReady(
                server=instance.uuid, state=state)
        return now

    @contextlib.contextmanager
    def _rolled_back(self, instance, device, in_domain=False):
        """Roll an attach back that fails here, and say what came of it.

        :param in_domain: whether the domain may have the device by now
        """
        try:
            yield
        except Exception as e:
            if in_domain:
                outcome = self._take_back(instance, device)
            else:
                outcome = self._outcome(instance, FREE, device.release,
                                        [status.ATTACHING])
            self._raise_concluded(
                e, usb_exception.UsbAttachFailed, instance, device.uuid,
                outcome, only_failures=outcome == FREE)

    @staticmethod
    def _raise_concluded(error, failure, instance, device_uuid, outcome,
                         only_failures=False):
        """Raise what a request failed with, and what came of it.

        :param failure: class of what an unforeseen error becomes
        :param only_failures: leave errors of other classes unchanged
        """
        if not isinstance(error, UNCHANGED):
            LOG.error('The request for USB device %s failed', device_uuid,
                      instance=instance, exc_info=error)
            error = failure(device=device_uuid, server=instance.uuid,
                            reason=str(error))
        elif not isinstance(error, failure) and (
                only_failures or
                not isinstance(error, usb_exception.UsbDeviceConflict)):
            raise error
        raise error.concluded(outcome)

    def _attach(self, context, instance, device, address, live):
        if live:
            put_in(self.driver, context, instance, device.uuid, address)
            reached('attach:in_domain')
        device.finish_attach()
        if not live and self.driver.attached(instance) is not None:
            # A stopped server's domain is made anew when it starts, with
            # all that the records say.  This one was started meanwhile.
            put_in(self.driver, context, instance, device.uuid, address)

    def _take_back(self, instance, device):
        """Free a claim after a failure, the domain first.

        :returns: what became of the device
        """
        try:
            self.driver.detach(device._context, instance, device.uuid)
        except Exception as e:
            # No other server may get a device that this guest may still
            # have.
            LOG.warning('After a failed attach USB device %(device)s stays '
                        "the server's, as it could not be taken out of the "
                        'domain: %(error)s',
                        {'device': device.uuid, 'error': e},
                        instance=instance)
            # Also where the grant was changed: that refuses a new attach,
            # and must not make free what a guest may have.
            return self._outcome(instance, KEPT, device.keep)
        return self._outcome(instance, FREE, device.release,
                             [status.ATTACHING, status.ATTACHED])

    def _outcome(self, instance, outcome, change, *args):
        """Change a record after a failure; never hides the first error.

        :param outcome: what there is to say when that succeeds
        :param change: method of the UsbDevice
        :returns: what became of the device
        """
        try:
            change(*args)
            return outcome
        except usb_exception.UsbDeviceConflict as e:
            LOG.info('nova-api has ended this request already: %s', e)
            return ENDED
        except Exception:
            self.unsettled.add(instance.uuid)
            LOG.exception('The record of a USB device could not be changed; '
                          'the next scan puts it right')
            return UNKNOWN

    def detach(self, context, instance, device_uuid):
        """Detach a device of the instance that is ``detaching``.

        A device that is the instance's no longer is no error.

        :raises: UsbDetachFailed, which says what became of the device
        """
        with lockutils.lock(instance.uuid):
            reached('detach:asked')
            device = usb_obj.UsbDevice.get_by_uuid(context, device_uuid)
            if device.instance_uuid != instance.uuid:
                return
            if device.status != status.DETACHING:
                # Sent late; nova-api has said that it failed.
                raise usb_exception.UsbDetachFailed(
                    device=device_uuid, server=instance.uuid,
                    reason='it is %s, and no request to detach it is under '
                    'way' % device.status)
            try:
                self.driver.detach(context, instance, device_uuid)
            except Exception as e:
                self._raise_concluded(
                    e, usb_exception.UsbDetachFailed, instance, device_uuid,
                    self._outcome(instance, STILL_ATTACHED,
                                  device.abort_detach))
            reached('detach:out_of_domain')
            # From attached too: nova-api takes its request back when this
            # host seems not to answer.
            device.release([status.DETACHING, status.ATTACHED])
            reached('detach:recorded')
