"""What makes a holder eligible, and what a district says of people who are found again. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    basis = sa.Column("basis", sa.String(length=20), server_default="candidate", nullable=False)
    op.add_column("slot", basis)
    op.execute("UPDATE slot SET basis = 'colleague' WHERE origin = 'reassigned'")
    repeat = sa.Column("repeat", sa.String(length=20), server_default="never", nullable=False)
    op.add_column("district_policy", repeat)
