"""The last report on a plan is found at once. Only adds."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_year_end_row_plan_id_id"), "year_end_row", ["plan_id", "id"])
