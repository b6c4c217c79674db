# SPDX-License-Identifier: Apache-2.0
"""Tests of the report of a host and of what follows it."""

from unittest import mock

import oslo_messaging as messaging
from oslo_utils.fixture import uuidsentinel as uuids

from nova.compute.usb import reconciler
from nova.compute.usb import stalled
from nova.objects import usb_device as usb_obj
from nova.tests.unit.usb.compute import base
from nova.tests.unit.usb import host_devices
from nova.usb import exception as usb_exception
from nova.usb import flapping
from nova.usb import status

REPORT = 'nova.objects.usb_device.UsbDeviceList.report'


class ReconcilerTest(base.ComputeTestCase):

    def reports(self):
        """Counts reports from now on."""
        return mock.patch(REPORT, side_effect=usb_obj.UsbDeviceList.report)

    def everything(self):
        self.reconciler.reconcile(
            self.context, is_stalled=stalled.everything, everything=True)

    def test_reports_what_changed(self):
        self.reconcile()
        self.assertRecord(status.AVAILABLE)
        with self.reports() as report:
            self.reconcile()
            self.assertEqual(0, report.call_count)
            self.replug(9)
            self.reconcile()
            self.reconcile()
        self.assertEqual(1, report.call_count)
        self.assertEqual(9, self.device().device_number)
        self.assertEqual(['CUSTOM_USB_0781_5567'], [
            device.resource_class for device in self.allocations.noted])

    def test_a_replugged_device_comes_back(self):
        uuid = self.attached().uuid
        address = self.replug(9)
        self.reconcile()
        self.assertEqual({uuid: address}, self.domain())
        self.assertEqual({uuids.server}, set(self.allocations.marked))

    def test_a_server_that_has_all_it_holds_costs_nothing(self):
        self.attached()
        for _n in range(3):
            self.reconcile()
        with mock.patch.object(self.settler, 'settle') as settle:
            self.reconcile()
        settle.assert_not_called()
        self.assertEqual(0, len(self.unsettled))

    def test_nor_one_whose_device_stays_blocked(self):
        self.held()
        self.replug(9, host_use='it is mounted')
        for _n in range(3):
            self.reconcile()
        with mock.patch.object(self.settler, 'settle') as settle:
            self.reconcile()
        settle.assert_not_called()
        self.assertEqual(1, self.output().count('goes without USB device'))
        # And it comes in as soon as the host lets go of it.
        address = self.replug(9)
        self.reconcile()
        self.assertEqual([address], list(self.domain().values()))

    def test_what_fails_is_tried_again(self):
        uuid = self.attached().uuid
        self.replug(9)
        self.faults.refuse('attach', usb_exception.UsbAttachFailed(
            device=uuid, server=uuids.server, reason='not yet'), times=1)
        self.reconcile()
        self.assertEqual({}, self.domain())
        self.assertIn(uuids.server, self.unsettled)
        self.reconcile()
        self.assertEqual({uuid: (1, 9)}, self.domain())

    def test_an_error_of_one_server_is_not_the_others(self):
        other = self.make_server(uuids.other)
        self.driver.domains[other.uuid] = {}
        self.attached()

        def attached(real, instance):
            if instance.uuid == uuids.server:
                raise RuntimeError('no answer')
            return real(instance)

        self.faults.instead('attached', attached)
        for uuid in (uuids.server, uuids.other):
            self.unsettled.add(uuid)
        self.reconcile()
        self.assertIn(uuids.server, self.unsettled)
        self.assertNotIn(uuids.other, self.unsettled)
        self.assertIn('no answer', self.output())

    def test_a_conductor_that_is_away_ends_the_round(self):
        for uuid in (uuids.server, uuids.other):
            self.unsettled.add(uuid)
        self.reconcile()
        self.assertEqual(0, len(self.unsettled))
        for uuid in (uuids.server, uuids.other):
            self.unsettled.add(uuid)
        with mock.patch.object(
                self.settler, 'settle',
                side_effect=messaging.MessagingTimeout) as settle:
            self.reconcile()
        self.assertEqual(1, settle.call_count)
        self.assertEqual(2, len(self.unsettled))

    def test_an_error_that_lasts_is_said_once(self):
        with mock.patch(REPORT, side_effect=(
                usb_exception.UsbDatabaseNotSynced(cell='x'))):
            for _n in range(3):
                self.reconcile()
        self.assertEqual(1, self.output().count('were not reported'))
        self.reconcile()
        self.assertIn('USB devices are reported again', self.output())

    def test_a_device_that_flaps_is_left_alone(self):
        now = [0.0]
        self.driver.flapping.clock = lambda: now[0]
        uuid = self.attached().uuid

        def flap(times):
            for _n in range(times):
                now[0] += 0.3
                self.plug()
                self.reconcile()
                number[0] += 1
                self.replug(number[0])
                self.reconcile()

        number = [9]
        flap(flapping.LIMIT + 1)
        self.assertEqual({}, self.domain())
        device = self.device()
        self.assertEqual((status.ATTACHED, True),
                         (device.status, device.present))
        self.assertIn('times within', device.blocked_reason)
        calls = len(self.driver.calls)
        with self.reports() as report, mock.patch.object(
                self.settler, 'settle') as settle:
            flap(20)
            # What is plugged in beside it is found as ever.
            self.driver.plugged.append(
                host_devices.stick('1-2', serial='T'))
            self.reconcile()
        self.assertEqual(1, report.call_count)
        settle.assert_not_called()
        self.assertEqual(calls, len(self.driver.calls))
        self.assertEqual(1, self.output().count('serial=S is blocked:'))
        now[0] += flapping.QUIET
        self.reconcile()
        self.assertEqual({uuid: (1, number[0])}, self.domain())

    def test_rescan_says_what_fails(self):
        with mock.patch(REPORT, side_effect=(
                usb_exception.UsbDatabaseNotSynced(cell='x'))):
            self.assertRaises(usb_exception.UsbDatabaseNotSynced,
                              self.reconciler.rescan, self.context)

    def test_a_request_that_nobody_ends(self):
        self.held(status.ATTACHING)
        self.reconciler.look_again()
        self.reconcile()
        self.assertRecord(status.ATTACHING, uuids.server)
        before = self.stalled.clock
        self.stalled.clock = lambda: before() + 1000
        self.reconcile()
        self.assertRecord(status.AVAILABLE)

    def test_a_device_that_was_taken_by_force(self):
        """Nothing is plugged, and no report knew that the server had it."""
        self.attached()
        self.device().force_release()
        self.reconcile()
        self.assertEqual(1, len(self.domain()))
        self.reconciler.look_again()
        self.reconcile()
        self.assertEqual({}, self.domain())

    def test_a_device_that_was_taken_by_force_and_nobody_said_so(self):
        self.attached()
        self.replug(9)
        self.reconcile()
        self.reconcile()
        self.device().force_release()
        self.replug(10)
        self.reconcile()
        self.assertEqual({}, self.domain())

    def test_a_record_whose_grace_time_is_over(self):
        self.reconcile()
        self.plug()
        self.reconcile()
        self.assertFalse(self.device().present)
        self.flags(absent_grace_time=0, group='usb')
        # Nothing is plugged or pulled any more.
        self.reconcile()
        self.assertEqual([], list(usb_obj.UsbDeviceList.get_by_host(
            self.context, base.HOST)))

    def test_start_ends_what_is_under_way(self):
        self.held(status.DETACHING)
        self.everything()
        self.assertRecord(status.AVAILABLE)

    def test_start_looks_at_the_servers_concerned_alone(self):
        """200 servers, of which one holds a device, one has another's."""
        uuid = self.held().uuid
        self.driver.domains[uuids.stranger] = {uuids.device: (1, 2)}
        for n in range(198):
            self.driver.domains[getattr(uuids, 'server_%d' % n)] = {}
        with mock.patch.object(self.settler, 'settle',
                               return_value=True) as settle, \
                mock.patch('nova.objects.InstanceList.get_by_host') as all_, \
                self.reports() as report:
            self.everything()
        self.assertEqual(
            {uuids.server, uuids.stranger},
            {call[0][1] for call in settle.call_args_list})
        self.assertEqual(2, settle.call_count)
        self.assertEqual(1, report.call_count)
        all_.assert_not_called()
        self.assertNotIn(uuid, self.domain())

    def test_domains_are_looked_for_until_the_hypervisor_answers(self):
        self.driver.domains[uuids.server] = {uuids.device: (1, 2)}
        self.faults.refuse('holders', RuntimeError('no libvirtd'), times=1)
        self.everything()
        self.assertEqual(1, len(self.domain()))
        self.reconcile()
        self.assertEqual({}, self.domain())


class TwoReportersTest(base.ComputeTestCase):

    def setUp(self):
        super().setUp()
        self.other = reconciler.Reconciler(
            self.driver, self.settler, self.unsettled, self.stalled,
            self.allocations)

    def _in_turn(self, times):
        for _n in range(times):
            for one in (self.reconciler, self.other):
                one.reconcile(self.context, everything=True)

    def test_the_first_time_it_may_be_late(self):
        self.reconcile()
        self.other.reconcile(self.context)
        self.replug(9)
        self.reconcile()
        self.assertIsNone(self.reconciler.reports.superseded)
        self.assertNotIn('Another nova-compute', self.output())

    def test_one_of_two_leaves(self):
        self._in_turn(5)
        superseded = [one.reports.superseded is not None
                      for one in (self.reconciler, self.other)]
        self.assertEqual([True, False], superseded)
        self.assertEqual(1, self.output().count('Another nova-compute'))
        self.replug(9)
        self.reconcile()
        self.assertEqual(2, self.device().device_number)
        self.other.reconcile(self.context)
        self.assertEqual(9, self.device().device_number)
