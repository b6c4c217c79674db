# SPDX-License-Identifier: Apache-2.0
"""Lets SQLite refuse what MySQL and PostgreSQL refuse: values too long.

SQLite keeps a text of any length in a VARCHAR(255).
"""

import time

import fixtures
from oslo_db import exception as db_exc
import sqlalchemy as sa

from nova import usb_compat


def _conditions(table):
    return ['length(NEW."%s") > %d' % (column.name, column.type.length)
            for column in table.columns
            if isinstance(column.type, sa.String) and column.type.length or
            isinstance(getattr(column.type, 'impl', None), sa.String)
            and column.type.length]


class StringWidthsFixture(fixtures.Fixture):
    """Checks the widths of all columns of the tables that Nova has.

    :param contexts: those of the databases, made before this
    """

    def __init__(self, *contexts):
        self.contexts = contexts

    def _setUp(self):
        for context in self.contexts:
            engine = usb_compat.db_api.get_engine(context=context)
            if engine.dialect.name != 'sqlite':
                continue
            for _attempt in range(100):
                try:
                    with engine.begin() as connection:
                        self._check(connection)
                    break
                except (db_exc.DBError, sa.exc.OperationalError):
                    # A service of the test reads or writes just now.
                    time.sleep(0.1)
            else:
                raise AssertionError('The database is always in use')

    @staticmethod
    def _check(connection):
        there = set(sa.inspect(connection).get_table_names())
        for name, table in usb_compat.models.BASE.metadata.tables.items():
            conditions = _conditions(table)
            if name not in there or not conditions:
                continue
            for event in ('INSERT', 'UPDATE'):
                connection.execute(sa.text(
                    'CREATE TRIGGER IF NOT EXISTS "width_%s_%s" BEFORE %s '
                    'ON "%s" WHEN %s BEGIN SELECT RAISE(ABORT, '
                    "'Data too long for a column of %s'); END" % (
                        name, event, event, name, ' OR '.join(conditions),
                        name)))
