"""What a delivery knows of providers that took it: which have not brought it, which one may have it after a
lost answer, and where its last try went. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("not_brought", Json, server_default="[]", nullable=False))
    op.add_column("delivery", sa.Column("bound_to", sa.Uuid(), nullable=True))
    op.add_column("delivery", sa.Column("sent_to", sa.String(length=40), server_default="", nullable=False))
    op.add_column("delivery", sa.Column("sent_at", UtcDateTime(), nullable=True))
