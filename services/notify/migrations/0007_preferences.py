"""What people and units have chosen about their messages. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preferences",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("choices", Json, nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=True),
        sa.Column("inbox_suffices", sa.Boolean(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_preferences")),
    )
