"""Where each try went, masked; messages by the time at which people were told. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempt", sa.Column("to", sa.String(length=120), server_default="", nullable=False))
    op.create_index("ix_message_created_at_id", "message", ["created_at", "id"])
