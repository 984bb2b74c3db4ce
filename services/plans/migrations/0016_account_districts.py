"""Service accounts act in a district; those that are known keep acting everywhere. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    path = sa.Column("district_path", sa.String(length=60), server_default="", nullable=False)
    op.add_column("account_copy", path)
