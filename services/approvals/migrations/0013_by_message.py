"""Districts that allow no decisions from messages. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "district_policy", sa.Column("by_message", sa.Boolean(), nullable=False, server_default=sa.true())
    )
