"""What a district sets for imports: where the notice stands, how long it is, how long an approval holds."""

from __future__ import annotations

from typing import Any

import pytest

from shared.events.approvals import CaseApproved, CaseRefused
from tests.plans.imports.customs import Customs

RULE: dict[str, Any] = {
    "exempt_classes": ["university"],
    "notice_order": "after_first_review",
    "notice_days": 5,
    "valid_months": None,
}


def test_without_a_notice_the_final_review_follows_at_once(customs: Customs) -> None:
    customs.town.rule("imports", {**RULE, "notice_order": "none"})
    customs.move_to("2026-12-30T10:00:00")  # no notice needs the next year's calendar
    approval = customs.tell(CaseApproved, customs.submitted())
    assert (approval["status"], approval["notices"]) == ("final_review", [])
    sent = customs.town.published("document.submitted")[-1].data["submission"]
    assert sent["doc_type"] == "import_final_review"
    assert "notice" not in sent["content"]
    assert customs.tell(CaseApproved, approval)["status"] == "approved"


def test_the_notice_before_both_reviews(any_customs: Customs) -> None:
    customs = any_customs
    customs.town.rule("imports", {**RULE, "notice_order": "before_first_review", "notice_days": 7})
    approval = customs.submitted()
    assert (approval["status"], approval["review"]) == ("publicity", "import_first_review")
    assert (approval["round"], approval["application_number"]) == (0, "JKSQ-140100-2026-000001")
    assert approval["notices"][0]["ends_on"] == "2026-12-02"
    assert customs.town.published("document.submitted") == []
    customs.pass_notice(approval)
    approval = customs.now(approval)
    assert (approval["status"], approval["round"]) == ("first_review", 1)
    sent = customs.town.published("document.submitted")[-1].data["submission"]
    assert (sent["doc_type"], sent["content"]["notice"]["working_days"]) == ("import_first_review", 7)
    approval = customs.tell(CaseRefused, approval, code="pick_required", text="请选择审核人")
    assert (approval["status"], approval["review"]) == ("awaiting_review", "import_first_review")
    approval = customs.done(customs.act(customs.town.lin, approval, "send", picks=[str(customs.town.shen)]))
    approval = customs.tell(CaseApproved, approval)
    assert (approval["status"], approval["round"]) == ("final_review", 3)
    assert customs.tell(CaseApproved, approval)["status"] == "approved"
    assert len(customs.town.published("notice.published")) == 1


def test_an_application_goes_on_by_the_rule_that_it_was_submitted_under(customs: Customs) -> None:
    approval = customs.submitted()
    customs.town.rule("imports", {**RULE, "notice_days": 10})
    later = customs.submitted()
    assert customs.tell(CaseApproved, approval)["notices"][0]["days"] == 5
    assert customs.tell(CaseApproved, later)["notices"][0]["days"] == 10
    (round_,) = customs.town.do(customs.town.lin, "GET", f"import-approvals/{later['id']}/rounds")
    versions = {row["rule"]: row["version"] for row in round_["rules"]["versions"]}
    assert versions["imports"] == 1


def test_an_approval_that_holds_for_months(customs: Customs) -> None:
    customs.town.rule("imports", {**RULE, "valid_months": 6})
    approval = customs.approved()
    assert (approval["valid_from"], approval["valid_to"]) == ("2026-12-01", "2027-06-01")


def test_the_form_tells_what_the_district_wants(customs: Customs) -> None:
    customs.town.rule("imports", {**RULE, "notice_days": 8})
    form = customs.town.do(customs.town.lin, "GET", "import-approvals/form")
    assert (form["notice_order"], form["notice_days"]) == ("after_first_review", 8)
    assert form["documents"]["other"] == {
        "all_of": ["import_form"],
        "one_of": ["argument", "department_opinion"],
    }
    assert {field["name"] for field in form["fields"]} >= {"category", "reason", "experts", "attachments"}


@pytest.mark.parametrize(
    "changes", [{"notice_days": 4}, {"notice_days": 61}, {"notice_order": "never"}, {"valid_months": 0}]
)
def test_a_rule_that_the_law_does_not_allow(shared_customs: Customs, changes: dict[str, Any]) -> None:
    answer = shared_customs.town.publish("imports", {**RULE, **changes})
    assert answer.status_code == 422, answer.text


def test_a_class_that_is_no_longer_exempt_stops_a_plan_at_the_last_step(customs: Customs) -> None:
    town = customs.town
    college = town.organisation("市医学院", "140100", kind="university", import_exempt_class="university")
    mei = town._person("梅经办", college, "handler")
    item = {"catalogue_code": "A02321000", "name": "磁共振", "unit": "台", "is_imported": True}
    about = {"items": [{**item, "quantity": "1", "unit_price": "1.00"}], "import_filing_note": "已备案"}
    kept, stopped = [town.submitted(mei, is_imported=True, **about) for _ in range(2)]
    town.tell(CaseApproved, kept)
    assert town.plan(kept, mei)["status"] == "usable"
    town.rule("imports", {**RULE, "exempt_classes": []})
    town.tell(CaseApproved, stopped)
    stopped = town.plan(stopped, mei)
    assert (stopped["status"], stopped["returned"]["code"]) == ("returned", "import_approval_required")
