# SPDX-License-Identifier: Apache-2.0
"""What can go wrong with USB devices.

``code`` is the HTTP status that the API answers with; every message says
the fact, the values and what to do about it.

Where ``msg_fmt`` tells of a host, a cell or a configuration, ``msg_tenant``
is what those are told who do not run the cloud: see
:func:`message_for_tenant`.
"""

from nova import exception
from nova.i18n import _


def message_for_tenant(error):
    """What may be said of an error to those who do not run the cloud.

    :param error: a NovaException, of this module or not
    :returns: str
    """
    for kind in type(error).__mro__:
        # A subclass with a message of its own has no use for its parent's.
        if 'msg_fmt' in vars(kind):
            text = vars(kind).get('msg_tenant')
            if text is None:
                break
            try:
                return ' '.join(filter(None, [
                    text % error.kwargs, error.kwargs.get('outcome')]))
            except KeyError:
                # A service of another version raised it, with other values.
                return _("The request failed. Ask the operator of the "
                         "cloud.")
    return error.format_message()


class UsbDeviceNotFound(exception.NotFound):
    msg_fmt = _("USB device %(device)s could not be found.")


class UsbDeviceConflict(exception.NovaException):
    """The base of all that the present state of things forbids."""
    code = 409
    msg_fmt = _("The request conflicts with the state of USB device "
                "%(device)s: %(reason)s")
    msg_tenant = _("The request conflicts with the state of USB device "
                   "%(device)s. Look at the device and repeat the request.")

    def concluded(self, outcome):
        """Say what became of the device in the end.

        What failed is a fact that a driver knows.  What the failure left
        behind knows only the caller that rolled back.

        :param outcome: a sentence
        :returns: an error of the same class that says both
        """
        return type(self)(message='%s %s' % (self, outcome),
                          **dict(self.kwargs, outcome=outcome))


class UsbDeviceInUse(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is %(status)s and belongs to a "
                "server. Choose another device, or detach it there first.")


class UsbDeviceBlocked(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is blocked: %(reason)s. Choose "
                "another device, or ask the operator of the cloud to "
                "release it.")
    msg_tenant = _("USB device %(device)s is not offered at present. Choose "
                   "another device, or ask the operator of the cloud to "
                   "release it.")


class UsbDeviceDisabled(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is disabled by an administrator. "
                "Choose another device, or have it enabled.")


class UsbDeviceAbsent(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is not plugged in at present. Plug "
                "it in again, or choose another device.")


class UsbDeviceOnOtherHost(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is not on the host of server "
                "%(server)s. Choose a device of that host, or migrate the "
                "server to the device's host.")


class UsbDeviceNoMatch(UsbDeviceConflict):
    msg_fmt = _("No free USB device %(wanted)s is on the host of server "
                "%(server)s. Wait until one is detached, or migrate the "
                "server to a host that has one.")


class UsbDeviceNotAttached(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s of server %(server)s is %(status)s, "
                "not attached. Wait until that operation ends and try "
                "again.")


class UsbDeviceGrantedElsewhere(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is granted to another project than "
                "the one of server %(server)s. Change the grant first.")


class UsbGrantRevoked(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is no longer granted to the project "
                "of server %(server)s. Ask the operator of the cloud to "
                "grant it again.")


class UsbDevicePresent(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is plugged in. Unplug it before its "
                "record is deleted, or disable it instead.")


class UsbDeviceNotClaimed(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is %(status)s and belongs to no "
                "server: there is nothing to release.")


class UsbDeviceNotOrphaned(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is in use by server %(server)s, "
                "which can still detach it. Send DELETE "
                "/servers/%(server)s/os-usb-devices/%(device)s instead.")


class UsbDeviceUnderWay(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s of server %(server)s is %(status)s, "
                "and that is under way. Try again when it has not ended "
                "%(seconds)s seconds after it began.")


class UsbServerWithoutHost(UsbDeviceConflict):
    msg_fmt = _("Server %(server)s is on no host (%(state)s). USB devices "
                "can be attached once it is on a host.")


class UsbServerNotReady(UsbDeviceConflict):
    msg_fmt = _("Server %(server)s is %(state)s. USB devices can be attached "
                "to a server that is active, paused or stopped while no task "
                "is under way. Wait until that ends and try again.")


class UsbHostUnavailable(UsbDeviceConflict):
    msg_fmt = _("The compute service on the host of the USB device does "
                "not answer (%(reason)s). The device was left as it was; "
                "try again when the service is back.")
    msg_tenant = _("The compute service of the USB device does not answer. "
                   "The device was left as it was; try again later.")


class UsbDevicesReserved(UsbDeviceConflict):
    msg_fmt = _("The USB devices of class %(classes)s on this host are held "
                "for servers that were scheduled with them. Choose another "
                "device, or wait until one of those servers is deleted.")
    msg_tenant = _("The USB devices of this kind are held for other servers. "
                   "Choose another device, or try again later.")


class UsbDeviceHeldForFlavor(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s cannot be granted: of the %(total)s "
                "devices of class %(name)s on its host %(used)s are held for "
                "servers whose flavor asks for them. Delete or resize one of "
                "those servers first, or grant another device.")


class UsbPlacementUnavailable(UsbDeviceConflict):
    code = 503
    msg_fmt = _("Placement does not say whether USB device %(device)s is "
                "held for a server. Try again when it answers. (%(reason)s)")
    msg_tenant = _("It is not known now whether USB device %(device)s is "
                   "held for a server. Try again later.")


class UsbIdentityChanged(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s is no longer where it was: "
                "%(reason)s. List the devices again and choose anew.")
    msg_tenant = _("USB device %(device)s is no longer where it was. List "
                   "the devices again and choose anew.")


class UsbAttachFailed(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s could not be attached to server "
                "%(server)s: %(reason)s.")
    msg_tenant = _("USB device %(device)s could not be attached to server "
                   "%(server)s. Try once more; if it fails again, ask the "
                   "operator of the cloud.")


class UsbGuestPortsExhausted(UsbAttachFailed):
    msg_fmt = _("Server %(server)s has no free USB port for device "
                "%(device)s. Detach another USB device from it first.")


class UsbGuestWithoutController(UsbAttachFailed):
    msg_fmt = _("Server %(server)s was started without a USB controller, so "
                "device %(device)s could not be attached. Hard reboot the "
                "server, it gets one then, unless its flavor or image says "
                "hw:usb_model=none.")


class UsbDetachFailed(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s could not be detached from server "
                "%(server)s: %(reason)s.")
    msg_tenant = _("USB device %(device)s could not be detached from server "
                   "%(server)s. Try once more; if it fails again, ask the "
                   "operator of the cloud.")


class UsbDetachTimeout(UsbDetachFailed):
    msg_fmt = _("The guest of server %(server)s did not let go of USB "
                "device %(device)s within %(seconds)s seconds. Stop using "
                "it in the guest and try again.")


class UsbLiveMigrationRefused(exception.InstanceIsLocked):
    # Upstream's controller answers 409 with the message of this base class,
    # on every release, and 500 to a class that it does not know.
    code = 409
    msg_fmt = _("Server %(server)s cannot be live migrated with USB devices "
                "attached: %(devices)s. Detach them first, or have the "
                "operator set [usb] live_migration = detach.")


class UsbLiveMigrationNotDetached(UsbLiveMigrationRefused):
    msg_fmt = _("Server %(server)s cannot be live migrated: USB device "
                "%(devices)s could not be detached first. %(reason)s")


class UsbNotSupported(exception.NovaException):
    code = 501
    msg_fmt = _("USB passthrough is not available: %(reason)s")
    msg_tenant = _("USB passthrough is not available for this server. Ask "
                   "the operator of the cloud on which servers it is.")


class UsbDatabaseNotSynced(exception.NovaException):
    code = 503
    msg_fmt = _("The table of USB devices is missing in the database of "
                "cell %(cell)s, or it is an older version's. Run "
                "'nova-manage db sync'.")
    msg_tenant = _("USB devices are not available at present. Ask the "
                   "operator of the cloud.")


class UsbCellUnavailable(exception.NovaException):
    code = 503
    msg_fmt = _("Cell %(cell)s does not answer, and may know %(what)s. Try "
                "again when its database is back.")
    msg_tenant = _("A part of the cloud does not answer at present. Try "
                   "again later.")


class UsbDeviceSpecInvalid(exception.NovaException):
    code = 500
    msg_fmt = _("[usb] device_spec is wrong: %(reason)s. Value: %(value)s")


class UsbSimulationInvalid(exception.NovaException):
    code = 500
    msg_fmt = _("[usb] simulated_devices is wrong: %(reason)s. File: "
                "%(path)s")


class UsbScanFailed(exception.NovaException):
    code = 503
    msg_fmt = _("The USB devices of this host cannot be read: %(reason)s. "
                "What is known of them is left as it is. See that /sys is "
                "mounted and that nova-compute may read it.")
    msg_tenant = _("The USB devices of the host cannot be read at present. "
                   "Try again later.")


class UsbReportSuperseded(exception.NovaException):
    code = 409
    msg_fmt = _("Report %(sequence)s of the USB devices of host %(host)s "
                "from reporter %(reporter)s is out of date.")


class UsbDeviceClaimLost(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s does not belong to server %(server)s "
                "any more; it is %(status)s. List the server's devices "
                "again.")


class UsbDeviceChanged(UsbDeviceConflict):
    msg_fmt = _("USB device %(device)s was changed by someone else at the "
                "same time. Look at it again and repeat the request.")


class UsbGrantChanged(UsbDeviceConflict):
    msg_fmt = _("The grant of USB device %(device)s was changed while it was "
                "being attached to server %(server)s, so it was not "
                "attached. Look at the grant and repeat the request.")
