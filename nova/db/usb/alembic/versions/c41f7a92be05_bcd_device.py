# SPDX-License-Identifier: Apache-2.0
"""What a device can do, to tell impostors.

What stands in ``identity`` and ``controller`` of existing rows is left as it
is: the first report of a host's new nova-compute carries them over, so that
older services go on with what they know until then.

Revision ID: c41f7a92be05
Revises: 5c1e7a9d3b40
"""

from alembic import op
import sqlalchemy as sa

revision = 'c41f7a92be05'
down_revision = '5c1e7a9d3b40'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('devices', sa.Column('bcd_device', sa.String(4)))
    op.add_column('devices', sa.Column('accepted_as', sa.String(271)))
