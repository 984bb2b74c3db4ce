"""The inbox and the deliveries at the door: what a person sees, and what he may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.queries import Tab
from shared.database import new_id
from tests.notify.office import Office, slot_closed, slot_opened, status_changed
from tests.notify.post_office import Replies, post_office

PLACES = ("all", "snoozed", "archived")
VERBS = ("read", "unread", "archive", "unarchive", "snooze", "unsnooze")


def test_reading_a_message_takes_it_off_the_unread_list(office: Office) -> None:
    office.hear(slot_opened(office.wang))
    (message,) = office.messages(office.wang, "unread")
    office.clock.move(minutes=1)
    read = office.post(office.wang, f"messages/{message['id']}/read").json()
    assert (read["status"], read["status_label"], read["read_at"]) == ("read", "已读", "2026-11-23T01:01:00Z")
    assert read["available_actions"][0]["allowed"] is False
    office.clock.move(minutes=1)
    assert office.post(office.wang, f"messages/{message['id']}/read").json() == read
    assert office.get(office.wang, f"messages/{message['id']}").json() == read
    assert office.messages(office.wang, "unread") == []
    assert office.counts(office.wang) == {"unread": 0, "todo": 1}
    assert [item["id"] for item in office.messages(office.wang, "todo")] == [message["id"]]


def test_reading_all_leaves_what_came_after_the_newest_one_seen(office: Office) -> None:
    for _ in range(2):
        office.hear(slot_opened(office.wang))
    seen = office.messages(office.wang)[0]
    office.hear(slot_opened(office.wang))
    office.hear(slot_opened(office.zhao))
    left = office.post(office.wang, "messages/read-all", {"up_to": seen["id"]}).json()
    assert left == {"unread": 1, "todo": 3, "snoozed": 0}
    assert office.post(office.wang, "messages/read-all").json() == {"unread": 0, "todo": 3, "snoozed": 0}
    assert office.counts(office.zhao)["unread"] == 1


def test_pages_are_newest_first_and_complete(any_office: Office) -> None:
    office = any_office
    events = [slot_opened(office.wang, title=f"计划{n}") for n in range(20)]
    for event in events:
        office.hear(event)
    titles = [message["title"] for message in office.messages(office.wang)]
    assert len(titles) == len(set(titles)) == 20
    first = office.get(office.wang, "messages?limit=100").json()
    assert first["next"] is None
    assert [item["title"] for item in first["items"]] == titles
    assert [item["id"] for item in first["items"]] == sorted((i["id"] for i in first["items"]), reverse=True)


def test_titles_are_searched_in_both_languages_and_taken_literally(office: Office) -> None:
    office.hear(slot_opened(office.wang, title="100%办公电脑"))
    office.hear(slot_opened(office.wang, title="课桌"))

    def found(words: str) -> int:
        answer = office.http.get(
            "messages", params={"q": words}, headers=office.as_(office.wang, office.unit)
        )
        return len(answer.json()["items"])

    assert [found(words) for words in ("电脑", "your turn", "0%办", "%", "_", "沙发")] == [1, 2, 1, 1, 0, 0]


def test_english_is_given_to_who_asks_for_it(office: Office) -> None:
    office.hear(slot_opened(office.wang))
    (message,) = office.get(office.wang, "messages", Accept_Language="en-GB,en;q=0.9").json()["items"]
    assert message["title"] == "Your turn to review: 办公电脑采购"


def test_other_peoples_messages_are_not_found(office: Office) -> None:
    office.hear(slot_opened(office.wang))
    (message,) = office.messages(office.wang)
    for person in (office.zhao, office.li, office.admin):
        assert office.messages(person) == []
        acts = (("POST", f"/{verb}") for verb in VERBS)
        for method, path in (("GET", ""), ("GET", "/deliveries"), *acts):
            body = {"until": "2026-11-24T09:00:00+08:00"} if path == "/snooze" else None
            answer = office.http.request(
                method, f"messages/{message['id']}{path}", json=body, headers=office.as_(person, office.unit)
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert office.messages(office.wang) == [message]


def test_who_is_not_signed_in_sees_nothing(office: Office) -> None:
    for method, path in (
        ("GET", "messages"),
        ("GET", "messages/counts"),
        ("POST", "messages/read-all"),
        ("GET", f"messages/{new_id()}"),
        ("POST", "messages/archive-read"),
        *(("POST", f"messages/{new_id()}/{verb}") for verb in VERBS),
        ("GET", f"messages/{new_id()}/deliveries"),
        ("GET", "stream"),
        ("GET", "deliveries"),
        ("GET", "deliveries/counts"),
        ("POST", f"deliveries/{new_id()}/resend"),
    ):
        answer = office.http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in"), path


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "messages?tab=nonsense", None, 422),
        ("GET", "messages?limit=0", None, 422),
        ("GET", "messages?limit=99999999999999999999", None, 422),
        ("GET", "messages?cursor=xx", None, 400),
        ("GET", "messages?cursor=WyJub3QgYW4gaWQiXQ", None, 400),
        ("GET", "messages?q=" + "x" * 101, None, 422),
        ("GET", "messages?q=%00", None, 400),
        ("GET", "messages/not-an-id", None, 422),
        ("POST", "messages/read-all", {"unknown": 1}, 422),
        ("POST", "messages/read-all", {"up_to": "1e400"}, 422),
        ("POST", "messages/read-all", [], 422),
        ("GET", "deliveries?state=lost", None, 422),
        ("GET", "messages/counts/more", None, 404),
    ],
)
def test_bad_input_is_refused(office: Office, method: str, path: str, body: Any, status: int) -> None:
    answer = office.http.request(method, path, json=body, headers=office.as_(office.admin, office.unit))
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_its_receiver_sees_how_a_message_was_delivered(office: Office) -> None:
    office.has_address(office.wang, "wang@example.org")
    office.hear(slot_opened(office.wang))
    office.run_jobs()
    (message,) = office.messages(office.wang)
    (delivery,) = office.get(office.wang, f"messages/{message['id']}/deliveries").json()
    assert (delivery["channel"], delivery["state"], delivery["status_label"]) == (
        "email",
        "accepted",
        "已发出",
    )
    assert [(a["provider"], a["outcome"]) for a in delivery["tries"]] == [("eml", "accepted")]
    assert delivery["available_actions"][0] == {
        "action": "resend",
        "allowed": False,
        "reason": "只有发送失败的可以重发",
        "method": "POST",
        "url": f"/api/notify/deliveries/{delivery['id']}/resend",
    }


def test_the_dead_list_is_for_the_platform_administrator(any_office: Office) -> None:
    office = any_office
    office.has_address(office.wang, "wang@example.org")
    office.hear(slot_opened(office.wang))
    with post_office(Replies(rcpt="550 nobody")) as address:
        changed = {"smtp_url": f"smtp://{address}"}
        office.here.settings = office.here.settings.model_copy(update=changed)
        office.run_jobs()
    (dead,) = office.get(office.admin, "deliveries?state=failed").json()["items"]
    assert dead["code"] == "550"
    assert "办公电脑采购" not in str(dead)
    assert office.get(office.admin, "deliveries/counts").json()["failed"] == 1
    for path in ("deliveries", "deliveries/counts"):
        assert office.get(office.wang, path).json()["code"] == "role_required"
    path = f"deliveries/{dead['id']}/resend"
    assert office.post(office.zhao, path).status_code == 404
    assert office.post(office.wang, path).status_code == 403
    assert office.post(office.admin, f"deliveries/{new_id()}/resend").status_code == 404

    headers = office.as_(office.admin, office.unit)
    first = office.http.post(path, headers=headers)
    assert (first.status_code, first.json()["state"]) == (200, "queued")
    assert office.http.post(path, headers=headers).json() == first.json()
    again = office.post(office.admin, path)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "not_failed", "queued")
    assert office.run_jobs() == 2, "it is sent again, once; and looked whether it has another way"


steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "close", "tell", "read_all", "archive-read", "night", *VERBS]),
        st.integers(0, 5),
    ),
    max_size=15,
)


@settings(max_examples=15, deadline=None)
@given(steps=steps)
def test_the_numbers_are_always_those_of_the_lists(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    office = Office(tmp_path_factory.mktemp("office"))
    open_slots, told = [], 0
    try:
        for act, which in steps:
            messages = [m for tab in PLACES for m in office.messages(office.wang, tab)]
            told += act in ("open", "tell")
            if act == "open":
                open_slots.append(slot_opened(office.wang))
                office.hear(open_slots[-1])
            elif act == "tell":
                office.hear(status_changed(office.wang, "usable"))
            elif act == "read_all":
                office.post(office.wang, "messages/read-all")
            elif act == "close" and open_slots:
                office.hear(slot_closed(open_slots.pop(which % len(open_slots))))
            elif act == "archive-read":
                office.post(office.wang, "messages/archive-read")
            elif act == "night":
                office.clock.move(hours=12)
                office.run_jobs()
            elif act in VERBS and messages:
                until = {"until": (office.clock.now() + timedelta(hours=which + 1)).isoformat()}
                path = f"messages/{messages[which % len(messages)]['id']}/{act}"
                answer = office.post(office.wang, path, until if act == "snooze" else None)
                assert answer.status_code in (200, 409), answer.text
            lists = {str(tab): office.messages(office.wang, tab) for tab in Tab}
            counts = office.get(office.wang, "messages/counts").json()
            assert counts == {name: len(lists[name]) for name in ("unread", "todo", "snoozed")}
            everything = [m["id"] for tab in PLACES for m in lists[tab]]
            assert len(set(everything)) == len(everything) == told
            assert all(not message["done_at"] for message in lists["snoozed"])
            assert len(lists["todo"]) == len(open_slots)
            assert all(message["status"] == "unread" for message in lists["unread"])
            assert not {m["id"] for m in lists["done"]} & {m["id"] for m in lists["unread"] + lists["todo"]}
    finally:
        office.close()
