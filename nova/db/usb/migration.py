# SPDX-License-Identifier: Apache-2.0
"""Applies the migrations of our tables.

They are a history of their own, with a version table of their own, beside
Nova's: a revision of ours in Nova's history would collide with the next
release's.
"""

import os

from alembic import command
from alembic import config as alembic_config
from alembic import script

from nova.db.usb import models

_HERE = os.path.dirname(os.path.abspath(__file__))


def alembic_configuration():
    """Alembic's configuration for our history, without any file."""
    config = alembic_config.Config()
    # A ConfigParser would take a percent sign in the path for its own.
    config.set_main_option(
        'script_location',
        os.path.join(_HERE, 'alembic').replace('%', '%%'))
    return config


def upgrade(connection):
    """Bring our tables up to date.

    :param connection: SQLAlchemy connection to a cell's database, in a
        transaction
    """
    config = alembic_configuration()
    config.attributes['connection'] = connection
    command.upgrade(config, 'head')


def head():
    """The newest revision that this code knows."""
    return script.ScriptDirectory.from_config(
        alembic_configuration()).get_current_head()


def version(connection):
    """The revision that a database is at, or None before the first.

    :param connection: SQLAlchemy connection
    """
    table = models.version_table
    if not connection.dialect.has_table(connection, table.name):
        return None
    return connection.execute(table.select()).scalar()
