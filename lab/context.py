# SPDX-License-Identifier: Apache-2.0
"""What every step of the test uses: the world, waiting, checking."""

import time

from lab import sysfs
from toolbox import waiting

# Seconds.  An emulated processor emulates the guest's, so its kernel takes
# minutes; what is bounded here is only that nothing waits for ever, also on a
# machine that is busy with other things.
GUEST_BOOT = 1800
GUEST_NOTICE = 600
SERVER = 600
REPORT = 240


class Context:
    """What the steps hand to each other.

    world: lab.world.World; server: id of the server that most steps use.
    """

    def __init__(self, world):
        self.world = world
        self.admin = world.admin
        self.member = world.member
        self.host = world.host
        self.server = None

    def port_path(self, device, port=None):
        """Where the host's kernel has a device now, None if nowhere."""
        return sysfs.find(self.host.channel, device, port)

    def kernel_address(self, device):
        """(bus, device number) that the host's kernel gives a device."""
        found = sysfs.devices(self.host.channel)
        path = sysfs.find_in(found, device)
        return path and (int(found[path]['busnum']),
                         int(found[path]['devnum']))

    def _service(self):
        found = self.admin.compute('GET',
                                   '/os-services?binary=nova-compute')
        service, = found['services']
        return service

    def serves(self):
        """Whether the cloud counts the emulated host as up."""
        return self._service()['state'] == 'up'

    def last_heard(self):
        """When nova-compute last told the cloud that it lives."""
        return self._service()['updated_at']

    def record(self, device, port=None):
        """The cloud's record of a device, found by its port and serial.

        The record of a device that was pulled out and that no server holds
        stays for a grace time; it counts as none here.

        :param device: lab.devices.Device
        :param port: where it is now, if not where it belongs
        :returns: the record as an administrator sees it, or None
        """
        wanted = port or device.port
        for record in self.admin.devices():
            if not record['present'] and not record['instance_uuid']:
                continue
            usb = '%s:%s' % (record['vendor_id'], record['product_id'])
            # The bus depends on the speed, the ports behind it do not.
            if (record['port_path'].partition('-')[2] == wanted and
                    usb == device.usb and
                    record['serial'] == (device.serial or record['serial'])):
                return record
        return None

    def wait_record(self, device, check=bool, timeout=REPORT, port=None):
        """Wait until `check` is content with the record of a device.

        :param check: called with the record or None
        :returns: the record, True if there is none
        """
        def probe():
            record = self.record(device, port)
            return check(record) and (record or True)

        return waiting.wait_for('the right record of %s' % device.name,
                                probe, timeout, interval=0.5)

    def granted(self, device, port=None):
        """The record of a device, granted to the member's project."""
        record = self.wait_record(device, port=port)
        project = self.member.project_id
        if record['project_id'] != project:
            record = self.admin.change_device(record['id'],
                                              project_id=project)
        return record

    def console(self):
        return self.member.console(self.server)

    def wait_console(self, text, times=1, timeout=GUEST_NOTICE):
        """Wait until the server's console has a text that many times."""
        waiting.wait_for(
            "'%s' (%d times) on the server's console" % (text, times),
            lambda: self.console().count(text) >= times, timeout,
            interval=4)


class Clock:
    """Seconds since it was made, or since `lap` was last called."""

    def __init__(self):
        self._last = time.monotonic()

    def lap(self):
        now = time.monotonic()
        passed = now - self._last
        self._last = now
        return passed
