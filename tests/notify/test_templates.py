"""Texts at the door of the platform administrator: drafts, previews, versions, and what is refused."""

from __future__ import annotations

import threading
from typing import Any

import httpx2
import pytest

from shared.database import new_id
from tests.notify.office import Office, slot_opened, status_changed

ONE = "templates/slot.opened/inbox/zh-CN"
TOO_LONG = [("string_too_long", "/title"), ("string_too_long", "/body")]
WORDS = {"title": "请审核：{{ title }}", "body": "{{ applicant_name }}提交，在“{{ step_name }}”环节。"}


def ask(
    office: Office, method: str, path: str = "", body: Any = None, tag: str = '"v0"', **headers: str
) -> httpx2.Response:
    """A request of the administrator about one text, with the version that he has seen."""
    sent = office.as_(office.admin, office.unit, If_Match=tag, **headers)
    found: httpx2.Response = office.http.request(method, ONE + path, json=body, headers=sent)
    return found


def save(office: Office, words: dict[str, str] = WORDS) -> str:
    """A saved draft; gives its ETag."""
    answer = ask(office, "PUT", "/draft", words, tag=ask(office, "GET").headers["etag"])
    assert answer.status_code == 200, answer.text
    return str(answer.headers["etag"])


def publish(office: Office, words: dict[str, str] = WORDS) -> dict[str, Any]:
    answer = ask(office, "POST", "/publish", tag=save(office, words))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(office: Office) -> str:
    """The title of what a reviewer is told now."""
    office.hear(slot_opened(office.wang))
    return str(office.messages(office.wang)[0]["title"])


def test_a_text_is_edited_tried_out_published_and_taken_back(any_office: Office) -> None:
    office = any_office
    before = ask(office, "GET").json()
    assert (before["published"], before["is_edited"], before["draft"]) == (0, False, None)
    assert before["in_force"] == before["shipped"]
    assert before["variables"]["step_name"] == "财政部门审核"
    tag = save(office)
    assert told(office) == "轮到您审核：办公电脑采购"  # a draft is nobody's text yet
    assert ask(office, "POST", "/preview", {}).json()["title"] == "请审核：门诊信息化终端采购"
    published = ask(office, "POST", "/publish", tag=tag).json()
    assert (published["published"], published["is_edited"], published["draft"]) == (1, True, None)
    assert published["in_force"] == WORDS
    assert told(office) == "请审核：办公电脑采购"
    assert [message["title"][:3] for message in office.messages(office.wang)] == ["请审核", "轮到您"]

    publish(office, WORDS | {"title": "第二版：{{ title }}"})
    assert told(office) == "第二版：办公电脑采购"
    again = ask(office, "POST", "/versions/1/restore", tag=ask(office, "GET").headers["etag"]).json()
    assert (again["published"], again["in_force"]) == (3, WORDS)
    assert told(office) == "请审核：办公电脑采购"
    shipped = ask(office, "POST", "/versions/0/restore", tag=ask(office, "GET").headers["etag"]).json()
    assert (shipped["is_edited"], shipped["in_force"]) == (False, shipped["shipped"])
    assert told(office) == "轮到您审核：办公电脑采购"
    versions = ask(office, "GET", "/versions").json()
    assert [(v["number"], v["origin"], v["restored_from"], v["by_name"]) for v in versions] == [
        (4, "shipped", None, "系统管理员"),
        (3, "restored", 1, "系统管理员"),
        (2, "edited", None, "系统管理员"),
        (1, "edited", None, "系统管理员"),
    ]


def test_the_list_says_what_is_edited_and_what_is_not(office: Office) -> None:
    publish(office)
    lines = office.get(office.admin, "templates").json()
    assert len(lines) % 8 == 0
    assert [(line["kind"], line["medium"], line["locale"]) for line in lines if line["is_edited"]] == [
        ("slot.opened", "inbox", "zh-CN")
    ]
    assert "template.failed" not in {line["kind"] for line in lines}
    assert len(office.get(office.admin, "templates?kind=slot.opened").json()) == 8
    assert office.get(office.admin, "templates?kind=nothing").json() == []


def test_a_text_is_tried_out_on_a_real_message_that_shows_nobodys_words(office: Office) -> None:
    office.hear(slot_opened(office.wang, title="校园网改造 3 期"))
    seen = ask(office, "POST", "/preview", {**WORDS, "newest": True}).json()
    assert seen["title"] == "请审核：某某某某某 0 某"
    office.hear(slot_opened(office.admin, title="食堂设备"))
    (own,) = office.messages(office.admin)
    seen = ask(office, "POST", "/preview", {**WORDS, "message_id": own["id"]}).json()
    assert seen["title"] == "请审核：食堂设备"
    (theirs,) = office.messages(office.wang)
    refused = ask(office, "POST", "/preview", {**WORDS, "message_id": theirs["id"]})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    empty = office.post(office.admin, "templates/plan.void/email/en/preview", {"newest": True}).json()
    assert empty["title"] == "Procurement plan void: 门诊信息化终端采购"


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ({"title": "{{ title", "body": "x"}, [("template_syntax", "/title")]),
        ({"title": "x", "body": "{{ reviewer }}"}, [("unknown_variable", "/body")]),
        ({"title": "x", "body": "{{ title.__class__ }}"}, [("template_name", "/body")]),
        ({"title": "x", "body": "{% for i in range(9) %}{% endfor %}"}, [("template_call", "/body")]),
        ({"title": "", "body": "x"}, [("template_empty", "/title")]),
        ({"title": "x" * 501, "body": "y" * 4001}, TOO_LONG),
    ],
)
def test_a_text_that_is_wrong_is_refused_before_it_is_kept(
    office: Office, words: dict[str, str], codes: list[tuple[str, str]]
) -> None:
    for method, path in (("PUT", "/draft"), ("POST", "/preview")):
        answer = ask(office, method, path, words)
        assert answer.status_code == 422
        assert [(item["code"], item["pointer"]) for item in answer.json()["errors"]] == codes
    assert ask(office, "GET").json()["draft"] is None


def test_a_text_for_groups_is_no_longer_than_a_group_takes(office: Office) -> None:
    path = "templates/slot.opened/chat/zh-CN/draft"
    answers = [
        office.put(office.admin, path, {"title": "{{ title }}", "body": body}, If_Match='"v0"')
        for body in ("请审核" * 200, "请审核" * 100)
    ]
    assert [answer.status_code for answer in answers] == [422, 200]
    (problem,) = answers[0].json()["errors"]
    assert (problem["code"], problem["pointer"]) == ("template_too_long", "/body")
    assert "最多 1500 字节" in problem["detail"]


def test_two_administrators_do_not_overwrite_each_other(office: Office) -> None:
    first = save(office)
    stale = ask(office, "PUT", "/draft", WORDS, tag='"v0"')
    assert (stale.status_code, stale.json()["code"], stale.json()["etag"]) == (
        412,
        "changed_meanwhile",
        first,
    )
    assert ask(office, "POST", "/publish", tag='"v0"').status_code == 412
    assert ask(office, "DELETE", "/draft", tag='"v0"').status_code == 412
    assert ask(office, "DELETE", "/draft", tag=first).json()["draft"] is None
    for method, path in (("POST", "/publish"), ("DELETE", "/draft")):
        answer = ask(office, method, path, tag=first)
        assert (answer.status_code, answer.json()["code"]) == (409, "no_draft")
    without = office.http.put(f"{ONE}/draft", json=WORDS, headers=office.as_(office.admin, office.unit))
    assert (without.status_code, without.json()["code"]) == (428, "if_match_required")


def test_a_publication_that_is_repeated_is_one(office: Office) -> None:
    tag, once = save(office), str(new_id())
    answers = [ask(office, "POST", "/publish", tag=tag, Idempotency_Key=once) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(ask(office, "GET", "/versions").json()) == 1


def test_texts_are_for_the_platform_administrator(office: Office) -> None:
    requests = [
        ("GET", "templates", None),
        ("GET", ONE, None),
        ("GET", f"{ONE}/versions", None),
        ("PUT", f"{ONE}/draft", WORDS),
        ("DELETE", f"{ONE}/draft", None),
        ("POST", f"{ONE}/preview", WORDS),
        ("POST", f"{ONE}/publish", None),
        ("POST", f"{ONE}/versions/0/restore", None),
    ]
    for method, path, body in requests:
        headers = office.as_(office.wang, office.unit, If_Match='"v0"')
        answer = office.http.request(method, path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "role_required"), path
        nobody = office.http.request(method, path, json=body, headers={"If-Match": '"v0"'})
        assert nobody.status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("templates/no.such/inbox/zh-CN", 404, "no_such_template"),
        ("templates/template.failed/inbox/zh-CN", 404, "no_such_template"),
        ("templates/slot.opened/fax/zh-CN", 422, "invalid"),
        ("templates/slot.opened/inbox/fr", 422, "invalid"),
        ("templates/" + "x" * 81 + "/inbox/en", 422, "invalid"),
    ],
)
def test_a_text_that_there_is_none_of_is_not_found(office: Office, path: str, status: int, code: str) -> None:
    answer = office.get(office.admin, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_version_that_there_is_none_of_is_not_found(office: Office) -> None:
    for number, status in (("7", 404), ("-1", 422), ("99999999999999999999", 422), ("x", 422)):
        assert ask(office, "POST", f"/versions/{number}/restore").status_code == status


@pytest.mark.postgres
def test_many_first_drafts_at_once_are_one_text(postgres_office: Office) -> None:
    office = postgres_office
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(office, "PUT", "/draft", WORDS).status_code))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412, 412, 412, 412, 412]


def test_what_is_mailed_may_say_something_else_than_the_inbox(office: Office) -> None:
    office.has_address(office.li, "li@example.org")
    path = "templates/plan.usable/email/zh-CN"
    words = {"title": "可以使用了：{{ name }}", "body": "金额 {{ amount }} 元"}
    saved = office.http.put(
        f"{path}/draft", json=words, headers=office.as_(office.admin, office.unit, If_Match='"v0"')
    )
    sent = office.as_(office.admin, office.unit, If_Match=saved.headers["etag"])
    assert office.http.post(f"{path}/publish", headers=sent).status_code == 200
    office.hear(status_changed(office.li, "usable"))
    office.run_jobs()
    (message,) = office.messages(office.li)
    assert message["title"] == "采购计划可使用：办公电脑采购"
    (mail,) = office.mails()
    assert mail["Subject"] == "【采购计划】可以使用了：办公电脑采购"
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert "金额 1,234,567.00 元" in plain.get_content()
