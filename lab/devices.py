# SPDX-License-Identifier: Apache-2.0
"""The USB devices that the emulated host has, as QEMU makes them."""

import dataclasses
import os
from typing import Optional

from toolbox import commands

IMAGE_SIZE = 8 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Device:
    """One emulated USB device.

    name: QEMU's id of it; port: where it is plugged, `1` or `5.2` (second
    port of the hub at 5); serial: '' makes a device without one, None leaves
    it to QEMU; usb: vendor:product that it will show.
    """

    name: str
    driver: str
    port: str
    usb: str
    serial: Optional[str] = None
    file_system: bool = False

    @property
    def storage(self):
        return self.driver == 'usb-storage'

    @property
    def adapter(self):
        return self.driver == 'usb-serial'

    def arguments(self):
        """The properties for QEMU's -device and device_add."""
        found = {'driver': self.driver, 'id': self.name, 'bus': 'xhci.0',
                 'port': self.port}
        if self.serial is not None:
            found['serial'] = self.serial
        if self.storage:
            found['drive'] = 'disk-' + self.name
        if self.adapter:
            found['chardev'] = 'line-' + self.name
            # Without it the adapter shows only while its line is connected.
            found['always-plugged'] = True
        return found

    def disk(self, state):
        return os.path.join(state, 'disk-%s.img' % self.name)


HUB = Device('hub', 'usb-hub', '1', '0409:55aa')
KEYBOARD = Device('keyboard', 'usb-kbd', '2', '0627:0001')
STICK = Device('stick', 'usb-storage', '3', '46f4:0001', 'DONGLE-0001')
MOUNTED = Device('mounted', 'usb-storage', '4', '46f4:0001', 'DATA-0002',
                 file_system=True)
ADAPTER = Device('adapter', 'usb-serial', '5', '0403:6001', 'ADAPTER-0003')
# Two of a kind, with nothing but the port to tell them apart; one of them is
# behind the hub.
TWIN_A = Device('twin-a', 'usb-wacom-tablet', '1.2', '056a:0000', '')
TWIN_B = Device('twin-b', 'usb-wacom-tablet', '6', '056a:0000', '')
LATE = Device('late', 'usb-storage', '7', '46f4:0001', 'LATE-0004')

AT_START = (HUB, KEYBOARD, STICK, MOUNTED, ADAPTER, TWIN_A, TWIN_B)


def make_disk(device, state):
    """Make the file behind a storage stick, with a file system if asked."""
    path = device.disk(state)
    with open(path, 'wb') as disk:
        disk.truncate(IMAGE_SIZE)
    if device.file_system:
        commands.output(['mkfs.ext4', '-q', '-F', path])


def command_line(devices, state):
    """QEMU's arguments for devices that are there from the start."""
    found = []
    for device in devices:
        if device.storage:
            found += ['-drive', 'if=none,id=disk-%s,format=raw,file=%s'
                      % (device.name, device.disk(state))]
        if device.adapter:
            found += ['-chardev', 'null,id=line-%s' % device.name]
        found += ['-device', ','.join(
            '%s=%s' % (name, 'on' if value is True else value)
            for name, value in device.arguments().items())]
    return found


def plug(qmp, device, state, port=None):
    """Plug a device into the running host, into another port if given."""
    if device.storage:
        qmp.execute('blockdev-add', driver='raw',
                    node_name='disk-' + device.name,
                    file={'driver': 'file', 'filename': device.disk(state)})
    if device.adapter:
        qmp.execute('chardev-add', id='line-' + device.name,
                    backend={'type': 'null', 'data': {}})
    arguments = device.arguments()
    if port is not None:
        arguments['port'] = port
    qmp.execute('device_add', **arguments)


def unplug(qmp, device):
    """Pull a device out of the running host."""
    qmp.execute('device_del', id=device.name)
    qmp.wait_event('DEVICE_DELETED', device=device.name)
    if device.storage:
        _forget_disk(qmp, device)
    if device.adapter:
        qmp.execute('chardev-remove', id='line-' + device.name)


def _forget_disk(qmp, device):
    name = 'disk-' + device.name
    nodes = [node['node-name']
             for node in qmp.execute('query-named-block-nodes')]
    # One from the command line went with its device.
    if name in nodes:
        qmp.execute('blockdev-del', node_name=name)
