"""Budgets of working time: timetables of districts, due dates of slots, and which alarms have rung."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
WAITING = sa.text("state = 'open' AND alarm_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "timetable_version",
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("spans", Json, nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("district_code", "n", name=op.f("pk_timetable_version")),
    )
    op.create_table(
        "calendar_year_copy",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year_copy")),
    )
    for column in (
        sa.Column("budget_hours", sa.Integer(), nullable=True),
        sa.Column("counted_from", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("due_order", UtcDateTime(), nullable=False, server_default="9999-01-01 00:00:00.000000"),
        sa.Column("calendar", sa.String(length=120), nullable=False, server_default=""),
        sa.Column("alarm", sa.String(length=20), nullable=False, server_default=""),
        sa.Column("alarm_at", UtcDateTime(), nullable=True),
    ):
        op.add_column("slot", column)
    op.create_index(
        "ix_slot_alarm", "slot", ["alarm_at", "id"], postgresql_where=WAITING, sqlite_where=WAITING
    )
    op.create_table(
        "slot_alarm",
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_slot_alarm_slot_id_slot")),
        sa.PrimaryKeyConstraint("slot_id", "level", name=op.f("pk_slot_alarm")),
    )
