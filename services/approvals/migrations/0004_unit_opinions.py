"""Common opinions of a unit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("common_opinion") as opinion:
        opinion.add_column(sa.Column("scope", sa.String(length=10), nullable=False, server_default="person"))
    with op.batch_alter_table("common_opinion") as opinion:
        opinion.alter_column("scope", server_default=None)
