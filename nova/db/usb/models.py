# SPDX-License-Identifier: Apache-2.0
"""Tables of USB passthrough, in the database of each cell.

They are part of Nova's own metadata, because the archiving of deleted rows
looks every table that it finds in the database up there.  There are no
shadow tables and no soft deletion: a row that is deleted is gone.
"""

from oslo_utils import timeutils
import sqlalchemy as sa

from nova import usb_compat

models = usb_compat.models

#: Not Nova's ``alembic_version``: the two histories know nothing of each
#: other.
VERSION_TABLE = 'usb_alembic_version'


class CodeList(sa.types.TypeDecorator):
    """A list of codes, in a column of text with commas between them.

    The only place that knows this form.
    """

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else ','.join(value)

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return [code for code in value.split(',') if code]


class UsbDevice(models.BASE, models.NovaBase):
    """The cloud's record of one USB device of one host.

    The indexes besides the unique ones: what a server holds; a project's
    page; a page of all in the default order; a page sorted by host.  Each of
    the last three ends in what breaks ties, so that a page is read from the
    index in order and nothing is sorted.
    """

    __tablename__ = 'devices'
    __table_args__ = (
        sa.UniqueConstraint('uuid', name='uniq_devices0uuid'),
        sa.UniqueConstraint('host', 'identity',
                            name='uniq_devices0host0identity'),
        sa.Index('devices_instance_uuid_idx', 'instance_uuid'),
        sa.Index('devices_project_id_created_at_uuid_idx',
                 'project_id', 'created_at', 'uuid'),
        sa.Index('devices_created_at_uuid_idx', 'created_at', 'uuid'),
        sa.Index('devices_host_uuid_idx', 'host', 'uuid'),
        {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8'},
    )

    id = sa.Column(sa.Integer, primary_key=True, nullable=False)
    # Of the order of pages, where a NULL would have no place.
    created_at = sa.Column(sa.DateTime, default=timeutils.utcnow,
                           nullable=False)
    uuid = sa.Column(sa.String(36), nullable=False)
    host = sa.Column(sa.String(255), nullable=False)
    identity = sa.Column(sa.String(191), nullable=False)
    vendor_id = sa.Column(sa.String(4), nullable=False)
    product_id = sa.Column(sa.String(4), nullable=False)
    serial = sa.Column(sa.String(255))
    manufacturer = sa.Column(sa.String(255))
    product = sa.Column(sa.String(255))
    device_class = sa.Column(sa.String(2), nullable=False)
    interface_classes = sa.Column(CodeList(255), nullable=False)
    speed = sa.Column(sa.String(16))
    port_path = sa.Column(sa.String(64), nullable=False)
    bus_number = sa.Column(sa.Integer, nullable=False)
    device_number = sa.Column(sa.Integer, nullable=False)
    controller = sa.Column(sa.String(64))
    present = sa.Column(sa.Boolean, nullable=False)
    # When a report said for the first time that it is not plugged in; the
    # clock of that nova-conductor.  NULL while it is present.
    absent_since = sa.Column(sa.DateTime)
    status = sa.Column(sa.String(16), nullable=False)
    blocked_reason = sa.Column(sa.String(255))
    # No foreign key: one would keep Nova from archiving the instance.
    instance_uuid = sa.Column(sa.String(36))
    # What the server's project calls it, for as long as the server has it.
    tag = sa.Column(sa.String(255))
    # What project_id said when the device was claimed.  NULL: nothing, an
    # administrator attached it by hand.
    claim_project_id = sa.Column(sa.String(255))
    # What an administrator said of it.
    project_id = sa.Column(sa.String(255))
    disabled = sa.Column(sa.Boolean, nullable=False, default=False)
    description = sa.Column(sa.String(255))
    resource_class = sa.Column(sa.String(255))
    bcd_device = sa.Column(sa.String(4))
    # What nova.usb.features says of it, since a server has it.
    accepted_as = sa.Column(sa.String(271))


class UsbReport(models.BASE, models.NovaBase):
    """Which nova-compute speaks for a host's devices, and its last report.

    Its row is also the lock that lets one report of a host at a time pass.
    """

    __tablename__ = 'device_reports'
    __table_args__ = (
        sa.UniqueConstraint('host', name='uniq_device_reports0host'),
        {'mysql_engine': 'InnoDB', 'mysql_charset': 'utf8'},
    )

    id = sa.Column(sa.Integer, primary_key=True, nullable=False)
    host = sa.Column(sa.String(255), nullable=False)
    reporter = sa.Column(sa.String(64), nullable=False)
    sequence = sa.Column(sa.Integer, nullable=False)


#: Alembic's own bookkeeping of our history.  Alembic makes it; it stands
#: here only so that it is known.
version_table = sa.Table(
    VERSION_TABLE, models.BASE.metadata,
    sa.Column('version_num', sa.String(32), primary_key=True,
              nullable=False))

TABLES = frozenset([UsbDevice.__tablename__, UsbReport.__tablename__,
                    VERSION_TABLE])
