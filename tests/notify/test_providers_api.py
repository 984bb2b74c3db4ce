"""Providers at the door: who may keep them, what is refused, and secrets that never come out."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from services.notify.provider import Provider
from services.notify.vault import Unsealable, Vault
from tests.notify.office import ADDRESS, Office, slot_opened
from tests.notify.post_office import Replies, post_office

SMTP = {"channel": "email", "kind": "smtp", "name": "机关邮件", "settings": {"host": "smtp.example.org"}}
SECRET = "correct-horse-battery"


def test_a_provider_is_entered_changed_and_disabled(any_office: Office) -> None:
    office = any_office
    made = office.post(office.admin, "providers", SMTP | {"secrets": {"password": SECRET}})
    assert made.status_code == 201
    provider = made.json()
    assert (provider["status"], provider["secrets_set"]) == ("working", ["password"])
    path = f"providers/{provider['id']}"
    body = {"name": "新邮件", "priority": 7, "settings": {"host": "smtp2.example.org"}}
    assert office.put(office.admin, path, body).json()["code"] == "if_match_required"
    assert office.put(office.admin, path, body, If_Match='"v9"').json()["code"] == "changed_meanwhile"
    changed = office.put(office.admin, path, body, If_Match=made.headers["etag"])
    assert (changed.json()["name"], changed.json()["secrets_set"]) == ("新邮件", ["password"])
    gone = body | {"secrets": {"password": ""}, "active": False}
    ended = office.put(office.admin, path, gone, If_Match=changed.headers["etag"]).json()
    assert (ended["status"], ended["secrets_set"]) == ("disabled", [])


def test_a_secret_is_sealed_in_the_database_and_absent_from_every_answer(office: Office) -> None:
    made = office.post(office.admin, "providers", SMTP | {"secrets": {"password": SECRET}})
    answers = [
        made,
        office.get(office.admin, "providers"),
        office.get(office.admin, f"providers/{made.json()['id']}"),
    ]
    assert all(SECRET not in answer.text for answer in answers)
    with office.store.read() as look:
        (sealed,) = look.all(select(Provider.sealed).where(Provider.sealed != ""))
    assert SECRET not in sealed
    assert Vault(office.here.key).open(sealed) == {"password": SECRET}
    with pytest.raises(Unsealable):
        Vault("another key").open(sealed)


def test_secrets_of_another_service_key_are_an_error_to_repair(office: Office) -> None:
    with post_office(Replies()) as address:
        office.smtp(address, priority=1)
        provider = office.post(office.admin, "providers", SMTP | {"secrets": {"password": SECRET}}).json()
        office.here.key = "y" * 40
        office.has_address(office.wang, ADDRESS)
        office.hear(slot_opened(office.wang))
        answer = office.post(office.admin, f"providers/{provider['id']}/try", {"to": ADDRESS}).json()
    assert (answer["outcome"], answer["code"]) == ("config_error", "secrets_unreadable")


def test_a_test_message_tells_what_the_provider_says(office: Office) -> None:
    replies = Replies()
    with post_office(replies) as address:
        made = office.smtp(address, priority=1)
        answer = office.post(office.admin, f"providers/{made['id']}/try", {"to": ADDRESS}).json()
        assert (answer["outcome"], answer["code"]) == ("accepted", "250")
        replies.rcpt = "530 sign in first"
        answer = office.post(office.admin, f"providers/{made['id']}/try", {"to": ADDRESS}).json()
        assert (answer["outcome"], answer["code"]) == ("config_error", "530")
        assert office.get(office.admin, f"providers/{made['id']}").json()["status"] == "broken"
        replies.rcpt = "250 OK"
        office.post(office.admin, f"providers/{made['id']}/try", {"to": ADDRESS})
        assert office.get(office.admin, f"providers/{made['id']}").json()["status"] == "working"
    (mail, _) = replies.taken
    assert mail["Subject"] == "【采购计划】测试消息"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kind": "pigeon"}, "/kind"),
        ({"kind": "mail_setting"}, "/kind"),
        ({"channel": "sms"}, "/kind"),
        ({"channel": "pigeon"}, "/channel"),
        ({"settings": {}}, "/settings/host"),
        ({"settings": {"host": "http://x/"}}, "/settings/host"),
        ({"settings": {"host": "h", "port": 0}}, "/settings/port"),
        ({"settings": {"host": "h", "password": "x"}}, "/settings/password"),
        ({"secrets": {"pass": "x"}}, "/secrets/pass"),
        ({"secrets": {"password": 1}}, "/secrets/password"),
        ({"priority": 0}, "/priority"),
        ({"name": " "}, "/name"),
    ],
)
def test_what_makes_no_provider_is_refused_where_it_is_wrong(
    office: Office, change: dict[str, Any], pointer: str
) -> None:
    answer = office.post(office.admin, "providers", SMTP | change)
    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["errors"]] == [pointer]


def test_only_administrators_keep_providers(office: Office) -> None:
    made = office.post(office.admin, "providers", SMTP).json()
    boss = office.person("周主任", office.unit, "unit_administrator")
    for person in (office.li, office.wang):
        assert office.get(person, "providers").status_code == 403
        assert office.get(person, "providers/kinds").status_code == 403
        assert office.post(person, "providers", SMTP).status_code == 403
        assert office.get(person, f"providers/{made['id']}").status_code == 404
        assert office.post(person, f"providers/{made['id']}/try").status_code == 404
    assert office.post(boss, "providers", SMTP).json()["code"] == "role_required"
    assert office.get(boss, f"providers/{made['id']}").status_code == 404
    assert office.get(boss, "providers").json()["items"] == []


def test_the_kinds_say_what_they_are_configured_by(office: Office) -> None:
    kinds = {kind["kind"]: kind for kind in office.get(office.admin, "providers/kinds").json()}
    assert "host" in kinds["smtp"]["settings_schema"]["properties"]
    assert "password" in kinds["smtp"]["secrets_schema"]["properties"]
    assert "mail_setting" not in kinds
