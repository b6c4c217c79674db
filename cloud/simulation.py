# SPDX-License-Identifier: Apache-2.0
"""The simulated compute host: its name and the USB devices it begins with.

Used with Nova's fake driver, where no hypervisor and no hardware is.
"""

import json

HOST = 'simulated-host'
HOSTS = (HOST, 'simulated-host-2')
# Of cloud/inside: Nova's fake driver, which knows its host again after a
# restart.
DRIVER = 'simulated_hypervisor.SimulatedDriver'
# Seconds between two looks at the file with the devices.
SCAN_INTERVAL = 1

DEVICES = [
    {
        'vendor_id': '0781', 'product_id': '5581',
        'serial': '4C530001230701117053',
        'manufacturer': 'Simulated', 'product': 'USB stick',
        'device_class': '00', 'interface_classes': ['08'],
        'speed': '480', 'port_path': '1-1',
        'bus_number': 1, 'device_number': 2,
    },
    {
        'vendor_id': '076b', 'product_id': '3021',
        'manufacturer': 'Simulated', 'product': 'Smart card reader',
        'device_class': '00', 'interface_classes': ['0b'],
        'speed': '12', 'port_path': '1-2.1',
        'bus_number': 1, 'device_number': 4,
    },
    # Its twin: no serial number, so only the port tells them apart.
    {
        'vendor_id': '076b', 'product_id': '3021',
        'manufacturer': 'Simulated', 'product': 'Smart card reader',
        'device_class': '00', 'interface_classes': ['0b'],
        'speed': '12', 'port_path': '1-2.2',
        'bus_number': 1, 'device_number': 5,
    },
    {
        'vendor_id': '046d', 'product_id': 'c31c',
        'manufacturer': 'Simulated', 'product': 'Keyboard',
        'device_class': '00', 'interface_classes': ['03'],
        'speed': '1.5', 'port_path': '1-3',
        'bus_number': 1, 'device_number': 6,
        'host_use': 'it is the only keyboard of the host',
    },
]


# What the second host begins with.
SECOND_DEVICES = [
    {
        'vendor_id': '0403', 'product_id': '6001', 'serial': 'FT0002',
        'manufacturer': 'Simulated', 'product': 'Serial adapter',
        'device_class': '00', 'interface_classes': ['ff'],
        'speed': '12', 'port_path': '1-1',
        'bus_number': 1, 'device_number': 2,
    },
]


def write(path, devices):
    """Write the file with the devices; no scan reads half of it.

    :param path: a pathlib.Path
    :param devices: list of devices, or dict of host to such a list
    """
    new = path.with_suffix('.new')
    new.write_text(json.dumps(devices, indent=2) + '\n')
    new.replace(path)


def write_once(path, hosts=1):
    """Write the file with the devices, unless there is one already.

    Editing it is plugging and unplugging.  With one host it is a list; as
    soon as there is a second one, an object with a list for each.

    :param path: a pathlib.Path
    :param hosts: how many hosts there are
    """
    devices = json.loads(path.read_text()) if path.exists() else DEVICES
    if hosts > 1 and isinstance(devices, list):
        write(path, {HOST: devices, HOSTS[1]: SECOND_DEVICES})
    elif not path.exists():
        write(path, devices)
