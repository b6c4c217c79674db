# SPDX-License-Identifier: Apache-2.0
"""Which device a server gets, and the claim on it."""

import dataclasses
import random
import typing

from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception
from nova.usb import status


@dataclasses.dataclass(frozen=True)
class AttachRequest:
    """What a request to attach a device asks for.

    Either the device with ``device_uuid``, or any free one of a kind.

    :param device_uuid: uuid of the device, or None
    :param vendor_id: four lower-case hexadecimal digits
    :param product_id: likewise
    :param serial: the serial number; None for any, or none
    :param tag: what the server's project calls the device, or None
    """
    device_uuid: typing.Optional[str] = None
    vendor_id: typing.Optional[str] = None
    product_id: typing.Optional[str] = None
    serial: typing.Optional[str] = None
    tag: typing.Optional[str] = None

    def kind(self):
        """The filters for devices of the kind that is asked for."""
        kind = {'vendor_id': self.vendor_id, 'product_id': self.product_id}
        if self.serial is not None:
            kind['serial'] = self.serial
        return kind

    def __str__(self):
        if self.device_uuid is not None:
            return self.device_uuid
        return ' '.join('%s %s' % item for item in self.kind().items())


def select_and_claim(context, instance, request, find_anywhere):
    """Claim a device for a server: the first that nobody else gets.

    :param context: targeted at the server's cell
    :param request: AttachRequest
    :param find_anywhere: callable that takes context and device_uuid and
        returns the UsbDevice from whatever cell
    :returns: UsbDevice, ``attaching``
    :raises: UsbDeviceConflict and its subclasses, UsbDeviceNotFound
    """
    if request.device_uuid is not None:
        candidates = [_named(context, instance, request.device_uuid,
                             find_anywhere)]
    else:
        candidates = _of_kind(context, instance, request)
    for device in candidates:
        try:
            device.claim(instance.uuid, request.tag)
            return device
        except (usb_exception.UsbDeviceConflict,
                usb_exception.UsbDeviceNotFound):
            if request.device_uuid is not None:
                raise
    raise usb_exception.UsbDeviceNoMatch(
        server=instance.uuid, wanted=str(request))


def _of_kind(context, instance, request):
    """The free devices of a kind that the server may have, in any order.

    At random, so that requests at one time do not all want the same one.
    """
    filters = dict(request.kind(), host=instance.host, present=True,
                   status=status.AVAILABLE)
    found = [device for device in
             usb_obj.UsbDeviceList.get_by_filters(context, filters)
             if may_have(context, instance, device)]
    random.shuffle(found)
    return found


def _named(context, instance, device_uuid, find_anywhere):
    try:
        device = usb_obj.UsbDevice.get_by_uuid(context, device_uuid)
        here = device.host == instance.host
    except usb_exception.UsbDeviceNotFound:
        # In another cell, or nowhere.
        device = find_anywhere(context, device_uuid)
        here = False
    if not may_have(context, instance, device):
        if not context.is_admin:
            # Nothing tells it from a device that does not exist.
            raise usb_exception.UsbDeviceNotFound(device=device_uuid)
        raise usb_exception.UsbDeviceGrantedElsewhere(
            device=device_uuid, server=instance.uuid)
    if not here:
        raise usb_exception.UsbDeviceOnOtherHost(
            device=device_uuid, server=instance.uuid)
    return device


def may_have(context, instance, device):
    """Whether a request may give a device to a server.

    A server gets what was granted to its project.  An administrator also
    attaches what was granted to nobody.
    """
    if device.project_id is None:
        return context.is_admin
    return device.project_id == instance.project_id
