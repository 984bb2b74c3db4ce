"""Which administrator has given a turn to its holder, or taken it from him. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("slot", sa.Column("administered_by", sa.Uuid(), nullable=True))
