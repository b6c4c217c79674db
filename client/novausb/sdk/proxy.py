# SPDX-License-Identifier: Apache-2.0
"""The methods for USB devices that a compute proxy gets."""

from __future__ import annotations

import collections.abc
import typing
import uuid

from openstack.compute.v2 import server as servers
from openstack import exceptions
from openstack import proxy
from openstack import resource

from novausb.sdk import server_usb_device
from novausb.sdk import usb_device

Device = typing.Union[str, usb_device.UsbDeviceBase]
Server = typing.Union[str, servers.Server]


def is_uuid(text: str) -> bool:
    """Whether a text has the form of an id."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _the_one(name: str, found: list[typing.Any]) -> typing.Any:
    """The only device of a list, or None of an empty one.

    :raises: DuplicateResource when there are several
    """
    if len(found) > 1:
        raise exceptions.DuplicateResource(
            "%d USB devices are called '%s': %s. Give the id of one." % (
                len(found), name,
                ', '.join(sorted(device.id for device in found))))
    return found[0] if found else None


def _missing(name: str) -> exceptions.NotFoundException:
    return exceptions.NotFoundException(
        "No USB device with the id, serial number, tag or description '%s' "
        "is visible to this project." % name)


class UsbProxyMixin(proxy.Proxy):
    """Devices of the cloud, and those of servers.

    Every method raises what openstacksdk raises: a subclass of
    ``openstack.exceptions.HttpException``, whose ``details`` are the
    server's message: ForbiddenException, NotFoundException,
    BadRequestException and ConflictException among them.
    """

    # Devices of the cloud.

    def usb_devices(
            self, paginated: bool = True, **query: typing.Any
    ) -> collections.abc.Iterator[usb_device.UsbDevice]:
        """List devices, page after page.

        :param paginated: False for one page only
        :param query: ``host``, ``instance_uuid``, ``present`` (a bool),
            ``product_id``, ``project_id``, ``serial``, ``status`` or
            ``vendor_id``, all of which must match; ``limit``, the size of
            a page; ``marker``; ``sort_key`` and ``sort_dir``, a string or
            a list of them
        """
        if isinstance(query.get('present'), bool):
            query['present'] = 'true' if query['present'] else 'false'
        return self._list(usb_device.UsbDevice, paginated=paginated, **query)

    def get_usb_device(self, device: Device) -> usb_device.UsbDevice:
        """Show a device.

        :param device: its id, or what another method returned
        """
        return self._get(usb_device.UsbDevice, resource.Resource._get_id(
            device))

    def find_usb_device(
            self, name: str, ignore_missing: bool = True
    ) -> typing.Optional[usb_device.UsbDevice]:
        """Find a device by its id, its serial number, or how it is called.

        The id comes first, then the serial number; tag and description,
        which different people write, count alike.

        :param ignore_missing: return None where there is none
        :raises: DuplicateResource where several are called so;
            NotFoundException
        """
        if is_uuid(name):
            try:
                return self.get_usb_device(name)
            except exceptions.NotFoundException:
                pass
        found = _the_one(name, list(self.usb_devices(serial=name)))
        if found is None:
            found = _the_one(name, [
                device for device in self.usb_devices()
                if name in (device.tag, device.description)])
        if found is None and not ignore_missing:
            raise _missing(name)
        return found

    def update_usb_device(
            self, device: Device, **changes: typing.Any
    ) -> usb_device.UsbDevice:
        """Change the record of a device.

        :param device: its id, or what another method returned
        :param changes: ``project_id``, to grant it, or None to take the
            grant back; with that ``detach``, True to take it at once from
            a server of a project that it is not granted to any more;
            ``disabled``; ``description``, None to remove it
        :returns: the device as it is now
        """
        return self._record(device).change(self, **changes)

    def rescan_usb_device(self, device: Device) -> None:
        """Have a device's host scan its devices now."""
        self._record(device).rescan(self)

    def release_usb_device(self, device: Device) -> None:
        """Free a device from a server that cannot let go of it.

        The record of a device that is not plugged in goes with that.
        """
        self._record(device).force_release(self)

    def delete_usb_device(self, device: Device,
                          ignore_missing: bool = True) -> None:
        """Delete the record of a device that is not plugged in."""
        self._delete(usb_device.UsbDevice, resource.Resource._get_id(device),
                     ignore_missing=ignore_missing)

    def wait_for_usb_device(
            self, device: Device, status: str = 'available',
            failures: typing.Optional[list[str]] = None,
            interval: float = 2, wait: typing.Optional[float] = 120
    ) -> usb_device.UsbDevice:
        """Wait until a device has a status.

        :param status: the status to wait for
        :param failures: statuses with which it ends at once; by default
            ``blocked``, unless that is waited for
        :param interval: seconds between two requests
        :param wait: seconds after which it ends; None for no end
        :returns: the device
        :raises: ResourceTimeout, ResourceFailure, NotFoundException
        """
        if failures is None:
            failures = [] if status == 'blocked' else ['blocked']
        return resource.wait_for_status(
            self, self.get_usb_device(device), status, failures, interval,
            wait)

    # Devices of a server.

    def server_usb_devices(
            self, server: Server
    ) -> collections.abc.Iterator[server_usb_device.ServerUsbDevice]:
        """List the devices that a server holds."""
        return self._list(
            server_usb_device.ServerUsbDevice, paginated=False,
            server_id=resource.Resource._get_id(server))

    def get_server_usb_device(
            self, server: Server, device: Device
    ) -> server_usb_device.ServerUsbDevice:
        """Show a device that a server holds.

        :raises: NotFoundException where another holds it, or none
        """
        return self._get(
            server_usb_device.ServerUsbDevice,
            resource.Resource._get_id(device),
            server_id=resource.Resource._get_id(server))

    def find_server_usb_device(
            self, server: Server, name: str, ignore_missing: bool = True
    ) -> typing.Optional[server_usb_device.ServerUsbDevice]:
        """Find a device of a server by its id, serial number or tag.

        :raises: DuplicateResource, NotFoundException
        """
        held = list(self.server_usb_devices(server))
        found = None
        for field in ('id', 'serial', 'tag'):
            found = found or _the_one(
                name, [device for device in held
                       if getattr(device, field) == name])
        if found is None and not ignore_missing:
            raise exceptions.NotFoundException(
                "The server holds no USB device with the id, serial number "
                "or tag '%s'." % name)
        return found

    def attach_usb_device(
            self, server: Server, device: typing.Optional[Device] = None,
            **attrs: typing.Any
    ) -> server_usb_device.ServerUsbDevice:
        """Attach a device to a server.

        :param device: which one; None for any free one of a kind
        :param attrs: ``tag``; without a device ``vendor_id``,
            ``product_id`` and, if wanted, ``serial``; what the API knows
            besides
        :returns: the device
        """
        if device is not None:
            attrs['id'] = resource.Resource._get_id(device)
        return self._create(
            server_usb_device.ServerUsbDevice,
            server_id=resource.Resource._get_id(server), **attrs)

    def detach_usb_device(self, server: Server, device: Device,
                          ignore_missing: bool = True) -> None:
        """Detach a device from a server.

        :param ignore_missing: be content where the server has no such
            device
        """
        self._delete(
            server_usb_device.ServerUsbDevice,
            resource.Resource._get_id(device),
            server_id=resource.Resource._get_id(server),
            ignore_missing=ignore_missing)

    def _record(self, device: Device) -> usb_device.UsbDevice:
        return usb_device.UsbDevice.new(id=resource.Resource._get_id(device))
