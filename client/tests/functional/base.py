# SPDX-License-Identifier: Apache-2.0
"""A cloud of ./run.sh, and the openstack command in this process."""

import contextlib
import fcntl
import io
import json
import os
import pathlib
import time
import typing

import openstack
from openstackclient import shell
import testtools

from novausb import sdk

#: The environment variables that say where the cloud is.
CLOUDS = 'OS_CLIENT_CONFIG_FILE'
DEVICES = 'SIMULATED_USB_DEVICES'
#: Seconds for the simulated host to see what was plugged in.
PATIENCE = 60


class Outcome(typing.NamedTuple):
    """How a command ended."""

    status: int
    out: str
    error: str


class FunctionalTestCase(testtools.TestCase):
    """Has a cloud; skipped where none is named."""

    def setUp(self):
        super().setUp()
        for name in (CLOUDS, DEVICES):
            if name not in os.environ:
                self.skipTest('%s is not set: see ./run_tests.sh '
                              '--client-functional' % name)
        # There is one cloud with few devices, and the runner has several
        # processes: one test at a time.
        lock = open(os.environ[CLOUDS] + '.lock', 'w')
        self.addCleanup(lock.close)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self.plugged = pathlib.Path(os.environ[DEVICES])
        self.admin = self.connect('admin')

    @staticmethod
    def connect(cloud):
        connection = openstack.connect(cloud=cloud)
        sdk.register(connection)
        return connection

    @staticmethod
    def openstack(cloud, *words):
        """Run the openstack command.

        :returns: Outcome
        """
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(error):
            status = shell.main(['--os-cloud', cloud, *words])
        return Outcome(status, out.getvalue(), error.getvalue())

    def succeed(self, cloud, *words):
        """:returns: what the command printed"""
        done = self.openstack(cloud, *words)
        self.assertEqual(0, done.status, done)
        return done.out

    def read(self, cloud, *words):
        """:returns: what the command printed as JSON"""
        return json.loads(self.succeed(cloud, *words, '-f', 'json'))

    def fail_with(self, cloud, *words):
        """:returns: what a command that ends with status 1 said"""
        done = self.openstack(cloud, *words)
        self.assertEqual(1, done.status, done)
        self.assertNotIn('Traceback', done.error)
        return done.error

    def free_device(self):
        """:returns: an available device; set free again at the end"""
        device = next(iter(self.admin.compute.usb_devices(
            status='available', present=True, vendor_id='0781')))
        self.addCleanup(self._set_free, device.serial)
        return device

    def _set_free(self, serial):
        # A device that was pulled out may have a new record by now.
        device = self.admin.compute.find_usb_device(
            serial, ignore_missing=False)
        self.admin.compute.update_usb_device(
            device, project_id=None, disabled=False)

    def server(self, name):
        """Boot a server of the member's; deleted at the end."""
        self.succeed('member', 'server', 'create', '--flavor', 'tiny',
                     '--image', 'empty', '--nic', 'none', '--wait', name)
        self.addCleanup(self.succeed, 'member', 'server', 'delete',
                        '--wait', name)

    def pull_out(self, device):
        """Pull a simulated device out; plugged in again at the end."""
        before = self.plugged.read_text()
        left = [plugged for plugged in json.loads(before)
                if plugged.get('serial') != device.serial]
        self.addCleanup(self.wait, device, True)
        self.addCleanup(self.plugged.write_text, before)
        self.plugged.write_text(json.dumps(left))
        self.wait(device, False)

    def wait(self, device, present):
        """Wait until the host has reported whether a device is there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.admin.compute.find_usb_device(device.serial)
            if found is not None and found.present is present:
                return
            time.sleep(0.5)
        self.fail('present of %s does not become %s within %d seconds' % (
            device.id, present, PATIENCE))
