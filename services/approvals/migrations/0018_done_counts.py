"""The indexes of what somebody has decided hold only decisions, each once, so that counting them reads
nothing else."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, column in (("ix_slot_done", "acted_by"), ("ix_slot_represented", "on_behalf_of")):
        decided = sa.text(f"{column} IS NOT NULL AND carried_round IS NULL")
        op.drop_index(name, "slot")
        op.create_index(
            name, "slot", [column, "closed_at", "id"], postgresql_where=decided, sqlite_where=decided
        )
