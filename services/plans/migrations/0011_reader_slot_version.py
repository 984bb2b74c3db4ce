"""A to-do that opens again is told from an old opening by the version of its case. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reader_slot", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
