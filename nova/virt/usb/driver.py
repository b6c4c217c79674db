# SPDX-License-Identifier: Apache-2.0
"""What a virt driver does for USB passthrough.

The compute service asks :mod:`nova.virt.usb.factory` once at its start and
from then on talks to a :class:`UsbDriver`; it never asks which hypervisor is
below.

A device is named by the uuid of its record, and its address is given anew
with each call: an address is looked up right before its use and is never an
identity.  What the live domain has is always read from the hypervisor; an
implementation keeps no list of its own beside it.
"""

import nova.conf
from nova.usb import devspec
from nova.usb import flapping
from nova.usb import tracker

CONF = nova.conf.CONF

#: Where a virt driver keeps the :class:`UsbDriver` that was made for it.
ATTRIBUTE = '_usb_driver'


def existing(compute_driver):
    """Return what the factory made for this virt driver, None if nothing.

    For hooks inside a virt driver: where no compute service asked for USB
    (tools, upstream's own tests) they change nothing.
    """
    return compute_driver.__dict__.get(ATTRIBUTE)


class Listener:
    """What a virt driver tells the compute service of its servers.

    This one does nothing; the compute service registers one of its own.
    """

    def before_suspend(self, context, instance):
        """A server's domain is about to be saved, with all that it names.

        :param context: the request's context
        :param instance: a nova.objects.Instance of this host
        :raises: UsbDetachFailed; the domain must not be saved then
        """

    def after_snapshot(self, context, instance):
        """A domain that was saved for a snapshot runs again.

        :param context: the request's context
        :param instance: a nova.objects.Instance of this host
        """


class UsbDriver:
    """USB passthrough on one compute host.

    All methods may be called from any thread of the compute service; the
    caller sees to it that two calls for one server do not overlap.

    :ivar host: the name of the host, as the records know it
    :ivar spec: nova.usb.devspec.DeviceSpec of the host; set by the compute
        service, offers everything before
    :ivar flapping: nova.usb.flapping.Flapping of the host
    :ivar listener: the Listener that is registered
    """

    def __init__(self, compute_driver):
        """:param compute_driver: the nova.virt.driver.ComputeDriver."""
        self.compute_driver = compute_driver
        self.host = CONF.host
        self.spec = devspec.DeviceSpec([])
        self.flapping = flapping.Flapping()
        self.unregister()

    def register(self, listener):
        """Tell a Listener from now on; there is one at a time."""
        self.listener = listener

    def unregister(self):
        """Tell no listener any more."""
        self.listener = Listener()

    def sightings(self):
        """Look at the devices that the host has now, and decide on them.

        :returns: list of nova.usb.tracker.Sighting
        :raises: as :meth:`scan`
        """
        return self.flapping.judge(tracker.sight(self.scan(), self.spec))

    def scan(self):
        """Look at the USB devices that the host has now.

        :returns: list of nova.usb.host_device.HostUsbDevice, hubs left out
        :raises: UsbNotSupported when the host cannot be looked at
        """
        raise NotImplementedError()

    def holders(self):
        """Look through all live domains of the host, each once.

        :returns: set of the uuids of the servers whose domain has a device
            of ours, whether Nova knows the server or not
        """
        raise NotImplementedError()

    def attached(self, instance):
        """Read which USB devices the live domain of a server really has.

        :param instance: a nova.objects.Instance of this host
        :returns: dict of the record's uuid to nova.usb.host_device.UsbAddress;
            None when the server has no live domain
        """
        raise NotImplementedError()

    def attach(self, context, instance, device_uuid, address):
        """Give a device to the live domain of a server.

        Does nothing when there is no live domain: the server gets the
        device with the definition that is made at its next start.

        :param context: the request's context
        :param instance: a nova.objects.Instance of this host
        :param device_uuid: uuid of the device's record
        :param address: nova.usb.host_device.UsbAddress from a scan made just
            before, its identity checked
        :raises: UsbGuestPortsExhausted, UsbAttachFailed
        """
        raise NotImplementedError()

    def detach(self, context, instance, device_uuid):
        """Take a device from a server; return once the guest let go of it.

        It is no error when the server does not have the device.

        :param context: the request's context
        :param instance: a nova.objects.Instance of this host
        :param device_uuid: uuid of the device's record
        :raises: UsbDetachTimeout after ``[usb] detach_timeout`` seconds
        :raises: UsbDetachFailed
        """
        raise NotImplementedError()

    def start_events(self, callback):
        """Call ``callback()`` whenever the host's devices may have changed.

        It is a hint, not an account: one call may stand for many events,
        and none is promised.  It comes from a thread of its own and has to
        be quick.

        :returns: whether there will be such calls
        """
        return False

    def stop_events(self):
        """End the calls; nothing happens when there are none."""
