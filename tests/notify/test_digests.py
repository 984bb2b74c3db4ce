"""Digests: what a person wants collected leaves in one letter per channel and window, once, whatever dies."""

from __future__ import annotations

import threading
from uuid import UUID

import pytest
from sqlalchemy import select

from services.notify.answer import Answer, Outcome
from services.notify.event_words import local_text
from services.notify.jobs import post_of
from services.notify.moments.digest import CLOSE, Digest
from services.notify.moments.letter import close_digest
from services.notify.sending import claim
from shared import jobs
from tests.notify.choosing import NIGHT, at, it_is, runs_until_quiet, save, subjects, text_of, wants
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened, status_changed


@pytest.fixture
def collecting(any_office: Office) -> Office:
    """王芳 wants all of her mail collected, at 17:00."""
    any_office.has_address(any_office.wang, ADDRESS, phone="13800138000")
    wants(any_office, any_office.wang, ("*", "email", "digest"))
    return any_office


def told(office: Office, *titles: str) -> None:
    for title in titles:
        office.hear(status_changed(office.wang, "usable", plan_number="JH-1", name=title))


def states(office: Office) -> list[str]:
    return [f"{d.event_type} {d.state} {d.code}".strip() for d in office.deliveries()]


def digests(office: Office) -> list[Digest]:
    with office.store.read() as look:
        return look.all(select(Digest).where(Digest.key != "todo").order_by(Digest.window_start))


def test_one_letter_lists_what_was_collected(collecting: Office) -> None:
    office = collecting
    told(office, "课桌椅", "投影仪")
    assert len(office.messages(office.wang)) == 2
    assert states(office) == ["plan.status_changed held digest"] * 2
    runs_until_quiet(office)
    assert office.mails() == []
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：2 条"]
    text = text_of(office, "消息汇总")
    assert "1. 采购计划可使用：课桌椅（2026-11-23 09:00）\n2. 采购计划可使用：投影仪" in text
    assert "退订此类邮件" in text
    assert states(office) == [*["plan.status_changed accepted"] * 2, "digest.collected accepted"]
    newest = office.messages(office.wang)[0]
    (view,) = office.get(office.wang, f"messages/{newest['id']}/deliveries").json()
    assert [(one["outcome"], one["to"]) for one in view["tries"]] == [("accepted", "w***@example.org")]
    done = [event.data["kind"] for event in office.published("delivery.completed")]
    assert done == ["digest.collected", "plan.usable", "plan.usable"]
    assert len(office.messages(office.wang)) == 2, "a letter is none of the inbox"
    assert office.counts(office.wang)["unread"] == 2


def test_each_channel_and_window_has_its_own(collecting: Office) -> None:
    office = collecting
    both = [("*", "email", "digest"), ("*", "sms", "digest")]
    wants(office, office.wang, *both, digest_times=["12:00", "17:00"])
    told(office, "课桌椅")
    it_is(office, "2026-11-23 12:00")
    told(office, "投影仪")
    runs_until_quiet(office)
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：1 条"] * 2
    found = [(digest.channel, local_text(digest.due_at)) for digest in digests(office)]
    due = ["2026-11-23 12:00", "2026-11-23 17:00"]
    assert sorted(found) == [(channel, moment) for channel in ("email", "sms") for moment in due]
    letters = [d.channel for d in office.deliveries() if d.event_type == "digest.collected"]
    assert sorted(letters) == ["email", "email", "sms", "sms"]


def test_over_the_national_day_there_is_one_letter_on_the_first_working_day(any_office: Office) -> None:
    office = any_office
    it_is(office, "2026-09-30 17:30")
    office.has_address(office.wang, ADDRESS)
    wants(office, office.wang, ("*", "email", "digest"), digest_times=["09:00", "17:00"])
    for moment in ("2026-09-30 18:00", "2026-10-01 10:00", "2026-10-04 17:00", "2026-10-07 20:00"):
        it_is(office, moment)
        told(office, moment)
        runs_until_quiet(office)
    assert office.mails() == []
    with office.store.read() as look:
        moments = look.all(select(Digest.due_at).where(Digest.key == "digest"))
    assert moments == [at("2026-10-08 09:00")]
    it_is(office, "2026-10-08 09:00")
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：4 条"]
    it_is(office, "2026-10-09 18:00")
    told(office, "周五")
    it_is(office, "2026-10-10 09:00")  # a Saturday that makes up for the holiday
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：1 条", "消息汇总：4 条"]


def test_what_is_done_by_then_is_left_out_and_an_empty_digest_is_not_sent(collecting: Office) -> None:
    office = collecting
    done, waits = slot_opened(office.wang, title="已办"), slot_opened(office.wang, title="未办")
    for event in (done, waits, slot_closed(done)):
        office.hear(event)
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    text = text_of(office, "消息汇总：1 条")
    assert "未办" in text
    assert "已办" not in text
    office.hear(slot_opened(office.wang, slot_id=(more := slot_opened(office.wang)).slot_id))
    office.hear(slot_closed(more))
    it_is(office, "2026-11-24 17:00")
    runs_until_quiet(office)
    assert len(office.mails()) == 1
    assert [digest.state for digest in digests(office)] == ["closed", "empty"]
    assert states(office)[-1] == "slot.opened suppressed stale"


def test_what_was_switched_off_meanwhile_is_left_out(collecting: Office) -> None:
    office = collecting
    told(office, "课桌椅")
    save(office, office.wang, ("outcome", "email", "off"), ("*", "sms", "now"))
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    assert office.mails() == []
    assert states(office) == ["plan.status_changed suppressed preference"]


def test_done_twice_or_by_many_it_is_sent_once(collecting: Office) -> None:
    """The job again, by four workers at once: a digest is claimed once, and never lists itself."""
    office = collecting
    told(office, "课桌椅", "投影仪")
    (digest,) = digests(office)
    it_is(office, "2026-11-23 17:00")

    def close() -> None:
        with office.store.work() as work:
            close_digest(work, digest.id)

    threads = [threading.Thread(target=close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    runs_until_quiet(office)
    close()
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：2 条"]
    assert states(office).count("digest.collected accepted") == 1


def test_a_worker_that_dies_in_the_middle_loses_nothing(collecting: Office) -> None:
    office = collecting
    told(office, "课桌椅", "投影仪")
    it_is(office, "2026-11-23 17:00")
    with pytest.raises(SystemExit):
        close_and_die(office)
    assert states(office) == ["plan.status_changed held digest"] * 2
    with office.store.work() as work:
        close_digest(work, digests(office)[0].id)
    letter = office.deliveries()[-1]
    claimed = claim(office.store, post_of(office.here), letter.id, 1)
    assert claimed is not None, "and dead again, with the letter in its hand"
    it_is(office, "2026-11-23 17:10")
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：2 条"]
    (letter,) = (d for d in office.deliveries() if d.event_type == "digest.collected")
    assert (letter.state, letter.lost) == ("accepted", 1)


def test_a_retried_letter_is_the_same_and_what_becomes_of_it_holds_for_all(collecting: Office) -> None:
    office = collecting
    told(office, "课桌椅", "投影仪")
    it_is(office, "2026-11-23 17:00")
    with office.store.work() as work:
        close_digest(work, digests(office)[0].id)
    told(office, "明天")
    letter = office.deliveries()[2]
    refuse(office, letter.id, 1, Answer(Outcome.RETRY, "451"))
    refuse(office, letter.id, 2, Answer(Outcome.FAILED, "550"))
    assert states(office) == [
        *["plan.status_changed failed 550"] * 2,
        "digest.collected failed 550",
        "plan.status_changed held digest",
    ]
    resent = office.post(office.admin, f"deliveries/{letter.id}/resend")
    assert resent.status_code == 200
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：2 条"]
    assert states(office)[:3] == [*["plan.status_changed accepted"] * 2, "digest.collected accepted"]


def test_what_was_sent_again_by_itself_goes_its_own_way(collecting: Office) -> None:
    office = collecting
    told(office, "课桌椅", "投影仪")
    it_is(office, "2026-11-23 17:00")
    with office.store.work() as work:
        close_digest(work, digests(office)[0].id)
    one, _, letter = office.deliveries()
    refuse(office, letter.id, 1, Answer(Outcome.FAILED, "550"))
    office.post(office.admin, f"deliveries/{one.id}/resend")
    refuse(office, one.id, office.deliveries()[0].turn, Answer(Outcome.FAILED, "554"))
    office.post(office.admin, f"deliveries/{letter.id}/resend")
    runs_until_quiet(office)
    assert states(office) == [
        *("plan.status_changed failed 554", "plan.status_changed accepted", "digest.collected accepted")
    ]


def close_and_die(office: Office) -> None:
    with office.store.work() as work:
        close_digest(work, digests(office)[0].id)
        raise SystemExit("dead before it has committed")


def refuse(office: Office, delivery_id: UUID, attempt: int, answer: Answer) -> None:
    office.clock.move(minutes=1)
    claimed = claim(office.store, post_of(office.here), delivery_id, attempt)
    assert claimed is not None
    office.note(claimed, answer)


def test_without_an_address_it_is_said_of_each(office: Office) -> None:
    wants(office, office.wang, ("*", "email", "digest"))
    told(office, "课桌椅")
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    both = ("plan.status_changed", "digest.collected")
    assert states(office) == [f"{kind} suppressed no_address" for kind in both]


def test_a_digest_waits_for_the_end_of_quiet_hours(collecting: Office) -> None:
    office = collecting
    wants(office, office.wang, ("*", "email", "digest"), digest_times=["23:00"], **NIGHT)
    told(office, "课桌椅")
    (view,) = office.get(office.wang, f"messages/{office.messages(office.wang)[0]['id']}/deliveries").json()
    assert view["moment"]["text"] == "按您的设置汇总发送；免打扰时间 22:00–07:00；2026-11-24 07:00 发送"
    assert view["digest_id"] == str(digests(office)[0].id)
    it_is(office, "2026-11-23 23:00")
    runs_until_quiet(office)
    assert office.mails() == []
    it_is(office, "2026-11-24 07:00")
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：1 条"]


def test_what_comes_while_its_digest_is_closed_goes_by_itself(collecting: Office) -> None:
    """An event that is heard just before the end, and written just after it: nothing is lost."""
    office = collecting
    told(office, "课桌椅")
    it_is(office, "2026-11-23 17:00")
    with office.store.work() as work:
        close_digest(work, digests(office)[0].id)
    office.clock.move(minutes=-1)
    told(office, "迟到")
    office.clock.move(minutes=1)
    runs_until_quiet(office)
    assert subjects(office) == ["消息汇总：1 条", "采购计划可使用：迟到"]


def test_an_urgent_kind_is_not_collected(collecting: Office) -> None:
    found = collecting.get(collecting.wang, "preferences").json()["kinds"]
    modes = {line["kind"]: line["channels"][0]["mode"] for line in found}
    assert (modes["slot.overdue"], modes["slot.opened"], modes["todo.digest"]) == ("now", "digest", "now")
    assert "digest.collected" not in modes


def test_the_job_that_closes_is_there_from_the_first_message_on(collecting: Office) -> None:
    office = collecting
    told(office, "课桌椅", "投影仪")
    with office.store.read() as look:
        found = look.all(select(jobs.Job).where(jobs.Job.task == CLOSE))
    assert [job.due_at for job in found] == [at("2026-11-23 17:00")]
