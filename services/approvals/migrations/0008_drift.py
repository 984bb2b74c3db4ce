"""What documents say of their review, beside what their cases say."""

import sqlalchemy as sa
from alembic import op

from shared.database import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
UNSETTLED = sa.text("unsettled_since IS NOT NULL")


def upgrade() -> None:
    # Cases of before have no statement of their document; they are taken as settled.
    with op.batch_alter_table("case") as case:
        case.add_column(sa.Column("stated", sa.String(length=20), nullable=False, server_default=""))
        case.add_column(sa.Column("unsettled_since", UtcDateTime(), nullable=True))
    with op.batch_alter_table("case") as case:
        case.alter_column("stated", server_default=None)
    op.create_index(
        "ix_case_unsettled",
        "case",
        ["unsettled_since", "id"],
        unique=False,
        postgresql_where=UNSETTLED,
        sqlite_where=UNSETTLED,
    )
    op.create_table(
        "unrouted_document",
        sa.Column("doc_type", sa.String(length=40), nullable=False),
        sa.Column("doc_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("review", sa.String(length=20), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("doc_type", "doc_id", name=op.f("pk_unrouted_document")),
    )
