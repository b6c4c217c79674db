# SPDX-License-Identifier: Apache-2.0
"""Tests of our migrations beside Nova's own.

On SQLite always; on MySQL and PostgreSQL where there are such as oslo.db's
opportunistic fixtures expect.
"""

from unittest import mock

from alembic import autogenerate
from alembic.runtime import migration as alembic_migration
from oslo_config import cfg
from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import test_fixtures
import sqlalchemy as sa

from nova.cmd import manage
from nova import context as nova_context
from nova.db import migration as nova_migration
from nova.db.usb import hooks as usb_hooks
from nova.db.usb import migration
from nova.db.usb import models
from nova import test
from nova.tests.unit.usb import usb_db_base
from nova.tests.usb_fixtures import compat
from nova import usb_compat

CONF = cfg.CONF
db_api = usb_db_base.db_api

OURS = {'devices', 'device_reports', 'usb_alembic_version'}


def tables(engine):
    return set(sa.inspect(engine).get_table_names())


class MigrationMixin(object):
    """What holds on every database."""

    def setUp(self):
        super(MigrationMixin, self).setUp()
        self.engine = enginefacade.writer.get_engine()

    def sync(self, version=None):
        with compat.nova_database(self.engine):
            nova_migration.db_sync(version, database='main')

    def version(self):
        with self.engine.connect() as connection:
            return migration.version(connection)

    def test_models_are_what_the_migrations_make(self):
        with self.engine.begin() as connection:
            migration.upgrade(connection)

        def ours(name, type_, parent_names):
            return type_ != 'table' or name in OURS

        def ours_too(object_, name, type_, reflected, compare_to):
            return type_ != 'table' or name in OURS

        with self.engine.connect() as connection:
            found = alembic_migration.MigrationContext.configure(
                connection, opts={
                    'compare_type': True, 'include_name': ours,
                    'include_object': ours_too})
            self.assertEqual([], autogenerate.compare_metadata(
                found, models.models.BASE.metadata))

    def test_sync_and_sync_again(self):
        self.assertIsNone(self.version())
        self.sync()
        self.assertEqual(migration.head(), self.version())
        theirs = 'alembic_version' if compat.HAS_ALEMBIC else (
            'migrate_version')
        self.assertLessEqual(OURS | {'instances', theirs},
                             tables(self.engine))
        statements = []
        sa.event.listen(
            self.engine, 'before_cursor_execute',
            lambda conn, cursor, statement, *args:
            statements.append(statement))
        self.sync()
        changes = [statement for statement in statements if
                   statement.lstrip().upper().startswith(
                       ('CREATE', 'ALTER', 'DROP', 'INSERT', 'UPDATE',
                        'DELETE'))]
        self.assertEqual([], changes)
        self.assertEqual(migration.head(), self.version())

    def test_nova_has_not_heard_of_our_history(self):
        if not compat.HAS_ALEMBIC:
            self.skipTest('this Nova has no history of Alembic')
        self.sync()
        with self.engine.connect() as connection:
            found = alembic_migration.MigrationContext.configure(connection)
            self.assertEqual(
                1, len(found.get_current_heads()))
            self.assertNotIn(migration.head(), found.get_current_heads())

    def test_ours_goes_to_its_newest_whatever_nova_is_asked_for(self):
        self.sync(compat.NOVA_BEFORE_LAST)
        self.assertEqual(migration.head(), self.version())
        self.sync()
        self.assertEqual(migration.head(), self.version())


class TestMigrationsSQLite(MigrationMixin,
                           test_fixtures.OpportunisticDBTestMixin,
                           test.NoDBTestCase):
    pass


class TestMigrationsMySQL(MigrationMixin,
                          test_fixtures.OpportunisticDBTestMixin,
                          test.NoDBTestCase):
    FIXTURE = test_fixtures.MySQLOpportunisticFixture


class TestMigrationsPostgreSQL(MigrationMixin,
                               test_fixtures.OpportunisticDBTestMixin,
                               test.NoDBTestCase):
    FIXTURE = test_fixtures.PostgresqlOpportunisticFixture


class HistoryTest(test.NoDBTestCase):

    def test_one_line_of_revisions(self):
        script = migration.script.ScriptDirectory.from_config(
            migration.alembic_configuration())
        revisions = list(script.walk_revisions())
        self.assertEqual([migration.head()], script.get_heads())
        self.assertEqual(1, len(script.get_bases()))
        for revision in revisions:
            self.assertFalse(revision.is_branch_point)

    def test_every_table_is_known(self):
        self.assertEqual(OURS, models.TABLES)
        self.assertLessEqual(
            OURS, set(usb_compat.models.BASE.metadata.tables))

    def test_a_path_with_a_percent_sign(self):
        with mock.patch.object(migration, '_HERE', '/a%20b/%(x)s'):
            self.assertEqual(
                '/a%20b/%(x)s/alembic',
                migration.alembic_configuration().get_main_option(
                    'script_location'))

    def test_only_databases_of_cells(self):
        if not compat.HAS_ALEMBIC:
            self.skipTest('this Nova has no history of Alembic')
        config = nova_migration._find_alembic_conf('api')
        engine = mock.Mock()
        nova = mock.Mock()
        usb_hooks.upgrade(nova)(engine, config, None)
        nova.assert_called_once_with(engine, config, None)
        engine.begin.assert_not_called()


class NovaManageTest(usb_db_base.UsbDbTestCase):
    """nova-manage db, with devices in the database."""

    def setUp(self):
        super(NovaManageTest, self).setUp()
        self.commands = manage.DbCommands()
        self.useFixture(test.fixtures.MonkeyPatch(
            'sys.stdout', mock.Mock()))

    def test_archive_and_purge(self):
        servers = [db_api.instance_create(self.context, {
            'host': self.host, 'project_id': 'p', 'user_id': 'u'}).uuid
            for _number in range(2)]
        rows = self.report(usb_db_base.stick('1-1'),
                           usb_db_base.stick('1-2'))
        for row, server in zip(rows, servers):
            self.claim(row, server)
        db_api.instance_destroy(self.context, servers[0])
        archived, uuids, _total = db_api.archive_deleted_rows(
            context=self.context, max_rows=1000)
        self.assertEqual(1, archived['instances'])
        self.assertEqual([servers[0]], uuids)
        self.assertFalse(OURS & set(archived))
        self.assertEqual([None, servers[1]],
                         [self.get(row).instance_uuid for row in rows])
        self.assertLess(0, db_api.purge_shadow_tables(self.context, None))
        self.assertEqual(2, len(rows))
        # Nothing is left over that another run would stumble upon.
        db_api.archive_deleted_rows(context=self.context, max_rows=1000)

    def test_archive_all_cells(self):
        self.one()
        self.assertIn(self.commands.archive_deleted_rows(
            all_cells=True, until_complete=True), (0, 1))

    def test_sync_with_devices(self):
        row = self.one()
        nova_migration.db_sync(context=self.context)
        self.assertEqual(row.uuid, self.get(row).uuid)

    def test_version_is_novas(self):
        self.assertNotEqual(
            migration.head(),
            nova_migration.db_version(
                context=nova_context.get_admin_context()))
