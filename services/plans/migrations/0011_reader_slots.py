"""A reader's to-do follows the newest version of its case: one that was closed may be opened again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reader_slot", sa.Column("case_version", sa.Integer(), server_default="0", nullable=False))
