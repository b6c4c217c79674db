# SPDX-License-Identifier: Apache-2.0
"""What the metrics say about devices and hosts: no request is sent here."""

from __future__ import annotations

import collections
import collections.abc
import datetime
import typing

from prometheus_client import core

from novausb import sdk

#: Statuses of devices that are a server's.
HELD = frozenset(('attaching', 'attached', 'detaching'))
#: Classes that only say that the interfaces have their own (USB-IF, "Defined
#: Class Codes": 00h and EFh).
_BY_INTERFACE = frozenset(('00', 'ef', None))

Families = collections.abc.Iterator[core.Metric]


class NotAdministrator(Exception):
    """The account may not see where the devices are."""

    def __init__(self) -> None:
        super().__init__(
            'The account is not shown the hosts of USB devices. Use one '
            'with the policy os_compute_api:os-usb-devices:index:all, by '
            'default an administrator.')


def class_of(device: sdk.UsbDevice) -> str:
    """The class of a device; ``composite`` where it has several.

    A device can claim any combination of classes; it must not be able to
    make a time series of each.
    """
    if device.device_class not in _BY_INTERFACE:
        return device.device_class
    classes = set(device.interface_classes or ())
    if len(classes) > 1:
        return 'composite'
    return classes.pop() if classes else '00'


def of_devices(devices: typing.Sequence[sdk.UsbDevice]) -> Families:
    """Metrics of the devices.

    :raises: NotAdministrator
    """
    if any(device.host is None for device in devices):
        raise NotAdministrator()
    count = core.GaugeMetricFamily(
        'nova_usb_devices', 'USB devices',
        labels=('host', 'status', 'device_class', 'present', 'disabled'))
    counted = collections.Counter(
        (device.host, device.status, class_of(device),
         _label(device.present), _label(device.disabled))
        for device in devices)
    for labels, number in sorted(counted.items()):
        count.add_metric(labels, number)
    yield count
    gone = core.GaugeMetricFamily(
        'nova_usb_device_gone',
        "1 for each USB device that is a server's and not plugged in",
        labels=('id', 'host', 'port_path', 'vendor_id', 'product_id',
                'instance_uuid'))
    for device in devices:
        if device.status in HELD and not device.present:
            gone.add_metric(
                (device.id, device.host, device.port_path or '',
                 device.vendor_id, device.product_id,
                 device.instance_uuid or ''), 1)
    yield gone


def of_hosts(services: typing.Iterable[typing.Any],
             hosts: typing.Container[str]) -> Families:
    """Metrics of the compute hosts that have devices.

    :param services: nova-compute services, as openstacksdk has them
    :param hosts: the names of the hosts that have devices
    """
    up = core.GaugeMetricFamily(
        'nova_usb_host_up',
        '1 where nova-compute of a host with USB devices is up',
        labels=('host',))
    heartbeat = core.GaugeMetricFamily(
        'nova_usb_host_heartbeat_timestamp_seconds',
        'When nova-compute of a host with USB devices reported last',
        labels=('host',))
    for service in services:
        if service.host not in hosts:
            continue
        up.add_metric((service.host,), int(service.state == 'up'))
        if service.updated_at:
            heartbeat.add_metric((service.host,),
                                 timestamp(service.updated_at))
    yield up
    yield heartbeat


def timestamp(text: str) -> float:
    """Seconds since 1970 of a time as Nova writes it, which is UTC."""
    moment = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return moment.timestamp()


def _label(value: typing.Optional[bool]) -> str:
    return 'true' if value else 'false'
