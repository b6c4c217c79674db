# SPDX-License-Identifier: Apache-2.0
"""Look at the USB devices of this host: enumeration, and events as hints.

The enumeration is the truth.  It reads sysfs, as the kernel documents it in
``Documentation/ABI/stable/sysfs-bus-usb`` and
``Documentation/ABI/testing/sysfs-bus-usb``: each entry of
``bus/usb/devices`` is a device, named by its bus and the ports on the way
to it (``1-1.4``), or an interface of one (``1-1.4:1.0``); ``usb1`` is the
root hub of bus 1.  udev's own enumeration finds the same, but opens each
interface and udev's database entry on the way, which costs as much as all
the rest (measured: 60 to 120 microseconds for each device and interface,
against some 7 for each attribute).

The events come from udev, through pyudev.  It is imported when they are
asked for and nowhere else in Nova, so that a service without it works.
"""

import errno
import os
import re
import selectors
import threading

from oslo_log import log as logging

from nova.usb import device as usb_device
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

        :returns: list of nova.usb.device.HostUsbDevice; empty on a host
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
        return usb_device.HostUsbDevice(
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


def _open_udev_monitor():
    import pyudev
    context = pyudev.Context()
    if not os.path.exists(os.path.join(context.run_path, 'control')):
        LOG.warning(
            'udev does not seem to run: there is no %s/control. Without it '
            'new devices are found by the periodic scan alone, every [usb] '
            'scan_interval seconds. In a container, mount /run of the host.',
            context.run_path)
    # Events that udev has dealt with, not the kernel's: permissions and
    # drivers are settled then.  Of 'usb' alone: that a file system was
    # mounted makes no event anywhere, so "the host uses it" is looked up
    # again right before a device is given away in any case.
    monitor = pyudev.Monitor.from_netlink(context, source='udev')
    monitor.filter_by(subsystem='usb')
    monitor.start()
    return monitor


class Monitor:
    """Calls back when udev reports something about USB.

    Works with native threads and under eventlet alike: the thread is
    threading's, and it waits in a selector, which eventlet replaces by one
    that yields.  pyudev's own observer waits with poll(), which eventlet
    takes away.  An event's content is thrown away, so that a burst that
    overruns the socket's buffer does no harm: it is one more hint.

    :param callback: called without arguments, from the monitor's thread
    :param open_monitor: returns what is waited for, an object with a
        fileno() in non-blocking mode
    """

    def __init__(self, callback, open_monitor=_open_udev_monitor):
        self._callback = callback
        self._open_monitor = open_monitor
        self._thread = None
        self._wake = None

    def start(self):
        """Begin; does nothing when it has begun.

        :returns: whether there will be calls: False where udev cannot be
            reached, which is logged
        """
        if self._thread is not None:
            return True
        try:
            monitor = self._open_monitor()
        except (ImportError, OSError) as error:
            LOG.warning(
                'udev cannot be asked for USB events (%s). New devices are '
                'found by the periodic scan alone, every [usb] '
                'scan_interval seconds. Install libudev and pyudev for '
                'nova-compute.', error)
            return False
        sleeper, self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._run, args=(monitor, sleeper), name='usb-events',
            daemon=True)
        self._thread.start()
        return True

    def stop(self):
        """End, and wait for the thread; does nothing when it has ended."""
        if self._thread is None:
            return
        os.close(self._wake)
        self._thread.join()
        self._thread = None

    def _run(self, monitor, sleeper):
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(monitor.fileno(), selectors.EVENT_READ)
                selector.register(sleeper, selectors.EVENT_READ)
                while True:
                    ready = {key.fd for key, _mask in selector.select()}
                    if sleeper in ready or not self._hint(monitor):
                        return
        finally:
            os.close(sleeper)

    def _hint(self, monitor):
        """Take one event; returns whether more can come."""
        try:
            if not os.read(monitor.fileno(), 65536):
                return False
        except OSError as error:
            # ENOBUFS tells that events were lost: all the more a hint.
            if error.errno not in (errno.EAGAIN, errno.ENOBUFS):
                LOG.warning(
                    'USB events have ended (%s). New devices are found by '
                    'the periodic scan alone until nova-compute is '
                    'restarted.', error)
                return False
        try:
            self._callback()
        except Exception:
            LOG.exception('Dealing with a USB event failed; the periodic '
                          'scan makes it good.')
        return True
