"""What a district sets for its plans: dated versions, inherited from above, that judge what comes after."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from tests.plans.town import Town

WARN, BLOCK = {"enforcement": "warn"}, {"enforcement": "block"}
AMOUNTS = {
    "budget_level": "city_county",
    "kind": "goods",
    "open_tender_from": "60000.00",
    "decentralised_limit": "50000.00",
}


def codes(answer: Response) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {problem["code"] for problem in answer.json()["errors"]}


def held(town: Town, topic: str, query: str = "", district: str = "140100") -> dict[str, Any]:
    found: dict[str, Any] = town.do(town.lin, "GET", f"districts/{district}/rules/{topic}{query}")
    return found


def statuses(town: Town, topic: str, district: str = "140100") -> list[tuple[int, str, str | None]]:
    rows = town.do(town.du, "GET", f"districts/{district}/rules/{topic}/versions")
    return [(row["version"], row["status"], row["effective_until"]) for row in rows]


# which version holds


def test_the_rules_of_the_country_hold_until_a_district_decides(town: Town) -> None:
    rules = {rule["topic"]: rule for rule in town.do(town.lin, "GET", "districts/140100/rules")["rules"]}
    assert len(rules) == 13
    assert rules["splitting"]["district_code"] == "000000"
    assert rules["splitting"]["inherited"] is True
    assert rules["splitting"]["content"] == {"enforcement": "warn"}
    assert (rules["thresholds"]["district_code"], rules["thresholds"]["is_sample"]) == ("140000", True)
    assert all(rule["law"] and rule["source"] for rule in rules.values())
    assert town.do(town.lin, "GET", "form")["open_years"] == [2026, 2027]


def test_the_version_in_force_is_found_by_the_day(any_town: Town) -> None:
    town = any_town
    town.rule("splitting", BLOCK)
    town.rule("splitting", WARN, "2026-12-01")
    town.rule("splitting", {"enforcement": "off"}, "2027-01-01")
    assert held(town, "splitting")["version"] == 1
    assert statuses(town, "thresholds") == []
    assert [held(town, "splitting", f"?on={day}")["version"] for day in ("2026-11-30", "2026-12-01")] == [
        1,
        2,
    ]
    assert held(town, "splitting", "?on=2030-01-01")["content"] == {"enforcement": "off"}
    assert held(town, "splitting", "?on=2026-11-22")["district_code"] == "000000"
    assert statuses(town, "splitting") == [
        (3, "coming", None),
        (2, "coming", "2026-12-31"),
        (1, "in_force", "2026-11-30"),
    ]
    town.clock.move(days=8)
    assert statuses(town, "splitting")[1:] == [(2, "in_force", "2026-12-31"), (1, "past", "2026-11-30")]


def test_of_two_versions_of_one_day_the_later_one_holds(town: Town) -> None:
    town.rule("splitting", BLOCK)
    town.rule("splitting", WARN)
    assert held(town, "splitting")["version"] == 2
    assert [row[:2] for row in statuses(town, "splitting")] == [(2, "in_force"), (1, "superseded")]


def test_a_district_inherits_topic_by_topic_and_may_return_to_what_is_above(town: Town) -> None:
    town.district("140105", "小店区", "county", "/140000/140100/140105/", "140100")
    town.rule("splitting", BLOCK)
    county = held(town, "splitting", district="140105")
    assert (county["district_code"], county["inherited"]) == ("140100", True)
    town.rule("splitting", WARN, district="140105")
    assert held(town, "splitting", district="140105")["inherited"] is False
    assert held(town, "intent_notice", district="140105")["district_code"] == "000000"
    town.rule("splitting", None, district="140105")
    assert held(town, "splitting", district="140105")["district_code"] == "140100"


def test_thresholds_of_the_nearest_district_that_has_some_for_the_kind(town: Town) -> None:
    town.rule("thresholds", {"amounts": [AMOUNTS]})
    goods, services = town.draft(), town.draft(kind="services", items=[])
    for plan, district, sample in ((goods, "140100", False), (services, "140000", True)):
        check = town.do(town.lin, "GET", f"plans/{plan['id']}/check")
        (basis,) = [rule for rule in check["rules"] if rule["rule"] == "thresholds"]
        assert (basis["district_code"], basis["is_sample"]) == (district, sample)
    exact = {**AMOUNTS, "budget_level": "prefecture", "open_tender_from": "60000.01"}
    town.rule("thresholds", {"amounts": [AMOUNTS, exact]})
    single = town.draft(method="single_source")
    assert town.do(town.lin, "GET", f"plans/{single['id']}/check")["problems"] == []


# publishing


def test_a_version_is_published_by_who_has_seen_the_newest(any_town: Town) -> None:
    town = any_town
    first = town.publish("splitting", BLOCK, seen='"v0"')
    assert (first.status_code, first.headers["etag"]) == (201, '"v1"')
    stale = town.publish("splitting", WARN, seen='"v0"')
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    assert town.publish("splitting", WARN, seen='"v1"').json()["version"] == 2


def test_only_the_administrator_of_the_district_or_above_publishes(town: Town) -> None:
    assert town.publish("splitting", BLOCK, who=town.lin).json()["code"] == "role_required"
    assert town.publish("splitting", BLOCK, who=town.platform).json()["code"] == "role_required"
    assert town.publish("splitting", BLOCK, district="140200").json()["code"] == "outside_district"
    assert town.publish("splitting", BLOCK, district="140000").json()["code"] == "outside_district"
    assert town.publish("splitting", BLOCK, district="999999").status_code == 404
    assert town.publish("splitting", BLOCK, district="000000").status_code == 404
    mine = held(town, "splitting")["available_actions"]
    assert [(act["action"], act["allowed"]) for act in mine] == [("publish", False)]


def test_a_version_is_never_published_for_a_day_that_is_over(town: Town) -> None:
    assert codes(town.publish("splitting", BLOCK, "2026-11-22")) == {"effective_in_past"}
    town.clock.move(hours=14, minutes=59)  # 23:59 in Shanghai, still the 23rd
    assert town.publish("splitting", BLOCK, "2026-11-23").status_code == 201
    town.clock.move(minutes=1)
    assert codes(town.publish("splitting", BLOCK, "2026-11-23")) == {"effective_in_past"}


def test_a_coming_version_is_withdrawn_and_one_in_force_is_not(town: Town) -> None:
    town.rule("splitting", BLOCK)
    coming = town.rule("splitting", WARN, "2026-12-01")
    assert [act["allowed"] for act in coming["available_actions"]] == [True]

    def withdraw(version: int, **about: Any) -> Response:
        url = f"districts/140100/rules/splitting/versions/{version}/withdraw"
        seen = {"If-Match": about.pop("seen", '"v2"')}
        return town.ask(about.pop("who", town.du), "POST", url, headers=seen)

    assert withdraw(2, who=town.lin).json()["code"] == "role_required"
    assert withdraw(9).status_code == 404
    assert withdraw(2, seen='"v1"').status_code == 412
    assert withdraw(1).json()["code"] == "rule_in_force"
    gone = withdraw(2).json()
    assert (gone["status"], gone["published_by_name"], gone["withdrawn_by_name"]) == (
        *("withdrawn", "杜管理", "杜管理"),
    )
    assert withdraw(2).json()["code"] == "rule_withdrawn"
    assert held(town, "splitting", "?on=2026-12-01")["version"] == 1
    assert town.rule("splitting", WARN, "2026-12-02")["version"] == 3


@pytest.mark.parametrize(
    ("topic", "content", "problems"),
    [
        ("splitting", {}, {("/content/enforcement", "missing")}),
        ("splitting", {"enforcement": "maybe"}, {("/content/enforcement", "literal_error")}),
        ("splitting", {**BLOCK, "of_nobody": 1}, {("/content/of_nobody", "extra_forbidden")}),
        ("thresholds", {"amounts": [AMOUNTS, AMOUNTS]}, {("/content/amounts", "repeated")}),
        (
            "thresholds",
            {"amounts": [{**AMOUNTS, "open_tender_from": 1, "kind": "x"}]},
            {
                ("/content/amounts/0/open_tender_from", "amount_not_text"),
                ("/content/amounts/0/kind", "literal_error"),
            },
        ),
        ("single_source", {"notice_days": 4}, {("/content/notice_days", "greater_than_equal")}),
        ("choices", {"methods": ["auction"]}, {("/content/methods", "unknown_choice")}),
        ("required", {"fields": [{"field": "status"}]}, {("/content/fields/0/field", "unknown_field")}),
        ("years", {"years": [{"year": 2026}, {"year": 2026}]}, {("/content/years", "repeated")}),
        (
            "years",
            {"years": [{"year": 2026, "opens_on": "2026-12-01", "closes_on": "2026-11-30"}]},
            {("/content/years/0", "closes_before_opening")},
        ),
        ("revocation", {"handlings": []}, {("/content/handlings", "too_short")}),
    ],
)
def test_everything_that_is_wrong_with_a_version_is_said_at_once(
    shared_town: Town, topic: str, content: dict[str, Any], problems: set[tuple[str, str]]
) -> None:
    refused = shared_town.publish(topic, content, "2020-01-01")
    found = {(problem["pointer"], problem["code"]) for problem in refused.json()["errors"]}
    assert found == {("/effective_from", "effective_in_past"), *problems}


@pytest.mark.parametrize(
    "pattern", ["{seq}", "{district}-{year}-{seq}-{seq}", "{district}{year}{seq}{x}", ""]
)
def test_a_pattern_that_could_repeat_a_number_is_refused(shared_town: Town, pattern: str) -> None:
    refused = shared_town.publish("numbers", {"application": "{district}{year}{seq}", "plan": pattern})
    assert codes(refused) == {"bad_pattern"}


def test_there_are_no_other_topics(shared_town: Town) -> None:
    assert shared_town.ask(shared_town.lin, "GET", "districts/140100/rules/taxes").status_code == 422


# differences


def test_two_versions_are_compared_value_by_value(town: Town) -> None:
    town.rule("thresholds", {"amounts": [AMOUNTS]})
    town.rule("thresholds", {"amounts": [{**AMOUNTS, "open_tender_from": "70000.00"}]}, "2026-12-01")
    diff = town.do(town.lin, "GET", "districts/140100/rules/thresholds/diff?old=1&new=2")
    assert diff["changes"] == [
        {"pointer": "/amounts/0/open_tender_from", "old": "60000.00", "new": "70000.00"}
    ]
    assert (diff["old"]["version"], diff["new"]["effective_from"]) == (1, "2026-12-01")
    above = town.do(town.lin, "GET", "districts/140100/rules/thresholds/diff?new=1")
    assert above["old"]["district_code"] == "140000"
    assert len(above["changes"]) == 8
    assert town.ask(town.lin, "GET", "districts/140100/rules/thresholds/diff?new=3").status_code == 404
    nation = town.do(town.lin, "GET", "districts/000000/rules/sme/diff?old=2&new=3")
    assert [change["pointer"] for change in nation["changes"]] == ["/works/reserved_percent"]
    assert town.ask(town.lin, "GET", "districts/000000/rules/sme/diff?new=3").status_code == 404
    assert [row[1] for row in statuses(town, "sme", "000000")] == ["in_force", "past", "past"]
