"""The route of a round that was moved to another version of a chain. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case", sa.Column("route", Json, nullable=True))
