"""Rules that bind the districts below: those may be stricter, never looser."""

from __future__ import annotations

from typing import Any

import pytest

from services.plans.topics import TOPICS
from tests.plans.town import Town

CITY, COUNTY = "140100", "140105"
WARN, BLOCK = {"enforcement": "warn"}, {"enforcement": "block"}


def amounts(level: str, open_tender_from: str | None, limit: str = "50000.00") -> dict[str, Any]:
    row = {"budget_level": level, "kind": "goods", "decentralised_limit": limit}
    return {"amounts": [{**row, "open_tender_from": open_tender_from}]}


@pytest.fixture
def county(town: Town) -> Town:
    town.district(COUNTY, "小店区", "county", "/140000/140100/140105/", CITY)
    return town


def held(town: Town, topic: str, query: str = "") -> tuple[str, int]:
    found = town.do(town.lin, "GET", f"districts/{COUNTY}/rules/{topic}{query}")
    return found["district_code"], found["version"]


def test_below_a_binding_version_only_stricter_values_are_taken(county: Town) -> None:
    bound = county.rule("thresholds", amounts("city_county", "60000.00"), binding=True)
    assert bound["binding"] is True
    refused = county.publish("thresholds", amounts("county", "99999999.00", "60000.00"), district=COUNTY)
    assert refused.status_code == 422
    assert {(error["code"], error["pointer"]) for error in refused.json()["errors"]} == {
        ("looser_than_above", "/content/amounts/0/open_tender_from"),
        ("looser_than_above", "/content/amounts/0/decentralised_limit"),
    }
    assert "市财购〔2026〕1号" in refused.json()["errors"][0]["detail"]
    stricter = county.rule("thresholds", amounts("county", "59999.99"), district=COUNTY)
    assert stricter["binding"] is False
    assert held(county, "thresholds") == (COUNTY, 1)
    county.rule("thresholds", None, district=COUNTY)
    assert held(county, "thresholds") == (CITY, 1)


def test_without_it_the_nearest_district_decides(county: Town) -> None:
    county.rule("splitting", BLOCK)
    county.rule("splitting", {"enforcement": "off"}, district=COUNTY)
    assert held(county, "splitting") == (COUNTY, 1)


def test_what_was_published_before_does_not_hold_while_it_is_looser(county: Town) -> None:
    clinic = county.organisation("小店区医院", COUNTY, uscc="1214010000TEXT064C")
    handler = county.person("郝经办", clinic, "handler")
    county.people[handler] = clinic
    county.rule("direct_application", {"allowed": True}, district=COUNTY)
    plan = county.draft(handler)
    county.rule("direct_application", {"allowed": False}, "2026-11-24", binding=True)
    county.rule("direct_application", {"allowed": False}, "2026-12-01")
    assert county.do(handler, "GET", f"plans/{plan['id']}/check")["problems"] == []
    assert held(county, "direct_application", "?on=2026-12-01") == (COUNTY, 1)
    county.clock.move(days=1)
    assert held(county, "direct_application") == (CITY, 1)
    (error,) = county.submit(plan, handler).json()["errors"]
    assert (error["code"], error["basis"]["district_code"]) == ("budget_required", CITY)


def test_it_counts_on_the_day_from_which_a_version_is_to_hold(county: Town) -> None:
    county.rule("splitting", BLOCK, "2026-12-01", binding=True)
    assert county.publish("splitting", WARN, "2026-12-01", district=COUNTY).status_code == 422
    assert county.publish("splitting", WARN, "2026-11-30", district=COUNTY).status_code == 201
    assert held(county, "splitting", "?on=2026-11-30") == (COUNTY, 1)
    assert held(county, "splitting", "?on=2026-12-01") == (CITY, 1)
    county.rule("splitting", WARN, "2026-12-01")  # who has set it may loosen it


def test_a_rule_of_which_nobody_knows_what_is_stricter_cannot_bind(county: Town) -> None:
    for topic, content in (("text", {"text": "须知"}), ("splitting", None)):
        refused = county.publish(topic, content, binding=True)
        assert refused.status_code == 422
        (error,) = refused.json()["errors"]
        assert (error["code"], error["pointer"]) == ("rule_cannot_bind", "/binding")
    assert county.publish("splitting", BLOCK, binding="perhaps").status_code == 422


SHARE = {"whole_up_to": "100.00", "reserved_percent": 30, "micro_percent": 60}
SME = {**BLOCK, "goods": SHARE, "services": SHARE, "works": SHARE}
INTENT: dict[str, Any] = {**WARN, "days": 30}
IMPORTS = {"exempt_classes": ["university"], "notice_days": 5}
LEVELS = {"amounts": [amounts("prefecture", "1.00")["amounts"][0], amounts("county", "2.00")["amounts"][0]]}


@pytest.mark.parametrize(
    ("topic", "above", "own", "pointers"),
    [
        ("thresholds", amounts("city_county", "1.00"), amounts("city_county", "1.00"), []),
        ("thresholds", amounts("city_county", "1.00"), {"amounts": []}, []),
        ("thresholds", amounts("city_county", "1.00"), amounts("province", "9.00"), []),
        ("thresholds", amounts("city_county", None), amounts("county", "9.00"), []),
        (
            *("thresholds", amounts("city_county", "1.00"), amounts("county", None)),
            ["/amounts/0/open_tender_from"],
        ),
        ("thresholds", LEVELS, amounts("city_county", "2.00"), ["/amounts/0/open_tender_from"]),
        ("thresholds", LEVELS, amounts("city_county", "1.00"), []),
        ("sme", SME, SME, []),
        (
            *("sme", SME, {**SME, **WARN, "works": {**SHARE, "micro_percent": 59}}),
            ["/enforcement", "/works/micro_percent"],
        ),
        ("intent_notice", INTENT, {**BLOCK, "days": 31}, []),
        ("intent_notice", INTENT, {"enforcement": "off", "days": 29}, ["/enforcement", "/days"]),
        ("splitting", WARN, BLOCK, []),
        ("splitting", BLOCK, WARN, ["/enforcement"]),
        ("direct_application", {"allowed": True}, {"allowed": False}, []),
        ("direct_application", {"allowed": False}, {"allowed": True}, ["/allowed"]),
        ("choices", {}, {"methods": ["inquiry"]}, []),
        ("choices", {"methods": ["inquiry"]}, {}, ["/methods"]),
        ("choices", {"fund_natures": ["general"]}, {"fund_natures": []}, []),
        ("single_source", {"notice_days": 7}, {"notice_days": 6}, ["/notice_days"]),
        ("imports", IMPORTS, {"exempt_classes": [], "notice_order": "before_first_review"}, []),
        (
            *("imports", IMPORTS, {"exempt_classes": ["research"], "notice_order": "none"}),
            ["/exempt_classes", "/notice_order"],
        ),
        ("imports", {**IMPORTS, "notice_order": "none"}, {**IMPORTS, "notice_order": "none"}, []),
        ("revocation", {"handlings": ["void"]}, {"handlings": ["return_to_draft"]}, ["/handlings"]),
    ],
)
def test_what_is_stricter(
    topic: str, above: dict[str, Any], own: dict[str, Any], pointers: list[str]
) -> None:
    kind = TOPICS[topic]
    assert list(kind.model_validate(own).looser_than(kind.model_validate(above))) == pointers
