"""The use of a usable plan: who holds it, trades, closing and the end of the year. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = sa.text("status IN ('under_review', 'usable', 'in_use')")


def upgrade() -> None:
    for name in ("committed_fen", "consumed_fen"):
        op.add_column("plan", sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))
    op.create_index(
        "ix_plan_open_year",
        "plan",
        ["fiscal_year", "id"],
        unique=False,
        postgresql_where=_OPEN,
        sqlite_where=_OPEN,
    )
    op.create_table(
        "assignment",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("holder_name", sa.String(length=100), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_assignment_plan_id")),
        sa.PrimaryKeyConstraint("plan_id", "seq", name=op.f("pk_assignment")),
    )
    # plans that are usable already are in the hands of their applicants
    op.execute(
        "INSERT INTO assignment (plan_id, seq, kind, holder_id, holder_name, by_name, reason, at) "
        "SELECT id, 1, 'default', holder_id, holder_name, '', '', changed_at FROM plan "
        "WHERE status = 'usable'"
    )
    op.create_table(
        "trade",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("awarded_fen", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("holder_name", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("reported_by", sa.Uuid(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("reversed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "amount_fen > 0 AND awarded_fen BETWEEN 0 AND amount_fen", name=op.f("ck_trade_amounts")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_trade_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trade")),
    )
    op.create_index("ix_trade_plan_id_id", "trade", ["plan_id", "id"], unique=False)
    op.create_table(
        "trade_part",
        sa.Column("trade_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("awarded_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["budget_line.id"], name=op.f("fk_trade_part_line_id")),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name=op.f("fk_trade_part_trade_id")),
        sa.PrimaryKeyConstraint("trade_id", "position", name=op.f("pk_trade_part")),
    )
    op.create_table(
        "year_end_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_end_run")),
        sa.UniqueConstraint("fiscal_year", "day", name=op.f("uq_year_end_run_fiscal_year_day")),
    )
    op.create_table(
        "year_end_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("plan_name", sa.String(length=200), nullable=False),
        sa.Column("plan_number", sa.String(length=60), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("district_path", sa.String(length=60), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("released_fen", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_year_end_row_plan_id")),
        sa.ForeignKeyConstraint(["run_id"], ["year_end_run.id"], name=op.f("fk_year_end_row_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_year_end_row")),
        sa.UniqueConstraint("run_id", "plan_id", name=op.f("uq_year_end_row_run_id_plan_id")),
    )
    op.create_index("ix_year_end_row_district_path_id", "year_end_row", ["district_path", "id"], unique=False)
