# SPDX-License-Identifier: Apache-2.0
"""Tests of reports of a host, on a real (SQLite) database."""

from unittest import mock

from oslo_utils import fixture as utils_fixture
from oslo_utils.fixture import uuidsentinel as uuids
from oslo_utils import timeutils

from nova.db.usb import api as usb_db
from nova.db.usb import claims as usb_claims
from nova.db.usb import report as usb_report
from nova import test
from nova.tests.unit.usb import host_devices
from nova.tests.unit.usb import usb_db_base
from nova.usb import exception as usb_exception
from nova.usb import status

stick = usb_db_base.stick
db_api = usb_db_base.db_api


class ReportTest(usb_db_base.UsbDbTestCase):

    def test_values(self):
        row = self.one(
            port='1-1.4', serial='S' * 300, manufacturer='Gerät \U0001f511',
            product='日本', device_class='ef', interface_classes=('ff', '08'),
            speed='480', controller='0000:00:14.0', host_use='ignored here')
        row = self.get(row)
        self.assertEqual('S' * 255, row.serial)
        self.assertEqual('Gerät \ufffd', row.manufacturer)
        self.assertEqual('日本', row.product)
        self.assertEqual(['08', 'ff'], row.interface_classes)
        self.assertEqual(
            ('compute1', '1-1.4', 1, 2, 'ef', '480', '0000:00:14.0', True,
             'CUSTOM_X', False),
            (row.host, row.port_path, row.bus_number, row.device_number,
             row.device_class, row.speed, row.controller, row.present,
             row.resource_class, row.disabled))
        self.assertIsNotNone(row.created_at)

    def test_unchanged_writes_nothing_but_its_number(self):
        self.report(stick('1-1', serial='S', interface_classes=('08', '03')),
                    stick('1-2'))
        with self.statements() as seen:
            self.report(
                stick('1-1', serial='S', interface_classes=('08', '03')),
                stick('1-2'))
        writes = [s for s in seen if s.startswith(usb_db_base.WRITES)]
        self.assertEqual(1, len(writes), writes)
        self.assertIn('device_reports', writes[0])

    def _count(self, devices):
        with self.statements() as seen:
            rows = self.report(*devices)
        self.assertEqual(len(devices), len(rows))
        return len(seen)

    def test_statements_do_not_grow_with_devices(self):
        def devices(count, number):
            return [stick('1-%d' % port, serial='S%d' % port,
                          device_number=number if port <= 100 else 1)
                    for port in range(1, count + 1)]

        # The host's row, its lock and the reading before and after.
        self.assertEqual(6, self._count(devices(127, 1)))
        changed = self._count(devices(127, 2))
        self.assertEqual(4, changed)
        self.host = 'compute2'
        self._count(devices(2, 1))
        self.assertEqual(changed, self._count(devices(2, 2)))
        self.host = 'compute1'
        self.flags(absent_grace_time=0, group='usb')
        # That they are absent, and then that they are gone.
        self.assertEqual(6, self._count(devices(27, 2)))
        self.assertEqual([2] * 27, [
            row.device_number for row in
            usb_db.device_get_all_by_host(self.context, 'compute1')])

    def test_other_hosts_are_left_alone(self):
        mine = self.one()
        self.host = 'compute2'
        other = self.one()
        self.assertNotEqual(mine.uuid, other.uuid)
        self.report()
        self.assertTrue(self.get(mine).present)
        self.assertFalse(self.get(other).present)

    def test_uuid_survives_unplugging_of_what_is_held(self):
        row = self.claim(self.one())
        self.report()
        self.report(stick(device_number=8))
        again = self.get(row)
        self.assertEqual((row.id, True, 8, uuids.server), (
            again.id, again.present, again.device_number,
            again.instance_uuid))

    def _meanwhile(self, action):
        """Do something between the reading and the writing of a report."""
        plan = usb_report.tracker.plan
        actions = [action]

        def planned(*args):
            result = plan(*args)
            while actions:
                actions.pop()()
            return result

        self.stub_out('nova.usb.tracker.plan', planned)

    def _claim_in_this_transaction(self, row):
        # SQLite lets one writer in at a time, so the other server's claim is
        # simulated by a statement in the same transaction.
        self._meanwhile(lambda: usb_claims.device_claim(
            self.context, row.uuid, uuids.server))

    def test_claimed_while_it_vanishes(self):
        row = self.one()
        context = self.context
        with db_api.get_context_manager(context).writer.using(context):
            self._claim_in_this_transaction(row)
            self.report()
        row = self.get(row)
        self.assertEqual((status.ATTACHING, uuids.server, False),
                         (row.status, row.instance_uuid, row.present))

    def test_claimed_while_it_becomes_blocked(self):
        row = self.one()
        context = self.context
        with db_api.get_context_manager(context).writer.using(context):
            self._claim_in_this_transaction(row)
            self.report(stick(), **{'1_1': 'why'})
        row = self.get(row)
        self.assertEqual((status.ATTACHING, uuids.server, 'why'),
                         (row.status, row.instance_uuid, row.blocked_reason))

    def _report_while(self, action, *devices):
        context = self.context
        with db_api.get_context_manager(context).writer.using(context):
            self._meanwhile(action)
            return self.report(*devices)

    def test_released_while_it_vanishes(self):
        row = self.claim(self.one())
        after, = self._report_while(lambda: self.release(row))
        self.assertEqual((status.AVAILABLE, False),
                         (after.status, after.present))

    def test_released_while_it_returns(self):
        row = self.claim(self.one())
        self.report()
        rows = self._report_while(lambda: self.release(row), stick())
        self.assertEqual([('1-1', True, status.AVAILABLE)], [
            (row.port_path, row.present, row.status) for row in rows])
        self.assertEqual(row.uuid, rows[0].uuid)

    def test_off_the_bus_for_a_moment(self):
        row = self.one()
        usb_claims.device_update(self.context, row.uuid, {
            'project_id': 'p', 'disabled': True, 'description': 'evidence'})
        self.flags(absent_grace_time=0, group='usb')
        absent = self.report()[0]
        self.assertEqual((False, status.BLOCKED),
                         (absent.present, absent.status))
        self.assertIsNotNone(absent.absent_since)
        self.assertEqual(1, len(self.report()))
        again = self.one(device_number=9)
        self.assertEqual(
            (row.uuid, True, None, 9, 'p', True, 'evidence',
             status.BLOCKED),
            (again.uuid, again.present, again.absent_since,
             again.device_number, again.project_id, again.disabled,
             again.description, again.status))

    def test_gone_after_the_grace_time(self):
        row = self.one()
        now = timeutils.utcnow()
        self.useFixture(utils_fixture.TimeFixture(now))
        self.assertEqual([False], [row.present for row in self.report()])
        timeutils.advance_time_seconds(299)
        self.assertEqual([row.uuid], [row.uuid for row in self.report()])
        timeutils.advance_time_seconds(2)
        self.assertEqual([], self.report())

    def test_granted_while_it_is_deleted(self):
        row = self.one()
        self.report()
        self.flags(absent_grace_time=0, group='usb')
        rows = self._report_while(lambda: usb_claims.device_update(
            self.context, row.uuid, {'project_id': 'p'}))
        self.assertEqual([(row.uuid, 'p')],
                         [(row.uuid, row.project_id) for row in rows])

    def test_what_is_claimed_for_no_server_is_freed(self):
        row = self.one()
        for state in status.CLAIMED:
            self.put(row, status=state, instance_uuid=None)
            self.assertEqual([status.AVAILABLE],
                             [row.status for row in self.report(stick())])
        self.put(row, status=status.ATTACHING)
        self.assertEqual([(status.AVAILABLE, False)],
                         [(row.status, row.present)
                          for row in self.report()])

    def test_what_only_another_transaction_can_see(self):
        """Simulated: in the first one nothing that is written counts."""
        transactions = []
        real_turn, real_create = usb_report._take_turn, usb_report._create

        def turn(*args):
            transactions.append(args)
            real_turn(*args)

        def create(*args):
            if len(transactions) > 1:
                real_create(*args)

        self.stub_out('nova.db.usb.report._take_turn', turn)
        self.stub_out('nova.db.usb.report._create', create)
        self.assertEqual(1, len(self.report(stick())))
        self.assertEqual(2, len(transactions))

    def test_serial_promoted_and_demoted(self):
        first = self.one(serial='S')
        self.assertEqual('0781:5567/serial=S', first.identity)
        self.claim(first)
        rows = self.report(stick('1-1', serial='S'),
                           stick('1-2', serial='S'))
        self.assertEqual(first.uuid, rows[0].uuid)
        self.assertEqual('0781:5567/port=1-1/serial=S', rows[0].identity)
        self.assertIsNone(rows[1].instance_uuid)
        self.flags(absent_grace_time=0, group='usb')
        self.report(stick('1-1', serial='S'))
        rows = self.report(stick('1-1', serial='S'))
        self.assertEqual([(first.uuid, '0781:5567/serial=S')],
                         [(row.uuid, row.identity) for row in rows])


class ReportTestMySQL(usb_db_base.OnMySQL, ReportTest):
    pass


class ReportTestPostgreSQL(usb_db_base.OnPostgreSQL, ReportTest):
    pass


class SequenceTest(usb_db_base.UsbDbTestCase):

    def send(self, reporter, sequence, *devices, host='compute1',
             takeover=False):
        return usb_report.apply(self.context, host, reporter, sequence,
                                host_devices.see(*devices), takeover)

    def assertSuperseded(self, *args):
        self.assertRaises(usb_exception.UsbReportSuperseded, self.send, *args)

    def test_numbers_must_rise(self):
        self.send('a', 1, stick())
        self.send('a', 3, stick(), stick('1-2'))
        self.assertSuperseded('a', 3)
        self.assertSuperseded('a', 2)
        self.assertSuperseded('a', 1)
        self.assertEqual(2, len(usb_db.device_get_all_by_host(
            self.context, 'compute1')))
        self.send('a', 4)

    def test_who_starts_takes_over(self):
        self.send('a', 1, stick())
        self.send('a', 2, stick())
        self.send('b', 1)
        self.assertSuperseded('a', 3, stick())
        self.assertSuperseded('b', 1, stick())
        self.send('b', 2)
        self.assertSuperseded('c', 2, stick())
        self.assertEqual([False], [
            row.present for row in usb_db.device_get_all_by_host(
                self.context, 'compute1')])

    def test_who_started_and_was_not_answered_takes_over_later(self):
        self.send('a', 1, stick())
        self.assertSuperseded('b', 3)
        self.send('b', 3, takeover=True)
        # No report counts twice, not even such a one.
        self.assertRaises(usb_exception.UsbReportSuperseded, self.send, 'b',
                          3, takeover=True)
        self.assertSuperseded('a', 2, stick())

    def test_hosts_count_on_their_own(self):
        self.send('a', 5, stick())
        self.send('a', 1, stick(), host='compute2')

    def test_a_host_that_nobody_knows_may_start_anywhere(self):
        self.assertEqual(1, len(self.send('a', 17, stick())))
        self.assertSuperseded('a', 17)

    def test_a_failed_report_can_be_sent_again(self):
        def fail(*args):
            raise test.TestingException()

        with mock.patch.object(usb_report, '_create', fail):
            self.assertRaises(test.TestingException, self.send, 'a', 1,
                              stick())
        self.assertEqual(1, len(self.send('a', 1, stick())))


class ForgetHostTest(usb_db_base.UsbDbTestCase):

    def test_forget_host(self):
        rows = self.report(stick('1-1'), stick('1-2'))
        self.host = 'compute2'
        other = self.one()
        self.claim(rows[0])
        orphans = usb_report.forget_host(self.context, 'compute1')
        self.assertEqual([(rows[0].uuid, False, status.ATTACHING)],
                         [(row.uuid, row.present, row.status)
                          for row in orphans])
        self.assertRaises(usb_exception.UsbDeviceNotFound, self.get, rows[1])
        self.assertTrue(self.get(other).present)
        usb_claims.device_force_release(
            self.context, rows[0].uuid, uuids.server, status.ATTACHING)
        self.assertEqual([], usb_report.forget_host(self.context, 'compute1'))
        # Should it come back, it is like a new one.
        self.host = 'compute1'
        self.sequence = 0
        self.assertEqual(1, len(self.report(stick())))
