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

The events that tell when to enumerate are in :mod:`nova.usb.events`.
"""

import os
import re

from oslo_log import log as logging

from nova.usb import host_device
from nova.usb import host_use

LOG = logging.getLogger(__name__)

#: USB class code of a hub (USB 2.0 specification, 11.23.1).
_HUB = '09'

#: ``domain:bus:slot.function``, as the kernel names PCI devices.
_PCI = re.compile(r'[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\Z')

#: No attribute of a USB device is longer; a string descriptor has at most
#: 126 characters (USB 2.0 specification, 9.6.7).
_ATTRIBUTE_SIZE = 4096


def mount_points():
    """Where the kernel's file systems are: sysfs, procfs."""
    return '/sys', '/proc'


def _read(name, directory):
    """Read an attribute below an open directory.

    :returns: stripped bytes, None where there is no such attribute (any
        more)
    """
    try:
        attribute = os.open(name, os.O_RDONLY, dir_fd=directory)
    except OSError:
        return None
    try:
        return os.read(attribute, _ATTRIBUTE_SIZE).strip()
    except OSError:
        return None
    finally:
        os.close(attribute)


def _digits(value):
    return value.decode('ascii', 'replace') if value else None


def _controller(link):
    """Find the nearest PCI device in the path of a root hub."""
    for part in reversed(link.split('/')):
        if _PCI.match(part):
            return part
    return None


class Scanner:
    """Enumerates one host.

    :param sys_root: where sysfs is mounted; mount_points() knows
    :param proc_root: where procfs is mounted
    """

    def __init__(self, sys_root=None, proc_root=None):
        defaults = mount_points()
        self.sys_root = sys_root or defaults[0]
        self.proc_root = proc_root or defaults[1]
        self._devices = os.path.join(self.sys_root, 'bus', 'usb', 'devices')

    def has_usb(self):
        """Whether the host's kernel knows USB at all."""
        return os.path.isdir(self._devices)

    def scan(self):
        """Read the USB devices that this host has now.

        Hubs are left out.  A device that goes while it is being looked at
        is left out as well.

        :returns: list of nova.usb.host_device.HostUsbDevice; empty on a host
            without USB
        """
        try:
            names = os.listdir(self._devices)
        except OSError:
            return []
        buses, ports, interfaces = {}, [], {}
        for name in names:
            port, colon, _number = name.partition(':')
            if colon:
                interfaces.setdefault(port, []).append(name)
            elif name.startswith('usb'):
                buses[name[len('usb'):]] = name
            else:
                ports.append(name)
        controllers = {bus: self._find_controller(name)
                       for bus, name in buses.items()}
        uses = (host_use.find(self.sys_root, self.proc_root)
                if ports else {})
        found = []
        for port in ports:
            device = self._device(
                port, interfaces.get(port, ()),
                controllers.get(port.partition('-')[0]), uses.get(port))
            if device is not None:
                found.append(device)
        return found

    def _find_controller(self, name):
        try:
            return _controller(os.readlink(os.path.join(self._devices,
                                                        name)))
        except OSError:
            return None

    def _device(self, port, interfaces, controller, use):
        """Read one device, None when it is a hub or is gone."""
        try:
            # All attributes are read below this descriptor: once the device
            # is unplugged nothing is found there any more, whatever is
            # plugged into the port next.  By their paths, the vendor of one
            # device could be read and the number of another.
            directory = os.open(os.path.join(self._devices, port),
                                os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return None
        try:
            device_class = _digits(_read('bDeviceClass', directory))
            if device_class == _HUB:
                return None
            classes = [_digits(_read(name + '/bInterfaceClass', directory))
                       for name in interfaces]
            return self._read_device(
                directory, port, device_class,
                tuple(value for value in classes if value), controller, use)
        except ValueError as error:
            LOG.debug('USB device %(port)s is left out of this scan: it is '
                      'going, or not read yet: %(error)s',
                      {'port': port, 'error': error})
            return None
        finally:
            os.close(directory)

    @staticmethod
    def _read_device(directory, port, device_class, classes, controller,
                     use):
        return host_device.HostUsbDevice(
            vendor_id=_digits(_read('idVendor', directory)),
            product_id=_digits(_read('idProduct', directory)),
            port_path=port,
            bus_number=port.partition('-')[0],
            serial=_read('serial', directory),
            manufacturer=_read('manufacturer', directory),
            product=_read('product', directory),
            device_class=device_class,
            interface_classes=classes,
            speed=_digits(_read('speed', directory)),
            controller=controller,
            host_use=use or (None if classes else host_use.NOT_READY),
            # Last: with it, the device was there all the time.
            device_number=_read('devnum', directory) or b'')


def scan():
    """Read the USB devices that this host has now; see Scanner.scan()."""
    return Scanner().scan()
