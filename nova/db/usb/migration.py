# SPDX-License-Identifier: Apache-2.0
"""Applies the migrations of the tables of USB devices.

They have a history and a version table of their own beside Nova's, because a
revision in Nova's history would collide with one of Nova's next release.
"""

import os

from alembic import command
from alembic import config as alembic_config
from alembic import script

from nova.db.usb import models

_HERE = os.path.dirname(os.path.abspath(__file__))


def alembic_configuration():
    """:returns: Alembic's configuration for this history, without a file"""
    config = alembic_config.Config()
    # ConfigParser interprets percent signs, so those of the path are doubled.
    config.set_main_option(
        'script_location',
        os.path.join(_HERE, 'alembic').replace('%', '%%'))
    return config


def upgrade(connection):
    """Migrate the tables of USB devices to the newest revision.

    :param connection: SQLAlchemy connection to a cell's database, in a
        transaction
    """
    config = alembic_configuration()
    config.attributes['connection'] = connection
    command.upgrade(config, 'head')


def head():
    """:returns: the newest revision that this code knows"""
    return script.ScriptDirectory.from_config(
        alembic_configuration()).get_current_head()


def version(connection):
    """Read the revision of a database.

    :param connection: SQLAlchemy connection
    :returns: the revision, None when no migration was run yet
    """
    table = models.version_table
    if not connection.dialect.has_table(connection, table.name):
        return None
    return connection.execute(table.select()).scalar()


def drop(connection):
    """Leave nothing of ours in a database; no error where there is
    nothing.

    :param connection: SQLAlchemy connection to a cell's database, in a
        transaction
    """
    metadata = models.models.BASE.metadata
    metadata.drop_all(
        connection, tables=[metadata.tables[name] for name in models.TABLES])
