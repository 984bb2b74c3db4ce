"""Messages are archived and put off; what is told of the dead list. Only adds, and makes indexes anew."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None
AT_HAND = "archived_at IS NULL AND snoozed_until IS NULL"
INDEXES = {
    "ix_message_unread": f"read_at IS NULL AND done_at IS NULL AND {AT_HAND}",
    "ix_message_at_hand": AT_HAND,
    "ix_message_archived": "archived_at IS NOT NULL",
    "ix_message_snoozed": "snoozed_until IS NOT NULL",
}


def upgrade() -> None:
    op.add_column("message", sa.Column("archived_at", UtcDateTime(), nullable=True))
    op.add_column("message", sa.Column("snoozed_until", UtcDateTime(), nullable=True))
    op.drop_index("ix_message_unread", "message")
    op.drop_index("ix_message_person_id_id", "message")
    for name, condition in INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, "message", ["person_id", "id"], postgresql_where=where, sqlite_where=where)
    op.create_table(
        "dead_list_told",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seen_until", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_list_told")),
    )
