"""Deputies are told of turns while they stand in, not before and not after."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.notify.jobs import follow_substitution
from services.notify.moments.todo import plan_all
from services.notify.standing_in import SubstitutionCopy
from shared.database import new_id
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted
from tests.notify.choosing import NIGHT, at, it_is, runs_until_quiet, subjects, wants
from tests.notify.office import Office, slot_closed, slot_opened


@pytest.fixture
def away(any_office: Office) -> Office:
    """赵强 is reached by mail; 王芳 is going to be away. It is Monday, 23 November, 09:00."""
    any_office.has_address(any_office.zhao, "zhao@example.org")
    return any_office


def granted(office: Office, **more: Any) -> SubstitutionGranted:
    """赵强 stands in for 王芳 from now until Tuesday, 18:00, unless told otherwise."""
    content = {
        "substitution_id": new_id(),
        "version": 1,
        "principal_id": office.wang,
        "principal_name": "王芳",
        "deputy_id": office.zhao,
        "deputy_name": "赵强",
        "organisation_id": office.unit,
        "organisation_name": "小店区第一中学",
        "doc_types": [],
        "starts_at": office.clock.now(),
        "ends_at": at("2026-11-24 18:00"),
        "reason": "外出培训",
        "granted_by": office.wang,
    }
    event = SubstitutionGranted.model_validate(content | more)
    office.hear(event)
    return event


def ended(office: Office, what: SubstitutionGranted) -> None:
    same = what.model_dump(include={"substitution_id", "principal_id", "deputy_id", "organisation_id"})
    office.hear(SubstitutionEnded(**same, version=2, ended_by=office.wang))


def turn(office: Office, **more: Any) -> Any:
    """It is 王芳's turn in her unit; approvals names 赵强 as her deputy unless told otherwise."""
    about: dict[str, Any] = {"holder_name": "王芳", "holder_unit_id": office.unit, "deputies": [office.zhao]}
    opened = slot_opened(office.wang, **about | more)
    office.hear(opened)
    return opened


def todo(office: Office, person_id: UUID) -> int:
    assert len(office.messages(person_id, "todo")) == office.counts(person_id)["todo"]
    return office.counts(person_id)["todo"]


def turns(office: Office) -> list[str]:
    """The subjects of all mails about turns and to-dos."""
    return [subject for subject in subjects(office) if "代理" not in subject]


def test_what_was_held_for_a_deputy_is_not_sent_once_his_substitution_has_been_ended(away: Office) -> None:
    office = away
    wants(office, office.zhao, **NIGHT)
    what = granted(office)
    it_is(office, "2026-11-23 22:30")
    turn(office)
    assert (todo(office, office.zhao), todo(office, office.wang)) == (1, 1)
    plan_all(office.store)
    ended(office, what)
    assert (todo(office, office.zhao), todo(office, office.wang)) == (0, 1)
    it_is(office, "2026-11-24 07:00")
    runs_until_quiet(office)
    it_is(office, "2026-11-24 08:31")
    runs_until_quiet(office)
    assert turns(office) == []


def test_a_substitution_that_ends_by_itself_ends_for_messages_too(away: Office) -> None:
    office = away
    granted(office)
    wants(office, office.zhao, ("slot.opened", "email", "digest"), digest_times=["18:30"])
    it_is(office, "2026-11-24 17:50")
    opened = turn(office)
    assert todo(office, office.zhao) == 1
    it_is(office, "2026-11-24 18:00")
    runs_until_quiet(office)
    assert (todo(office, office.zhao), todo(office, office.wang)) == (0, 1)
    it_is(office, "2026-11-24 18:30")
    runs_until_quiet(office)
    assert turns(office) == []
    office.hear(slot_closed(opened))
    assert todo(office, office.wang) == 0


def test_the_gate_goes_by_the_time_also_where_the_job_is_late(away: Office) -> None:
    office = away
    granted(office)
    runs_until_quiet(office)
    wants(office, office.zhao, **NIGHT)
    it_is(office, "2026-11-23 22:30")
    turn(office)
    it_is(office, "2026-11-24 18:00")
    (send,) = (d for d in office.deliveries() if d.person_id == office.zhao and d.state == "held")
    office.here.service.jobs.tasks["notify.send"].run(office.here, delivery_id=str(send.id), turn=send.turn)
    (after,) = (d for d in office.deliveries() if d.id == send.id)
    assert (after.state, after.code) == ("suppressed", "substitution_over")
    assert turns(office) == []


def test_when_it_begins_a_deputy_hears_of_what_waits_already_once(away: Office) -> None:
    office = away
    turn(office, deputies=[], title="课桌椅")
    other = turn(office, deputies=[], title="投影仪")
    office.hear(slot_closed(other))
    what = granted(office, starts_at=at("2026-11-24 08:00"))
    turn(office, deputies=[], title="打印机")
    runs_until_quiet(office)
    assert todo(office, office.zhao) == 0
    it_is(office, "2026-11-24 08:00")
    turn(office, title="复印机")
    runs_until_quiet(office)
    for _ in range(2):
        follow_substitution(office.here, str(what.substitution_id))
        runs_until_quiet(office)
    assert todo(office, office.zhao) == 3
    assert turns(office) == [f"轮到您审核：{title}" for title in ("复印机", "打印机", "课桌椅")]
    assert all("您正在代理王芳审核" in m["body"] for m in office.messages(office.zhao, "todo"))


def test_only_what_a_substitution_covers_is_told_when_it_begins(office: Office) -> None:
    other = office.organisation("小店区第二中学", "140105")
    turn(office, deputies=[], title="甲")
    turn(office, deputies=[], title="乙", doc_type="revocation")
    turn(office, deputies=[], title="丙", holder_unit_id=other)
    slot = slot_opened(office.li, title="丁", holder_unit_id=office.unit)
    office.hear(slot)
    granted(office, doc_types=["plan", "method_change"])
    runs_until_quiet(office)
    assert [m["title"] for m in office.messages(office.zhao, "todo")] == ["轮到您审核：甲"]


def test_who_stands_in_by_another_one_goes_on(away: Office) -> None:
    office = away
    first = granted(office, doc_types=["plan"])
    granted(office, doc_types=["revocation"])
    turn(office)
    turn(office, doc_type="revocation")
    assert todo(office, office.zhao) == 2
    ended(office, first)
    assert [m["title"] for m in office.messages(office.zhao, "todo")] == ["轮到您审核：办公电脑采购"]
    granted(office, doc_types=["plan"])
    runs_until_quiet(office)
    assert todo(office, office.zhao) == 2, "he stands in again, and is told again"


def test_an_event_from_before_it_began_that_comes_late_is_told_to_the_deputy(office: Office) -> None:
    granted(office)
    runs_until_quiet(office)
    turn(office, deputies=[])
    assert todo(office, office.zhao) == 1


def test_an_event_that_names_a_deputy_who_is_none_any_more_is_not_told_to_him(office: Office) -> None:
    what = granted(office)
    ended(office, what)
    turn(office)
    assert todo(office, office.zhao) == 0


def test_one_that_began_before_they_were_kept_ends_as_well(away: Office) -> None:
    office = away
    before = granted(office)
    with office.store.work() as work:
        work.session.delete(work.get(SubstitutionCopy, before.substitution_id))
    turn(office)
    assert todo(office, office.zhao) == 1
    ended(office, before)
    assert todo(office, office.zhao) == 0
