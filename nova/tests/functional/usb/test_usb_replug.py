# SPDX-License-Identifier: Apache-2.0
"""Devices that are pulled out, plugged in, moved and swapped."""

from unittest import mock

import fixtures
import sqlalchemy as sa

from nova import objects
from nova.objects import usb_device as usb_obj
from nova.tests.functional.usb import base
from nova.usb import exception as usb_exception


class ReplugTest(base.UsbTestBase):

    def setUp(self):
        super(ReplugTest, self).setUp()
        self.server = self.boot()
        self.uuid = self.device('1-1').uuid
        self.assertEqual(200, self.attach(self.server, id=self.uuid)[0])

    def _assert_has(self, *devices):
        self.assertEqual(dict(devices), self.in_domain(self.server))

    def test_unplugged_while_attached(self):
        self.unplug('1-1')
        self.scan()
        device = self.device('1-1')
        self.assertEqual(('attached', False, self.server['id']), (
            device.status, device.present, device.instance_uuid))
        self._assert_has()

    def test_same_port(self):
        self.replug('1-1')
        self.scan()
        self._assert_has((self.uuid, (1, 22)))

    def test_pulled_out_for_a_while(self):
        self.unplug('1-1')
        self.scan()
        self.plug(dict(base.STICK, device_number=9))
        self.scan()
        self._assert_has((self.uuid, (1, 9)))

    def test_another_port_with_serial(self):
        self.replug('1-1', new_port='1-4')
        self.scan()
        self._assert_has((self.uuid, (1, 22)))
        device = self.device('1-4')
        self.assertEqual((self.uuid, True), (device.uuid, device.present))

    def test_another_port_without_serial(self):
        twin = self.device('1-2.1').uuid
        self.assertEqual(200, self.attach(self.server, id=twin)[0])
        self.replug('1-2.1', new_port='1-2.4')
        self.scan()
        self._assert_has((self.uuid, (1, 2)))
        self.assertEqual((twin, 'attached', False), (
            self.device('1-2.1').uuid, self.device('1-2.1').status,
            self.device('1-2.1').present))
        new = self.device('1-2.4')
        self.assertNotEqual(twin, new.uuid)
        self.assertEqual(('available', None), (
            new.status, new.instance_uuid))

    def test_twins_swap_ports(self):
        # Nothing tells them apart but the port.  What is in the port is the
        # server's; the other one is not.
        first = self.device('1-2.1').uuid
        self.assertEqual(200, self.attach(self.server, id=first)[0])
        one, two = base.TWINS
        self.plug(dict(one, device_number=41), dict(two, device_number=42))
        self.scan()
        self._assert_has((self.uuid, (1, 2)), (first, (1, 41)))

    def test_swapped_for_another(self):
        self.plug(dict(base.STICK, serial='ANOTHER', device_number=5))
        self.scan()
        self._assert_has()
        devices = {device.serial: device for device in
                   usb_obj.UsbDeviceList.get_by_filters(self.context)}
        self.assertEqual(('attached', False), (
            devices['STICK-0001'].status, devices['STICK-0001'].present))
        self.assertEqual(('available', None, True), (
            devices['ANOTHER'].status, devices['ANOTHER'].instance_uuid,
            devices['ANOTHER'].present))

    def test_second_one_with_the_same_serial(self):
        # A clone of it does not become the server's, nor does it take it.
        self.plug(dict(base.STICK, port_path='1-4', device_number=6))
        self.scan()
        self._assert_has((self.uuid, (1, 2)))
        self.assertEqual('available', self.device('1-4').status)
        self.unplug('1-1')
        self.scan()
        self._assert_has()
        self.assertEqual('attached', self.device('1-1').status)
        self.assertEqual('available', self.device('1-4').status)

    def test_twenty_in_a_row(self):
        for n in range(20):
            self.plug(dict(base.STICK, device_number=50 + n))
            self.scan()
        self._assert_has((self.uuid, (1, 69)))
        rows = usb_obj.UsbDeviceList.get_by_filters(
            self.context, {'serial': 'STICK-0001'})
        self.assertEqual([self.uuid], [device.uuid for device in rows])

    def test_two_trade_addresses(self):
        twin = self.device('1-2.1').uuid
        self.assertEqual(200, self.attach(self.server, id=twin)[0])
        self.plug(dict(base.STICK, device_number=11),
                  dict(base.TWINS[0], device_number=2))
        self.scan()
        self._assert_has((self.uuid, (1, 11)), (twin, (1, 2)))

    def test_while_a_task_is_under_way(self):
        instance = objects.Instance.get_by_uuid(
            self.context, self.server['id'])
        instance.task_state = 'image_uploading'
        instance.save()
        self.replug('1-1')
        self.scan()
        self._assert_has((self.uuid, (1, 2)))
        instance.task_state = None
        instance.save()
        self.scan()
        self._assert_has((self.uuid, (1, 22)))

    def test_used_by_the_host_when_it_returns(self):
        self.plug(dict(base.STICK, device_number=22,
                       host_use='/dev/sdb1 is mounted'))
        self.scan()
        self._assert_has()
        self.assertEqual('attached', self.device('1-1').status)
        self.plug(dict(base.STICK, device_number=22))
        self.scan()
        self._assert_has((self.uuid, (1, 22)))

    def _assert_denied(self, reason):
        device = self.device('1-1')
        self.assertEqual(('attached', self.server['id']), (
            device.status, device.instance_uuid))
        self.assertIn(reason, device.blocked_reason)

    def test_guest_keeps_what_device_spec_denies_now(self):
        self.flags(device_spec=['{"vendor_id": "0403"}'], group='usb')
        self.compute = self.restart_compute_service(self.compute)
        for _n in range(2):
            self._assert_has((self.uuid, (1, 2)))
            self._assert_denied('device_spec does not offer it')
            self.scan()
        # Until the server stops.
        self._stop_server(self.server)
        self.assertIsNone(self.in_domain(self.server))
        self._start_server(self.server)
        self.scan()
        self._assert_has()
        self._assert_denied('device_spec does not offer it')
        self.flags(device_spec=[], group='usb')
        self.compute = self.restart_compute_service(self.compute)
        self._assert_has((self.uuid, (1, 2)))

    def test_guest_keeps_what_the_host_would_use(self):
        self.plug(dict(base.STICK, host_use='/dev/sdb1 is mounted'))
        self.scan()
        self._assert_has((self.uuid, (1, 2)))
        self._assert_denied('/dev/sdb1 is mounted')
        # Until it is detached.
        self.assertEqual(204, self.detach(self.server, self.uuid)[0])
        self.assertEqual('blocked', self.device('1-1').status)
        self.assertEqual(409, self.attach(self.server, id=self.uuid)[0])

    def test_not_usable_at_first(self):
        # udev tells of a device before it can be used.
        refusal = usb_exception.UsbAttachFailed(
            device=self.uuid, server=self.server['id'], reason='not yet')
        self.faults.refuse('attach', refusal, times=1)
        self.replug('1-1')
        self.scan()
        self._assert_has()
        self.assertEqual('attached', self.device('1-1').status)
        self.scan()
        self._assert_has((self.uuid, (1, 22)))

    def test_nobodys_and_gone(self):
        self.unplug('1-2.1')
        self.scan()
        self.assertEqual({'1-1', '1-2.2'}, set(self.present()))
        self.flags(absent_grace_time=0, group='usb')
        self.scan()
        self.assertEqual({'1-1', '1-2.2'}, set(self.devices()))

    def test_report_cannot_be_sent(self):
        with fixtures.MockPatch(
                'nova.objects.usb_device.UsbDeviceList.report',
                side_effect=usb_exception.UsbDatabaseNotSynced(cell='x')):
            self.replug('1-1')
            self.scan()
            self._assert_has((self.uuid, (1, 2)))
        self.scan()
        self._assert_has((self.uuid, (1, 22)))


class CostTest(base.UsbTestBase):
    """What a report costs, counted in messages and SQL statements."""

    DEVICES = [
        {'vendor_id': '0403', 'product_id': '6001', 'bus_number': 1,
         'device_number': n, 'port_path': '1-%d' % n, 'serial': 'S%d' % n}
        for n in range(1, 128)]

    def setUp(self):
        super(CostTest, self).setUp()
        # Once after each start, Placement is searched for what is held for
        # servers that are no more.
        self.scan()
        self.assertFalse(self.compute.manager.usb.allocations.suspect)

    def _count(self, func):
        """Statements, transactions apart, and reports while it runs."""
        statements = []

        def executed(conn, cursor, statement, parameters, context, many):
            statements.append(statement)

        real = usb_obj.UsbDeviceList.report
        with fixtures.MockPatch('nova.objects.usb_device.UsbDeviceList.report',
                                side_effect=real) as report:
            sa.event.listen(sa.engine.Engine, 'before_cursor_execute',
                            executed)
            try:
                func()
            finally:
                sa.event.remove(sa.engine.Engine, 'before_cursor_execute',
                                executed)
        return len(statements), report.mock.call_count

    def _replug(self, *devices):
        self.plug(*[dict(device, device_number=device['device_number'] + 200)
                    for device in devices])

    def test_unchanged_host(self):
        self.assertEqual(127, len(self.devices()))
        with mock.patch('oslo_messaging.rpc.client._BaseCallContext.call',
                        side_effect=AssertionError('a message was sent')):
            self.assertEqual((0, 0), self._count(self.scan))

    def test_hundred_changes(self):
        self._replug(self.DEVICES[-1])
        few, _reports = self._count(self.scan)
        self._replug(*self.DEVICES[:100])
        statements, reports = self._count(self.scan)
        self.assertEqual((few, 1), (statements, reports))
        self.assertLess(statements, 20)
