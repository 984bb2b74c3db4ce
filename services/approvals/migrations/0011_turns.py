"""Slots that were seen, and added signers. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slot", sa.Column("seen_at", UtcDateTime(), nullable=True))
    op.add_column("slot", sa.Column("sign", sa.String(length=10), server_default="", nullable=False))
    op.add_column("slot", sa.Column("sign_for", sa.Uuid(), nullable=True))
