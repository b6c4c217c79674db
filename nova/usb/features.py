# SPDX-License-Identifier: Apache-2.0
"""What a device can do, to tell an impostor from the device it pretends to be.

Vendor, product and serial number are what a device says of itself, and any
programmable device can say the same.  A server that was given a stick does
not expect it to come back as a keyboard.  So what it was is noted when a
server gets it (``accepted_as`` of its record), and what comes back is compared
with that.
"""

from nova.i18n import _

#: How each reason of difference() begins; also how it is known again.
DIFFERENT = 'it is not what the server was given: '


def describe(device):
    """Say what a device can do.

    :param device: HostUsbDevice, or a record
    :returns: bDeviceClass, bcdDevice (may be empty) and the sorted
        bInterfaceClass of its interfaces, ``00/0100/03,08``
    """
    return '%s/%s/%s' % (device.device_class, device.bcd_device or '',
                         ','.join(sorted(set(device.interface_classes))))


def difference(accepted_as, device):
    """Compare what a server was given with what is plugged in now.

    :param accepted_as: what describe() said when the server got it; None
        where that was not noted
    :param device: HostUsbDevice
    :returns: a clause that names what differs; None for the same, or as far
        as is known: of a device that the host has not configured the
        interfaces are not
    """
    if accepted_as is None or not device.interface_classes:
        return None
    differences = []
    for name, was, now in zip(
            (_('class'), _('bcdDevice'), _('interface classes')),
            accepted_as.split('/'), describe(device).split('/')):
        if was != now and was and now:
            differences.append(_('its %(name)s is %(now)s and was %(was)s') % {
                'name': name, 'now': now, 'was': was})
    return DIFFERENT + ', '.join(differences) if differences else None


def is_difference(reason):
    """Whether a reason for blocking a device is one of difference()."""
    return bool(reason) and reason.startswith(DIFFERENT)
