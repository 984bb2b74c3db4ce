"""Service accounts act in a district; those that are there keep acting everywhere. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("service_account") as account:
        account.add_column(sa.Column("district_code", sa.String(length=6), nullable=True))
        account.create_foreign_key(
            op.f("fk_service_account_district_code"), "district", ["district_code"], ["code"]
        )
