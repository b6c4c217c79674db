# SPDX-License-Identifier: Apache-2.0
"""Tests of the RPC endpoint, and of how it starts and ends."""

import types
from unittest import mock

import oslo_messaging as messaging
from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import manager as usb_manager
from nova import objects
from nova.tests.unit.usb.compute import base
from nova.usb import exception as usb_exception
from nova.usb import status
from nova.virt.usb import driver as usb_driver


class ManagerTestCase(base.ComputeTestCase):

    def make(self, driver='ours'):
        """Make a UsbManager; its Allocations are the test's."""
        compute_driver = types.SimpleNamespace()
        if driver == 'ours':
            setattr(compute_driver, usb_driver.ATTRIBUTE, self.driver)
        with mock.patch('nova.compute.usb.allocations.Allocations',
                        return_value=self.allocations):
            return usb_manager.UsbManager(types.SimpleNamespace(
                host=base.HOST, driver=compute_driver))

    def setUp(self):
        super().setUp()
        self.usb = self.make()

    def action(self, name):
        objects.InstanceAction.action_start(
            self.context, uuids.server, name, want_result=False)

    def refused(self, kind, method, *args):
        """What a caller over RPC is told."""
        try:
            method(self.context, *args)
        except messaging.ExpectedException as e:
            self.assertIsInstance(e.exc_info[1], kind)
            return str(e.exc_info[1])
        self.fail('it was not refused')


class RequestTest(ManagerTestCase):

    def attach(self):
        self.action('attach_usb_device')
        return (self.usb.attach_usb_device, self.server, self.uuid)

    def detach(self):
        self.action('detach_usb_device')
        return (self.usb.detach_usb_device, self.server, self.uuid)

    def setUp(self):
        super().setUp()
        self.uuid = self.held(status.ATTACHING).uuid

    def test_attach_and_detach(self):
        method, *args = self.attach()
        self.assertEqual(status.ATTACHED,
                         method(self.context, *args).status)
        self.assertEqual({self.uuid: (1, 2)}, self.domain())
        self.device().begin_detach()
        method, *args = self.detach()
        method(self.context, *args)
        self.assertRecord(status.AVAILABLE)
        self.assertEqual([uuids.server, uuids.server],
                         self.allocations.balanced)
        self.assertEqual(0, len(self.usb.unsettled))

    def test_a_failed_attach_is_not_counted_any_more(self):
        self.plug()
        self.refused(usb_exception.UsbIdentityChanged, *self.attach())
        self.assertEqual([uuids.server, uuids.server],
                         self.allocations.balanced)
        self.assertIn(uuids.server, self.usb.unsettled)

    def test_reserved_for_others(self):
        self.allocations.error = usb_exception.UsbDevicesReserved(
            classes='CUSTOM_X')
        self.refused(usb_exception.UsbDevicesReserved, *self.attach())
        self.assertRecord(status.AVAILABLE)
        self.assertEqual({}, self.domain())

    def test_rescan(self):
        self.replug(9)
        self.usb.rescan(self.context)
        self.assertEqual(9, self.device().device_number)

    def test_look_again(self):
        self.usb.hints = mock.Mock()
        self.usb.look_again(self.context)
        self.usb.hints.give.assert_called_once_with()


class UnsupportedTest(ManagerTestCase):

    def test_disabled(self):
        device = self.attached()
        self.flags(enabled=False, group='usb')
        self.usb = self.make()
        for method, args in ((self.usb.attach_usb_device,
                              (self.server, device.uuid)),
                             (self.usb.rescan, ())):
            self.action('attach_usb_device')
            self.assertIn('[usb] enabled', self.refused(
                usb_exception.UsbNotSupported, method, *args))
        scans = self.driver.scans
        self.usb.start(self.context)
        self.usb.reconcile(self.context)
        self.assertEqual(scans, self.driver.scans)
        # What servers have can be detached all the same.
        device.begin_detach()
        self.action('detach_usb_device')
        self.usb.detach_usb_device(self.context, self.server, device.uuid)
        self.assertRecord(status.AVAILABLE)

    def test_driver_without_usb(self):
        self.usb = self.make(driver='another')
        self.usb.start(self.context)
        self.usb.reconcile(self.context)
        self.usb.lifecycle.after_move(self.context, self.server)
        self.action('detach_usb_device')
        self.refused(usb_exception.UsbNotSupported,
                     self.usb.detach_usb_device, self.server, uuids.device)
        self.usb.stop()

    def test_device_spec_that_is_wrong_ends_it_everywhere(self):
        self.flags(device_spec=['{vendor'], group='usb')
        for driver in ('ours', 'another'):
            self.assertRaises(usb_exception.UsbDeviceSpecInvalid, self.make,
                              driver)


class StartTest(ManagerTestCase):

    def test_start_and_stop(self):
        self.held(status.ATTACHING)
        self.usb.start(self.context)
        self.assertRecord(status.AVAILABLE)
        self.assertIs(self.usb.lifecycle, self.driver.listener)
        self.assertEqual(self.usb.hints.give, self.driver.callback)
        self.usb.stop()
        self.assertIsNone(self.driver.callback)
        self.assertIs(usb_driver.Listener, type(self.driver.listener))

    def test_device_spec(self):
        self.flags(device_spec=['{"vendor_id": "ffff"}'], group='usb')
        self.make().start(self.context)
        self.assertRecord(status.BLOCKED)

    def test_only_the_periodic_task_waits_for_placement(self):
        self.usb.start(self.context)
        with mock.patch.object(self.allocations,
                               'balance_marked') as balance:
            self.replug(9)
            # What an event starts, and a user.
            self.usb.hints._scan()
            self.usb.rescan(self.context)
            balance.assert_not_called()
            self.usb.reconcile(self.context)
        balance.assert_called_once_with(self.context)
        self.assertEqual(9, self.device().device_number)
