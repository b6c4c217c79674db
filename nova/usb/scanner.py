# SPDX-License-Identifier: Apache-2.0
"""Enumerate the USB devices of this host.

The enumeration reads sysfs, as the kernel documents it in
``Documentation/ABI/stable/sysfs-bus-usb`` and
``Documentation/ABI/testing/sysfs-bus-usb``: each entry of
``bus/usb/devices`` is a device, named by its bus and the ports on the way
to it (``1-1.4``), or an interface of one (``1-1.4:1.0``); ``usb1`` is the
root hub of bus 1.  udev's own enumeration finds the same, but opens each
interface and udev's database entry on the way, which costs as much as all
the rest (measured: 60 to 120 microseconds for each device and interface,
against some 7 for each attribute).

A scan that cannot be made raises; only a kernel that knows no USB makes for a
host without devices.  What the two would make of each other is the loss of
the records of all devices that are free.

The events that tell when to enumerate are in :mod:`nova.usb.events`.
"""

import os
import re
import threading

from oslo_log import log as logging

from nova.usb import descriptors
from nova.usb import exception
from nova.usb import host_device
from nova.usb import host_use

LOG = logging.getLogger(__name__)

#: USB class code of a hub (USB 2.0 specification, 11.23.1).
_HUB = '09'

#: ``domain:bus:slot.function``, as the kernel names PCI devices.
_PCI = re.compile(r'[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\Z')

#: Attributes that are read without the device's lock.
_NUMBERS = {'vendor_id': 'idVendor', 'product_id': 'idProduct',
            'bcd_device': 'bcdDevice', 'speed': 'speed',
            'device_number': 'devnum'}


def mount_points():
    """Where the kernel's file systems are: sysfs, procfs, device nodes."""
    return '/sys', '/proc', '/dev'


def _digits(name, directory):
    value = descriptors.read_attribute(name, directory)
    return value.decode('ascii', 'replace') if value else None


def _controller(link):
    """Name a host controller by where it is, not by when it was found.

    :param link: target of the link to its root hub
    :returns: PCI address of the nearest PCI device; where there is none, as
        on many boards and with usbip, the path in sysfs, of which udev makes
        its ID_PATH as well
    """
    parts = [part for part in link.split('/')[:-1] if part != '..']
    for part in reversed(parts):
        if _PCI.match(part):
            return part
    path = '/'.join(parts[parts.index('devices') + 1:]
                    if 'devices' in parts else parts)
    return host_device.clean_controller(path)


class Scanner:
    """Enumerates one host.

    :param sys_root: where sysfs is mounted; mount_points() knows
    :param proc_root: where procfs is mounted
    :param dev_root: where device nodes are
    :param patience: seconds that a device may take to tell its strings
    """

    def __init__(self, sys_root=None, proc_root=None, dev_root=None,
                 patience=1.0):
        defaults = mount_points()
        self.sys_root = sys_root or defaults[0]
        self.proc_root = proc_root or defaults[1]
        self.dev_root = dev_root or defaults[2]
        self._devices = os.path.join(self.sys_root, 'bus', 'usb', 'devices')
        self._strings = descriptors.StringReader(patience)
        self._lock = threading.Lock()
        self._said = frozenset()

    def has_usb(self):
        """Whether the host's kernel knows USB at all."""
        return os.path.isdir(self._devices)

    def scan(self):
        """Read the USB devices that this host has now.

        Hubs are left out.  A device that goes while it is being looked at
        is left out as well, and so is one that does not tell its strings,
        until it does.

        :returns: list of nova.usb.host_device.HostUsbDevice; empty on a host
            without USB
        :raises: UsbScanFailed when what is plugged in cannot be read
        """
        with self._lock:
            try:
                return self._scan()
            except OSError as error:
                raise exception.UsbScanFailed(reason=error)

    def _names(self):
        try:
            return os.listdir(self._devices)
        except OSError as error:
            failure = error
        try:
            # A kernel without USB has no such bus, but it has others.
            if 'usb' not in os.listdir(os.path.join(self.sys_root, 'bus')):
                return []
        except OSError as error:
            failure = error
        raise failure

    def _scan(self):
        buses, ports, interfaces = {}, [], {}
        for name in self._names():
            port, colon, _number = name.partition(':')
            if colon:
                interfaces.setdefault(port, []).append(name)
            elif name.startswith('usb'):
                buses[name[len('usb'):]] = name
            else:
                ports.append(name)
        controllers = {bus: self._find_controller(name)
                       for bus, name in buses.items()}
        uses = (host_use.find(self.sys_root, self.proc_root, self.dev_root)
                if ports else {})
        directories, found = {}, {}
        try:
            for port in ports:
                directory, device_class = self._open(port)
                if directory is not None:
                    directories[port] = directory
                    found[port] = self._values(
                        port, directory, device_class,
                        interfaces.get(port, ()), uses.get(port))
                    found[port]['controller'] = controllers.get(
                        port.partition('-')[0])
            strings = self._read_strings(directories, found)
        finally:
            for directory in directories.values():
                os.close(directory)
        devices = [self._device(found[port], strings[port])
                   for port in found if strings.get(port)]
        return [device for device in devices if device is not None]

    def _find_controller(self, name):
        try:
            return _controller(os.readlink(os.path.join(self._devices,
                                                        name)))
        except OSError:
            return None

    def _open(self, port):
        """Open the directory of a device.

        :returns: file descriptor, None where it is a hub or gone; its class
        """
        try:
            # All attributes are read below this descriptor: once the device
            # is unplugged nothing is found there any more, whatever is
            # plugged into the port next.  By their paths, the vendor of one
            # device could be read and the number of another.
            directory = os.open(os.path.join(self._devices, port),
                                os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            if error.errno in descriptors.GONE:
                return None, None
            raise
        device_class = _digits('bDeviceClass', directory)
        if device_class == _HUB:
            os.close(directory)
            directory = None
        return directory, device_class

    @staticmethod
    def _values(port, directory, device_class, interfaces, use):
        """Read all of a device that can be read at once."""
        classes = [_digits(name + '/bInterfaceClass', directory)
                   for name in interfaces]
        values = {field: _digits(name, directory)
                  for field, name in _NUMBERS.items()}
        values.update(
            port_path=port,
            bus_number=port.partition('-')[0],
            device_class=device_class,
            interface_classes=tuple(value for value in classes if value))
        values['host_use'] = use or (
            None if values['interface_classes'] else host_use.NOT_READY)
        return values

    def _read_strings(self, directories, found):
        """Read the strings of devices.

        :returns: dict of port to a dict of values, empty where the device is
            gone; those that do not answer are missing
        """
        keys = {port: (port, os.fstat(directory).st_ino,
                       found[port]['device_number'])
                for port, directory in directories.items()}
        strings = self._strings.read(
            {key: directories[port] for port, key in keys.items()})
        late = frozenset(key for key in keys.values() if key not in strings)
        for port, _inode, number in sorted(late - self._said):
            LOG.warning('The USB device in port %(port)s, device number '
                        '%(number)s, does not answer. It is left out until '
                        'it does. Unplug it if it is broken.',
                        {'port': port, 'number': number})
        self._said = late
        return {port: strings[key] for port, key in keys.items()
                if key in strings}

    @staticmethod
    def _device(values, strings):
        """Make what was read into a device; None when it is gone."""
        try:
            return host_device.HostUsbDevice(**dict(values, **strings))
        except (TypeError, ValueError) as error:
            LOG.debug('USB device %(port)s is left out of this scan: it is '
                      'going, or not read yet: %(error)s',
                      {'port': values['port_path'], 'error': error})
            return None


def scan():
    """Read the USB devices that this host has now; see Scanner.scan()."""
    return Scanner().scan()
