# SPDX-License-Identifier: Apache-2.0
"""Let many threads and processes write one SQLite database.

oslo.db begins each transaction with BEGIN, which takes SQLite's write lock
only at the first write.  When the transaction has read before, and another
one has written in between, SQLite refuses the lock at once ("database is
locked"), no matter how long a wait is allowed.  Servers that OpenStack is
made for do not do that.

So here the transaction starts at its first write, and takes the lock then,
waiting for it as long as others hold it.  What was read before was read as
at any server's "read committed".
"""

import re
import sqlite3

import sqlalchemy
from sqlalchemy import event

# Seconds to wait for the write lock.
WAIT = 60
# Statements that read, or that are about transactions and not in one.
READS = re.compile(r'\s*(SELECT|PRAGMA|EXPLAIN|COMMIT|ROLLBACK)\b', re.I)
LATER = 'SELECT 1'

# One connection to each database that is never used and never closed.
# oslo.db opens and closes one for each transaction, and SQLite writes its
# journal back and deletes it whenever the last connection is closed.
_kept = {}


def starts_write(statement):
    """Whether a statement needs the write lock.

    :param statement: SQL
    :returns: bool
    """
    return not READS.match(statement)


def _keep_open(connection):
    """Keep a database open, given a connection to it."""
    path = connection.execute('PRAGMA database_list').fetchone()[2]
    if path and path not in _kept:
        kept = sqlite3.connect(path, timeout=WAIT, check_same_thread=False)
        # Opens the journal, which the connection alone does not.
        kept.execute('SELECT COUNT(*) FROM sqlite_master').fetchall()
        # Two threads may do this at once; both may stay.
        _kept.setdefault(path, []).append(kept)


def install():
    """Apply this to every SQLite engine of this process."""

    @event.listens_for(sqlalchemy.Engine, 'connect')
    def connect(connection, record):
        if type(connection).__module__.startswith('sqlite3'):
            connection.execute('PRAGMA busy_timeout = %d' % (WAIT * 1000))
            # Losing the last moments of a power failure is fine here.
            connection.execute('PRAGMA synchronous = NORMAL')
            _keep_open(connection)

    @event.listens_for(sqlalchemy.Engine, 'before_cursor_execute',
                       retval=True)
    def before(conn, cursor, statement, parameters, context, executemany):
        if conn.dialect.name != 'sqlite':
            return statement, parameters
        if statement == 'BEGIN':
            return LATER, parameters
        if (starts_write(statement) and
                not cursor.connection.in_transaction):
            cursor.execute('BEGIN IMMEDIATE')
        return statement, parameters
