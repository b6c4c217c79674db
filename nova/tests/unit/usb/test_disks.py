# SPDX-License-Identifier: Apache-2.0
"""Tests of asking who holds a disk, with real disks where that is allowed.
"""

import os
import shutil
import subprocess
import threading
from unittest import mock

import fixtures

from nova.privsep import usb as privsep_usb
from nova import test
from nova.tests.usb_fixtures import usb as usb_fixtures
from nova.usb import disks
from nova.usb import host_use

ASK = 'nova.privsep.usb.is_held'
MIB = 1024 * 1024


class FindTest(test.NoDBTestCase):

    def test_answers(self):
        told = {'/dev/sda': True, '/dev/sdb': False, '/dev/sdc': None}
        with mock.patch(ASK, told.get):
            self.assertEqual({'sda': disks.HELD},
                             disks.find('/dev', ['sda', 'sdb', 'sdc']))
            self.assertEqual({}, disks.find('/dev', []))

    def test_one_that_does_not_answer(self):
        done = threading.Event()
        self.addCleanup(done.set)

        def ask(path):
            if path == '/dev/sda':
                done.wait(60)
            return True

        with mock.patch(ASK, ask):
            self.assertEqual(
                {'sda': disks.SILENT, 'sdb': disks.HELD},
                disks.find('/dev', ['sda', 'sdb'], patience=0.5))

    def test_one_that_does_not_answer_is_asked_once(self):
        asked = []
        answer = threading.Event()
        self.addCleanup(answer.set)

        def is_held(path):
            asked.append(path)
            answer.wait(60)
            return False

        with mock.patch(ASK, is_held):
            for _scan in range(5):
                self.assertEqual({'sdx': disks.SILENT},
                                 disks.find('/dev', ['sdx'], patience=0.05))
            self.assertEqual(1, len(asked))
            answer.set()
            for _n in range(500):
                if not disks.find('/dev', ['sdx'], patience=0.05):
                    break
            self.assertEqual({}, disks.find('/dev', ['sdx']))

    def test_nobody_may_ask(self):
        self.useFixture(fixtures.MockPatchObject(disks, '_complained', []))
        with mock.patch(ASK, side_effect=OSError('no rootwrap')):
            for _scan in range(3):
                self.assertEqual({}, disks.find('/dev', ['sda', 'sdb']))
        self.assertEqual(1, self.stdlog.logger.output.count('no rootwrap'))

    def test_no_block_device(self):
        self.useFixture(usb_fixtures.PrivilegedFixture())
        path = self.useFixture(fixtures.TempDir()).path
        for name in ('', 'sda'):
            self.assertIsNone(privsep_usb.is_held(os.path.join(path, name)))


class Namespace(fixtures.Fixture):
    """A process in a mount namespace of its own, as the host of a container.

    :param commands: what it does first; it then waits until it is ended
    """

    def __init__(self, commands):
        self._commands = commands

    def _setUp(self):
        self._process = subprocess.Popen(
            ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec',
             self._commands + '\necho ready\nread end'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            universal_newlines=True)
        self.addCleanup(self.end)
        if self._process.stdout.readline() != 'ready\n':
            raise RuntimeError('the mount namespace was not made')

    def end(self):
        """End it, and all that was mounted in it with it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
            self._process.wait(60)
            self._process.stdout.close()
            self._process.stdin = None


class MountedElsewhereTest(test.NoDBTestCase):
    """A disk that is mounted where ``mountinfo`` does not show it.

    nova-compute is here what it is under kolla, in another mount namespace
    than who mounts; the disk is a loop device, in a USB device of files.
    """

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest('only root can make loop devices')
        for program in ('losetup', 'unshare', 'mkfs.ext4'):
            if shutil.which(program) is None:
                self.skipTest('%s is not installed' % program)
        self.useFixture(usb_fixtures.PrivilegedFixture())
        self.folder = self.useFixture(fixtures.TempDir()).path
        self.image = os.path.join(self.folder, 'stick.img')
        with open(self.image, 'wb') as image:
            image.truncate(8 * MIB)
        self._run('mkfs.ext4', '-q', self.image)
        try:
            self.disk = self._run('losetup', '--find', '--show', self.image)
        except subprocess.CalledProcessError as error:
            self.skipTest('no loop device can be made here: %s'
                          % error.stderr.strip())
        self.addCleanup(self._run, 'losetup', '--detach', self.disk)
        self.name = os.path.basename(self.disk)
        self.host = usb_fixtures.UsbHost(os.path.join(self.folder, 'host'))
        self.host.plug('1-1', vendor_id='0781', product_id='5567')
        self.host.disk('1-1', self.name, 16)

    @staticmethod
    def _run(*command):
        return subprocess.run(
            command, check=True, timeout=60, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True).stdout.strip()

    def find(self, sys_root=None):
        # The mounts that a container sees: its own.
        return host_use.find(sys_root or self.host.sys, '/proc', '/dev')

    def _mounted(self):
        return self.useFixture(Namespace('mount %s /mnt' % self.disk))

    def test_mounted_in_another_namespace(self):
        self.assertEqual({}, self.find())
        self.assertIs(False, privsep_usb.is_held(self.disk))
        elsewhere = self._mounted()
        with open('/proc/self/mountinfo') as mounts:
            self.assertNotIn(self.disk + ' ', mounts.read())
        self.assertIs(True, privsep_usb.is_held(self.disk))
        self.assertEqual(
            {'1-1': 'its block device %s, or a partition of it, is in use on '
                    'the host' % self.name}, self.find())
        elsewhere.end()
        self.assertEqual({}, self.find())

    def test_the_file_system_tells_it_in_sysfs(self):
        self._mounted()
        if not os.path.exists('/sys/fs/ext4/' + self.name):
            self.skipTest("this kernel's ext4 is not in sysfs")
        os.makedirs(os.path.join(self.host.sys, 'fs'))
        os.symlink('/sys/fs/ext4', os.path.join(self.host.sys, 'fs', 'ext4'))
        self.assertEqual(
            {'1-1': 'the ext4 on its block device %s is mounted on the host'
                    % self.name}, self.find())

    def test_held_by_a_program(self):
        # As ZFS and mdadm do.
        holder = os.open(self.disk, os.O_RDONLY | os.O_EXCL)
        self.addCleanup(os.close, holder)
        self.assertIn('is in use on the host', self.find()['1-1'])
