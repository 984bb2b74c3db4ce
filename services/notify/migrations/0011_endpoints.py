"""Endpoints of outside systems, what is pushed there, and whose each document is.

Documents that were submitted before are taken from the messages about them.
"""

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OPEN = sa.text("state IN ('queued', 'sending')")


def upgrade() -> None:
    op.create_table(
        "document_copy",
        sa.Column("doc_id", sa.Uuid(), nullable=False),
        sa.Column("doc_type", sa.String(length=40), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("doc_id", name=op.f("pk_document_copy")),
    )
    op.execute(
        "INSERT INTO document_copy (doc_id, doc_type, organisation_id)"
        " SELECT doc_id, min(doc_type), organisation_id FROM message"
        " WHERE doc_id IS NOT NULL AND organisation_id IS NOT NULL"
        " GROUP BY doc_id, organisation_id ON CONFLICT DO NOTHING"
    )
    op.create_table(
        "endpoint",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("kinds", Json, nullable=False),
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("district_path", sa.String(length=60), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.Column("disabled_code", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint")),
    )
    op.create_table(
        "push",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("event_time", UtcDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint_id"], ["endpoint.id"], name=op.f("fk_push_endpoint_id_endpoint")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push")),
        sa.UniqueConstraint("endpoint_id", "event_id", name=op.f("uq_push_endpoint_id_event_id")),
    )
    op.create_index("ix_push_endpoint_id_id", "push", ["endpoint_id", "id"])
    op.create_index("ix_push_open", "push", ["endpoint_id", "id"], postgresql_where=_OPEN, sqlite_where=_OPEN)
    op.create_index(op.f("ix_push_created_at"), "push", ["created_at"])
    op.create_table(
        "push_try",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("push_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("answer", sa.String(length=300), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["push_id"], ["push.id"], name=op.f("fk_push_try_push_id_push")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_try")),
    )
    op.create_index(op.f("ix_push_try_push_id"), "push_try", ["push_id"])
