"""Import approvals: the application, its public notices, objections to them."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _application()
    _lists()
    _notices()


def _application() -> None:
    op.create_table(
        "import_approval",
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("review", sa.String(length=40), nullable=False),
        sa.Column("notice_order", sa.String(length=20), nullable=True),
        sa.Column("notice_days", sa.Integer(), nullable=True),
        sa.Column("application_number", sa.String(length=60), nullable=True),
        sa.Column("approval_number", sa.String(length=60), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column("purpose", sa.String(length=2000), nullable=False),
        sa.Column("reason", sa.String(length=4000), nullable=False),
        sa.Column("policy_basis", sa.String(length=500), nullable=False),
        sa.Column("contact_name", sa.String(length=100), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_approval")),
        sa.UniqueConstraint("application_number", name=op.f("uq_import_approval_application_number")),
        sa.UniqueConstraint("approval_number", name=op.f("uq_import_approval_approval_number")),
    )
    for columns in (
        ["applicant_id", "id"],
        ["district_code", "id"],
        ["organisation_id", "id"],
        ["status", "valid_to"],
    ):
        op.create_index(f"ix_import_approval_{'_'.join(columns)}", "import_approval", columns)


def _lists() -> None:
    op.create_table(
        "import_item",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("catalogue_code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("spec", sa.String(length=500), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=True),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.String(length=100), nullable=False),
        sa.Column("technical_reason", sa.String(length=1000), nullable=False),
        sa.Column("domestic_reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["import_approval.id"], name=op.f("fk_import_item_approval_id")
        ),
        sa.PrimaryKeyConstraint("approval_id", "line_no", name=op.f("pk_import_item")),
    )
    op.create_table(
        "import_expert",
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("expert_role", sa.String(length=20), nullable=True),
        sa.Column("opinion", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["import_approval.id"], name=op.f("fk_import_expert_approval_id")
        ),
        sa.PrimaryKeyConstraint("approval_id", "position", name=op.f("pk_import_expert")),
    )


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("district_path", sa.String(length=60), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["approval_id"], ["import_approval.id"], name=op.f("fk_notice_approval_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("approval_id", "seq", name=op.f("uq_notice_approval_id_seq")),
    )
    op.create_index("ix_notice_state_ends_at", "notice", ["state", "ends_at"])
    op.create_table(
        "objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("approval_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("contact_name", sa.String(length=100), nullable=False),
        sa.Column("contact_organisation", sa.String(length=200), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
        sa.Column("contact_email", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("argument", sa.Text(), nullable=False),
        sa.Column("argued_by", sa.String(length=100), nullable=False),
        sa.Column("argued_at", UtcDateTime(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=100), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["approval_id"], ["import_approval.id"], name=op.f("fk_objection_approval_id")
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_objection_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    op.create_index("ix_objection_approval_id_id", "objection", ["approval_id", "id"])
    op.create_index("ix_objection_source_raised_at", "objection", ["source", "raised_at"])
