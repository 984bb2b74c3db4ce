"""Agreements that go on to hold in a later round. Only adds."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slot", sa.Column("carried_round", sa.Integer(), nullable=True))
    op.add_column("case_round", sa.Column("labels", Json, server_default="{}", nullable=False))
