"""Common opinions of a unit; how long rounds and their steps took."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("common_opinion") as opinion:
        opinion.add_column(sa.Column("scope", sa.String(length=10), nullable=False, server_default="person"))
    with op.batch_alter_table("common_opinion") as opinion:
        opinion.alter_column("scope", server_default=None)
    op.create_table(
        "round_time",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("doc_type", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("step_name", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("review_minutes", sa.Integer(), nullable=False),
        sa.Column("applicant_minutes", sa.Integer(), nullable=True),
        sa.Column("case_review_minutes", sa.Integer(), nullable=False),
        sa.Column("case_applicant_minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "n", name=op.f("pk_round_time")),
    )
    op.create_table(
        "step_time",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step_key", sa.String(length=60), nullable=False),
        sa.Column("step_name", sa.String(length=60), nullable=False),
        sa.Column("chain_id", sa.Uuid(), nullable=False),
        sa.Column("doc_type", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "n", "step_key", name=op.f("pk_step_time")),
    )
    for table in ("round_time", "step_time"):
        op.create_index(f"ix_{table}_organisation_id_ended_at", table, ["organisation_id", "ended_at"])
        op.create_index(f"ix_{table}_district_code_ended_at", table, ["district_code", "ended_at"])
    op.create_index(
        "ix_step_time_chain_id_step_key_ended_at", "step_time", ["chain_id", "step_key", "ended_at"]
    )
