# SPDX-License-Identifier: Apache-2.0
"""Devices of a host, and scans that see them, for tests."""

from nova.usb import devspec
from nova.usb import host_device
from nova.usb import tracker


def stick(port='1-1', **values):
    values.setdefault('vendor_id', '0781')
    values.setdefault('product_id', '5567')
    values.setdefault('bus_number', 1)
    values.setdefault('device_number', 2)
    return host_device.HostUsbDevice(port_path=port, **values)


def see(*devices, **reasons):
    """Sightings of devices; reasons: port path, with _ for -, to reason."""
    return [
        tracker.Sighting(identity, device, devspec.Decision(
            reasons.get(device.port_path.replace('-', '_')), 'CUSTOM_X', ()))
        for identity, device in host_device.identify(devices)]
