"""A message knows whom and which document it is about, and the values it was written from. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, length in (("person_name", 100), ("doc_type", 40)):
        op.add_column("message", sa.Column(name, sa.String(length), server_default="", nullable=False))
    for name in ("doc_id", "organisation_id"):
        op.add_column("message", sa.Column(name, sa.Uuid(), nullable=True))
    op.add_column("message", sa.Column("context", Json, server_default="{}", nullable=False))
    op.create_index(op.f("ix_message_doc_id"), "message", ["doc_id"], unique=False)
