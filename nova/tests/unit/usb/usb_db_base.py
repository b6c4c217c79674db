# SPDX-License-Identifier: Apache-2.0
"""What the tests of the records of USB devices have in common."""

import contextlib

from oslo_db.sqlalchemy import enginefacade
from oslo_db.sqlalchemy import test_fixtures
from oslo_utils.fixture import uuidsentinel as uuids
import sqlalchemy as sa

from nova import context as nova_context
from nova.db.usb import api as usb_db
from nova.db.usb import claims as usb_claims
from nova.db.usb import migration
from nova.db.usb import models
from nova.db.usb import report as usb_report
from nova import test
from nova.tests.unit.usb import host_devices
from nova.tests.usb_fixtures import usb_widths
from nova.usb import status
from nova import usb_compat

stick = host_devices.stick
db_api = usb_compat.db_api


WRITES = ('INSERT', 'UPDATE', 'DELETE')


@db_api.pick_context_manager_writer
def _write(context, uuid, values):
    context.session.query(models.UsbDevice).filter_by(
        uuid=uuid).update(values)


class UsbDbTestCase(test.TestCase):
    """Has a host with devices in the database."""

    host = 'compute1'

    def setUp(self):
        super(UsbDbTestCase, self).setUp()
        self.context = nova_context.get_admin_context()
        self.sequence = 0
        self.useFixture(usb_widths.StringWidthsFixture(self.context))

    def report(self, *devices, **reasons):
        self.sequence += 1
        return usb_report.apply(self.context, self.host, 'me', self.sequence,
                                host_devices.see(*devices, **reasons))

    def one(self, **values):
        return self.report(stick(**values))[0]

    def get(self, row):
        return usb_db.device_get_by_uuid(self.context, row.uuid)

    def claim(self, row, server=uuids.server, **kwargs):
        return usb_claims.device_claim(
            self.context, row.uuid, server, **kwargs)

    def move(self, row, *verbs, server=uuids.server):
        for verb in verbs:
            row = usb_claims.device_move(self.context, row.uuid, server, verb)
        return row

    def release(self, row, server=uuids.server, states=status.CLAIMED):
        return usb_claims.device_release(
            self.context, row.uuid, server, states)

    def put(self, row, **values):
        """Force values upon a row."""
        _write(self.context, row.uuid, values)

    @contextlib.contextmanager
    def statements(self):
        """Collects the statements that reach the database."""
        engine = db_api.get_engine(context=self.context)
        seen = []

        def before(conn, cursor, statement, parameters, ctx, executemany):
            # With SQLAlchemy 1.x oslo.db asks whether the connection lives.
            if (statement.startswith(WRITES + ('SELECT',))
                    and statement != 'SELECT 1'):
                seen.append(statement)

        sa.event.listen(engine, 'before_cursor_execute', before)
        try:
            yield seen
        finally:
            sa.event.remove(engine, 'before_cursor_execute', before)


class _OnServer(test_fixtures.OpportunisticDBTestMixin):
    """The same tests on a server, where there is one.

    See :mod:`oslo_db.sqlalchemy.test_fixtures` for where one is looked for.
    """

    def setUp(self):
        super().setUp()
        engine = enginefacade.writer.get_engine()
        with engine.begin() as connection:
            migration.upgrade(connection)
        # Upstream's fixture of a database knows no other managers than its
        # own.
        manager = enginefacade.transaction_context()
        manager.configure(
            connection=engine.url.render_as_string(hide_password=False))
        self.context.db_connection = manager
        self.addCleanup(manager.writer.get_engine().dispose)


class OnMySQL(_OnServer):
    FIXTURE = test_fixtures.MySQLOpportunisticFixture


class OnPostgreSQL(_OnServer):
    FIXTURE = test_fixtures.PostgresqlOpportunisticFixture
