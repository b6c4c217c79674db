# SPDX-License-Identifier: Apache-2.0
"""A cell's database with our tables, for the other benchmarks."""

import contextlib
import os
import tempfile

from nova import conf
from nova import context as nova_context
from nova.db.usb import migration
from nova import usb_compat


@contextlib.contextmanager
def made(url):
    """A database with our tables.

    :param url: an empty one, or None for SQLite in a temporary file
    :returns: context manager of (request context, engine)
    """
    with tempfile.TemporaryDirectory() as folder:
        conf.CONF([], project='nova', default_config_files=[])
        manager = usb_compat.db_api.create_context_manager(
            url or 'sqlite:///' + os.path.join(folder, 'cell.sqlite'))
        engine = manager.writer.get_engine()
        with engine.begin() as connection:
            migration.upgrade(connection)
        context = nova_context.get_admin_context()
        context.db_connection = manager
        yield context, engine
        engine.dispose()
