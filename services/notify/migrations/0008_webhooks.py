"""Webhooks of people: the secret that their requests are signed by. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("sealed", sa.Text(), server_default="", nullable=False))
