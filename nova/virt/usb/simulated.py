# SPDX-License-Identifier: Apache-2.0
"""SIMULATION: USB devices for Nova's fake driver.

The devices of the host are what the JSON file of ``[usb]
simulated_devices`` says at the moment of a scan: an entry added is a device
plugged in, another ``device_number`` is a replug.  What the servers have is
kept in this process's memory, as the fake driver keeps the servers
themselves: both are gone when nova-compute is restarted.
"""

import json
import threading

from oslo_utils import uuidutils

from nova.compute import power_state
import nova.conf
from nova.i18n import _
from nova.usb import exception
from nova.usb import host_device
from nova.virt.usb import driver as usb_driver

CONF = nova.conf.CONF

_TEXTS = ('vendor_id', 'product_id', 'port_path', 'serial', 'manufacturer',
          'product', 'device_class', 'speed', 'controller', 'host_use',
          'bcd_device')
_NUMBERS = ('bus_number', 'device_number')
_NEEDED = ('vendor_id', 'product_id', 'port_path') + _NUMBERS


def _invalid(path, reason):
    return exception.UsbSimulationInvalid(path=path, reason=reason)


def _load(path, host):
    try:
        with open(path, encoding='utf-8') as source:
            entries = json.load(source)
    except (OSError, ValueError) as error:
        raise _invalid(path, _("it cannot be read as JSON: %s. Write a list "
                               "of objects") % error)
    if isinstance(entries, dict):
        entries = entries.get(host, [])
    if not isinstance(entries, list):
        raise _invalid(path, _("it holds %s. Write a list of objects") %
                       type(entries).__name__)
    return entries


def _device(path, number, entry):
    """Make a HostUsbDevice of entry ``number``, or raise."""
    def wrong(reason):
        return _invalid(path, _("entry %(number)s %(reason)s") % {
            'number': number, 'reason': reason})

    if not isinstance(entry, dict):
        raise wrong(_("is not an object. Write {\"vendor_id\": …}"))
    known = _TEXTS + _NUMBERS + ('interface_classes',)
    unknown = sorted(set(entry) - set(known))
    if unknown:
        raise wrong(_("has unknown keys: %(unknown)s. Known are "
                      "%(known)s") % {'unknown': ', '.join(unknown),
                                      'known': ', '.join(known)})
    missing = [key for key in _NEEDED if entry.get(key) is None]
    if missing:
        raise wrong(_("lacks %s. Add them") % ', '.join(missing))
    for key in _TEXTS:
        if not isinstance(entry.get(key, ''), (str, type(None))):
            raise wrong(_("has a %s that is no string. Quote it") % key)
    for key in _NUMBERS:
        value = entry[key]
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong(_("has a %s that is no integer. Write a "
                          "number") % key)
    classes = entry.get('interface_classes', [])
    if not isinstance(classes, list) or not all(
            isinstance(item, str) for item in classes):
        raise wrong(_("has interface_classes that are no list of strings. "
                      "Write [\"08\"]"))
    try:
        return host_device.HostUsbDevice(**{
            key: value for key, value in entry.items() if value is not None})
    except ValueError as error:
        raise wrong(_("is no USB device: %s. Correct it") % error)


def read_devices(path, host):
    """Read the simulated devices of a host.

    :param path: path of a JSON file, as ``[usb] simulated_devices`` says
    :param host: which host's, where the file holds several
    :returns: list of nova.usb.host_device.HostUsbDevice
    :raises: UsbSimulationInvalid
    """
    devices = []
    addresses = set()
    for number, entry in enumerate(_load(path, host)):
        device = _device(path, number, entry)
        if device.address in addresses:
            raise _invalid(path, _(
                "entry %(number)s has the address of another one, bus "
                "%(bus)s device %(device)s. Number the devices of a bus "
                "differently") % {'number': number,
                                  'bus': device.address.bus,
                                  'device': device.address.device})
        addresses.add(device.address)
        devices.append(device)
    return devices


class SimulatedUsbDriver(usb_driver.UsbDriver):
    """USB passthrough of a host without hypervisor and without hardware."""

    def __init__(self, compute_driver):
        super().__init__(compute_driver)
        self._lock = threading.Lock()
        # instance uuid -> {device uuid: UsbAddress}
        self._attached = {}
        self.scan()

    def scan(self):
        return read_devices(CONF.usb.simulated_devices, self.host)

    def _is_live(self, instance):
        self._forget_ended()
        return self._lives(instance.uuid)

    def _lives(self, instance_uuid):
        server = self.compute_driver.instances.get(instance_uuid)
        return server is not None and server.state in (
            power_state.RUNNING, power_state.PAUSED)

    def _forget_ended(self):
        # A domain that ends takes its live configuration with it.
        with self._lock:
            for uuid in [uuid for uuid in self._attached
                         if not self._lives(uuid)]:
                del self._attached[uuid]

    def holders(self):
        self._forget_ended()
        with self._lock:
            return {uuid for uuid, devices in self._attached.items()
                    if devices}

    def attached(self, instance):
        if not self._is_live(instance):
            return None
        with self._lock:
            return dict(self._attached.get(instance.uuid, {}))

    def attach(self, context, instance, device_uuid, address):
        if not self._is_live(instance):
            return
        if not uuidutils.is_uuid_like(device_uuid):
            raise ValueError(_('not a uuid: %r') % (device_uuid,))
        plugged = any(device.address == address for device in self.scan())
        with self._lock:
            devices = self._attached.setdefault(instance.uuid, {})
            if devices.get(device_uuid) == address:
                return
            devices.pop(device_uuid, None)
            reason = self._refusal(address, plugged)
            if reason:
                raise exception.UsbAttachFailed(
                    device=device_uuid, server=instance.uuid, reason=reason)
            devices[device_uuid] = address

    def _refusal(self, address, plugged):
        """Say why libvirt would refuse, None when it would not."""
        values = {'bus': address.bus, 'device': address.device}
        if not plugged:
            return _("Did not find USB device bus:%(bus)s "
                     "device:%(device)s") % values
        for owner, devices in self._attached.items():
            if address in devices.values():
                values['owner'] = owner
                return _("USB device %(bus)s:%(device)s is in use by domain "
                         "%(owner)s") % values
        return None

    def detach(self, context, instance, device_uuid):
        with self._lock:
            self._attached.get(instance.uuid, {}).pop(device_uuid, None)
