# SPDX-License-Identifier: Apache-2.0
"""Tests of what Nova's database code calls for USB devices."""

from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids
import sqlalchemy as sa

from nova.db.usb import api as usb_db
from nova.db.usb import hooks as usb_hooks
from nova.db.usb import models
from nova import exception
from nova import test
from nova.tests.unit.usb import usb_db_base
from nova.usb import exception as usb_exception
from nova.usb import status

stick = usb_db_base.stick
db_api = usb_db_base.db_api


class DeletedInstanceTest(usb_db_base.UsbDbTestCase):
    """What Nova's own deletion of an instance does, through the seam."""

    def _server(self):
        server = db_api.instance_create(self.context, {
            'host': self.host, 'project_id': 'p', 'user_id': 'u'})
        return server.uuid

    def test_devices_are_freed(self):
        server = self._server()
        rows = self.report(stick('1-1'), stick('1-2'), stick('1-3'),
                           stick('1-4'))
        for row in rows[:3]:
            self.claim(row, server, tag='t')
        self.claim(rows[3], uuids.other)
        self.report(stick('1-1'), stick('1-2'), stick('1-4'),
                    **{'1_2': 'why'})
        db_api.instance_destroy(self.context, server)
        self.assertEqual(
            [('1-1', status.AVAILABLE, None), ('1-2', status.BLOCKED, None),
             ('1-3', status.AVAILABLE, None),
             ('1-4', status.ATTACHING, uuids.other)],
            [(row.port_path, row.status, row.instance_uuid) for row in
             usb_db.device_get_all_by_host(self.context, self.host)])
        self.assertIsNone(self.get(rows[0]).tag)

    def test_hard_delete(self):
        server = self._server()
        row = self.claim(self.one(), server)
        db_api.instance_destroy(self.context, server, hard_delete=True)
        self.assertEqual(status.AVAILABLE, self.get(row).status)

    def test_a_deletion_that_fails_frees_nothing(self):
        server = self._server()
        row = self.claim(self.one(), server)
        constraint = db_api.constraint(host=db_api.equal_any('elsewhere'))
        self.assertRaises(exception.ConstraintNotMet,
                          db_api.instance_destroy, self.context, server,
                          constraint)
        self.assertEqual(server, self.get(row).instance_uuid)

    def test_one_statement_for_a_server_without_devices(self):
        server = self._server()
        with self.statements() as seen:
            db_api.instance_destroy(self.context, server)
        self.assertEqual(1, len([s for s in seen if ' devices ' in s]), seen)

    def _drop(self):
        engine = db_api.get_engine(context=self.context)
        for model in (models.UsbDevice, models.UsbReport):
            model.__table__.drop(engine)

    def test_a_missing_table_does_not_matter(self):
        server, second = self._server(), self._server()
        self._drop()
        self.addCleanup(usb_hooks._warned.clear)
        with mock.patch.object(usb_hooks, 'LOG') as log:
            db_api.instance_destroy(self.context, server)
            db_api.instance_destroy(self.context, second)
        self.assertEqual(1, log.warning.call_count)
        self.assertRaises(exception.InstanceNotFound,
                          db_api.instance_get_by_uuid, self.context, server)

    def test_a_table_of_an_older_version_does_not_matter(self):
        server = self._server()
        engine = db_api.get_engine(context=self.context)
        with engine.begin() as connection:
            # The triggers that check widths name the column.
            for event in ('INSERT', 'UPDATE'):
                connection.execute(sa.text(
                    'DROP TRIGGER IF EXISTS "width_devices_%s"' % event))
            connection.execute(sa.text(
                'ALTER TABLE devices DROP COLUMN claim_project_id'))
        self.addCleanup(usb_hooks._warned.clear)
        db_api.instance_destroy(self.context, server)
        self.assertEqual([True], usb_hooks._warned)
        self.assertRaises(usb_exception.UsbDatabaseNotSynced,
                          usb_db.device_get_by_filters, self.context, {})

    def test_a_missing_table_has_a_name(self):
        self._drop()
        for func in [lambda: self.claim(models.UsbDevice(uuid=uuids.device)),
                     lambda: self.report(stick()),
                     lambda: usb_db.device_get_by_filters(self.context, {}),
                     lambda: usb_db.device_get_by_uuid(self.context,
                                                       uuids.device)]:
            error = self.assertRaises(usb_exception.UsbDatabaseNotSynced,
                                      func)
            self.assertIn('nova-manage db sync', str(error))
            self.assertEqual(503, error.code)


class MissingTableTest(test.NoDBTestCase):
    """What the databases that these tests do not run on say."""

    def wrapped(self, orig):
        error = sa.exc.ProgrammingError('SELECT', {}, orig)
        return usb_db.db_exc.DBError(error)

    def test_mysql(self):
        orig = Exception(1146, "Table 'nova.devices' doesn't exist")
        self.assertTrue(usb_db.is_not_synced(self.wrapped(orig)))
        orig = Exception(1146, "Table 'nova.instances' doesn't exist")
        self.assertFalse(usb_db.is_not_synced(self.wrapped(orig)))
        orig = Exception(1054, "Unknown column 'claim_project_id' in "
                               "'field list'")
        self.assertTrue(usb_db.is_not_synced(self.wrapped(orig)))

    def test_postgresql(self):
        orig = Exception('relation "devices" does not exist\nLINE 1:')
        orig.pgcode = '42P01'
        self.assertTrue(usb_db.is_not_synced(self.wrapped(orig)))
        orig.pgcode = '42703'
        self.assertTrue(usb_db.is_not_synced(self.wrapped(orig)))

    def test_sqlite(self):
        for table, missing in [('devices', True), ('main.devices', True),
                               ('instances', False)]:
            error = usb_db.db_exc.DBNonExistentTable(table, None)
            self.assertEqual(missing, usb_db.is_not_synced(error))

    def test_anything_else(self):
        self.assertFalse(usb_db.is_not_synced(ValueError('devices')))
