# SPDX-License-Identifier: Apache-2.0
"""The simulated compute host: its name and the USB devices it begins with.

Used with Nova's fake driver, where no hypervisor and no hardware is.
"""

import json

HOST = 'simulated-host'
# The one fake driver that knows its host again after a restart.
DRIVER = 'fake.FakeDriverWithoutFakeNodes'
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


def write_once(path):
    """Write the file with the devices, unless there is one already.

    Editing it is plugging and unplugging.

    :param path: a pathlib.Path
    """
    if not path.exists():
        path.write_text(json.dumps(DEVICES, indent=2) + '\n')
