"""Rounds, readers, history and attachments belong to documents of any type, not to plans alone."""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, Serial, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROUND = "content, digest, facts, rules, picks, submitted_by, submitted_at"
HISTORY = "document_id, seq, at, actor_id, actor_name, kind, text, changes, data"


def upgrade() -> None:
    op.create_table(
        "document_round",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("doc_type", sa.String(length=40), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("facts", Json, nullable=False),
        sa.Column("rules", Json, nullable=False),
        sa.Column("picks", Json, nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("document_id", "n", name=op.f("pk_document_round")),
    )
    op.execute(
        f"INSERT INTO document_round (document_id, n, doc_type, {ROUND})"
        f" SELECT plan_id, n, 'plan', {ROUND} FROM plan_round"
    )
    op.drop_table("plan_round")
    op.create_table(
        "reader_slot",
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("step_name", sa.String(length=200), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("slot_id", name=op.f("pk_reader_slot")),
    )
    op.execute(
        "INSERT INTO reader_slot (slot_id, document_id, round, holder_id, step_name, open)"
        " SELECT slot_id, plan_id, round, holder_id, step_name, open FROM plan_slot"
    )
    op.drop_table("plan_slot")
    op.create_index("ix_reader_slot_holder_id_document_id", "reader_slot", ["holder_id", "document_id"])
    op.create_index("ix_reader_slot_document_id_round", "reader_slot", ["document_id", "round"])
    op.create_table(
        "document_history",
        sa.Column("id", Serial, nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changes", Json, nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_history")),
        sa.UniqueConstraint("document_id", "seq", name=op.f("uq_document_history_document_id_seq")),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO document_history ({HISTORY}) SELECT {HISTORY} FROM plan_history ORDER BY id")
    op.drop_table("plan_history")
    op.drop_index("ix_attachment_plan_id", "attachment")
    with op.batch_alter_table("attachment") as attachment:
        attachment.drop_constraint("fk_attachment_plan_id", type_="foreignkey")
        attachment.alter_column("plan_id", new_column_name="document_id")
    op.create_index("ix_attachment_document_id", "attachment", ["document_id"])
