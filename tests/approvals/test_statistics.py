"""Statistics: times in working hours, made from the case events, for those who look after a unit or
district."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from services.approvals.case import CaseState
from services.approvals.round_time import RoundTime, StepTime, ends_a_round, measure
from shared.clock import SHANGHAI
from tests.approvals.acts import Acts
from tests.approvals.office import Office, finance_step, step


def statistics(office: Office, who: str, **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = office.get(who, "statistics", doc_type=office.doc_type, **query)
    return found


def test_times_are_working_hours_of_steps_and_of_the_applicant(each_office: Office) -> None:
    office = each_office
    office.usual_chains()
    start = monday_morning(office)
    doc_id, _ = office.submit(["wang"])
    office.clock.move(hours=2)
    office.disagree("wang", opinion="请补充配置要求")
    office.clock.move(days=1)
    office.submit(["wang"], n=2, submission=office.submission(doc_id))
    office.clock.move(hours=1)
    office.agree("wang")
    office.clock.move(days=2)
    assert office.agree("qian").json()["case_state"] == "approved"
    assert office.clock.now() - start == timedelta(days=3, hours=3)
    found = statistics(office, "chen")
    assert (found["rounds"], found["return_rate"]) == (2, "0.50")
    assert found["outcomes"] == {"approved": 1, "returned": 1, "withdrawn": 0, "terminated": 0}
    # a working day has seven and a half hours; from 11:00 on a day to 11:00 on the next is one
    assert found["with_applicant"] == {"count": 1, "p50": "7.5", "p90": "7.5"}
    times = [
        (one["key"], one["time"]["count"], one["time"]["p50"], one["returned"]) for one in found["steps"]
    ]
    assert times == [("district.finance", 1, "15.0", 0), ("unit.head", 2, "1.0", 1)]
    assert found["steps"][1]["time"]["p90"] == "2.0"
    assert found["review"] == {"count": 2, "p50": "2.0", "p90": "16.0"}
    assert found["to_approval"]["p50"] == "25.5"
    assert [one["share"] for one in found["steps"]] == ["0.83", "0.17"]
    assert found["bottleneck"] == "district.finance"
    assert found["reasons"] == [{"text": "请补充配置要求", "step_name": "环节head", "count": 1}]


def test_the_most_frequent_reasons_come_first(office: Office) -> None:
    office.usual_chains()
    for opinion in ("预算依据不足", "请补充材料", "请补充材料 "):
        office.submit(["wang"])
        office.disagree("wang", opinion=opinion)
    found = statistics(office, "chen")["reasons"]
    assert [(one["text"], one["count"]) for one in found] == [("请补充材料", 2), ("预算依据不足", 1)]


def test_half_and_nine_of_ten_stay_below(each_office: Office) -> None:
    office = each_office
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [])
    for minutes in (60, 6, 12, 54, 18, 30, 36, 24, 42, 48):
        monday_morning(office)
        office.submit(["wang"])
        office.clock.move(minutes=minutes)
        office.agree("wang")
    period = {"since": str(office.clock.today() - timedelta(days=100)), "until": str(office.clock.today())}
    (head,) = statistics(office, "chen", **period)["steps"]
    assert head["time"] == {"count": 10, "p50": "0.5", "p90": "0.9"}


def monday_morning(office: Office) -> datetime:
    """Moves on to nine o'clock of the next Monday."""
    now = office.clock.now().astimezone(SHANGHAI)
    day = now.date() + timedelta(days=7 - now.weekday())
    office.clock.move(seconds=(datetime.combine(day, time(9), SHANGHAI) - now).total_seconds())
    return office.clock.now()


@pytest.mark.parametrize(
    ("who", "rounds"),
    [("chen", 1), ("zhou", 2), ("wu", 2), ("aud", 2), ("money", 2), ("hu", 0)],
)
def test_each_sees_his_unit_or_what_is_below_his_district(office: Office, who: str, rounds: int) -> None:
    office.usual_chains()
    office.add("aud", office.province, "auditor")
    office.add("money", office.finance, "finance")
    office.add("hu", office.bureau, "unit_administrator")
    other = office.organisation("示例区第二小学", "140105")
    for name, role in (("he", "handler"), ("xu", "reviewer"), ("luo", "unit_administrator")):
        office.add(name, other, role)
    office.publish("luo", "unit", [step("head")])
    theirs = office.submission().model_copy(
        update={"organisation_id": other, "applicant_id": office.id("he")}
    )
    for asked, reviewer in ((office.submission(), "wang"), (theirs, "xu")):
        office.submit(["wang"], submission=asked)
        office.disagree(reviewer)
    assert statistics(office, who)["rounds"] == rounds
    narrowed = office.send(who, "GET", f"statistics?organisation_id={other}")
    assert narrowed.status_code == (404 if who in ("chen", "hu") else 200)
    if narrowed.status_code == 200:
        assert narrowed.json()["rounds"] == 1


@pytest.mark.parametrize("who", ["li", "wang", "qian"])
def test_others_see_no_statistics(office: Office, who: str) -> None:
    assert office.send(who, "GET", "statistics").json()["code"] == "role_required"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("since=2026-11-02&until=2026-11-01", "period_reversed"),
        ("since=2024-01-01&until=2026-11-01", "period_too_long"),
    ],
)
def test_a_period_has_bounds(office: Office, query: str, code: str) -> None:
    refused = office.send("chen", "GET", f"statistics?{query}")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)


def test_a_period_includes_both_its_days(office: Office) -> None:
    office.usual_chains()
    for _ in range(3):
        office.submit(["wang"])
        office.disagree("wang")
        office.clock.move(days=1)
    first = "2026-11-23"
    assert statistics(office, "chen", since=first, until=first)["rounds"] == 1
    assert statistics(office, "chen", since=first, until="2026-11-24")["rounds"] == 2
    assert statistics(office, "chen", since="2026-11-26", until="2026-11-30")["rounds"] == 0
    assert statistics(office, "chen", since="2026-11-26", until="2026-11-30")["bottleneck"] is None


def test_they_name_nobody(office: Office) -> None:
    office.publish("chen", "unit", [step("head")])
    office.publish("zhou", "district", [finance_step()])
    office.submit()
    office.agree("wang")
    office.disagree("qian")
    text = office.send("zhou", "GET", "statistics").text
    for who in office.people:
        assert f'"{who}"' not in text
        assert str(office.id(who)) not in text


def test_asking_costs_the_same_number_of_statements_whatever_the_number_of_rounds(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    office.disagree("wang")
    few = office.statements(lambda: statistics(office, "zhou"))
    for _ in range(5):
        office.submit(["wang"])
        office.disagree("wang")
    assert office.statements(lambda: statistics(office, "zhou")) == few


class Timed(Acts):
    """Time passes between acts; what statistics keep is what the events say, computed another way."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[RoundTime | StepTime] = []

    @initialize()
    def empty(self) -> None:
        self.rows = []

    @rule(minutes=st.integers(0, 600))
    def wait(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)
        self.file.at = self.at

    def keep(self, file: Any) -> None:
        super().keep(file)
        mine = [entry for entry in self.acts if entry.case_id == self.case.id]
        if self.case.state != CaseState.REVIEWING and ends_a_round(mine):
            rows = measure(self.case, mine, file.round.steps, lambda one, other: other - one)
            self.rows = [row for row in self.rows if row.case_id == self.case.id] + rows
            self.check(mine)

    def check(self, acts: list[Any]) -> None:
        whole = [row for row in self.rows if isinstance(row, RoundTime)][-1]
        steps = [row for row in self.rows if isinstance(row, StepTime) and row.n == whole.n]
        of_round = [entry for entry in acts if entry.round == whole.n]
        wait = of_round[-1].at - of_round[0].at
        assert whole.review_minutes == wait // timedelta(minutes=1)
        assert sum(one.minutes for one in steps) == whole.review_minutes
        assert [one.outcome for one in steps].count("disagreed") == (whole.outcome == "returned")
        assert len({one.step_key for one in steps}) == len(steps)
        ended: dict[UUID, int] = defaultdict(int)
        for row in self.rows:
            if isinstance(row, RoundTime):
                ended[row.case_id] += row.review_minutes + (row.applicant_minutes or 0)
        assert ended[self.case.id] == whole.case_review_minutes + whole.case_applicant_minutes
        assert whole.case_review_minutes + whole.case_applicant_minutes == (
            acts[-1].at - acts[0].at
        ) // timedelta(minutes=1)


assert issubclass(Timed, RuleBasedStateMachine)
TestTimed = Timed.TestCase
TestTimed.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
