"""Documents and cases that do not agree are listed, in both directions, and never changed (I39)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.approvals.drift import AGREEING
from services.approvals.evidence.tables_check import check_case_of
from shared.database import new_id
from shared.events.documents import ReviewStated
from tests.approvals.office import Office


def state(office: Office, doc_id: UUID, review: str, n: int = 1) -> None:
    """The document says what its review is."""
    office.hear(
        ReviewStated(
            doc_type=office.doc_type,
            doc_id=doc_id,
            organisation_id=office.school,
            round=n,
            revision=n,
            review=review,
        )
    )


def drift(office: Office, who: str = "chen", minutes: int = 15) -> list[dict[str, Any]]:
    found = office.get(who, "drift", minutes=minutes)
    assert found["count"] == len(found["items"])
    items: list[dict[str, Any]] = found["items"]
    return items


def kinds(office: Office, who: str = "chen", minutes: int = 15) -> list[str]:
    return [one["kind"] for one in drift(office, who, minutes)]


def test_i39_a_document_that_follows_its_case_is_not_listed(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    state(office, doc_id, "under_review")
    office.disagree("wang")
    state(office, doc_id, "returned")
    office.submit(["wang"], n=2, submission=office.submission(doc_id))
    state(office, doc_id, "under_review", 2)
    office.agree("wang")
    office.agree("qian")
    state(office, doc_id, "approved", 2)
    office.clock.move(days=1)
    assert drift(office) == []
    assert drift(office, minutes=0) == []


def test_i39_a_document_that_says_nothing_is_listed_after_a_while(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    state(office, doc_id, "under_review")
    office.disagree("wang")
    office.clock.move(minutes=10)
    assert kinds(office) == []
    assert kinds(office, minutes=5) == ["document_silent"]
    office.clock.move(minutes=10)
    (row,) = drift(office)
    assert (row["doc_id"], row["stated"], row["case_state"]) == (str(doc_id), "", "returned")
    assert (row["age_minutes"], row["label"]) == (20, "单据没有跟进审核结果")
    assert office.case("li", doc_id)["state"] == "returned"
    state(office, doc_id, "returned")
    assert kinds(office) == []


def test_i39_a_document_that_says_something_else_is_listed(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    state(office, doc_id, "under_review")
    office.disagree("wang")
    state(office, doc_id, "approved")
    office.clock.move(hours=1)
    assert kinds(office) == ["document_differs"]
    before = office.case("li", doc_id)
    office.clock.move(days=3)
    assert kinds(office) == ["document_differs"]
    assert office.case("li", doc_id) == before


def test_i39_a_document_under_review_without_a_case_is_listed(office: Office) -> None:
    office.usual_chains()
    lost = new_id()
    state(office, lost, "under_review")
    office.clock.move(hours=1)
    (row,) = drift(office)
    assert (row["kind"], row["doc_id"], row["case_id"]) == ("document_unrouted", str(lost), None)
    assert row["organisation_name"] == "示例区第一小学"
    office.submit(["wang"], submission=office.submission(lost))
    assert kinds(office) == []


def test_i39_a_refused_document_is_listed_until_it_has_come_back(office: Office) -> None:
    doc_id, _ = office.submit(["wang"])
    assert office.told("case.refused")
    state(office, doc_id, "under_review")
    office.clock.move(hours=1)
    assert kinds(office) == ["document_unrouted"]
    state(office, doc_id, "returned")
    assert kinds(office) == []


def test_a_cancelled_document_and_its_terminated_case_agree(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    state(office, doc_id, "under_review")
    office.disagree("wang")
    state(office, doc_id, "returned")
    office.cancel(doc_id)
    office.clock.move(hours=1)
    assert office.case("li", doc_id)["state"] == "terminated"
    assert kinds(office) == []


def test_what_a_document_says_is_no_change_of_the_evidence(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    state(office, doc_id, "under_review")
    office.disagree("wang")
    state(office, doc_id, "approved")
    case = UUID(office.case("chen", doc_id)["id"])
    assert check_case_of(office.here, case) == []


def test_what_was_said_of_an_older_round_is_past(office: Office) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    office.disagree("wang")
    office.submit(["wang"], n=2, submission=office.submission(doc_id))
    state(office, doc_id, "under_review", 2)
    state(office, doc_id, "returned", 1)
    office.clock.move(hours=1)
    assert kinds(office) == []


@pytest.mark.parametrize(
    ("who", "status", "seen"),
    [
        ("chen", 200, 2),
        ("zhou", 200, 2),
        ("wu", 200, 2),
        ("hu", 200, 0),
        ("li", 403, 0),
        ("wang", 403, 0),
        ("root", 403, 0),
    ],
)
def test_administrators_see_the_drift_of_their_scope(
    office: Office, who: str, status: int, seen: int
) -> None:
    office.add("hu", office.bureau, "unit_administrator")
    office.add("root", office.province, "platform_administrator")
    office.usual_chains()
    office.submit(["wang"])
    state(office, new_id(), "under_review")
    office.clock.move(hours=1)
    answer = office.send(who, "GET", "drift")
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["count"] == seen


class Followed(RuleBasedStateMachine):
    """One document whose statements come late, twice or not at all; only the last one counts."""

    office: Office

    def __init__(self) -> None:
        super().__init__()
        self.office.begin_anew()
        self.office.usual_chains()
        self.n = 1
        self.doc_id, _ = self.office.submit(["wang"])
        self.said = ""

    @property
    def case_state(self) -> str:
        found: str = self.office.case("li", self.doc_id)["state"]
        return found

    @precondition(lambda self: self.case_state == "reviewing")
    @rule(verdict=st.sampled_from(["agree", "disagree", "withdraw"]))
    def act(self, verdict: str) -> None:
        if verdict == "withdraw":
            self.office.withdraw("li", self.doc_id)
        else:
            waits = self.office.get("wang", "todo", doc_type=self.office.doc_type)["items"]
            holder = "wang" if waits else "qian"
            answer = self.office.agree(holder) if verdict == "agree" else self.office.disagree(holder)
            assert answer.status_code == 200
        if self.case_state != "reviewing":
            self.said = ""  # what was said before the case moved is no answer to it

    @precondition(lambda self: self.case_state in ("returned", "withdrawn"))
    @rule()
    def submit_again(self) -> None:
        self.n, self.said = self.n + 1, ""
        self.office.submit(["wang"], n=self.n, submission=self.office.submission(self.doc_id))

    @rule(review=st.sampled_from(["under_review", "approved", "returned", "withdrawn"]), old=st.booleans())
    def say(self, review: str, old: bool) -> None:
        if old and self.n > 1:
            state(self.office, self.doc_id, review, self.n - 1)
            return
        state(self.office, self.doc_id, review, self.n)
        self.said = review

    @invariant()
    def listed_iff_it_does_not_agree(self) -> None:
        self.office.clock.move(minutes=1)
        agrees = self.said in {str(one) for one in AGREEING[_state(self.case_state)]}
        mine = [one for one in drift(self.office, minutes=0) if one["doc_id"] == str(self.doc_id)]
        assert len(mine) == (not agrees)


def _state(text: str) -> Any:
    return next(one for one in AGREEING if one == text)


def test_i39_whatever_is_said_in_whatever_order(office: Office) -> None:
    Followed.office = office

    run_state_machine_as_test(
        Followed, settings=settings(max_examples=8, stateful_step_count=8, deadline=None)
    )
