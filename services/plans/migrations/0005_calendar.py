"""A copy of the working-day calendar as the directory's administrators set it. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_year_copy",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year_copy")),
    )
