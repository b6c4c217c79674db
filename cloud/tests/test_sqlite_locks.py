# SPDX-License-Identifier: Apache-2.0
"""Transactions that read and then write, side by side, as oslo.db makes them.

In processes of their own: the engines of this one are left alone.
"""

import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

INSIDE = pathlib.Path(__file__).resolve().parent.parent / 'inside'

# Counts up in 4 threads; every one reads before any may write, so that
# SQLite alone refuses all but the first.
CODE = """
import contextlib
import sqlite3
import sys
import threading

from oslo_db.sqlalchemy import enginefacade
import sqlalchemy

sys.path.insert(0, sys.argv[1])
if sys.argv[3] == 'with':
    import sqlite_locks
    sqlite_locks.install()

manager = enginefacade.transaction_context()
manager.configure(connection='sqlite:///' + sys.argv[2])
with contextlib.closing(sqlite3.connect(sys.argv[2])) as connection:
    connection.execute('PRAGMA journal_mode=WAL')
engine = manager.writer.get_engine()
with engine.begin() as connection:
    connection.execute(sqlalchemy.text('CREATE TABLE counts (n INTEGER)'))
    connection.execute(sqlalchemy.text('INSERT INTO counts VALUES (0)'))

together = threading.Barrier(4)
refused = []


@enginefacade.transaction_context_provider
class Context:
    pass


def count():
    try:
        with manager.writer.using(Context()) as session:
            session.execute(sqlalchemy.text('SELECT n FROM counts')).all()
            together.wait(60)
            session.execute(sqlalchemy.text('SAVEPOINT s'))
            session.execute(sqlalchemy.text('UPDATE counts SET n = n + 1'))
    except Exception as error:
        refused.append(str(error))


threads = [threading.Thread(target=count) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

# What a transaction wrote before it failed must not stay.
try:
    with manager.writer.using(Context()) as session:
        session.execute(sqlalchemy.text('UPDATE counts SET n = 100'))
        raise ValueError
except ValueError:
    pass
with manager.reader.using(Context()) as session:
    total = session.execute(
        sqlalchemy.text('SELECT n FROM counts')).scalar()
print(total, sum('locked' in text for text in refused), len(refused))
"""


@unittest.skipUnless(importlib.util.find_spec('oslo_db'),
                     'oslo.db is not installed')
class SqliteLocksTest(unittest.TestCase):

    def count(self, how):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [sys.executable, '-W', 'ignore', '-c', CODE, str(INSIDE),
                 folder + '/db.sqlite', how],
                capture_output=True, text=True, timeout=180)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.strip()

    def test_without_it_transactions_are_refused(self):
        # The reason for all this; should it ever pass, drop sqlite_locks.
        self.assertEqual('1 3 3', self.count('without'))

    def test_with_it_all_are_done(self):
        self.assertEqual('4 0 0', self.count('with'))
