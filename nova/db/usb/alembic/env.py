# SPDX-License-Identifier: Apache-2.0
"""Runs the migrations of the tables of USB devices, and of no others.

Alembic calls this.  ``nova-manage`` hands over a connection; Alembic's command
line, which only a developer uses, has a URL in its configuration.
"""

from alembic import context
import sqlalchemy as sa

from nova.db.usb import models

config = context.config


def include_name(name, type_, parent_names):
    """Restrict autogenerate to the tables that are not Nova's own."""
    return type_ != 'table' or name in models.TABLES - {models.VERSION_TABLE}


def include_object(object_, name, type_, reflected, compare_to):
    return type_ != 'table' or include_name(name, type_, {})


def migrate(connection):
    context.configure(
        connection=connection,
        target_metadata=models.models.BASE.metadata,
        version_table=models.VERSION_TABLE,
        render_as_batch=True,
        include_name=include_name,
        include_object=include_object)
    with context.begin_transaction():
        context.run_migrations()


if config.attributes.get('connection') is not None:
    migrate(config.attributes['connection'])
else:
    engine = sa.create_engine(config.get_main_option('sqlalchemy.url'))
    with engine.connect() as own_connection:
        migrate(own_connection)
