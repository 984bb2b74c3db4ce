"""Rules of districts become versions that never change, one table for all topics; what was set is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from shared.database import Json, UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LONG_AGO = date(2000, 1, 1)
SETTINGS = "由原区划设置转入"
TEXT = "由原规则说明转入"
CASES: dict[str, dict[str, Any]] = {
    "imported": {"imported": True},
    "single_source": {"methods": ["single_source"]},
    "above_open_tender": {"above_open_tender": True},
    "not_open_tender": {
        "methods": [
            *("invited_tender", "competitive_negotiation", "competitive_consultation", "single_source"),
            *("inquiry", "framework_agreement", "cooperative_innovation", "e_mall", "self_purchase"),
            *("agreement_supply", "designated_supply"),
        ]
    },
}
"""What the old names of cases meant."""

versions = sa.table(
    "rule_version",
    sa.column("district_code", sa.String),
    sa.column("topic", sa.String),
    sa.column("version", sa.Integer),
    sa.column("effective_from", sa.Date),
    sa.column("content", Json),
    sa.column("source", sa.String),
    sa.column("is_sample", sa.Boolean),
    sa.column("published_by", sa.Uuid),
    sa.column("published_at", UtcDateTime),
)
policy = sa.table(
    "district_policy",
    sa.column("district_code", sa.String),
    sa.column("direct_application", sa.Boolean),
    sa.column("open_years", Json),
    sa.column("application_number_pattern", sa.String),
    sa.column("plan_number_pattern", sa.String),
    sa.column("required_attachments", Json),
    sa.column("revocation_handlings", Json),
    sa.column("changed_by", sa.Uuid),
    sa.column("changed_at", UtcDateTime),
)
rule_text = sa.table(
    "rule_text",
    sa.column("district_code", sa.String),
    sa.column("version", sa.Integer),
    sa.column("text", sa.Text),
    sa.column("published_by", sa.Uuid),
    sa.column("published_at", UtcDateTime),
)
threshold = sa.table(
    "threshold",
    sa.column("id", sa.BigInteger),
    sa.column("district_code", sa.String),
    sa.column("budget_level", sa.String),
    sa.column("kind", sa.String),
    sa.column("open_tender_from_fen", sa.BigInteger),
    sa.column("decentralised_limit_fen", sa.BigInteger),
    sa.column("effective_from", sa.Date),
    sa.column("effective_to", sa.Date),
    sa.column("is_sample", sa.Boolean),
    sa.column("source", sa.String),
)


def upgrade() -> None:
    op.create_table(
        "rule_version",
        sa.Column("district_code", sa.String(length=6), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("content", Json, nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("is_sample", sa.Boolean(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("district_code", "topic", "version", name=op.f("pk_rule_version")),
    )
    bind = op.get_bind()
    rows = [*_settings(bind), *_texts(bind), *_thresholds(bind)]
    if rows:
        op.bulk_insert(versions, rows)
    for table in ("district_policy", "rule_text", "threshold"):
        op.drop_table(table)


def _local(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo("Asia/Shanghai"))


def _settings(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    for row in bind.execute(sa.select(policy)).mappings():
        years = row["open_years"]
        wanted = [
            {"attachment_kind": one["kind"], "label": one["label"], "when": CASES.get(one["when"], {})}
            for one in row["required_attachments"]
        ]
        contents = {
            "direct_application": {"allowed": row["direct_application"]},
            "numbers": {
                "application": row["application_number_pattern"],
                "plan": row["plan_number_pattern"],
            },
            "years": {"years": None if years is None else [{"year": year} for year in years]},
            "required": {"fields": [], "attachments": wanted},
            "revocation": {"handlings": row["revocation_handlings"]},
        }
        changed_at = row["changed_at"] or _midnight(LONG_AGO)
        for topic, content in contents.items():
            yield {
                "district_code": row["district_code"],
                "topic": topic,
                "version": 1,
                "effective_from": _local(changed_at),
                "content": content,
                "source": SETTINGS,
                "is_sample": False,
                "published_by": row["changed_by"],
                "published_at": changed_at,
            }


def _texts(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    for row in bind.execute(sa.select(rule_text)).mappings():
        yield {
            "district_code": row["district_code"],
            "topic": "text",
            "version": row["version"],
            "effective_from": _local(row["published_at"]),
            "content": {"text": row["text"]},
            "source": TEXT,
            "is_sample": False,
            "published_by": row["published_by"],
            "published_at": row["published_at"],
        }


def _thresholds(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    """A version for each day on which the rows in force change."""
    of_district = defaultdict(list)
    for row in bind.execute(sa.select(threshold).order_by(threshold.c.id)).mappings():
        of_district[row["district_code"]].append(row)
    for district_code, rows in of_district.items():
        days = {row["effective_from"] for row in rows}
        days |= {row["effective_to"] + timedelta(days=1) for row in rows if row["effective_to"]}
        for version, day in enumerate(sorted(days), 1):
            held = [row for row in rows if _holds(row, day)]
            amounts = {
                (row["budget_level"], row["kind"]): _amounts(row)
                for row in sorted(held, key=lambda row: row["effective_from"])
            }
            sources = dict.fromkeys(row["source"] for row in held)
            yield {
                "district_code": district_code,
                "topic": "thresholds",
                "version": version,
                "effective_from": day,
                "content": {"amounts": list(amounts.values())},
                "source": "；".join(sources)[:200] or SETTINGS,
                "is_sample": any(row["is_sample"] for row in held),
                "published_by": None,
                "published_at": _midnight(day),
            }


def _holds(row: Any, day: date) -> bool:
    return bool(row["effective_from"] <= day and (row["effective_to"] is None or row["effective_to"] >= day))


def _amounts(row: Any) -> dict[str, Any]:
    return {
        "budget_level": row["budget_level"],
        "kind": row["kind"],
        "open_tender_from": _yuan(row["open_tender_from_fen"]),
        "decentralised_limit": _yuan(row["decentralised_limit_fen"]),
    }


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else f"{fen // 100}.{fen % 100:02d}"
