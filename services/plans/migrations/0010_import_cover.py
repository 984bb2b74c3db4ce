"""A plan names the import approval that it relies on."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan", sa.Column("import_approval_id", sa.Uuid(), nullable=True))
    op.create_index("ix_plan_import_approval_id", "plan", ["import_approval_id"])
