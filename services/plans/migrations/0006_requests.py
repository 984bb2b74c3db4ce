"""Requests on usable plans: to change the method, to revoke. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("district_policy") as policy:
        policy.add_column(
            sa.Column("revocation_handlings", Json, server_default=sa.text("'[\"void\"]'"), nullable=False)
        )
    with op.batch_alter_table("district_policy") as policy:
        policy.alter_column("revocation_handlings", server_default=None, existing_type=Json)
    op.create_table(
        "plan_request",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("plan_number", sa.String(length=60), nullable=False),
        sa.Column("plan_name", sa.String(length=200), nullable=False),
        sa.Column("plan_applicant_id", sa.Uuid(), nullable=False),
        sa.Column("plan_holder_id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("old_method", sa.String(length=40), nullable=True),
        sa.Column("new_method", sa.String(length=40), nullable=True),
        sa.Column("ground", sa.String(length=40), nullable=True),
        sa.Column("handling", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("notice_number", sa.String(length=100), nullable=False),
        sa.Column("notice_date", sa.Date(), nullable=True),
        sa.Column("notice_supplier", sa.String(length=200), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("district_path", sa.String(length=60), nullable=False),
        sa.Column("applicant_id", sa.Uuid(), nullable=False),
        sa.Column("applicant_name", sa.String(length=100), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("returned_by", sa.String(length=20), nullable=False),
        sa.Column("returned_code", sa.String(length=80), nullable=False),
        sa.Column("returned_reason", sa.Text(), nullable=False),
        sa.Column("returned_step", sa.String(length=200), nullable=False),
        sa.Column("returned_actor", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_request_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_request")),
    )
    op.create_index("ix_plan_request_organisation_id_id", "plan_request", ["organisation_id", "id"])
    op.create_index("ix_plan_request_applicant_id_id", "plan_request", ["applicant_id", "id"])
    op.create_index("ix_plan_request_plan_id", "plan_request", ["plan_id"])
