"""What links that decide a to-do are made for. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "slot_copy", sa.Column("decision_etag", sa.String(length=120), server_default="", nullable=False)
    )
