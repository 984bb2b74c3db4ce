"""What others tell of a document is kept in its history once, by a key of its own. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TOLD = sa.text("key IS NOT NULL")


def upgrade() -> None:
    op.add_column("document_history", sa.Column("key", sa.String(length=80), nullable=True))
    op.create_index(
        "ix_document_history_document_id_key",
        "document_history",
        ["document_id", "key"],
        unique=True,
        postgresql_where=_TOLD,
        sqlite_where=_TOLD,
    )
