# SPDX-License-Identifier: Apache-2.0
"""What the commands have in common: client, names, columns, errors."""

from __future__ import annotations

import argparse
import contextlib
import re
import typing

from openstack import exceptions as sdk_exceptions
from osc_lib.cli import format_columns
from osc_lib import exceptions

from novausb import sdk

#: What people must be able to read on one line: header and field.
COLUMNS = (
    ('ID', 'id'),
    ('Kind', 'kind'),
    ('Product', 'product'),
    ('Serial', 'serial'),
    ('Host', 'host'),
    ('Status', 'status'),
    ('Present', 'present'),
    ('Server ID', 'instance_uuid'),
    ('Tag', 'tag'),
)

#: What ``--long`` adds.
LONG_COLUMNS = COLUMNS + (
    ('Manufacturer', 'manufacturer'),
    ('Device Class', 'device_class'),
    ('Interface Classes', 'interface_classes'),
    ('Speed', 'speed'),
    ('Port Path', 'port_path'),
    ('Controller', 'controller'),
    ('Project ID', 'project_id'),
    ('Disabled', 'disabled'),
    ('Blocked Reason', 'blocked_reason'),
    ('Resource Class', 'resource_class'),
    ('Description', 'description'),
    ('Created At', 'created_at'),
    ('Updated At', 'updated_at'),
)

#: Fields that callers without the policy ``index:all`` are not shown.
ADMIN_FIELDS = frozenset((
    'host', 'port_path', 'bus_number', 'device_number', 'controller',
    'project_id', 'disabled', 'resource_class'))

_FIELDS = (
    'id', 'vendor_id', 'product_id', 'serial', 'manufacturer', 'product',
    'device_class', 'interface_classes', 'speed', 'present', 'status',
    'blocked_reason', 'instance_uuid', 'tag', 'description', 'created_at',
    'updated_at') + tuple(ADMIN_FIELDS)

_KIND = re.compile(
    r'([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?::(.+))?', re.DOTALL)


def compute_client(command: typing.Any) -> sdk.Proxy:
    """The compute client of a command, with methods for USB devices."""
    connection = command.app.client_manager.sdk_connection
    sdk.register(connection)
    return connection.compute


@contextlib.contextmanager
def users_words() -> typing.Iterator[None]:
    """Let the user read what the server says, not how it was asked.

    :raises: CommandError in place of openstacksdk's errors
    """
    try:
        yield
    except sdk_exceptions.HttpException as error:
        text = str(error)
        if error.details and error.status_code:
            text = '%s (HTTP %d)' % (str(error.details).strip(),
                                     error.status_code)
        raise exceptions.CommandError(text) from error
    except sdk_exceptions.SDKException as error:
        raise exceptions.CommandError(str(error)) from error


def kind(text: str) -> dict[str, str]:
    """Read VID:PID[:SERIAL].

    :returns: the fields that it stands for
    :raises: ArgumentTypeError
    """
    match = _KIND.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(
            "'%s' is no kind of USB devices: give VID:PID or "
            "VID:PID:SERIAL, where VID and PID are four hexadecimal digits "
            "each, for example 0529:0001." % text)
    fields = {'vendor_id': match[1], 'product_id': match[2]}
    if match[3]:
        fields['serial'] = match[3]
    return fields


def at_least_one(text: str) -> int:
    """Read a number of 1 or more.

    :raises: ArgumentTypeError
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(
            '%d is too small: give 1 or more.' % number)
    return number


def _value(device: sdk.usb_device.UsbDeviceBase, field: str) -> typing.Any:
    if field == 'kind':
        return '%s:%s' % (device.vendor_id, device.product_id)
    if field == 'interface_classes':
        return format_columns.ListColumn(device.interface_classes or [])
    return getattr(device, field)


def rows(devices: typing.Iterable[sdk.usb_device.UsbDeviceBase],
         long: bool) -> tuple[tuple[str, ...], list[tuple]]:
    """A list of devices, as a Lister wants it."""
    columns = LONG_COLUMNS if long else COLUMNS
    return (tuple(header for header, _field in columns),
            [tuple(_value(device, field) for _header, field in columns)
             for device in devices])


def details(device: sdk.usb_device.UsbDeviceBase
            ) -> tuple[tuple[str, ...], tuple]:
    """One device, as a ShowOne wants it; what is not shown is left out."""
    hidden = ADMIN_FIELDS if device.host is None else frozenset()
    fields = tuple(sorted(set(_FIELDS) - hidden))
    return fields, tuple(_value(device, field) for field in fields)


def find_server_id(client: sdk.Proxy, name: str) -> str:
    """The id of the server of some name or id.

    :raises: NotFoundException, DuplicateResource
    """
    return client.find_server(name, ignore_missing=False).id


def find_project_id(command: typing.Any, name: str,
                    domain: typing.Optional[str]) -> str:
    """The id of the project of some name or id.

    Who may not look projects up gives an id, which is taken as it is.

    :param domain: name or id of the project's domain, or None
    :raises: NotFoundException, DuplicateResource
    """
    identity = command.app.client_manager.sdk_connection.identity
    query = {}
    try:
        if domain:
            query['domain_id'] = identity.find_domain(
                domain, ignore_missing=False).id
        return identity.find_project(name, ignore_missing=False, **query).id
    except sdk_exceptions.ForbiddenException:
        return name
