# SPDX-License-Identifier: Apache-2.0

import os
from unittest import mock

import fixtures

from nova import test
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.usb import host_use

IDS = {'vendor_id': '0781', 'product_id': '5567'}


class HostUseTest(test.NoDBTestCase):

    def setUp(self):
        super().setUp()
        self.host = usb_fixtures.UsbHost(
            self.useFixture(fixtures.TempDir()).path)
        self.host.plug('1-1', **IDS)
        self.host.plug('1-2.1', **IDS)

    def find(self):
        return host_use.find(self.host.sys, self.host.proc, self.host.dev)

    def assertUsed(self, reason, port='1-1'):
        self.assertEqual({port: reason}, self.find())

    def test_nothing(self):
        self.assertEqual({}, self.find())
        self.assertEqual({}, host_use.find(*['/nonexistent'] * 3))

    def test_disk_that_nobody_uses(self):
        self.host.disk('1-1', 'sdb', 16, partitions=2)
        self.assertEqual({}, self.find())

    def test_mounted(self):
        self.host.disk('1-1', 'sdb', 16)
        self.host.mounts(('8:16', '/mnt', '/dev/disk/by-label/DATA'))
        self.assertUsed('its block device sdb is mounted at /mnt on the host')

    def test_mounted_partition_behind_a_hub(self):
        self.host.disk('1-2.1', 'sdb', 16, partitions=2)
        self.host.mounts(('8:18', '/srv/my\\040data', '/dev/sdb2'))
        self.assertUsed('its block device sdb2 is mounted at /srv/my data on '
                        'the host', '1-2.1')

    def test_mounted_with_a_number_that_is_no_disks(self):
        # btrfs, and all that goes through FUSE.
        self.host.disk('1-1', 'sdb', 16, partitions=1)
        self.host.mounts(('0:47', '/mnt', '/dev/sdb1'))
        self.assertUsed(
            'its block device sdb1 is mounted at /mnt on the host')

    def test_mounts_of_another_disk(self):
        self.host.disk('1-1', 'sdb', 16, partitions=1)
        self.host.mounts(('8:1', '/', '/dev/sda1'),
                         ('8:161', '/data', '/dev/sdb11'))
        self.assertEqual({}, self.find())

    def test_mounted_in_the_container_only(self):
        self.host.disk('1-1', 'sdb', 16)
        self.host.mounts(('8:16', '/backup', '/dev/sdb'), process='self')
        self.assertUsed(
            'its block device sdb is mounted at /backup on the host')

    def test_first_process_is_hidden(self):
        # hidepid=2, or a container with process ids of its own.
        os.unlink(os.path.join(self.host.proc, '1', 'mountinfo'))
        self.host.disk('1-1', 'sdb', 16)
        self.host.mounts(('8:16', '/mnt', '/dev/sdb'), process='self')
        self.assertUsed('its block device sdb is mounted at /mnt on the host')

    def test_broken_mountinfo(self):
        with open(os.path.join(self.host.proc, '1', 'mountinfo'), 'w') as f:
            f.write('nonsense\n\n21 1 8:16 / /mnt rw\n')
        self.host.disk('1-1', 'sdb', 16)
        self.assertUsed('its block device sdb is mounted at /mnt on the host')

    def test_file_system_that_only_sysfs_knows_of(self):
        self.host.disk('1-1', 'sdb', 16, partitions=1)
        self.host.file_system('ext4', 'sdb1')
        self.assertUsed('the ext4 on its block device sdb1 is mounted on the '
                        'host')

    def test_disk_that_somebody_holds(self):
        self.host.disk('1-1', 'sdb', 16, partitions=1)
        self.host.disk('1-2.1', 'sdc', 32)
        asked = []

        def is_held(path):
            asked.append(path)
            return path.endswith('sdb')

        with mock.patch('nova.privsep.usb.is_held', is_held):
            self.assertUsed('its block device sdb, or a partition of it, is '
                            'in use on the host')
        # Of whole disks alone.
        self.assertEqual([os.path.join(self.host.dev, name)
                          for name in ('sdb', 'sdc')], sorted(asked))

    def test_of_what_is_known_nobody_is_asked(self):
        self.host.disk('1-1', 'sdb', 16)
        self.host.mounts(('8:16', '/mnt', '/dev/sdb'))
        with mock.patch('nova.privsep.usb.is_held') as ask:
            self.assertUsed(
                'its block device sdb is mounted at /mnt on the host')
        ask.assert_not_called()

    def test_member_of_a_btrfs(self):
        self.host.disk('1-1', 'sdb', 16, partitions=1)
        self.host.btrfs('sda1', 'sdb1')
        self.assertUsed('its block device sdb1 is part of a btrfs that is '
                        'mounted on the host')

    def test_swap(self):
        self.host.disk('1-1', 'sdb', 16, partitions=2)
        self.host.swaps('/dev/vda2', '/dev/sdb2')
        self.assertUsed('the host swaps to its block device sdb2')

    def test_lvm(self):
        self.host.disk('1-1', 'sdb', 16, partitions=1,
                       holders={'sdb1': ['dm-0']})
        self.host.device_mapper('dm-0', 'vg-root')
        self.assertUsed('its block device sdb1 is part of dm-0 (vg-root) on '
                        'the host')

    def test_raid_on_the_whole_disk(self):
        self.host.disk('1-1', 'sdb', 16, holders={'sdb': ['md127']})
        self.assertUsed('its block device sdb is part of md127 on the host')

    def test_network_interface(self):
        for flags, uses in (
                (0x1003, {'1-1': 'its network interface enx0 is up on the '
                          'host'}),
                (0x1002, {})):
            self.host.network('1-1', 'enx%d' % 0, flags)
            self.assertEqual(uses, self.find())
            self.host.replug('1-1')

    def test_network_interface_without_flags(self):
        self.host.network('1-1', 'enx0', 1)
        os.unlink(os.path.join(self.host.sys, 'class/net/enx0/flags'))
        self.assertEqual({}, self.find())

    def test_only_keyboard(self):
        self.host.keyboard('1-1', 'input3')
        # Seen beside it, and views of it.
        self.host.keyboard('1-1', 'input4')
        self.host.keyboard('1-1', 'event3')
        self.host.keyboard('1-2.1', 'input5', keys='1f0000 0 0 0 0')
        self.host.other_input('input0', keys='10000000000000 0')
        self.host.other_input('input9', virtual=True)
        self.assertUsed('it is the only keyboard of the host')

    def test_two_keyboards(self):
        self.host.keyboard('1-1', 'input3')
        self.host.keyboard('1-2.1', 'input4')
        self.assertEqual({}, self.find())

    def test_keyboard_beside_one_that_is_not_on_usb(self):
        self.host.keyboard('1-1', 'input3')
        self.host.other_input('input1')
        self.assertEqual({}, self.find())

    def test_input_with_odd_keys(self):
        for number, keys in enumerate(('', 'what')):
            self.host.keyboard('1-1', 'input%d' % number, keys=keys)
        self.assertEqual({}, self.find())

    def test_console(self):
        self.host.serial_line('1-1', 'ttyUSB0', console=True)
        self.assertUsed('its serial line ttyUSB0 is the console of the host')

    def test_serial_line_that_is_no_console(self):
        self.host.serial_line('1-1', 'ttyUSB0')
        self.assertEqual({}, self.find())

    def test_goes_while_it_is_looked_at(self):
        self.host.disk('1-1', 'sdb', 16)
        os.symlink('../../gone', os.path.join(
            self.host.sys, 'class', 'block', 'sdc'))
        self.host.mounts(('8:16', '/mnt', '/dev/sdb'))
        self.assertEqual({'1-1'}, set(self.find()))
        self.host.unplug('1-1')
        self.assertEqual({}, self.find())
