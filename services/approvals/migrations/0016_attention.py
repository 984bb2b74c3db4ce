"""Whose attention a stuck case needs, and what was left of a holder's time while others sign. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PENDING = sa.text("state IN ('open', 'vacant', 'waiting')")


def upgrade() -> None:
    op.add_column("case", sa.Column("attention_path", sa.String(60), nullable=False, server_default=""))
    op.add_column("slot", sa.Column("left_seconds", sa.Integer(), nullable=True))
    op.create_index(
        "ix_slot_holder_unit_id",
        "slot",
        ["holder_unit_id"],
        postgresql_where=PENDING,
        sqlite_where=PENDING,
    )
