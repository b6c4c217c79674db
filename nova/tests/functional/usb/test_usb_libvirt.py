# SPDX-License-Identifier: Apache-2.0
"""The libvirt driver in a whole cloud: a host of files, a fake libvirt."""

import os
from unittest import mock

import nova.conf
from nova import objects
from nova.tests.functional.usb import libvirt_base

CONF = nova.conf.CONF

STICK = libvirt_base.STICK
TWIN = libvirt_base.TWIN


class LibvirtUsbTest(libvirt_base.LibvirtUsbTestBase):

    def test_inventory(self):
        self.host.plug('1-2.1', **TWIN)
        self.host.plug('1-2.2', **TWIN)
        self.host.disk('1-1', 'sdb', 16)
        self.host.mounts(('8:16', '/mnt', '/dev/sdb'))
        self.scan()
        code, body = self.request('GET', '/os-usb-devices')
        found = {device['port_path']: device
                 for device in body['usb_devices']}
        self.assertEqual({'1-1', '1-2.1', '1-2.2'}, set(found))
        stick = found['1-1']
        self.assertEqual(
            ('0781', '5567', 'STICK-0001', 'SanDisk', 'Cruzer Blade', ['08'],
             '480', '0000:00:14.0', 'blocked'),
            tuple(stick[name] for name in (
                'vendor_id', 'product_id', 'serial', 'manufacturer',
                'product', 'interface_classes', 'speed', 'controller',
                'status')))
        self.assertIn('mounted at /mnt', stick['blocked_reason'])

    def test_mounted_since_the_last_scan(self):
        server = self.boot()
        self.host.disk('1-1', 'sdb', 16)
        self.host.mounts(('8:16', '/mnt', '/dev/sdb'))
        code, body = self.attach(server, id=self.device('1-1').uuid)
        self.assertEqual(409, code, body)
        self.assertIn('/mnt', body['conflictingRequest']['message'])
        self.assertEqual({}, self.live(server))
        self.assertEqual([], self.usb_libvirt.attach_calls)

    def test_attach_and_detach(self):
        server = self.attached_server()
        self.assertEqual([], self.domain(server).usb_config)
        self.assertEqual(204, self.detach(server, self.uuid)[0])
        self.assertEqual({}, self.live(server))
        self.assertEqual([], self.domain(server).usb_config)
        self.assertEqual('available', self.device('1-1').status)

    def test_guests_can_be_given_devices(self):
        controllers = self.domain(self.boot()).usb_controllers
        self.assertIn(('qemu-xhci', '15'), [
            (node.get('model'), node.get('ports')) for node in controllers])

    def test_hard_reboot_keeps(self):
        server = self.attached_server()
        self._reboot_server(server, hard=True)
        self.assertEqual({self.uuid: self.address}, self.live(server))
        self.assertEqual('attached', self.device('1-1').status)

    def test_stop_and_start_at_another_address(self):
        server = self.attached_server()
        self._stop_server(server)
        self.assertIsNone(self.live(server))
        address = self.host.replug('1-1', '1-3')
        self._start_server(server)
        self.assertEqual({self.uuid: address}, self.live(server))

    def test_missing_device_stops_no_boot(self):
        server = self.attached_server()
        self._stop_server(server)
        self.host.unplug('1-1')
        self.scan()
        self._start_server(server)
        self.assertEqual({}, self.live(server))
        device = self.device('1-1')
        self.assertEqual(('attached', False), (device.status, device.present))

        address = self.host.plug('1-1', **STICK)
        self.scan()
        self.assertEqual({self.uuid: address}, self.live(server))
        self.assertEqual([], self.domain(server).usb_config)

    def test_replug_while_it_runs(self):
        server = self.attached_server()
        for port in ('1-1', '1-2', '1-1'):
            device, = self.all_devices()
            address = self.host.replug(device.port_path, port)
            self.scan()
            self.assertEqual({self.uuid: address}, self.live(server))
            self.assertEqual(1, len(self.domain(server).usb_live))
            self.assertEqual([], self.domain(server).usb_config)
        self.assertEqual(1, len(self.devices()))

    def test_started_by_libvirt_itself(self):
        # As libvirt-guests does when the host has been rebooted, before
        # nova-compute starts: what has the old address is another device.
        server = self.attached_server()
        self._reboot_server(server, hard=True)
        self.assertEqual({self.uuid: self.address}, self.live(server))
        self.domain(server).destroy()
        address = self.impostor()
        self.domain(server).createWithFlags(0)
        self.assertEqual([], self.usb_libvirt.started[-1])
        self.restart_compute_service('compute1')
        self.assertEqual({self.uuid: address}, self.live(server))

    def test_soft_reboot(self):
        server = self.attached_server()
        self._reboot_server(server)
        self._wait_for_assert(lambda: self.assertEqual(
            {self.uuid: self.address}, self.live(server)))

    def test_live_migration_right_before_the_domain_leaves(self):
        server = self.attached_server()
        instance = objects.Instance.get_by_uuid(self.context, server['id'])
        recovered = []
        self.computes['compute1'].driver.live_migration(
            self.context, instance, 'compute2', self.fail,
            lambda *args: recovered.append(args[2]))
        self.assertEqual(['compute2'], recovered)
        self.assertEqual({self.uuid: self.address}, self.live(server))

    def test_swapped_while_it_runs(self):
        server = self.attached_server()
        self.host.unplug('1-1')
        self.host.plug('1-1', **dict(STICK, serial='STICK-0002'))
        self.scan()
        self.assertEqual({}, self.live(server))
        self.assertEqual({('STICK-0001', 'attached', False),
                          ('STICK-0002', 'available', True)}, {
            (device.serial, device.status, device.present)
            for device in self.all_devices()})

    def test_suspend_and_resume(self):
        server = self.attached_server()
        self._suspend_server(server)
        self.assertEqual([[]], self.usb_libvirt.saved)
        address = self.impostor()
        self._resume_server(server)
        self.assertEqual({self.uuid: address}, self.live(server))
        self.assertNotIn([self.address], self.usb_libvirt.started)

    def _rescue_and_unrescue(self, server):
        # Where upstream keeps the definition to go back to.
        os.makedirs(os.path.join(CONF.instances_path, server['id']))
        self.api.post_server_action(
            server['id'], {'rescue': {'adminPass': 'secret'}})
        self._wait_for_state_change(server, 'RESCUE')
        self.assertEqual({}, self.live(server))
        self.assertEqual('attached', self.device('1-1').status)
        address = self.impostor()
        started = self.usb_libvirt.started
        before = len(started)
        self.api.post_server_action(server['id'], {'unrescue': None})
        self._wait_for_state_change(server, 'ACTIVE')
        self.assertEqual({self.uuid: address}, self.live(server))
        # Not for a moment had it what is at the old address now.
        self.assertNotIn([self.address], started[before:])

    def test_rescue_and_unrescue(self):
        self._rescue_and_unrescue(self.attached_server())

    def test_rescue_of_a_stopped_server(self):
        server = self.attached_server()
        self._stop_server(server)
        self._rescue_and_unrescue(server)

    def test_ports_exhausted(self):
        server = self.boot()
        for number in range(2, 18):
            self.host.plug('2-%d' % number, **TWIN)
        self.scan()
        answers = [self.attach(server, vendor_id='0403', product_id='6001')
                   for _n in range(16)]
        self.assertEqual(15 * [200] + [409], [code for code, _ in answers])
        self.assertIn('no free USB port',
                      answers[-1][1]['conflictingRequest']['message'])
        self.assertEqual(15, len(self.live(server)))
        self.assertEqual(2, len([device for device in self.all_devices()
                                 if device.status == 'available']))

    def test_libvirt_refuses(self):
        server = self.boot()
        self.usb_libvirt.attach_error = 'internal error: no luck'
        code, body = self.attach(server, id=self.device('1-1').uuid)
        self.assertEqual(409, code, body)
        self.assertIn('no luck', body['conflictingRequest']['message'])
        self.assertEqual('available', self.device('1-1').status)

    def test_guest_does_not_let_go(self):
        self.flags(detach_timeout=1, group='usb')
        server = self.attached_server()
        self.usb_libvirt.keeps_device = True
        code, body = self.detach(server, self.uuid)
        self.assertEqual(409, code, body)
        self.assertIn('did not let go', body['conflictingRequest']['message'])
        self.assertEqual('attached', self.device('1-1').status)
        self.usb_libvirt.keeps_device = False
        self.assertEqual(204, self.detach(server, self.uuid)[0])

    def test_restart_of_nova_compute(self):
        server = self.attached_server()
        address = self.host.replug('1-1')
        self.restart_compute_service('compute1')
        self.assertEqual({self.uuid: address}, self.live(server))

    def test_host_reboot(self):
        self.flags(resume_guests_state_on_host_boot=True)
        server = self.attached_server()
        # What it leaves: no domain runs, and the device has another number.
        self.domain(server).destroy()
        address = self.host.replug('1-1')
        self.restart_compute_service('compute1')
        self.assertEqual({self.uuid: address}, self.live(server))

    def test_delete(self):
        server = self.attached_server()
        self._delete_server(server)
        self.assertEqual('available', self.device('1-1').status)


class TwoLibvirtHostsTest(libvirt_base.LibvirtUsbTestBase):

    def test_each_sees_its_own(self):
        self.hosts.host('compute2').plug('1-1', **TWIN)
        self.start_compute('compute2')
        found = {(device.host, device.vendor_id)
                 for device in self.all_devices()}
        self.assertEqual({('compute1', '0781'), ('compute2', '0403')}, found)
        server = self.boot(host='compute2')
        code, body = self.attach(server, vendor_id='0403', product_id='6001')
        self.assertEqual(200, code, body)
        self.assertEqual([body['usb_device']['id']],
                         list(self.live(server, 'compute2')))


class EventsTest(libvirt_base.LibvirtUsbTestBase):
    """Nobody scans here but nova-compute itself, when udev tells it to."""

    def setUp(self):
        super().setUp()
        self.hosts.events = True

    def _wait_for(self, expected, what):
        """Wait until what() is as expected."""
        self._wait_for_assert(lambda: self.assertEqual(expected, what()))

    def test_plugged_and_unplugged(self):
        self.host.plug('1-4', **TWIN)
        self._wait_for({'1-1', '1-4'}, self._present)
        self.host.unplug('1-4')
        self._wait_for({'1-1'}, self._present)

    def _present(self):
        return {port for port, device in self.devices().items()
                if device.present}

    def test_replugged(self):
        server = self.attached_server()
        address = self.host.replug('1-1', '1-2')
        self._wait_for({self.uuid: address}, lambda: self.live(server))
        self._wait_for([(address.device, True, 'attached')], lambda: [
            (device.device_number, device.present, device.status)
            for device in self.all_devices()])

    def test_burst_makes_few_scans(self):
        manager = self.computes['compute1'].manager.usb
        with mock.patch.object(manager.driver, 'scan',
                               side_effect=manager.driver.scan) as scan:
            for number in range(1, 31):
                self.host.plug('2-%d' % number, **TWIN)
            self._wait_for(31, lambda: len(self.devices()))
        self.assertLess(scan.call_count, 10)
