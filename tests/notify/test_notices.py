"""Proof: who was told about a document, by what, and what became of it; for those who may see it."""

from __future__ import annotations

import csv
import io
from typing import Any
from uuid import UUID

import pytest

from services.notify.channels import Channel
from shared.database import new_id
from shared.events import Event
from tests.notify.choosing import it_is, runs_until_quiet, wants
from tests.notify.fakes import aliyun_sms, fake
from tests.notify.office import ADDRESS, Office, slot_closed, slot_opened, status_changed
from tests.notify.post_office import Replies, post_office
from tests.notify.sms_office import entered

DOC = new_id()
PERIOD = "from=2026-11-23&to=2026-11-23"


def turn(office: Office, **more: Any) -> Event:
    return slot_opened(office.wang, doc_id=DOC, organisation_id=office.unit, **more)


def of(office: Office, person: UUID, more: str = "", doc_type: str = "plan", unit: UUID | None = None) -> Any:
    path = f"documents/{doc_type}/{DOC}/notices{more}"
    return office.http.get(path, headers=office.as_(person, unit or office.unit))


def test_it_says_who_was_told_by_what_and_with_which_answer(any_office: Office) -> None:
    office = any_office
    office.has_address(office.wang, ADDRESS)
    office.hear(turn(office))
    office.hear(status_changed(office.li, "returned", plan_id=DOC, organisation_id=office.unit))
    replies = Replies(data="451 not now")
    with post_office(replies) as address:
        office.use_server(address)
        office.run_jobs()
        office.clock.move(minutes=12)
        replies.data = "250 OK"
        office.run_jobs()
    found = of(office, office.li).json()
    assert found["next"] is None
    first, second = found["items"]
    assert (first["person_name"], first["kind_label"], first["event_type"]) == (
        "王芳",
        "轮到您审核",
        "slot.opened",
    )
    assert (second["person_name"], second["kind_label"]) == ("李明", "采购计划被退回")
    (mail,) = first["deliveries"]
    assert mail["text"] == "电子邮件已发出 09:12"
    assert [(a["outcome"], a["code"], a["to"]) for a in mail["tries"]] == [
        ("retry", "451", "w***@example.org"),
        ("accepted", "250", "w***@example.org"),
    ]
    (none,) = second["deliveries"]
    assert none["text"] == "电子邮件未发送 09:00（没有联系方式）"
    assert ADDRESS not in str(found)
    assert first["text"] == "站内信 09:00"


def test_reading_and_receipts_are_part_of_it(office: Office) -> None:
    office.goes_by(Channel.SMS)
    office.has_address(office.wang, "", phone="13800138000")
    with fake(aliyun_sms) as provider:
        entered(office, provider, "aliyun_sms")
        office.hear(turn(office))
        office.run_jobs()
        (delivery,) = office.deliveries()
        found = {
            "OutId": str(delivery.id),
            "SendStatus": 3,
            "ErrCode": "DELIVERED",
            "PhoneNum": "13800138000",
        }
        provider.answers.append({"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": [found]}})
        office.clock.move(minutes=12)
        office.run_jobs()
    office.clock.move(minutes=8)
    (message,) = office.messages(office.wang)
    office.post(office.wang, f"messages/{message['id']}/read")
    (notice,) = of(office, office.li).json()["items"]
    assert notice["text"] == "站内信 09:00，已读 09:20"
    assert notice["read_at"] == "2026-11-23T01:20:00Z"
    (sms,) = [way for way in notice["deliveries"] if way["channel"] == "sms"]
    assert sms["text"] == "短信已送达 09:12"
    assert [tried["to"] for tried in sms["tries"]] == ["138****8000"]
    assert "13800138000" not in str(notice)
    last = office.published("delivery.confirmed")[-1].data
    assert (last["label"], last["at"]) == ("短信已送达", "2026-11-23T01:12:00Z")


def test_one_asks_for_one_event_and_page_by_page(office: Office) -> None:
    for _ in range(5):
        office.hear(turn(office))
    page = of(office, office.li, "?limit=2").json()
    rest = of(office, office.li, f"?limit=100&cursor={page['next']}").json()
    times = [item["message_id"] for item in page["items"] + rest["items"]]
    assert len(times) == 5
    assert times == sorted(times)
    event_id = page["items"][1]["event_id"]
    assert [n["event_id"] for n in of(office, office.li, f"?event_id={event_id}").json()["items"]] == [
        event_id
    ]
    one = times[3]
    assert [n["message_id"] for n in of(office, office.li, f"?message_id={one}").json()["items"]] == [one]
    assert of(office, office.li, "?cursor=x").json()["code"] == "bad_cursor"


def test_only_who_may_see_the_document_sees_it(office: Office) -> None:
    opened = turn(office)
    office.hear(opened)
    office.hear(slot_closed(opened))  # type: ignore[arg-type]
    other_unit = office.organisation("小店区第二中学", "140105")
    stranger = office.person("周平", other_unit, "handler")
    once_asked = office.person("孙丽", other_unit, "reviewer")
    bureau = office.organisation("小店区财政局", "140105", kind="finance")
    auditor = office.person("审计", bureau, "auditor")
    office.district("140106", "迎泽区", "county", "/140000/140100/140106/", "140100")
    elsewhere = office.organisation("迎泽区财政局", "140106", kind="finance")
    finance = office.person("财政", elsewhere, "finance")
    office.hear(slot_opened(once_asked, doc_id=DOC, organisation_id=office.unit))
    answers = {
        name: of(office, person, unit=unit).status_code
        for name, person, unit in (
            ("the unit", office.li, office.unit),
            ("another unit", stranger, other_unit),
            ("once asked to review", once_asked, other_unit),
            ("auditor of the district", auditor, bureau),
            ("finance of another district", finance, elsewhere),
            ("platform administrator", office.admin, office.unit),
        )
    }
    assert answers == {
        "the unit": 200,
        "another unit": 404,
        "once asked to review": 200,
        "auditor of the district": 200,
        "finance of another district": 404,
        "platform administrator": 404,
    }
    assert of(office, office.li, doc_type="contract").status_code == 404
    assert office.http.get(f"documents/plan/{DOC}/notices").status_code == 401


def test_an_import_application_includes_its_reviews(office: Office) -> None:
    office.hear(turn(office, doc_type="import_first_review"))
    assert of(office, office.li, doc_type="import_approval").json()["items"][0]["doc_type"] == (
        "import_first_review"
    )
    assert of(office, office.li, doc_type="import_final_review").status_code == 404


@pytest.fixture
def told(any_office: Office) -> Office:
    """A unit with a unit administrator, a bureau with an auditor, and a message with a try."""
    office = any_office
    office.has_address(office.wang, ADDRESS)
    office.hear(turn(office, title="=HYPERLINK(1)"))
    office.run_jobs()
    return office


def export(office: Office, person: UUID, unit: UUID, more: str = "", **headers: str) -> Any:
    return office.http.get(f"notices/export?{PERIOD}{more}", headers=office.as_(person, unit, **headers))


def test_an_administrator_takes_the_proof_of_a_period_home(told: Office) -> None:
    office = told
    head = office.person("管理员", office.unit, "unit_administrator")
    answer = export(office, head, office.unit)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "notices-2026-11-23-2026-11-23.csv" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    header, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert header[:3] == ["事项", "事件", "发生时间"]
    found = [dict(zip(header, line, strict=True)) for line in lines]
    assert [(line["渠道"], line["状态"], line["收件处"]) for line in found] == [
        ("站内信", "未读", ""),
        ("电子邮件", "已发出", "w***@example.org"),
    ]
    assert found[1]["状态时间"] == "2026-11-23 09:00:00"
    assert found[0]["标题"] == "轮到您审核：=HYPERLINK(1)"
    english = export(office, head, office.unit, accept_language="en").content.decode("utf-8-sig")
    assert english.startswith("about,event,occurred at")


def test_what_looks_like_a_formula_is_none(office: Office) -> None:
    odd = office.person("=cmd|' /C calc'!A0", office.unit, "reviewer")
    office.hear(slot_opened(odd, doc_id=DOC, organisation_id=office.unit))
    head = office.person("管理员", office.unit, "unit_administrator")
    (header, first, *_) = csv.reader(io.StringIO(export(office, head, office.unit).text.lstrip("\ufeff")))
    assert first[header.index("被通知人")] == "'=cmd|' /C calc'!A0"


def test_as_json_it_is_the_same_as_over_the_document(told: Office) -> None:
    office = told
    head = office.person("管理员", office.unit, "unit_administrator")
    (one,) = export(office, head, office.unit, "&format=json").json()
    assert one == of(office, office.li).json()["items"][0]
    nobody = export(office, head, office.unit, f"&format=json&organisation_id={new_id()}")
    assert nobody.json() == []


def test_a_district_hears_of_its_units_and_of_no_others(told: Office) -> None:
    office = told
    bureau = office.organisation("太原市财政局", "140105", kind="finance")
    auditor = office.person("审计", bureau, "auditor")
    office.district("140106", "迎泽区", "county", "/140000/140100/140106/", "140100")
    elsewhere = office.organisation("迎泽区财政局", "140106", kind="finance")
    other = office.person("管理", elsewhere, "district_administrator")
    assert len(export(office, auditor, bureau, "&format=json").json()) == 1
    assert export(office, other, elsewhere, "&format=json").json() == []
    # a role in the own unit gives no more than the own unit
    head = office.person("主任", elsewhere, "unit_administrator", "handler")
    assert export(office, head, elsewhere, "&format=json").json() == []


@pytest.mark.parametrize("role", ["handler", "reviewer", "finance", "platform_administrator"])
def test_the_export_is_for_administrators_and_auditors(office: Office, role: str) -> None:
    person = office.person("某人", office.unit, role)
    answer = export(office, person, office.unit)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_required")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=2026-11-23&to=2026-11-22", "period_invalid"),
        ("from=2025-01-01&to=2026-11-22", "period_too_long"),
        ("from=2026-11-23", "missing"),
        ("from=x&to=2026-11-22", "date_from_datetime_parsing"),
        (f"{PERIOD}&format=xml", "literal_error"),
        ("from=0001-01-01&to=2026-11-22", "greater_than_equal"),
        ("from=2026-11-23&to=9999-12-31", "less_than"),
    ],
)
def test_what_is_no_period_is_refused(office: Office, query: str, code: str) -> None:
    head = office.person("管理员", office.unit, "unit_administrator")
    answer = office.get(head, f"notices/export?{query}")
    assert answer.status_code == 422
    assert [problem["code"] for problem in answer.json()["errors"]] == [code]


def test_a_long_export_is_read_in_pieces_without_losing_any(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notify.proof.TOGETHER", 3)
    for minute in range(4):
        office.clock.move(minutes=minute)
        for _ in range(2):
            office.hear(turn(office))
    head = office.person("管理员", office.unit, "unit_administrator")
    found = export(office, head, office.unit, "&format=json").json()
    assert len({notice["message_id"] for notice in found}) == len(found) == 8
    assert [n["told_at"] for n in found] == sorted(n["told_at"] for n in found)


def test_an_export_that_cannot_begin_is_no_empty_file(office: Office) -> None:
    head = office.person("管理员", office.unit, "unit_administrator")
    with office.store.work() as work:
        work.session.connection().exec_driver_sql("ALTER TABLE message RENAME TO gone")
    assert export(office, head, office.unit).status_code == 503


def test_a_robot_is_named_and_not_whom_it_mentions(office: Office) -> None:
    office.goes_by(Channel.WECOM)
    office.put(office.wang, "contacts/wecom", {"address": "wangfang"})
    office.hear(turn(office))
    office.run_jobs()
    (notice,) = of(office, office.li).json()["items"]
    (way,) = [way for way in notice["deliveries"] if way["channel"] == "wecom"]
    assert [tried["to"] for tried in way["tries"]] == ["仅保存"]


def test_what_went_out_in_a_digest_has_the_tries_of_its_letter(any_office: Office) -> None:
    office = any_office
    office.has_address(office.li, ADDRESS)
    wants(office, office.li, ("*", "email", "digest"))
    about = {"plan_id": DOC, "organisation_id": office.unit}
    office.hear(status_changed(office.li, "usable", plan_number="JH-1", **about))
    (waiting,) = of(office, office.li).json()["items"]
    assert waiting["deliveries"][0]["text"] == "电子邮件暂缓发送 09:00（待汇总发送）"
    it_is(office, "2026-11-23 17:00")
    runs_until_quiet(office)
    (sent,) = of(office, office.li).json()["items"]
    (way,) = sent["deliveries"]
    assert (way["text"], way["collected"]) == ("电子邮件已发出 17:00", True)
    assert [(one["outcome"], one["to"]) for one in way["tries"]] == [("accepted", "w***@example.org")]
