# SPDX-License-Identifier: Apache-2.0
"""What Nova's database code calls for USB passthrough.

Nova's database API imports this before it is complete itself, so what needs
it is imported where it is used.  The models are imported here: this is how
every program that touches the database, ``nova-manage`` too, comes to know
our tables.
"""

import os

from oslo_log import log as logging
import wrapt

from nova.db.usb import models  # noqa: F401

LOG = logging.getLogger(__name__)


@wrapt.decorator
def upgrade(wrapped, instance, args, kwargs):
    """Apply our migrations after Nova's, to databases of cells only.

    On ``nova.db.migration._upgrade_alembic(engine, config, version)``.
    Whatever version of Nova's own history was asked for, ours goes to its
    newest one: it does not depend on Nova's.
    """
    result = wrapped(*args, **kwargs)
    _upgrade(*args, **kwargs)
    return result


def _upgrade(engine, config, version=None):
    folder = os.path.dirname(config.config_file_name or '')
    if os.path.basename(folder) != 'main':
        # The API database.
        return
    from nova.db.usb import migration
    with engine.begin() as connection:
        migration.upgrade(connection)


@wrapt.decorator
def upgrade_with_migrate(wrapped, instance, args, kwargs):
    """The same on 22.x, whose history is sqlalchemy-migrate's.

    On ``nova.db.sqlalchemy.migration.db_sync(version, database, context)``.
    """
    result = wrapped(*args, **kwargs)
    _upgrade_cell(*args, **kwargs)
    return result


def _upgrade_cell(version=None, database='main', context=None):
    if database != 'main':
        return
    from nova.db.usb import migration
    from nova import usb_compat
    with usb_compat.db_api.get_engine(context=context).begin() as connection:
        migration.upgrade(connection)


@wrapt.decorator
def release(wrapped, instance, args, kwargs):
    """Free a server's devices in the transaction that deletes the server.

    On ``nova.db.main.api.instance_destroy``, as its innermost decorator.
    Thus a server that is deleted while its host is down frees them too.
    """
    result = wrapped(*args, **kwargs)
    _release(*args, **kwargs)
    return result


def _release(context, instance_uuid, *args, **kwargs):
    from nova.db.usb import claims
    count = _beside(context, claims.release_instance, instance_uuid)
    if count:
        LOG.info('Freed %(count)d USB devices of the deleted server.',
                 {'count': count}, instance_uuid=instance_uuid)


@wrapt.decorator
def forget_host(wrapped, instance, args, kwargs):
    """Forget a compute host's devices in the transaction that deletes it.

    On ``nova.db.main.api.service_destroy(context, service_id)``, as its
    innermost decorator.
    """
    host = _compute_host(*args, **kwargs)
    result = wrapped(*args, **kwargs)
    if host is not None:
        from nova.db.usb import report
        _beside(args[0] if args else kwargs['context'],
                report.forget_host_here, host)
    return result


def _compute_host(context, service_id):
    from nova import usb_compat
    service = usb_compat.db_api.service_get(context, service_id)
    return service.host if service.binary == 'nova-compute' else None


def _beside(context, func, *args):
    """Do something of ours in a transaction of Nova's, if it can be done.

    :returns: what ``func`` returns; None where our tables are missing or too
        old
    """
    from nova.db.usb import api
    from nova import usb_compat
    manager = usb_compat.db_api.get_context_manager(context)
    try:
        # A statement that fails makes the whole transaction unusable on
        # PostgreSQL, but for what is outside of the savepoint.
        with manager.writer.savepoint.using(context):
            return func(context, *args)
    except Exception as e:
        if not api.is_not_synced(e):
            raise
        _warn_once()
        return None


_warned = []


def _warn_once():
    if not _warned:
        _warned.append(True)
        LOG.warning("The tables of USB devices are missing in the database "
                    "of this cell, or those of an older version. Run "
                    "'nova-manage db sync'. Until then servers are deleted "
                    "without them.")
