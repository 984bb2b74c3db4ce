"""Substitution: who decides for whom, and both identities on what was decided."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
REPRESENTED = sa.text("on_behalf_of IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("principal_name", sa.String(length=100), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_name", sa.String(length=100), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("doc_types", sa.String(length=1000), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("granted_by_name", sa.String(length=100), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
    )
    op.create_index("ix_substitution_deputy_id", "substitution", ["deputy_id", "ends_at"])
    op.create_index("ix_substitution_principal_id", "substitution", ["principal_id", "ends_at"])
    op.create_index(
        "ix_substitution_organisation_id", "substitution", ["organisation_id", "granted_at", "id"]
    )
    op.add_column("slot", sa.Column("acted_name", sa.String(length=100), nullable=False, server_default=""))
    op.add_column("slot", sa.Column("on_behalf_of", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_slot_represented",
        "slot",
        ["on_behalf_of", "closed_at", "id"],
        postgresql_where=REPRESENTED,
        sqlite_where=REPRESENTED,
    )
    op.add_column("case_event", sa.Column("on_behalf_of", sa.Uuid(), nullable=True))
    op.add_column(
        "case_event", sa.Column("on_behalf_name", sa.String(length=100), nullable=False, server_default="")
    )
