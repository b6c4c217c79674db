# SPDX-License-Identifier: Apache-2.0
"""A USB device of the cloud: ``/os-usb-devices``."""

from __future__ import annotations

import typing

from keystoneauth1 import adapter
from openstack import exceptions
from openstack import resource
from openstack import utils


class UsbDeviceBase(resource.Resource):
    """The fields of a device, wherever it is shown."""

    resource_key = 'usb_device'
    resources_key = 'usb_devices'

    #: Four lower-case hexadecimal digits.
    vendor_id = resource.Body('vendor_id')
    #: Four lower-case hexadecimal digits.
    product_id = resource.Body('product_id')
    #: What the device says of itself; None where it says nothing.
    serial = resource.Body('serial')
    manufacturer = resource.Body('manufacturer')
    product = resource.Body('product')
    #: Two hexadecimal digits; ``00`` where each interface has its own.
    device_class = resource.Body('device_class')
    #: The classes of its interfaces.
    interface_classes = resource.Body('interface_classes', type=list)
    #: Mbit/s, as a string: '1.5', '12', '480', '5000' and more.
    speed = resource.Body('speed')
    #: Whether the last scan of its host saw it.
    present = resource.Body('present', type=bool)
    #: available, attaching, attached, detaching or blocked.
    status = resource.Body('status')
    #: Why its host keeps it.
    blocked_reason = resource.Body('blocked_reason')
    #: The server that holds it.
    instance_uuid = resource.Body('instance_uuid')
    #: What the server's project calls it.
    tag = resource.Body('tag')
    #: What the administrators call it.
    description = resource.Body('description')
    created_at = resource.Body('created_at')
    updated_at = resource.Body('updated_at')

    # Those below are None to callers without the policy ``index:all``.

    #: The compute host that it is plugged into.
    host = resource.Body('host')
    #: The port, as the kernel of the host names it.
    port_path = resource.Body('port_path')
    #: The address at the last scan.
    bus_number = resource.Body('bus_number', type=int)
    device_number = resource.Body('device_number', type=int)
    #: PCI address of the host controller.
    controller = resource.Body('controller')
    #: The project that it was granted to.
    project_id = resource.Body('project_id')
    #: Whether an administrator holds it back.
    disabled = resource.Body('disabled', type=bool)
    #: Its class in Placement.
    resource_class = resource.Body('resource_class')


class UsbDevice(UsbDeviceBase):
    """A device in the inventory of the cloud."""

    base_path = '/os-usb-devices'

    allow_fetch = True
    allow_delete = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        'host', 'instance_uuid', 'present', 'product_id', 'project_id',
        'serial', 'sort_dir', 'sort_key', 'status', 'vendor_id')

    def change(self, session: adapter.Adapter,
               **changes: typing.Any) -> UsbDevice:
        """Change some fields of the record, and take over the answer.

        openstacksdk's own ``commit`` sends what differs from what was
        read, which may be old; this sends what was asked for.

        :param session: the proxy ``compute``
        :param changes: what the API takes in ``PUT``
        :returns: this device
        """
        response = session.put(self._url(),
                               json={self.resource_key: changes})
        self._translate_response(response)
        return self

    def rescan(self, session: adapter.Adapter) -> None:
        """Have the device's host scan its devices now."""
        self._act(session, 'rescan')

    def force_release(self, session: adapter.Adapter) -> None:
        """Free the device from a server that cannot let go of it."""
        self._act(session, 'force_release')

    def _act(self, session: adapter.Adapter, name: str) -> None:
        response = session.post(self._url('action'), json={name: None})
        exceptions.raise_from_response(response)

    def _url(self, *parts: str) -> str:
        return utils.urljoin(self.base_path, self.id, *parts)
