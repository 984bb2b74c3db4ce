"""Chains are retired: the number of the newest version is kept apart from the one in force."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("chain") as chain:
        chain.add_column(sa.Column("newest", sa.Integer(), nullable=False, server_default="0"))
        chain.add_column(sa.Column("retired_at", UtcDateTime(), nullable=True))
        chain.add_column(sa.Column("retired_by", sa.Uuid(), nullable=True))
        chain.add_column(
            sa.Column("retired_reason", sa.String(length=500), nullable=False, server_default="")
        )
    op.execute("UPDATE chain SET newest = published")
    with op.batch_alter_table("chain") as chain:
        chain.alter_column("newest", server_default=None)
        chain.alter_column("retired_reason", server_default=None)
