"""The way of an import application: first review, notice, final review, approved; and back."""

from __future__ import annotations

from typing import Any

import pytest

from shared.events.approvals import CaseApproved, CaseRefused, CaseReturned, CaseTerminated, CaseWithdrawn
from tests.plans.imports.customs import Customs


def allowed(approval: dict[str, Any]) -> set[str]:
    return {action["action"] for action in approval["available_actions"] if action["allowed"]}


def test_first_review_notice_final_review_approved(any_customs: Customs) -> None:
    customs = any_customs
    approval = customs.draft()
    assert (approval["status"], approval["amount"]) == ("draft", "12000000.00")
    assert allowed(approval) == {"edit", "submit", "delete"}
    approval = customs.done(customs.submit(approval))
    assert (approval["status"], approval["status_label"]) == ("first_review", "审核中（初审）")
    assert approval["application_number"] == "JKSQ-140100-2026-000001"
    assert allowed(approval) == {"withdraw"}
    assert "imports" in {basis["rule"] for basis in approval["judged_by"]}

    approval = customs.tell(CaseApproved, approval)
    assert (approval["status"], approval["review"]) == ("publicity", "import_final_review")
    (notice,) = approval["notices"]
    assert (notice["published_on"], notice["ends_on"]) == ("2026-11-23", "2026-11-30")
    assert "5 个工作日" in notice["explanation"]

    customs.move_to("2026-11-30T23:59:59")
    customs.tick()
    assert customs.now(approval)["status"] == "publicity"
    customs.move_to("2026-12-01T00:00:00")
    customs.tick()
    approval = customs.now(approval)
    assert (approval["status"], approval["round"]) == ("final_review", 2)
    assert approval["notices"][0]["state"] == "over"
    customs.tick()  # twice is harmless
    assert customs.now(approval)["version"] == approval["version"]

    approval = customs.tell(CaseApproved, approval)
    assert (approval["status"], approval["status_label"]) == ("approved", "已审核")
    assert approval["approval_number"] == "JKHZ-140100-2026-000001"
    assert (approval["valid_from"], approval["valid_to"]) == ("2026-12-01", "2026-12-31")
    assert allowed(approval) == set()


def test_each_review_gets_what_the_other_has_seen(customs: Customs) -> None:
    approval = customs.under_final_review()
    first, final = customs.town.published("document.submitted")
    assert (first.data["submission"]["doc_type"], first.data["round"]) == ("import_first_review", 1)
    assert (final.data["submission"]["doc_type"], final.data["round"]) == ("import_final_review", 2)
    assert final.data["picks"] == []
    content = final.data["submission"]["content"]
    assert content["first_review"] == {"round": 1, "digest": first.data["submission"]["digest"]}
    assert content["notice"]["ends_on"] == "2026-11-30"
    assert content["objections"] == []
    assert {name: content[name] for name in first.data["submission"]["content"]} == (
        first.data["submission"]["content"]
    )
    assert "0351" not in str(content), "a phone number goes to nobody"
    rounds = customs.town.do(customs.town.lin, "GET", f"import-approvals/{approval['id']}/rounds")
    assert [row["doc_type"] for row in rounds] == ["import_first_review", "import_final_review"]
    assert [row["digest"] for row in rounds] == [
        first.data["submission"]["digest"],
        final.data["submission"]["digest"],
    ]


def test_the_preview_is_what_is_sent(customs: Customs) -> None:
    approval = customs.draft()
    path = f"import-approvals/{approval['id']}/submission"
    lin = customs.town.lin
    draft = customs.town.do(lin, "GET", path)
    unsaved = {**customs.form(attachments=_refer(approval)), "approval_id": approval["id"]}
    assert draft["problems"] == []
    assert customs.town.do(lin, "POST", "import-approvals/submission", json=unsaved) == draft
    approval = customs.done(customs.submit(approval))
    (sent,) = customs.town.published("document.submitted")
    shown = draft["submission"]
    assert sent.data["submission"] == {**shown, "number": approval["application_number"]}
    approval = customs.tell(CaseApproved, approval)
    during = customs.town.do(lin, "GET", path)["submission"]
    assert during["doc_type"] == "import_final_review"
    customs.pass_notice(approval)
    assert customs.town.published("document.submitted")[-1].data["submission"] == during


def _refer(approval: dict[str, Any]) -> list[dict[str, str]]:
    return [{"id": file["id"], "attachment_kind": file["kind"]} for file in approval["attachments"]]


def test_a_return_in_any_review_leads_back_to_the_first_and_to_a_new_notice(customs: Customs) -> None:
    approval = customs.tell(CaseReturned, customs.submitted())
    assert (approval["status"], approval["returned"]["reason"]) == ("returned", "数量偏多")
    approval = customs.tell(CaseApproved, customs.done(customs.submit(approval)))
    customs.pass_notice(approval)
    approval = customs.tell(CaseReturned, customs.now(approval))
    assert (approval["status"], approval["round"]) == ("returned", 3)
    assert allowed(approval) == {"edit", "submit", "abandon"}
    approval = customs.done(customs.submit(approval))
    assert (approval["status"], approval["review"]) == ("first_review", "import_first_review")
    assert approval["returned"] is None
    approval = customs.tell(CaseApproved, approval)
    assert [notice["seq"] for notice in approval["notices"]] == [2, 1]
    assert approval["notices"][0]["published_on"] == "2026-12-01"
    customs.pass_notice(approval)
    assert customs.tell(CaseApproved, customs.now(approval))["status"] == "approved"
    assert len(customs.town.published("notice.published")) == 2


@pytest.mark.parametrize("kind", [CaseWithdrawn, CaseTerminated])
@pytest.mark.parametrize("final", [False, True])
def test_what_is_taken_back_or_ended_may_be_corrected(customs: Customs, kind: Any, final: bool) -> None:
    approval = customs.under_final_review() if final else customs.submitted()
    approval = customs.tell(kind, approval)
    assert approval["status"] == ("withdrawn" if kind is CaseWithdrawn else "returned")
    url = next(a["url"] for a in approval["available_actions"] if a["action"] == "withdraw")
    assert url.startswith("/api/approvals/documents/import_")
    assert customs.done(customs.submit(approval))["status"] == "first_review"


def test_a_first_review_without_a_route_gives_the_application_back(customs: Customs) -> None:
    approval = customs.tell(CaseRefused, customs.submitted())
    assert (approval["status"], approval["returned"]["code"]) == ("returned", "no_unit_chain")


def test_a_final_review_without_a_route_waits_for_the_applicant_and_the_notice_holds(
    customs: Customs,
) -> None:
    approval = customs.under_final_review()
    approval = customs.tell(CaseRefused, approval, code="pick_required", text="请选择审核人")
    assert (approval["status"], approval["status_label"]) == ("awaiting_review", "待送审")
    assert (approval["returned"]["by"], approval["returned"]["code"]) == ("system", "pick_required")
    assert allowed(approval) == {"send", "abandon"}
    town = customs.town
    assert customs.act(town.wu, approval, "send", picks=[]).json()["code"] == "applicant_only"
    approval = customs.done(customs.act(town.lin, approval, "send", picks=[str(town.rui)]))
    assert (approval["status"], approval["round"]) == ("final_review", 3)
    sent = town.published("document.submitted")[-1].data
    assert (sent["picks"], sent["submission"]["doc_type"]) == ([str(town.rui)], "import_final_review")
    assert customs.tell(CaseApproved, approval)["status"] == "approved"
    assert len(town.published("notice.published")) == 1
    assert customs.act(town.lin, approval, "send", picks=[]).status_code == 409


def test_outcomes_of_another_review_or_round_are_ignored(customs: Customs) -> None:
    approval = customs.under_final_review()
    for kind in (CaseApproved, CaseReturned, CaseWithdrawn, CaseTerminated, CaseRefused):
        customs.tell(kind, approval, doc_type="import_first_review")
        assert customs.tell(kind, approval, round=1)["version"] == approval["version"]


def test_an_application_is_given_up_and_its_notice_with_it(customs: Customs) -> None:
    approval = customs.published()
    approval = customs.done(customs.act(customs.town.lin, approval, "abandon", reason="资金调整"))
    assert (approval["status"], approval["notices"][0]["state"]) == ("abandoned", "ended")
    ended = [event.data["doc_type"] for event in customs.town.published("document.cancelled")]
    assert ended == ["import_first_review", "import_final_review"]
    customs.pass_notice(approval)
    assert customs.now(approval)["status"] == "abandoned"


def test_the_notice_waits_for_a_calendar_that_is_missing(customs: Customs) -> None:
    """What can be told beforehand is refused; what only the reviewers' pace brings about waits."""
    approval = customs.submitted()
    customs.move_to("2026-12-30T10:00:00")
    late = customs.draft()
    refused = customs.submit(late).json()
    assert {error["code"] for error in refused["errors"]} == {"calendar_year_missing"}
    assert customs.now(late)["status"] == "draft"
    approval = customs.tell(CaseApproved, approval)
    assert (approval["status"], approval["notices"][0]["ends_on"]) == ("publicity", None)
    customs.tick()
    assert customs.now(approval)["notices"][0]["ends_on"] is None
    customs.enter_year(2027)
    customs.tick()
    approval = customs.now(approval)
    assert (approval["status"], approval["notices"][0]["ends_on"]) == ("publicity", "2027-01-07")
    customs.pass_notice(approval)
    assert customs.now(approval)["status"] == "final_review"


def test_history_tells_the_whole_way(customs: Customs) -> None:
    approval = customs.approved()
    entries = customs.town.stream(f"import-approvals/{approval['id']}/history")
    assert [entry["kind"] for entry in entries] == [
        *("created", "submitted", "publicity", "notice_over", "approved")
    ]
    assert [entry["actor_name"] for entry in entries] == ["林经办", "林经办", "沈审核", "", "沈审核"]
    changes = {change["field"]: change for change in entries[-1]["changes"]}
    assert changes["approval_number"]["label"] == "核准编号"
    assert changes["valid_to"]["new"] == "2026-12-31"


def test_what_is_told_to_others(customs: Customs) -> None:
    customs.approved()
    told = customs.town.published("import_approval.status_changed")
    assert [event.data["status"] for event in told] == [
        *("draft", "first_review", "publicity", "final_review", "approved")
    ]
    assert {event.subject for event in told} == {f"import_approval/{told[0].data['approval_id']}"}
    assert told[-1].data["valid_to"] == "2026-12-31"
    (notice,) = customs.town.published("notice.published")
    assert (notice.data["ends_on"], notice.data["working_days"]) == ("2026-11-30", 5)
