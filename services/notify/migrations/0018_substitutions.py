"""Notify keeps a copy of substitutions, and in which unit the holder of a slot reviews. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slot_copy", sa.Column("holder_unit_id", sa.Uuid(), nullable=True))
    op.create_table(
        "substitution_copy",
        sa.Column("substitution_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("deputy_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("doc_types", sa.String(length=1000), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("substitution_id", name=op.f("pk_substitution_copy")),
    )
    op.create_index("ix_substitution_copy_deputy_id", "substitution_copy", ["deputy_id", "principal_id"])
    op.create_index(op.f("ix_substitution_copy_principal_id"), "substitution_copy", ["principal_id"])
