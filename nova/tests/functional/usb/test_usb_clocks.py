# SPDX-License-Identifier: Apache-2.0
"""Clocks that are wrong or jump, and reports that come in the wrong order."""

import datetime

import fixtures
import oslo_messaging as messaging
from oslo_utils import fixture as time_fixture
from oslo_utils import timeutils

from nova.compute.usb import rpcapi as usb_rpcapi
from nova.objects import usb_device as usb_obj
from nova.tests.functional.usb import away_base
from nova.tests.functional.usb import base
from nova.usb import exception as usb_exception

HOUR = 3600


class ClockTest(away_base.AwayTestBase):

    def shifted(self, seconds):
        """A fixture: all clocks of the cloud are wrong by so much."""
        return time_fixture.TimeFixture(
            timeutils.utcnow() + datetime.timedelta(seconds=seconds))

    def _attach_while(self, claimed_at, scanned_at):
        """Attach; the host scans twice before the request reaches it.

        :param claimed_at: by how much the clock that writes the record is
            wrong
        :param scanned_at: the same of the one that reads it, on the host
        """
        def call(*args, **kwargs):
            claim = self.device('1-1')
            self.assertEqual('attaching', claim.status)
            with self.shifted(scanned_at):
                for port in (2, 1):
                    # So that there is something to report.
                    self.replug('1-2.%d' % port)
                    self.scan()
            self.assertEqual('attaching', self.device('1-1').status)
            return real(*args, **kwargs)

        def claim(device, *args):
            with self.shifted(claimed_at):
                return real_claim(device, *args)

        real_claim = usb_obj.UsbDevice.claim
        real = usb_rpcapi.ComputeUsbAPI._call
        with fixtures.MonkeyPatch(away_base.CALL, call), \
                fixtures.MonkeyPatch(
                    'nova.objects.usb_device.UsbDevice.claim', claim):
            code, body = self.attach(self.server, id=self.uuid)
        self.assertEqual(200, code, body)
        self.assert_attached()

    def test_jumps_forward_while_somebody_waits(self):
        self._attach_while(0, HOUR)

    def test_jumps_back_while_somebody_waits(self):
        self._attach_while(0, -HOUR)

    def test_the_clock_of_the_record_is_slow(self):
        self._attach_while(-HOUR, 0)

    def test_the_clock_of_the_record_is_fast(self):
        self._attach_while(HOUR, 0)

    def _left(self, claimed_at, scanned_at):
        """Nobody ends an attach and a detach; both are settled in time."""
        self.assertEqual(200, self.attach(
            self.server, id=self.device('1-2.1').uuid)[0])
        with self.shifted(claimed_at):
            self.device('1-1').claim(self.server['id'])
            self.device('1-2.1').begin_detach()
        with self.shifted(scanned_at):
            # Its hint to look at the host's devices.
            self.usb.rescan(self.context)
            self.assertEqual(('attaching', 'detaching'), tuple(
                self.device(port).status for port in ('1-1', '1-2.1')))
            self.wait_out()
            self.scan()
        self.assert_free()
        self.assertEqual('available', self.device('1-2.1').status)

    def test_jumps_forward_when_nobody_waits(self):
        self._left(0, HOUR)

    def test_jumps_back_when_nobody_waits(self):
        self._left(0, -HOUR)

    def test_slow_and_nobody_waits(self):
        self._left(-HOUR, 0)

    def test_fast_and_nobody_waits(self):
        self._left(HOUR, 0)

    def test_each_request_is_waited_for_anew(self):
        device = self.device('1-1')
        device.claim(self.server['id'])
        self.usb.rescan(self.context)
        self.wait_out()
        # nova-api gave up, and somebody asks for it again.
        device.release()
        with self.shifted(1):
            device.claim(self.server['id'])
        self.scan()
        self.assertEqual('attaching', self.device('1-1').status)
        self.wait_out()
        self.scan()
        self.assert_free()


class LateReportTest(away_base.AwayTestBase):
    """Two reports of one nova-compute, and the conductor's bus between."""

    def _hold_back(self):
        """Have the bus keep the next report; its sender gives up.

        :returns: list that gets a function that delivers it
        """
        held = []
        api = self.compute_side.api
        real = api.object_class_action_versions

        def call(context, objname, objmethod, versions, args, kwargs):
            def deliver():
                return real(context, objname, objmethod, versions, args,
                            kwargs)

            if objmethod == 'report' and not held:
                held.append(deliver)
                raise messaging.MessagingTimeout()
            return deliver()

        self.useFixture(fixtures.MockPatchObject(
            api, 'object_class_action_versions', side_effect=call))
        return held

    def test_the_older_one_is_ignored(self):
        held = self._hold_back()
        # It says that one was unplugged; the next one, that it is back.
        self.unplug('1-2.1')
        self.scan()
        self.plug(base.TWINS[0], dict(
            base.STICK, port_path='1-3', device_number=30,
            serial='STICK-0003'))
        self.scan()
        before = self.devices()
        self.assertEqual({'1-1', '1-2.1', '1-2.2', '1-3'}, set(before))

        self.assertRaises(usb_exception.UsbReportSuperseded, held[0])
        after = self.devices()
        self.assertEqual(
            {port: (device.uuid, device.updated_at, device.present)
             for port, device in before.items()},
            {port: (device.uuid, device.updated_at, device.present)
             for port, device in after.items()})
        # And nova-compute goes on reporting.
        self.unplug('1-3')
        self.scan()
        self.assertEqual({'1-1', '1-2.1', '1-2.2'}, set(self.present()))

    def test_of_a_device_that_a_server_has_since(self):
        held = self._hold_back()
        self.unplug('1-1')
        self.scan()
        self.plug(dict(base.STICK, device_number=22))
        self.scan()
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])
        self.assertRaises(usb_exception.UsbReportSuperseded, held[0])
        self.assertTrue(self.device('1-1').present)
        self.assert_attached()

    def test_of_a_nova_compute_that_died(self):
        held = self._hold_back()
        # Its first report is all that this one ever sends.
        self.compute = self.restart_compute_service(self.compute)
        self.assertEqual(1, len(held))
        self.compute = self.restart_compute_service(self.compute)
        held[0]()
        self.unplug('1-2.1')
        self.scan()
        self.assertIn('1-2.1', self.devices())
        self.scan()
        self.assertNotIn('1-2.1', self.present())
        self.assertIsNone(self.compute.manager.usb.unsupported)
        self.assertNotIn('Another nova-compute reports',
                         self.stdlog.logger.output)
