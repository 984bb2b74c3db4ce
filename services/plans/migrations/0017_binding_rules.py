"""A version of a rule may bind the districts below. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "rule_version", sa.Column("binding", sa.Boolean(), nullable=False, server_default=sa.false())
    )
