# SPDX-License-Identifier: Apache-2.0
"""Tests of putting a domain right."""

from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import stalled
from nova.tests.unit.usb.compute import base
from nova.tests.unit.usb import host_devices
from nova.usb import exception as usb_exception
from nova.usb import status


class SettlerTest(base.ComputeTestCase):

    def settle(self, is_stalled=None, task=None, server=uuids.server):
        return self.settler.settle(
            self.context, server, is_stalled or self.stalled.includes, task)

    def test_nothing_to_do(self):
        self.attached()
        scans = self.driver.scans
        self.assertTrue(self.settle())
        self.assertEqual([], self.driver.calls)
        self.assertEqual(scans + 1, self.driver.scans)

    def test_one_scan_for_all_devices(self):
        self.plug(*[host_devices.stick('1-%d' % n, serial='S%d' % n,
                                       device_number=n)
                    for n in range(1, 6)])
        self.reconcile()
        for n in range(1, 6):
            device = self.device('S%d' % n)
            device.claim(uuids.server)
            device.finish_attach()
        scans = self.driver.scans
        self.assertFalse(self.settle())
        self.assertEqual(5, len(self.domain()))
        self.assertEqual(scans + 1, self.driver.scans)
        self.assertTrue(self.settle())

    def test_no_scan_for_a_server_without_devices(self):
        self.assertTrue(self.settle())
        self.assertEqual(0, self.driver.scans)

    def test_replugged(self):
        uuid = self.attached().uuid
        address = self.replug(9)
        self.assertFalse(self.settle())
        self.assertEqual({uuid: address}, self.domain())
        self.assertEqual([('detach', uuid), ('attach', uuid)],
                         self.driver.calls)

    def test_not_its(self):
        self.driver.domains[uuids.server][uuids.device] = (1, 2)
        self.assertFalse(self.settle())
        self.assertEqual({}, self.domain())

    def test_a_task_is_under_way(self):
        self.attached()
        self.replug(9)
        self.change_server(task_state='rebooting')
        self.assertFalse(self.settle())
        self.assertEqual([], self.driver.calls)
        self.assertFalse(self.settle(task='rebooting'))
        self.assertEqual(2, len(self.driver.calls))

    def test_resized(self):
        self.attached()
        self.change_server(vm_state='resized', host='compute2')
        self.assertTrue(self.settle())
        self.assertRecord(status.ATTACHED, uuids.server)

    def test_has_left_the_host(self):
        self.attached()
        self.change_server(host='compute2')
        self.assertTrue(self.settle())
        self.assertRecord(status.AVAILABLE)

    def test_is_deleted(self):
        uuid = self.attached().uuid
        self.server.destroy()
        self.assertTrue(self.settle())
        self.assertEqual({}, self.domain())
        self.assertEqual([('detach', uuid)], self.driver.calls)
        self.assertRecord(status.AVAILABLE)

    def test_rescued(self):
        self.attached()
        self.change_server(vm_state='rescued')
        self.driver.domains[uuids.server] = {}
        self.assertTrue(self.settle())
        self.assertEqual([], self.driver.calls)

    def test_request_under_way(self):
        self.held(status.ATTACHING)
        self.assertFalse(self.settle())
        self.assertRecord(status.ATTACHING, uuids.server)
        self.assertTrue(self.settle(stalled.everything))
        self.assertRecord(status.AVAILABLE)

    def test_record_stays_where_the_guest_keeps_the_device(self):
        device = self.attached()
        device.begin_detach()
        self.faults.refuse('detach', usb_exception.UsbDetachTimeout(
            device=device.uuid, server=uuids.server, seconds=1))
        self.assertRaises(usb_exception.UsbDetachTimeout, self.settle,
                          stalled.everything)
        self.assertRecord(status.DETACHING, uuids.server)

    def test_a_failure_is_said_once_as_a_fact(self):
        uuid = self.held().uuid
        self.faults.refuse('attach', usb_exception.UsbAttachFailed(
            device=uuid, server=uuids.server, reason='no luck'))
        for _n in range(3):
            self.assertRaises(usb_exception.UsbAttachFailed, self.settle)
        self.assertEqual(1, self.output().count('no luck'))
        self.assertNotIn('free again', self.output())
        self.assertRecord(status.ATTACHED, uuids.server)
        self.faults.obey()
        self.settle()
        self.faults.refuse('attach', usb_exception.UsbAttachFailed(
            device=uuid, server=uuids.server, reason='no luck'))
        self.replug(9)
        self.assertRaises(usb_exception.UsbAttachFailed, self.settle)
        self.assertEqual(2, self.output().count('no luck'))

    def test_a_blocked_device_is_said_once_without_doubled_prefix(self):
        uuid = self.held().uuid
        self.replug(2, host_use='it is mounted')
        for _n in range(3):
            self.assertTrue(self.settle())
        output = self.output()
        self.assertEqual(1, output.count('it is mounted'))
        line, = [line for line in output.splitlines()
                 if 'it is mounted' in line]
        self.assertEqual(1, line.count('USB device'), line)
        self.assertIn(uuid, line)

    def test_others_are_settled_although_one_fails(self):
        self.plug(*[host_devices.stick('1-%d' % n, serial=serial,
                                       device_number=n)
                    for n, serial in enumerate('ABC', 1)])
        self.reconcile()
        uuids_of = {}
        for serial in 'ABC':
            device = self.device(serial)
            device.claim(uuids.server)
            device.finish_attach()
            uuids_of[serial] = device.uuid

        def attach(real, context, instance, uuid, address):
            if uuid == uuids_of['B']:
                raise usb_exception.UsbAttachFailed(
                    device=uuid, server=instance.uuid, reason='no luck')
            real(context, instance, uuid, address)

        self.faults.instead('attach', attach)
        self.assertRaises(usb_exception.UsbAttachFailed, self.settle)
        self.assertEqual({uuids_of['A'], uuids_of['C']}, set(self.domain()))
