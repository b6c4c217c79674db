# SPDX-License-Identifier: Apache-2.0

import tempfile
import unittest

from lab import devices
from lab import process


class CommandLineTest(unittest.TestCase):

    def test_storage_has_a_drive(self):
        self.assertEqual(
            ['-drive', 'if=none,id=disk-stick,format=raw,'
                       'file=/s/disk-stick.img',
             '-device', 'driver=usb-storage,id=stick,bus=xhci.0,port=3,'
                        'serial=DONGLE-0001,drive=disk-stick'],
            devices.command_line([devices.STICK], '/s'))

    def test_empty_serial_is_said(self):
        # QEMU would make one up.
        argument = devices.command_line([devices.TWIN_A], '/s')[-1]
        self.assertTrue(argument.endswith('port=1.2,serial='), argument)

    def test_serial_left_to_qemu(self):
        self.assertNotIn('serial', devices.command_line(
            [devices.KEYBOARD], '/s')[-1])

    def test_adapter_is_always_plugged(self):
        found = devices.command_line([devices.ADAPTER], '/s')
        self.assertEqual(['-chardev', 'null,id=line-adapter'], found[:2])
        self.assertTrue(found[-1].endswith('always-plugged=on'))

    def test_ports_and_names_are_unique(self):
        everything = devices.AT_START + (devices.LATE,)
        for field in ('name', 'port'):
            values = [getattr(device, field) for device in everything]
            self.assertEqual(len(values), len(set(values)))


class FakeQmp:
    """Records what QEMU would be told."""

    def __init__(self, nodes=()):
        self.nodes = [{'node-name': name} for name in nodes]
        self.told = []

    def execute(self, command, **arguments):
        self.told.append((command, arguments))
        return self.nodes if command == 'query-named-block-nodes' else {}

    def wait_event(self, name, **data):
        self.told.append((name, data))


class PlugTest(unittest.TestCase):

    def test_plug_elsewhere(self):
        qmp = FakeQmp()
        devices.plug(qmp, devices.STICK, '/s', port='9')
        self.assertEqual(['blockdev-add', 'device_add'],
                         [command for command, _ in qmp.told])
        self.assertEqual('9', qmp.told[1][1]['port'])

    def test_unplug_waits_and_forgets_the_disk(self):
        qmp = FakeQmp(nodes=['disk-stick'])
        devices.unplug(qmp, devices.STICK)
        self.assertEqual(
            [('device_del', {'id': 'stick'}),
             ('DEVICE_DELETED', {'device': 'stick'}),
             ('query-named-block-nodes', {}),
             ('blockdev-del', {'node_name': 'disk-stick'})], qmp.told)

    def test_unplug_what_came_from_the_command_line(self):
        qmp = FakeQmp()
        devices.unplug(qmp, devices.STICK)
        self.assertNotIn('blockdev-del', [name for name, _ in qmp.told])


class DiskTest(unittest.TestCase):

    def test_size(self):
        with tempfile.TemporaryDirectory() as state:
            devices.make_disk(devices.STICK, state)
            with open(devices.STICK.disk(state), 'rb') as disk:
                self.assertEqual(devices.IMAGE_SIZE, disk.seek(0, 2))


class TailTest(unittest.TestCase):

    def test_no_such_log(self):
        self.assertIn('/nowhere/log', process.tail('/nowhere/log'))
