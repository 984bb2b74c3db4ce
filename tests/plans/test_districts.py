"""What a district sets for its plans, and how units below inherit it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from tests.plans.town import FORM, Town

POLICY: dict[str, Any] = {
    "direct_application": False,
    "open_years": [2026],
    "application_number_pattern": "申-{district}-{year}-{seq}".replace("申", "A"),
    "plan_number_pattern": "{district}[{year}]{seq}号",
    "required_attachments": [{"attachment_kind": "requirement", "label": "采购需求", "when": "always"}],
}


def set_policy(town: Town, version: int = 0, who: UUID | None = None, **changes: Any) -> Response:
    return town.ask(
        who or town.du,
        "PUT",
        "districts/140100/policy",
        json={**POLICY, **changes},
        headers={"If-Match": f'"v{version}"'},
    )


def set_thresholds(town: Town, seen: str, *rows: dict[str, Any]) -> Response:
    url, match = "districts/140100/thresholds", {"If-Match": f'"{seen}"'}
    return town.ask(town.du, "PUT", url, json={"thresholds": list(rows)}, headers=match)


def codes(answer: Response) -> set[str]:
    return {problem["code"] for problem in answer.json()["errors"]}


def test_the_defaults_hold_until_a_district_decides(town: Town) -> None:
    policy = town.do(town.lin, "GET", "districts/140100/policy")
    assert (policy["set_by"], policy["direct_application"], policy["open_years"]) == ("", True, None)
    assert town.do(town.lin, "GET", "form")["open_years"] == [2026, 2027]


def test_a_district_forbids_direct_applications_and_closes_years(town: Town) -> None:
    assert set_policy(town).status_code == 200
    closed = town.ask(town.lin, "POST", "plans", json={**FORM, "fiscal_year": 2027})
    assert codes(closed) == {"year_not_open"}
    refused = town.submit(town.draft())
    assert refused.status_code == 422
    assert codes(refused) == {"budget_required", "attachment_required"}


def test_numbers_follow_the_patterns_of_the_district(town: Town) -> None:
    set_policy(town, direct_application=True, required_attachments=[])
    assert town.submitted()["application_number"] == "A-140100-2026-000001"


def test_a_policy_is_changed_only_by_who_has_seen_it(town: Town) -> None:
    set_policy(town)
    stale = set_policy(town, version=0)
    assert stale.status_code == 412
    assert set_policy(town, version=1).status_code == 200
    assert set_policy(town, version=2, who=town.lin).status_code == 403
    outside = town.ask(town.du, "PUT", "districts/140200/policy", json=POLICY, headers={"If-Match": '"v0"'})
    assert outside.json()["code"] == "outside_district"
    assert town.ask(town.du, "GET", "districts/999999/policy").status_code == 404


@pytest.mark.parametrize(
    "pattern", ["{seq}", "{district}-{year}-{seq}-{seq}", "{district}{year}{seq}{x}", ""]
)
def test_a_pattern_that_could_repeat_a_number_is_refused(town: Town, pattern: str) -> None:
    refused = set_policy(town, plan_number_pattern=pattern)
    assert refused.status_code == 422


def test_the_rule_text_in_force_is_kept_with_the_round(town: Town) -> None:
    for text in ("第一版", "第二版"):
        town.do(town.du, "POST", "districts/140100/rule-texts", json={"text": text})
    assert town.do(town.lin, "GET", "form")["rule_text"] == {
        "district_code": "140100",
        "version": 2,
        "text": "第二版",
    }
    plan = town.submitted()
    town.do(town.du, "POST", "districts/140100/rule-texts", json={"text": "第三版"})
    (frozen,) = town.do(town.lin, "GET", f"plans/{plan['id']}/rounds")
    assert frozen["rules"]["rule_text"] == {"district": "140100", "version": 2}
    assert frozen["rules"]["threshold"]["sample"] is True
    versions = town.do(town.lin, "GET", "districts/140100/rule-texts")
    assert [version["version"] for version in versions] == [3, 2, 1]


def test_thresholds_of_the_nearest_district_hold(town: Town) -> None:
    plan = town.draft(method="inquiry", method_ground="uniform_goods")
    warnings = town.do(town.lin, "GET", f"plans/{plan['id']}/check")["warnings"]
    assert "threshold_is_sample" in {warning["code"] for warning in warnings}
    row = {
        "budget_level": "city_county",
        "kind": "goods",
        "open_tender_from": "60000.00",
        "decentralised_limit": "50000.00",
        "effective_from": "2026-01-01",
        "source": "市财购〔2026〕1号",
    }
    first = set_thresholds(town, "v0", row)
    assert first.status_code == 200
    assert set_thresholds(town, "v0", row).status_code == 412
    check = town.do(town.lin, "GET", f"plans/{plan['id']}/check")
    assert {problem["code"] for problem in check["problems"]} == {"method_reason_required"}
    later = {**row, "effective_from": "2026-11-24", "open_tender_from": "70000.00"}
    assert set_thresholds(town, first.headers["etag"].strip('"'), row, later).status_code == 200
    town.clock.move(days=1)
    check = town.do(town.lin, "GET", f"plans/{plan['id']}/check")
    assert check["problems"] == []


def test_the_whole_catalogue_is_imported_all_or_nothing(town: Town) -> None:
    text = "品目编码,品目名称,可选\nA,货物,否\nA99000000,其他货物,是\n"

    def load(data: str, who: UUID, preview: str = "false") -> Response:
        files = {"file": ("catalogue.csv", data.encode("gbk"), "text/csv")}
        return town.ask(who, "POST", f"catalogue/imports?preview={preview}", files=files)

    assert load(text, town.du).status_code == 403
    broken = load(text + "A99000000,又一次,是\nX,错,也许\n", town.platform).json()
    assert {problem["code"] for problem in broken["problems"]} == {
        "code_repeated",
        "catalogue_code_malformed",
        "not_a_flag",
    }
    assert town.do(town.lin, "GET", "catalogue?q=其他货物") == []
    assert load(text, town.platform).json()["created"] == 2
    (found,) = town.do(town.lin, "GET", "catalogue?q=A99")
    assert (found["name_zh"], found["parent_code"], found["kind"]) == ("其他货物", "A", "goods")
    (old,) = town.do(town.lin, "GET", "catalogue?q=A02010108")
    assert old["selectable"] is False
