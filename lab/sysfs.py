# SPDX-License-Identifier: Apache-2.0
"""What the emulated host's kernel says about its USB devices."""

ROOT = '/sys/bus/usb/devices'
ATTRIBUTES = ('bDeviceClass', 'busnum', 'devnum', 'idProduct', 'idVendor',
              'manufacturer', 'product', 'serial', 'speed')
SCRIPT = 'cd %s; for d in [0-9]*; do case $d in *:*) ;; *) grep -H "" %s; ' \
    'esac; done 2>/dev/null; true' % (
        ROOT, ' '.join('$d/' + name for name in ATTRIBUTES))


def parse(text):
    """Read what SCRIPT printed.

    :returns: dict of port path to dict of attribute to value
    """
    found = {}
    for line in text.splitlines():
        name, colon, value = line.partition(':')
        port, slash, attribute = name.partition('/')
        if colon and slash:
            found.setdefault(port, {})[attribute] = value
    return found


def devices(channel):
    """All USB devices of the emulated host, hubs too, without root hubs."""
    return parse(channel.shell(SCRIPT))


def find(channel, device, port=None):
    """The port path of a device, with its bus, or None.

    :param device: lab.devices.Device
    :param port: where it is, if not where it belongs
    """
    return find_in(devices(channel), device, port)


def find_in(found, device, port=None):
    """As `find`, in what `devices` returned."""
    wanted = port or device.port
    for path, values in found.items():
        usb = '%s:%s' % (values.get('idVendor'), values.get('idProduct'))
        if path.partition('-')[2] == wanted and usb == device.usb:
            return path
    return None


def driver(channel, port):
    """The host's driver of a device's first interface, '' for none."""
    return channel.shell(
        'basename "$(readlink %s/%s:1.0/driver)"' % (ROOT, port),
        check=False).strip()
