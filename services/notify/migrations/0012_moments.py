"""When messages go out: what people want about time, what is held or collected, and the calendar of working
days. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None
LEAVING = sa.text("leaves_at IS NOT NULL")
COLLECTED = sa.text("digest_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "calendar_year_copy",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year_copy")),
    )
    op.add_column("preferences", sa.Column("timing", Json, server_default="{}", nullable=False))
    op.add_column("delivery", sa.Column("leaves_at", UtcDateTime(), nullable=True))
    op.add_column("delivery", sa.Column("digest_id", sa.Uuid(), nullable=True))
    op.add_column("delivery", sa.Column("moment", Json, nullable=True))
    op.create_index(
        "ix_delivery_leaves_at",
        "delivery",
        ["person_id", "leaves_at"],
        postgresql_where=LEAVING,
        sqlite_where=LEAVING,
    )
    op.create_index(
        "ix_delivery_digest_id", "delivery", ["digest_id"], postgresql_where=COLLECTED, sqlite_where=COLLECTED
    )
    op.create_table(
        "digest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("window_start", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint(
            "person_id",
            "channel",
            "key",
            "window_start",
            name=op.f("uq_digest_person_id_channel_key_window_start"),
        ),
    )
    op.create_index(op.f("ix_digest_message_id"), "digest", ["message_id"], unique=False)
