# SPDX-License-Identifier: Apache-2.0
"""Whether a device can leave the pool, in nova-api.

Granting a device takes it out of Placement.  What a server was scheduled for
by its flavor must be left to it, also when no device is attached to it yet.
"""

from nova.compute.usb import inventory as usb_inventory
from nova.compute.usb import provider as usb_provider
from nova import exception
from nova import objects
from nova.objects import usb_device as usb_obj
from nova.usb import exception as usb_exception


def check_leaves(client, device):
    """Refuse to grant a device of the pool that a flavor needs.

    Between this and the grant a server may still be scheduled; it finds the
    device granted, as it would find one that was pulled out.

    :param client: upstream's SchedulerReportClient
    :param device: UsbDevice with the context of its cell
    :raises: UsbDeviceHeldForFlavor, UsbPlacementUnavailable
    """
    if not (usb_inventory.is_pool(device) and
            usb_inventory.is_offered(device)):
        return
    context = device._context
    try:
        node = objects.ComputeNodeList.get_all_by_host(
            context, device.host)[0]
    except exception.ComputeHostNotFound:
        # Nothing can be scheduled to it.
        return
    provider = usb_provider.Provider(
        client, node.uuid, node.hypervisor_hostname)
    name = device.resource_class
    try:
        if provider.find(context) is None:
            return
        used = provider.usages(context).get(name, 0)
        total = provider.totals(context).get(name, 0)
    except usb_provider.PlacementUnavailable as e:
        raise usb_exception.UsbPlacementUnavailable(
            device=device.uuid, reason=e.format_message())
    if used - _frees(context, device) > max(total - 1, 0):
        raise usb_exception.UsbDeviceHeldForFlavor(
            device=device.uuid, name=name, used=used, total=total)


def _frees(context, device):
    """How many the holder's allocation has less once it is granted."""
    if device.instance_uuid is None:
        return 0
    try:
        instance = objects.Instance.get_by_uuid(
            context, device.instance_uuid, expected_attrs=['flavor'])
    except exception.InstanceNotFound:
        return 0
    count = usb_inventory.held(
        usb_obj.UsbDeviceList.get_by_instance_uuid(context, instance.uuid),
        device.host)[instance.uuid][device.resource_class]
    asked = usb_inventory.of_flavor(
        instance.flavor.extra_specs, device.resource_class)
    return max(count, asked) - max(count - 1, asked)
