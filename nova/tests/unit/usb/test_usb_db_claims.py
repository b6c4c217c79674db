# SPDX-License-Identifier: Apache-2.0
"""Tests of claims and releases, on a real (SQLite) database."""

import os
import tempfile
import threading
import unittest

from oslo_db import exception as db_exc
from oslo_utils.fixture import uuidsentinel as uuids

from nova import context as nova_context
from nova.db.usb import api as usb_db
from nova.db.usb import claims as usb_claims
from nova.db.usb import migration
from nova.db.usb import models
from nova.db.usb import report as usb_report
from nova.tests.unit.usb import host_devices
from nova.tests.unit.usb import usb_db_base
from nova.usb import exception as usb_exception
from nova.usb import status

stick = usb_db_base.stick
db_api = usb_db_base.db_api


class ClaimTest(usb_db_base.UsbDbTestCase):

    def test_whole_life(self):
        row = self.one()
        self.assertEqual((status.AVAILABLE, True), (row.status, row.present))
        row = self.claim(row, tag='dongle')
        self.assertEqual((status.ATTACHING, uuids.server, 'dongle'),
                         (row.status, row.instance_uuid, row.tag))
        self.assertIsNotNone(row.updated_at)
        row = self.move(row, 'finish_attach')
        self.assertEqual(status.ATTACHED, row.status)
        row = self.move(row, 'begin_detach')
        self.assertEqual(status.DETACHING, row.status)
        row = self.move(row, 'abort_detach')
        self.assertEqual(status.ATTACHED, row.status)
        row = self.move(row, 'begin_detach')
        row = self.release(row, states=[status.DETACHING])
        self.assertEqual((status.AVAILABLE, None, None),
                         (row.status, row.instance_uuid, row.tag))

    def test_the_description_stays_the_administrators(self):
        row = self.one()
        usb_claims.device_update(self.context, row.uuid,
                                 {'description': 'left port'})
        row = self.claim(row, tag='dongle')
        self.assertEqual(('left port', 'dongle'), (row.description, row.tag))
        row = self.release(row)
        self.assertEqual(('left port', None), (row.description, row.tag))

    def _update(self, row, **values):
        return usb_claims.device_update(self.context, row.uuid, values)

    def test_attached_under_the_grant_of_the_claim_only(self):
        row = self.one()
        for before, after in [('p', None), ('p', 'q'), (None, 'q')]:
            self._update(row, project_id=before)
            row = self.claim(row)
            self.assertEqual(before, row.claim_project_id)
            self._update(row, project_id=after)
            self.assertRaises(usb_exception.UsbGrantChanged,
                              self.move, row, 'finish_attach')
            self.assertEqual(status.ATTACHING, self.get(row).status)
            self._update(row, project_id=before)
            self.move(row, 'finish_attach')
            row = self.release(row)
            self.assertIsNone(row.claim_project_id)

    def test_what_other_databases_find_too_long(self):
        row = self.one()
        for values in ({'description': 'x' * 256}, {'project_id': 'x' * 256},
                       {'speed': 'x' * 17},
                       {'interface_classes': ['08'] * 90}):
            self.assertRaises(db_exc.DBError, self.put, row, **values)
        self.put(row, description='x' * 255, interface_classes=['08'] * 85)

    def test_every_verb_from_every_state(self):
        """All that the table of transitions does not name is refused."""
        row = self.one()
        for state in status.ALL:
            owner = uuids.server if state in status.CLAIMED else None
            for verb, (sources, goal) in status.TRANSITIONS.items():
                self.put(row, status=state, instance_uuid=owner)
                with self.subTest(state=state, verb=verb):
                    if state in sources:
                        done = self._do(row, verb)
                        self.assertEqual(goal or status.AVAILABLE,
                                         done.status)
                    else:
                        self.assertRaises(usb_exception.UsbDeviceConflict,
                                          self._do, row, verb)
                        self.assertEqual(
                            (state, owner), (self.get(row).status,
                                             self.get(row).instance_uuid))

    def _do(self, row, verb):
        if verb == 'claim':
            return self.claim(row)
        if verb == 'release':
            return self.release(row)
        return self.move(row, verb)

    def test_no_verb_of_another_server(self):
        row = self.claim(self.one())
        for state in status.CLAIMED:
            self.put(row, status=state)
            for verb in ('finish_attach', 'begin_detach', 'abort_detach',
                         'release'):
                with self.subTest(state=state, verb=verb):
                    act = (self.release if verb == 'release' else
                           lambda row, server: self.move(row, verb,
                                                         server=server))
                    self.assertRaises(usb_exception.UsbDeviceClaimLost,
                                      act, row, server=uuids.other)
            self.assertEqual((state, uuids.server),
                             (self.get(row).status,
                              self.get(row).instance_uuid))

    def test_a_late_rollback_frees_nothing_of_the_next_owner(self):
        row = self.claim(self.one())
        self.release(row)
        self.claim(row, uuids.other)
        self.assertRaises(usb_exception.UsbDeviceClaimLost, self.release,
                          row, states=[status.ATTACHING])
        self.assertEqual(uuids.other, self.get(row).instance_uuid)

    def test_why_not(self):
        row = self.one()
        unknown = models.UsbDevice(uuid=uuids.unknown)
        self.assertRaises(usb_exception.UsbDeviceNotFound,
                          self.claim, unknown)
        self.assertRaises(usb_exception.UsbDeviceNotFound,
                          self.release, unknown)
        self.assertRaises(usb_exception.UsbDeviceNotFound,
                          self.move, unknown, 'finish_attach')
        self.claim(row)
        error = self.assertRaises(usb_exception.UsbDeviceInUse, self.claim,
                                  row, uuids.other)
        self.assertIn('attaching', str(error))
        self.assertRaises(usb_exception.UsbDeviceNotAttached,
                          self.move, row, 'begin_detach')
        self.assertRaises(usb_exception.UsbDeviceNotAttached,
                          self.release, row, states=[status.DETACHING])
        self.release(row)
        self.put(row, present=False)
        self.assertRaises(usb_exception.UsbDeviceAbsent, self.claim, row)
        self.put(row, present=True)
        self.report(stick(), **{'1_1': 'it holds /'})
        error = self.assertRaises(usb_exception.UsbDeviceBlocked,
                                  self.claim, row)
        self.assertIn('it holds /', str(error))
        usb_claims.device_update(self.context, row.uuid, {'disabled': True})
        self.assertRaises(usb_exception.UsbDeviceDisabled, self.claim, row)

    def test_grant_changed_since_it_was_checked(self):
        row = self.one()
        usb_claims.device_update(self.context, row.uuid, {'project_id': 'p2'})
        for project_id in (None, 'p1'):
            self.assertRaises(usb_exception.UsbDeviceChanged, self.claim, row,
                              project_id=project_id)
        self.assertEqual(status.ATTACHING,
                         self.claim(row, project_id='p2').status)

    def test_released_while_blocked_or_disabled(self):
        row = self.claim(self.one())
        self.report(stick(), **{'1_1': 'why'})
        self.assertEqual(status.ATTACHING, self.get(row).status)
        self.assertEqual(status.BLOCKED, self.release(row).status)
        self.report(stick())
        row = self.claim(row)
        usb_claims.device_update(self.context, row.uuid, {'disabled': True})
        self.assertEqual(status.ATTACHING, self.get(row).status)
        self.assertEqual(status.BLOCKED, self.release(row).status)

    def test_released_while_absent(self):
        row = self.claim(self.one())
        self.report()
        self.assertEqual((status.ATTACHING, False),
                         (self.get(row).status, self.get(row).present))
        row = self.release(row)
        self.assertEqual((status.AVAILABLE, False, None),
                         (row.status, row.present, row.instance_uuid))

    def _force_release(self, row):
        return usb_claims.device_force_release(
            self.context, row.uuid, row.instance_uuid, row.status)

    def test_force_release(self):
        row = self.one()
        error = self.assertRaises(
            usb_exception.UsbDeviceNotClaimed, self._force_release, row)
        self.assertIn('available', str(error))
        for verbs in [(), ('finish_attach',),
                      ('finish_attach', 'begin_detach')]:
            self.claim(row)
            self.move(row, *verbs)
            freed = self._force_release(self.get(row))
            self.assertEqual((status.AVAILABLE, None),
                             (freed.status, freed.instance_uuid))
        row.uuid = uuids.unknown
        self.assertRaises(
            usb_exception.UsbDeviceNotFound, self._force_release, row)

    def test_force_release_of_what_was_judged_only(self):
        judged = self.claim(self.one())
        self.move(judged, 'finish_attach')
        judged.status = status.ATTACHING
        self.assertRaises(
            usb_exception.UsbDeviceChanged, self._force_release, judged)
        self.assertEqual((status.ATTACHED, uuids.server),
                         (self.get(judged).status,
                          self.get(judged).instance_uuid))
        self.release(judged)
        self.assertRaises(usb_exception.UsbDeviceNotClaimed,
                          self._force_release, judged)
        self.claim(judged, uuids.other)
        judged.instance_uuid = uuids.server
        self.assertRaises(
            usb_exception.UsbDeviceChanged, self._force_release, judged)
        self.assertEqual(uuids.other, self.get(judged).instance_uuid)

    def test_forget(self):
        row = self.one()
        forget = usb_claims.device_forget
        self.assertRaises(usb_exception.UsbDevicePresent, forget,
                          self.context, row.uuid)
        self.claim(row)
        self.assertRaises(usb_exception.UsbDeviceInUse, forget,
                          self.context, row.uuid)
        self.report()
        self.assertRaises(usb_exception.UsbDeviceInUse, forget,
                          self.context, row.uuid)
        self.put(row, status=status.AVAILABLE, instance_uuid=None)
        forget(self.context, row.uuid)
        self.assertRaises(usb_exception.UsbDeviceNotFound, forget,
                          self.context, row.uuid)

    def test_update(self):
        row = self.one()

        def update(**values):
            return usb_claims.device_update(self.context, row.uuid, values)

        self.assertEqual('p', update(project_id='p').project_id)
        self.assertEqual(status.BLOCKED, update(disabled=True).status)
        self.assertEqual(status.AVAILABLE, update(disabled=False).status)
        self.report(stick(), **{'1_1': 'why'})
        self.assertEqual(status.BLOCKED, update(disabled=False).status)
        self.assertEqual('d', update(description='d').description)
        self.assertIsNone(update(description=None).description)
        self.assertRaises(
            usb_exception.UsbDeviceNotFound, usb_claims.device_update,
            self.context, uuids.unknown, {'description': 'd'})

    def test_one_statement_decides(self):
        row = self.one()
        with self.statements() as seen:
            self.claim(row)
        self.assertEqual('UPDATE', seen[0].split()[0])
        self.assertEqual(
            1, len([s for s in seen if s.startswith(usb_db_base.WRITES)]))


class ClaimTestMySQL(usb_db_base.OnMySQL, ClaimTest):
    pass


class ClaimTestPostgreSQL(usb_db_base.OnPostgreSQL, ClaimTest):
    pass


class ConcurrentClaimTest(unittest.TestCase):
    """Many at once, each with its own connection to a file.

    Without Nova's fixture of a database, which lets one thread write at a
    time.
    """

    COUNT = 16

    def setUp(self):
        super(ConcurrentClaimTest, self).setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.manager = db_api.create_context_manager(
            'sqlite:///' + os.path.join(folder.name, 'cell.sqlite'))
        engine = self.manager.writer.get_engine()
        self.addCleanup(engine.dispose)
        with engine.begin() as connection:
            migration.upgrade(connection)

    def _context(self):
        context = nova_context.get_admin_context()
        context.db_connection = self.manager
        return context

    def _run(self, action):
        """Run an action in threads; returns what came out of each."""
        outcomes = []
        start = threading.Barrier(self.COUNT)

        def run(number):
            start.wait(30)
            try:
                outcomes.append(action(number))
            except Exception as e:
                outcomes.append(e)

        threads = [threading.Thread(target=run, args=(number,), daemon=True)
                   for number in range(self.COUNT)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            self.assertFalse(thread.is_alive())
        return outcomes

    def test_of_claims_one_wins(self):
        row = usb_report.apply(self._context(), 'compute1', 'me', 1,
                               host_devices.see(stick()))[0]
        servers = [getattr(uuids, 'server%d' % number)
                   for number in range(self.COUNT)]
        outcomes = self._run(lambda number: usb_claims.device_claim(
            self._context(), row.uuid, servers[number]).instance_uuid)
        winners = [outcome for outcome in outcomes if outcome in servers]
        losers = [outcome for outcome in outcomes
                  if isinstance(outcome, usb_exception.UsbDeviceInUse)]
        self.assertEqual((1, self.COUNT - 1), (len(winners), len(losers)),
                         outcomes)
        self.assertEqual(winners[0], usb_db.device_get_by_uuid(
            self._context(), row.uuid).instance_uuid)

    def test_of_reports_with_one_number_one_counts(self):
        outcomes = self._run(lambda number: usb_report.apply(
            self._context(), 'compute1', 'me', 7,
            host_devices.see(stick('1-%d' % (number + 1))))[0].port_path)
        counted = [outcome for outcome in outcomes
                   if isinstance(outcome, str)]
        self.assertEqual(1, len(counted), outcomes)
        self.assertEqual(
            {str, usb_exception.UsbReportSuperseded},
            {type(outcome) for outcome in outcomes}, outcomes)
        self.assertEqual(
            counted, [row.port_path for row in
                      usb_db.device_get_all_by_host(self._context(),
                                                    'compute1')])
