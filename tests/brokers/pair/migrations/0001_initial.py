"""The tables of the pair."""

from alembic import op

from shared.database import Core
from shared.outbox import create_numbering
from tests.brokers.pair.model import Pair

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    Core.metadata.create_all(op.get_bind())
    Pair.metadata.create_all(op.get_bind())
    create_numbering(op.execute, op.get_bind())
