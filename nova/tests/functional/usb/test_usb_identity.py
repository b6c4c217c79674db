# SPDX-License-Identifier: Apache-2.0
"""Who a device is, in a whole cloud: places, and what may be plugged there.
"""

import shutil

from nova.tests.functional.usb import libvirt_base
from nova.tests.unit.usb import usb_db_base
from nova.usb import host_device

TWIN = libvirt_base.TWIN


class TwinsTest(libvirt_base.LibvirtUsbTestBase):
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
        held = {device.uuid for device in self.all_devices()
                if device.instance_uuid}
        for device in self.all_devices():
            if device.uuid not in held:
                # The stick that is not plugged in any more.
                continue
            device.identity = '%s:%s/port=%s' % (
                device.vendor_id, device.product_id, device.port_path)
            self.assertTrue(host_device.is_by_bus(device.identity))
            self.put(device, identity=device.identity, bcd_device=None)
        self.host.reboot({1: 3, 3: 1})
        self.restart_compute_service('compute1')
        self.scan()
        self.assert_each_has_its_own()
        for device in self.all_devices():
            if device.uuid not in held:
                continue
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


class ImpostorTest(libvirt_base.LibvirtUsbTestBase):
    """What comes back says that it is the same, and can do something else."""

    def setUp(self):
        super().setUp()
        self.server = self.attached_server()
        self.fields = self.host.unplug('1-1')
        self.scan()

    def come_back(self, **changes):
        address = self.host.plug('1-1', **dict(self.fields, **changes))
        self.scan()
        return address

    def assert_refused(self, words):
        device = self.device('1-1')
        self.assertEqual((self.uuid, 'attached', self.server['id']), (
            device.uuid, device.status, device.instance_uuid))
        self.assertIn(words, device.blocked_reason)
        self.assertEqual({}, self.live(self.server))

    def test_refused_until_the_holder_accepts(self):
        self.come_back(interfaces=['08', '03'])
        for _scan in range(2):
            self.assert_refused('03,08 and was 08')
            self.scan()
        self._reboot_server(self.server, hard=True)
        self.scan()
        self.assert_refused('03,08 and was 08')
        self.restart_compute_service('compute1')
        self.scan()
        self.assert_refused('03,08 and was 08')
        self.assertEqual(204, self.detach(self.server, self.uuid)[0])
        device = self.device('1-1')
        self.assertEqual(('available', None),
                         (device.status, device.blocked_reason))
        code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual(200, code, body)
        # From now on it is what it is.
        address = self.host.replug('1-1')
        self.scan()
        self.assertEqual({self.uuid: address}, self.live(self.server))

    def test_another_release_of_it(self):
        self.come_back(bcd_device='0666')
        self.assert_refused('its bcdDevice is 0666 and was 0100')

    def test_the_real_one_comes_back(self):
        self.come_back(device_class='09', interfaces=['09'])
        # Hubs are none that anybody has.
        self.assertFalse(self.device('1-1').present)
        self.host.unplug('1-1')
        self.come_back(device_class='ff')
        self.assert_refused('its class is ff and was 00')
        self.host.unplug('1-1')
        address = self.come_back()
        self.assertIsNone(self.device('1-1').blocked_reason)
        self.assertEqual({self.uuid: address}, self.live(self.server))

    def test_swapped_between_listing_and_attaching(self):
        self.come_back()
        self.assertEqual(204, self.detach(self.server, self.uuid)[0])
        self.host.unplug('1-1')
        # Nobody has scanned since.
        self.host.plug('1-1', **dict(self.fields, interfaces=['03']))
        code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual(409, code, body)
        self.assertEqual({}, self.live(self.server))
