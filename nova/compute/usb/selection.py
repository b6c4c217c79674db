# SPDX-License-Identifier: Apache-2.0
"""Which device a server gets, and the claim on it."""

import random

from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status


def claim(context, instance, wanted, tag, find_anywhere):
    """Claim a device for a server: the first that nobody else gets.

    :param context: targeted at the server's cell
    :param wanted: dict, either with ``uuid``, or with ``vendor_id``,
        ``product_id`` and perhaps ``serial``
    :param tag: what the tenant calls it, or None
    :param find_anywhere: callable that takes context and uuid and returns
        the UsbDevice from whatever cell
    :returns: UsbDevice, ``attaching``
    :raises: UsbDeviceConflict and its subclasses, UsbDeviceNotFound
    """
    if 'uuid' in wanted:
        device = _wanted_device(context, instance, wanted['uuid'],
                                find_anywhere)
        device.claim(instance.uuid, tag)
        return device
    filters = dict(wanted, host=instance.host, present=True,
                   status=status.AVAILABLE)
    found = [device for device in
             usb_obj.UsbDeviceList.get_by_filters(context, filters)
             if _may_use(context, instance, device)]
    # So that requests at one time do not all run for the same device.
    random.shuffle(found)
    for device in found:
        try:
            device.claim(instance.uuid, tag)
            return device
        except (usb_exception.UsbDeviceConflict,
                usb_exception.UsbDeviceNotFound):
            continue
    raise usb_exception.UsbDeviceNoMatch(
        server=instance.uuid, wanted=' '.join(
            '%s %s' % item for item in sorted(wanted.items())))


def _wanted_device(context, instance, uuid, find_anywhere):
    try:
        device = usb_obj.UsbDevice.get_by_uuid(context, uuid)
        here = device.host == instance.host
    except usb_exception.UsbDeviceNotFound:
        # In another cell, or nowhere.
        device = find_anywhere(context, uuid)
        here = False
    if not _may_use(context, instance, device):
        if not context.is_admin:
            # Nothing tells it from a device that does not exist.
            raise usb_exception.UsbDeviceNotFound(device=uuid)
        raise usb_exception.UsbDeviceGrantedElsewhere(
            device=uuid, server=instance.uuid)
    if not here:
        raise usb_exception.UsbDeviceOnOtherHost(
            device=uuid, server=instance.uuid)
    return device


def _may_use(context, instance, device):
    """A project uses what was granted to it; an admin what is nobody's."""
    if device.project_id is None:
        return context.is_admin
    return device.project_id == instance.project_id
