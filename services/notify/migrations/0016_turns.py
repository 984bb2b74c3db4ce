"""Which job may make the next try of a delivery. Only adds."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("turn", sa.Integer(), server_default="1", nullable=False))
    # what waits has a job for the try after those that were made, what is being sent one for its own
    open_ = "UPDATE delivery SET turn = attempts + {} WHERE state IN ({})"
    op.execute(open_.format(1, "'queued', 'held', 'accepted', 'failed'"))
    op.execute(open_.format(0, "'sending'"))
