"""Settings, texts and thresholds of before become versions: what held on a day still does."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command

from services.plans.district import District
from services.plans.policy import policy_of
from services.plans.service import service
from services.plans.topics import DirectApplication, Numbers, Required, Revocation, RuleText, Years
from shared.clock import HandClock
from shared.database import UtcDateTime, migrate, migration_config, new_id
from shared.store import Store
from tests.lone import MORNING

CITY = District("140100", "太原市", "prefecture", "/140000/140100/")
DU = new_id()
POLICY: dict[str, Any] = {
    "district_code": "140100",
    "version": 4,
    "direct_application": False,
    "open_years": [2026, 2027],
    "application_number_pattern": "A-{district}-{year}-{seq}",
    "plan_number_pattern": "{district}[{year}]{seq}号",
    "required_attachments": [
        {"kind": "requirement", "label": "采购需求", "when": "always"},
        {"kind": "method_reason", "label": "申请材料", "when": "not_open_tender"},
    ],
    "revocation_handlings": ["void", "return_to_draft"],
    "changed_by": DU,
    "changed_at": datetime(2026, 3, 31, 17, tzinfo=UTC),  # 1 April in Shanghai
}
TEXTS = [
    {"version": n, "text": text, "published_at": datetime(2026, n, 1, 1, tzinfo=UTC)}
    for n, text in ((1, "第一版"), (2, "第二版"))
]


def threshold(district: str, fen: int, start: date, end: date | None, *, sample: bool) -> dict[str, Any]:
    about = {"budget_level": "city_county", "kind": "goods", "decentralised_limit_fen": None}
    days = {"effective_from": start, "effective_to": end}
    named = {"source": f"文件{fen}", "is_sample": sample}
    return {"district_code": district, "open_tender_from_fen": fen, **about, **days, **named}


THRESHOLDS = [
    threshold("140000", 200_000_000, date(2026, 1, 1), None, sample=True),
    threshold("140100", 100_000_000, date(2026, 2, 1), date(2026, 6, 30), sample=False),
    threshold("140100", 150_000_000, date(2026, 5, 1), None, sample=False),
]


def as_before(url: str) -> None:
    """A database of the revision before, in which a city had its own settings."""
    store = Store("plans", url, HandClock(MORNING))
    with store.writer.connect() as connection:
        config = migration_config("plans", service.metadata, service.migrations, connection)
        command.upgrade(config, "0007")
        connection.commit()
    known = sa.MetaData()
    known.reflect(store.writer, only=["district_policy", "rule_text", "threshold"])
    about = {"district_code": "140100", "published_by": DU}
    with store.work() as work:
        for name, rows in (
            ("district_policy", [POLICY]),
            ("rule_text", [{**about, **text} for text in TEXTS]),
            ("threshold", THRESHOLDS),
        ):
            table = known.tables[name]
            for column in table.columns:  # as the models had them
                if isinstance(column.type, sa.DateTime):
                    column.type = UtcDateTime()
                if column.name in ("changed_by", "published_by"):
                    column.type = sa.Uuid()
            work.execute(table.insert(), rows)
    store.close()


def test_what_held_on_a_day_still_does(tmp_path: Path, empty_database_url: str) -> None:
    url = empty_database_url.replace("{service}", "plans") or f"sqlite:///{tmp_path / 'plans.db'}"
    as_before(url)
    migrate("plans", service.metadata, service.migrations, url)
    store = Store("plans", url, HandClock(MORNING))
    with store.read() as look:
        now = policy_of(look, CITY)
        assert now.get(DirectApplication).allowed is False
        assert now.get(Years).open_on(look.today) == [2026, 2027]
        assert now.get(Numbers).plan == "{district}[{year}]{seq}号"
        assert now.get(Revocation).handlings == ["void", "return_to_draft"]
        always, other = now.get(Required).attachments
        assert (always.attachment_kind, always.when.methods) == ("requirement", [])
        assert "inquiry" in other.when.methods
        assert "open_tender" not in other.when.methods
        assert now.version("numbers").effective_from == date(2026, 4, 1)
        assert policy_of(look, CITY, date(2026, 3, 31)).version("numbers").district_code == "000000"
        assert (now.get(RuleText).text, now.version("text").version) == ("第二版", 2)
        assert policy_of(look, CITY, date(2026, 1, 15)).get(RuleText).text == "第一版"
        held = {
            day: policy_of(look, CITY, day).threshold(CITY, "goods")
            for day in (date(2026, 1, 15), date(2026, 2, 1), date(2026, 5, 1), date(2026, 11, 23))
        }
    found = [one and (one.open_tender_from_fen, one.version.is_sample) for one in held.values()]
    assert found == [
        (200_000_000, True),
        (100_000_000, False),
        (150_000_000, False),
        (150_000_000, False),
    ]
    store.close()
