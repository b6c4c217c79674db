# SPDX-License-Identifier: Apache-2.0
"""Who a device is, in a whole cloud: places, and what may be plugged there.
"""

import shutil

from nova.tests.functional.usb import test_usb_libvirt
from nova.tests.unit.usb import usb_db_base
from nova.usb import host_device

TWIN = test_usb_libvirt.TWIN


class TwinsTest(test_usb_libvirt.LibvirtUsbTestBase):
    """Two dongles that nothing tells apart but where they are."""

    def setUp(self):
        super().setUp()
        self.host.unplug('1-1')
        # Each in the first port of a controller of its own.
        self.host.plug('1-1', **TWIN)
        self.host.plug('3-1', **TWIN)
        self.scan()
        self.servers = {}
        for port in ('1-1', '3-1'):
            device = self.device(port)
            server = self.boot()
            self.assertEqual(200, self.attach(server, id=device.uuid)[0])
            self.servers[device.controller] = server, device.uuid

    def on(self, controller):
        """The address of the dongle on a controller, now."""
        bus, = [bus for bus, name in self.host.CONTROLLERS.items()
                if name == controller and bus != 2]
        address, = [address for address in self.host.addresses()
                    if address.bus == bus]
        return address

    def assert_each_has_its_own(self):
        held = [device.uuid for device in self.all_devices()
                if device.instance_uuid]
        self.assertEqual(2, len(held))
        for controller, (server, uuid) in self.servers.items():
            self.assertEqual({uuid: self.on(controller)}, self.live(server))

    def test_buses_are_numbered_anew(self):
        self.assert_each_has_its_own()
        before = {controller: self.on(controller).bus
                  for controller in self.servers}
        # The host starts again; the kernel finds its controllers the other
        # way round.
        self.host.reboot({1: 3, 3: 1})
        self.assertNotEqual(before, {controller: self.on(controller).bus
                                     for controller in self.servers})
        self.restart_compute_service('compute1')
        self.scan()
        self.assert_each_has_its_own()
        for server, _uuid in self.servers.values():
            self._reboot_server(server, hard=True)
        self.assert_each_has_its_own()

    def test_first_start_of_this_release(self):
        """Records that name buses; and the host starts otherwise, too."""
        for device in self.all_devices():
            device.identity = '%s:%s/port=%s' % (
                device.vendor_id, device.product_id, device.port_path)
            self.assertTrue(host_device.is_by_bus(device.identity))
            self.put(device, identity=device.identity, bcd_device=None)
        self.host.reboot({1: 3, 3: 1})
        self.restart_compute_service('compute1')
        self.scan()
        self.assert_each_has_its_own()
        for device in self.all_devices():
            self.assertEqual(host_device.port_identity(device),
                             device.identity)
            self.assertFalse(host_device.is_by_bus(device.identity))
            self.assertEqual('0100', device.bcd_device)

    def put(self, device, **values):
        usb_db_base._write(self.context, device.uuid, values)

    def test_sysfs_is_away_for_a_scan(self):
        free = self.host.plug('2-4', **TWIN)
        self.scan()
        uuid = self.device('2-4').uuid
        shutil.move(self.host.sys, self.host.sys + '.away')
        self.scan()
        self.assertEqual(uuid, self.device('2-4').uuid)
        self.assertTrue(self.device('2-4').present)
        shutil.move(self.host.sys + '.away', self.host.sys)
        self.scan()
        device = self.device('2-4')
        self.assertEqual((uuid, free.device),
                         (device.uuid, device.device_number))
        self.assert_each_has_its_own()
