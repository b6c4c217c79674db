# SPDX-License-Identifier: Apache-2.0
"""What a scan of a compute host sees, and what tells devices apart.

A USB device has no name of its own.  Its bus and device number change with
every replug and reset, so they are an address, to be looked up right before
it is used.  What stays is the *identity*: vendor, product and serial number
where the host has no second device with the same three; else vendor,
product and the *place* where it is plugged in.

A place is the host controller, which of its root hubs it is, and the ports
behind that.  Bus numbers are no part of it: controllers get them in the order
in which the kernel finds them, which may be another one after each boot.
"""

import collections
import dataclasses
import hashlib
import re
import typing
import unicodedata

_ID = re.compile(r'[0-9a-f]{4}\Z')
_CLASS = re.compile(r'[0-9a-f]{2}\Z')

#: Values that stand in an identity as they are.  Lower-case letters are not
#: among them: MySQL's usual collations do not tell 'a' from 'A'.
_PLAIN_SERIAL = re.compile(r'[0-9A-Z._-]{1,64}\Z')
_PLAIN_PLACE = re.compile(r'[0-9a-z:._/-]{1,100}\Z')

#: The start of an identity that names a port by its bus number, as those did
#: that were made before places were told apart by their controllers.  No
#: place with a controller begins with a number and a dash.
_BY_BUS = re.compile(r'[0-9a-f]{4}:[0-9a-f]{4}/port=[0-9]+-')

#: From this speed on, in Mbit/s, a device is on a USB 3 root hub.
_SUPER_SPEED = 5000

#: Unicode categories that have no place in a name: characters that control
#: a terminal (Cc) or that cannot be seen but change how others are shown, as
#: those that turn the direction of writing do (Cf, Zl, Zp), and what is no
#: character at all (Cn).
_INVISIBLE = ('Cc', 'Cf', 'Zl', 'Zp', 'Cn')
_SURROGATE = 'Cs'
_REPLACEMENT = '\ufffd'


def clean_text(value, limit=255):
    """Make a string from a device's descriptor fit to be stored and shown.

    Descriptors hold what a firmware's author left there.  Control and
    invisible characters are taken out; characters beyond the Basic
    Multilingual Plane, which MySQL's ``utf8`` cannot store, and bytes that
    are no UTF-8 become U+FFFD.

    :param value: str, bytes or None
    :param limit: the longest result, in characters
    :returns: str, or None when nothing is left
    """
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode('utf-8', 'replace')
    value = str(value)
    if value.isascii() and value.isprintable():
        # Nearly all are; going through the others' characters costs more
        # than reading them from sysfs.
        return value.strip()[:limit].strip() or None
    kept = []
    for char in value:
        # Beyond the BMP first: which characters there are is another thing
        # in each release of Python, and a serial number must not depend on
        # it.
        category = unicodedata.category(char)
        if ord(char) > 0xffff or category == _SURROGATE:
            char = _REPLACEMENT
        elif category in _INVISIBLE:
            continue
        kept.append(char)
    return ''.join(kept).strip()[:limit].strip() or None


def clean_controller(value):
    """Bring the name of a host controller into 64 characters.

    The path of one that is no PCI device may be longer; its end tells more
    than its beginning, and the rest is told apart by a digest.
    """
    value = clean_text(value, 4096)
    if value is None or len(value) <= 64:
        return value
    digest = hashlib.sha256(value.encode('utf-8')).hexdigest()
    return '~%s/%s' % (digest[:16], value[-46:])


class UsbAddress(typing.NamedTuple):
    """Where a device is right now; another number after every replug."""
    bus: int
    device: int


def _hex(name, value, pattern):
    value = str(value).lower()
    if not pattern.match(value):
        raise ValueError('%s of a USB device is %r, not %s hexadecimal '
                         'digits' % (name, value,
                                     4 if pattern is _ID else 2))
    return value


@dataclasses.dataclass(frozen=True)
class HostUsbDevice:
    """One USB device that is plugged into this host now.

    Values are brought into one form when it is made: digits in lower case,
    texts through :func:`clean_text`, interface classes sorted and each once.

    :param vendor_id: idVendor, four hexadecimal digits
    :param product_id: idProduct, four hexadecimal digits
    :param port_path: where it is plugged, as sysfs names it (``1-1.4``): bus
        number and ports; see :func:`place` for what stays the same
    :param bus_number: busnum
    :param device_number: devnum
    :param device_class: bDeviceClass, two hexadecimal digits
    :param interface_classes: bInterfaceClass of all its interfaces
    :param speed: Mbit/s, a string as sysfs has it (``1.5``, ``480``)
    :param controller: the host controller: its PCI address, or its path in
        sysfs where it is no PCI device; None where it is not known
    :param bcd_device: bcdDevice, the release of the device that its maker
        gives it, four hexadecimal digits; None where it is not known
    :param host_use: why the host itself needs it, a clause, or None
    :raises: ValueError where a number is no number
    """
    vendor_id: str
    product_id: str
    port_path: str
    bus_number: int
    device_number: int
    serial: typing.Optional[str] = None
    manufacturer: typing.Optional[str] = None
    product: typing.Optional[str] = None
    device_class: str = '00'
    interface_classes: typing.Tuple[str, ...] = ()
    speed: typing.Optional[str] = None
    controller: typing.Optional[str] = None
    host_use: typing.Optional[str] = None
    bcd_device: typing.Optional[str] = None

    def __post_init__(self):
        values = {
            'vendor_id': _hex('vendor_id', self.vendor_id, _ID),
            'product_id': _hex('product_id', self.product_id, _ID),
            'device_class': _hex('device_class', self.device_class, _CLASS),
            'interface_classes': tuple(sorted({
                _hex('interface_classes', value, _CLASS)
                for value in self.interface_classes})),
            'port_path': clean_text(self.port_path, 64),
            'bus_number': int(self.bus_number),
            'device_number': int(self.device_number),
            'speed': clean_text(self.speed, 16),
            'controller': clean_controller(self.controller),
        }
        if self.bcd_device is not None:
            values['bcd_device'] = _hex('bcd_device', self.bcd_device, _ID)
        for name in ('serial', 'manufacturer', 'product', 'host_use'):
            values[name] = clean_text(getattr(self, name))
        if values['port_path'] is None:
            raise ValueError('a USB device without a port_path')
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def address(self):
        return UsbAddress(self.bus_number, self.device_number)


def same_three(device):
    """What a device is, wherever it is plugged: vendor, product, serial.

    :param device: HostUsbDevice or a record
    """
    return device.vendor_id, device.product_id, device.serial


def _token(value, plain):
    if plain.match(value):
        return value
    digest = hashlib.sha256(value.encode('utf-8')).hexdigest()
    return '~' + digest[:40]


def serial_suffix(serial):
    """How each identity of a device with that serial number ends."""
    return '/serial=' + _token(serial, _PLAIN_SERIAL)


def serial_identity(device):
    """The identity of a device whose serial number no other one has."""
    return '%s:%s%s' % (device.vendor_id, device.product_id,
                        serial_suffix(device.serial))


def _root_hub(speed):
    """Which root hub of a host controller a device of some speed is on.

    An xHCI has two, one for USB 2 and one for USB 3, which count their ports
    each from 1; every other controller has one.  A device is on the one that
    its speed needs, also behind hubs (USB 3.2 specification, 3.1; the
    kernel's usb_create_shared_hcd()).
    """
    try:
        return 'usb3' if float(speed) >= _SUPER_SPEED else 'usb2'
    except (TypeError, ValueError):
        return 'usb2'


def place(device):
    """Where a device is plugged in, in terms that outlive a reboot.

    As udev's ``ID_PATH`` it is made of the host controller and the ports
    behind it, ``0000:00:14.0-usb2-1.4``.  Where the controller is not known
    it is the port path, with the number of the bus.

    :param device: HostUsbDevice or a record
    """
    _bus, dash, ports = device.port_path.partition('-')
    if not device.controller or not dash:
        return device.port_path
    return '%s-%s-%s' % (device.controller, _root_hub(device.speed), ports)


def same_place(one, other):
    """Whether two devices are, or were, in the same place.

    Where the controller of one of them is not known, because its record is
    from before that was looked for, their port paths decide.
    """
    if one.controller and other.controller:
        return place(one) == place(other)
    return one.port_path == other.port_path


def port_identity(device):
    """The identity of a device that only its place tells from others."""
    identity = '%s:%s/port=%s' % (device.vendor_id, device.product_id,
                                  _token(place(device), _PLAIN_PLACE))
    if device.serial:
        identity += serial_suffix(device.serial)
    return identity


def is_by_port(identity):
    """Whether an identity says that a device is told apart by its place."""
    return identity[9:].startswith('/port=')


def is_by_bus(identity):
    """Whether an identity names a place by the number of its bus."""
    return _BY_BUS.match(identity) is not None


def identify(devices):
    """Give every device of one scan its identity.

    :param devices: all the HostUsbDevice of one host at one time
    :returns: list of (identity, HostUsbDevice) in the same order; an
        identity is ASCII, at most 191 characters (what MySQL can index in
        any of its row formats), and differs from others not by case alone
    """
    devices = list(devices)
    count = collections.Counter(same_three(device) for device in devices)
    return [
        (serial_identity(device)
         if device.serial and count[same_three(device)] == 1
         else port_identity(device), device)
        for device in devices]
