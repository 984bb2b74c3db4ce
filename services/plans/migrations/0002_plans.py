"""The first tables of plans: plans, reviews, budgets, rules of districts."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, Serial, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "budget_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("district_path", sa.String(length=60), nullable=False),
        sa.Column("project_code", sa.String(length=60), nullable=False),
        sa.Column("project_name", sa.String(length=200), nullable=False),
        sa.Column("fund_nature", sa.String(length=40), nullable=False),
        sa.Column("catalogue_code", sa.String(length=9), nullable=False),
        sa.Column("approved_fen", sa.BigInteger(), nullable=False),
        sa.Column("adjusted_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("committed_fen", sa.BigInteger(), nullable=False),
        sa.Column("consumed_fen", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "approved_fen + adjusted_fen >= reserved_fen + committed_fen + consumed_fen",
            name=op.f("ck_budget_line_available"),
        ),
        sa.CheckConstraint("committed_fen >= 0", name=op.f("ck_budget_line_committed")),
        sa.CheckConstraint("consumed_fen >= 0", name=op.f("ck_budget_line_consumed")),
        sa.CheckConstraint("reserved_fen >= 0", name=op.f("ck_budget_line_reserved")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_line")),
        sa.UniqueConstraint(
            "organisation_id",
            "fiscal_year",
            "project_code",
            "fund_nature",
            "catalogue_code",
            name="uq_budget_line_key",
        ),
    )
    op.create_index("ix_budget_line_district_path_id", "budget_line", ["district_path", "id"], unique=False)
    op.create_table(
        "catalogue_item",
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name_zh", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("parent_code", sa.String(length=9), nullable=False),
        sa.Column("selectable", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_catalogue_item")),
    )
    op.create_index(op.f("ix_catalogue_item_parent_code"), "catalogue_item", ["parent_code"], unique=False)
    op.create_table(
        "district_policy",
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("direct_application", sa.Boolean(), nullable=False),
        sa.Column("open_years", Json, nullable=True),
        sa.Column("application_number_pattern", sa.String(length=60), nullable=False),
        sa.Column("plan_number_pattern", sa.String(length=60), nullable=False),
        sa.Column("required_attachments", Json, nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("district_code", name=op.f("pk_district_policy")),
    )
    op.create_table(
        "number_sequence",
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "fiscal_year", "kind", name=op.f("pk_number_sequence")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("application_number", sa.String(length=60), nullable=True),
        sa.Column("plan_number", sa.String(length=60), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("district_path", sa.String(length=60), nullable=False),
        sa.Column("applicant_id", sa.Uuid(), nullable=False),
        sa.Column("applicant_name", sa.String(length=100), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("holder_name", sa.String(length=100), nullable=False),
        sa.Column("assignment", sa.String(length=20), nullable=False),
        sa.Column("open_request_id", sa.Uuid(), nullable=True),
        sa.Column("open_request_kind", sa.String(length=20), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("returned_by", sa.String(length=20), nullable=False),
        sa.Column("returned_code", sa.String(length=80), nullable=False),
        sa.Column("returned_reason", sa.Text(), nullable=False),
        sa.Column("returned_step", sa.String(length=200), nullable=False),
        sa.Column("returned_actor", sa.String(length=100), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("organisation_form", sa.String(length=40), nullable=True),
        sa.Column("method", sa.String(length=40), nullable=True),
        sa.Column("implementation_form", sa.String(length=10), nullable=True),
        sa.Column("leader", sa.String(length=100), nullable=False),
        sa.Column("contact_name", sa.String(length=100), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
        sa.Column("agency", sa.String(length=200), nullable=False),
        sa.Column("is_joint", sa.Boolean(), nullable=False),
        sa.Column("is_ppp", sa.Boolean(), nullable=False),
        sa.Column("is_shanty", sa.Boolean(), nullable=False),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("import_filing_note", sa.String(length=1000), nullable=False),
        sa.Column("price_ceiling_fen", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.String(length=2000), nullable=False),
        sa.Column("expected_month", sa.String(length=7), nullable=False),
        sa.Column("intent_notice_number", sa.String(length=100), nullable=False),
        sa.Column("intent_notice_date", sa.Date(), nullable=True),
        sa.Column("sme_mode", sa.String(length=20), nullable=True),
        sa.Column("sme_reserved_fen", sa.BigInteger(), nullable=True),
        sa.Column("sme_micro_fen", sa.BigInteger(), nullable=True),
        sa.Column("sme_reason", sa.String(length=1000), nullable=False),
        sa.Column("method_ground", sa.String(length=40), nullable=True),
        sa.Column("method_reason", sa.String(length=2000), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
        sa.UniqueConstraint("application_number", name=op.f("uq_plan_application_number")),
        sa.UniqueConstraint("plan_number", name=op.f("uq_plan_plan_number")),
    )
    op.create_index("ix_plan_applicant_id_id", "plan", ["applicant_id", "id"], unique=False)
    op.create_index("ix_plan_district_code_id", "plan", ["district_code", "id"], unique=False)
    op.create_index("ix_plan_holder_id_id", "plan", ["holder_id", "id"], unique=False)
    op.create_index("ix_plan_organisation_id_id", "plan", ["organisation_id", "id"], unique=False)
    op.create_table(
        "plan_history",
        sa.Column("id", Serial, nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_history")),
        sa.UniqueConstraint("document_id", "seq", name=op.f("uq_plan_history_document_id_seq")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "plan_slot",
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("step_name", sa.String(length=200), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slot_id", name=op.f("pk_plan_slot")),
    )
    op.create_index("ix_plan_slot_holder_id_plan_id", "plan_slot", ["holder_id", "plan_id"], unique=False)
    op.create_index("ix_plan_slot_plan_id_round", "plan_slot", ["plan_id", "round"], unique=False)
    op.create_table(
        "rule_text",
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "version", name=op.f("pk_rule_text")),
    )
    op.create_table(
        "threshold",
        sa.Column("id", Serial, nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("budget_level", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("open_tender_from_fen", sa.BigInteger(), nullable=True),
        sa.Column("decentralised_limit_fen", sa.BigInteger(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_threshold_district_code_kind", "threshold", ["district_code", "kind"], unique=False)
    op.create_table(
        "allocation",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("budget_line_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_allocation_amount")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_allocation_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "position", name=op.f("pk_allocation")),
    )
    op.create_index(op.f("ix_allocation_budget_line_id"), "allocation", ["budget_line_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_attachment_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_plan_id"), "attachment", ["plan_id"], unique=False)
    op.create_table(
        "budget_entry",
        sa.Column("id", Serial, nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name=op.f("fk_budget_entry_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_entry")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_budget_entry_line_id"), "budget_entry", ["line_id"], unique=False)
    op.create_index(op.f("ix_budget_entry_plan_id"), "budget_entry", ["plan_id"], unique=False)
    op.create_table(
        "plan_item",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("catalogue_code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("spec", sa.String(length=500), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=True),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("energy_saving", sa.String(length=20), nullable=True),
        sa.Column("sme_reserved", sa.Boolean(), nullable=False),
        sa.Column("delivery", sa.String(length=200), nullable=False),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_item_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "line_no", name=op.f("pk_plan_item")),
    )
    op.create_index(op.f("ix_plan_item_catalogue_code"), "plan_item", ["catalogue_code"], unique=False)
    op.create_table(
        "plan_round",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("picks", Json, nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_plan_round_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "n", name=op.f("pk_plan_round")),
    )
    op.create_table(
        "reservation",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("committed_fen", sa.BigInteger(), nullable=False),
        sa.Column("consumed_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "reserved_fen >= 0 AND committed_fen >= 0 AND consumed_fen >= 0", name=op.f("ck_reservation_sums")
        ),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name=op.f("fk_reservation_line_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_reservation_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "line_id", name=op.f("pk_reservation")),
    )
    op.create_index(op.f("ix_reservation_line_id"), "reservation", ["line_id"], unique=False)
