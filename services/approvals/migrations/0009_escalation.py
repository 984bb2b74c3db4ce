"""Escalation of overdue slots: how many levels a slot has used up."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slot", sa.Column("escalations", sa.Integer(), nullable=False, server_default="0"))
