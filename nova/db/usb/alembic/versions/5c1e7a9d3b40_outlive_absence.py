# SPDX-License-Identifier: Apache-2.0
"""What outlives a device's absence, and the grant behind a claim.

A device that a server holds was claimed under the grant that it has now, as
far as anybody can tell.  The tag of a device that no server holds was an
administrator's: it becomes the description.

Revision ID: 5c1e7a9d3b40
Revises: 0b5d8e1c4a72
"""

from alembic import op
import sqlalchemy as sa

revision = '5c1e7a9d3b40'
down_revision = '0b5d8e1c4a72'
branch_labels = None
depends_on = None

FREE = ('available', 'blocked')


def upgrade():
    op.add_column('devices', sa.Column('absent_since', sa.DateTime))
    op.add_column('devices', sa.Column('claim_project_id', sa.String(255)))
    op.add_column('devices', sa.Column('description', sa.String(255)))
    devices = sa.table(
        'devices', sa.column('status', sa.String(16)),
        sa.column('tag', sa.String(255)),
        sa.column('description', sa.String(255)),
        sa.column('project_id', sa.String(255)),
        sa.column('claim_project_id', sa.String(255)))
    # SQLAlchemy 1.3 takes one condition here.
    op.execute(devices.update().where(sa.and_(
        devices.c.status.in_(FREE), devices.c.tag.isnot(None))).values(
            {'description': devices.c.tag}))
    op.execute(devices.update().where(
        devices.c.status.in_(FREE)).values({'tag': None}))
    op.execute(devices.update().where(
        devices.c.status.notin_(FREE)).values(
            {'claim_project_id': devices.c.project_id}))
