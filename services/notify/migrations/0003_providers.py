"""Providers as rows, and what a delivery remembers of them."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("broken_at", UtcDateTime(), nullable=True),
        sa.Column("broken_code", sa.String(length=40), nullable=False),
        sa.Column("broken_text", sa.String(length=300), nullable=False),
        sa.Column("probe_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider")),
    )
    op.create_index(op.f("ix_provider_organisation_id"), "provider", ["organisation_id"])
    op.create_index("ix_provider_channel_priority", "provider", ["channel", "priority"])
    op.add_column("delivery", sa.Column("lost", sa.Integer(), server_default="0", nullable=False))
    op.add_column("delivery", sa.Column("passed", Json, server_default="[]", nullable=False))
    op.add_column("delivery", sa.Column("provider_id", sa.Uuid(), nullable=True))
    op.add_column(
        "delivery", sa.Column("reference", sa.String(length=100), server_default="", nullable=False)
    )
    op.add_column("attempt", sa.Column("provider_id", sa.Uuid(), nullable=True))
