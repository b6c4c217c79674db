# SPDX-License-Identifier: Apache-2.0
"""The tables of USB devices and of the reports about them.

Revision ID: 0b5d8e1c4a72
Revises:
"""

from alembic import op
import sqlalchemy as sa

revision = '0b5d8e1c4a72'
down_revision = None
branch_labels = None
depends_on = None


def device_columns():
    """What the device is, and then what the cloud makes of it."""
    return [
        sa.Column('id', sa.Integer, primary_key=True, nullable=False),
        sa.Column('created_at', sa.DateTime, nullable=False),
        sa.Column('updated_at', sa.DateTime),
        sa.Column('uuid', sa.String(36), nullable=False),
        sa.Column('host', sa.String(255), nullable=False),
        sa.Column('identity', sa.String(191), nullable=False),
        sa.Column('vendor_id', sa.String(4), nullable=False),
        sa.Column('product_id', sa.String(4), nullable=False),
        sa.Column('serial', sa.String(255)),
        sa.Column('manufacturer', sa.String(255)),
        sa.Column('product', sa.String(255)),
        sa.Column('device_class', sa.String(2), nullable=False),
        sa.Column('interface_classes', sa.String(255), nullable=False),
        sa.Column('speed', sa.String(16)),
        sa.Column('port_path', sa.String(64), nullable=False),
        sa.Column('bus_number', sa.Integer, nullable=False),
        sa.Column('device_number', sa.Integer, nullable=False),
        sa.Column('controller', sa.String(64)),
        sa.Column('present', sa.Boolean, nullable=False),
        sa.Column('status', sa.String(16), nullable=False),
        sa.Column('blocked_reason', sa.String(255)),
        sa.Column('instance_uuid', sa.String(36)),
        sa.Column('tag', sa.String(255)),
        sa.Column('project_id', sa.String(255)),
        sa.Column('disabled', sa.Boolean, nullable=False),
        sa.Column('resource_class', sa.String(255)),
    ]


def upgrade():
    op.create_table(
        'devices',
        *device_columns(),
        sa.UniqueConstraint('uuid', name='uniq_devices0uuid'),
        sa.UniqueConstraint('host', 'identity',
                            name='uniq_devices0host0identity'),
        sa.Index('devices_instance_uuid_idx', 'instance_uuid'),
        sa.Index('devices_project_id_created_at_uuid_idx',
                 'project_id', 'created_at', 'uuid'),
        sa.Index('devices_created_at_uuid_idx', 'created_at', 'uuid'),
        sa.Index('devices_host_uuid_idx', 'host', 'uuid'),
        mysql_engine='InnoDB',
        mysql_charset='utf8')
    op.create_table(
        'device_reports',
        sa.Column('id', sa.Integer, primary_key=True, nullable=False),
        sa.Column('created_at', sa.DateTime),
        sa.Column('updated_at', sa.DateTime),
        sa.Column('host', sa.String(255), nullable=False),
        sa.Column('reporter', sa.String(64), nullable=False),
        sa.Column('sequence', sa.Integer, nullable=False),
        sa.UniqueConstraint('host', name='uniq_device_reports0host'),
        mysql_engine='InnoDB',
        mysql_charset='utf8')
