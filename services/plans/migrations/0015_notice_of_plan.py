"""A plan states the notice of a single source, as a request does. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan", sa.Column("notice_number", sa.String(100), nullable=False, server_default=""))
    op.add_column("plan", sa.Column("notice_date", sa.Date(), nullable=True))
    op.add_column("plan", sa.Column("notice_supplier", sa.String(200), nullable=False, server_default=""))
