"""People: made, found, reached, let in and out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from shared.people import Role
from tests.directory.bureau import ELSEWHERE, PASSWORD, Bureau, a_person, code, codes


def test_a_person_is_made_with_a_password_shown_once(bureau: Bureau, mayor: str) -> None:
    unit = bureau.unit("医院")
    body = a_person(unit, email="zhang@example.org", phone="13800000000")
    answers = [bureau.post(mayor, "/people", body, Idempotency_Key="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    first, again = (answer.json() for answer in answers)
    assert again["initial_password"] is None
    assert {**first, "initial_password": None} == again
    assert code(bureau.sign_in("zhang.wei", first["initial_password"])) == "password_change_required"

    told = bureau.published("person.changed")[-1].data
    assert [one["role"] for one in told["appointments"]] == ["handler"]
    assert not {"email", "phone", "password_hash", "login"} & set(told)
    contact = bureau.published("person.contact_changed")[-1].data
    assert (contact["email"], contact["phone"]) == ("zhang@example.org", "13800000000")


def test_a_given_password_may_be_final(bureau: Bureau, mayor: str) -> None:
    body = a_person(bureau.unit("医院"), password=PASSWORD, must_change_password=False)
    assert bureau.post(mayor, "/people", body).json()["initial_password"] is None
    assert bureau.sign_in("Zhang.Wei").status_code == 201


def test_all_problems_of_a_person_are_told_at_once(bureau: Bureau, mayor: str) -> None:
    unit, far = bureau.unit("医院"), bureau.unit("外市医院", ELSEWHERE)
    body = a_person(unit, login="mayor")
    body["appointments"] += [
        {"organisation_id": str(far), "role": "handler"},
        {"organisation_id": str(unit), "role": "handler"},
        {
            "organisation_id": str(unit),
            "role": "reviewer",
            "valid_from": "2026-02-01",
            "valid_until": "2026-01-01",
        },
    ]
    assert codes(bureau.post(mayor, "/people", body)) == {
        ("/login", "login_taken"),
        ("/appointments/1/organisation_id", "organisation_unknown"),
        ("/appointments/2", "already_appointed"),
        ("/appointments/3/valid_until", "period_reversed"),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"login": "x"},
        {"login": "张伟"},
        {"login": "a b c"},
        {"name": ""},
        {"name": "a\u0000b"},
        {"email": "no address"},
        {"email": "a@b\nBcc: c@d"},
        {"phone": "call me"},
        {"password": "short"},
        {"appointments": []},
        {"appointments": [{"organisation_id": "x", "role": "handler"}]},
        {"appointments": [{"organisation_id": str(UUID(int=1)), "role": "king"}]},
        {
            "appointments": [
                {"organisation_id": str(UUID(int=1)), "role": "handler", "valid_from": "2026-02-30"}
            ]
        },
    ],
)
def test_a_wrong_field_of_a_person(bureau: Bureau, mayor: str, change: dict[str, Any]) -> None:
    assert bureau.post(mayor, "/people", {**a_person(bureau.unit("医院")), **change}).status_code == 422


def test_two_people_cannot_take_one_login_at_once(any_bureau: Bureau) -> None:
    unit = any_bureau.unit("医院")
    any_bureau.someone("boss", unit, Role.UNIT_ADMINISTRATOR)
    body = a_person(unit, password=PASSWORD)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: any_bureau.post("boss", "/people", body).status_code, range(4)))
    assert sorted(answers) == [201, 422, 422, 422]


def test_a_picker_sees_names_only(bureau: Bureau) -> None:
    unit = bureau.unit("医院")
    bureau.someone("li.hua", unit, Role.HANDLER)
    bureau.someone("wang", unit, Role.REVIEWER)
    bureau.someone("zhao", unit, Role.REVIEWER)
    page = bureau.get("li.hua", f"/people?organisation_id={unit}&role=reviewer&active=true").json()
    assert [one["name"] for one in page["items"]] == ["zhao某", "wang某"]
    assert {str(one["account"]) for one in page["items"]} == {"None"}
    assert page["items"][0]["appointments"][0]["role_label"] == "审核人"
    assert bureau.get("li.hua", "/people/counts?role=reviewer").json() == {
        "total": 2,
        "active": 2,
        "inactive": 0,
    }
    assert len(bureau.get("li.hua", "/people?q=zhao").json()["items"]) == 1


def test_contacts_and_names_are_told_apart(bureau: Bureau, mayor: str) -> None:
    path = f"/people/{bureau.someone('li.hua', bureau.unit('医院'), Role.HANDLER)}"
    before = len(bureau.published("person.changed"))
    changed = bureau.change(mayor, path, {"phone": "13900000000"}).json()
    assert (changed["account"]["phone"], changed["account"]["email"]) == ("13900000000", "li.hua@example.org")
    assert len(bureau.published("person.changed")) == before
    assert bureau.published("person.contact_changed")[-1].data["phone"] == "13900000000"
    bureau.change(mayor, path, {"name": "李华"})
    assert bureau.published("person.changed")[-1].data["name"] == "李华"


def test_one_changes_ones_own_contact(bureau: Bureau) -> None:
    bureau.someone("li.hua", bureau.unit("医院"), Role.HANDLER)
    changed = bureau.change("li.hua", "/me", {"email": "new@example.org"})
    assert changed.json()["account"]["email"] == "new@example.org"
    assert bureau.published("person.contact_changed")[-1].data["email"] == "new@example.org"
    assert bureau.change("li.hua", "/me", {"name": "别人"}).status_code == 422
    assert bureau.change("li.hua", "/me", {"email": "x@example.org"}, at='"v1"').status_code == 412


def test_a_deactivated_person_is_out_at_once(bureau: Bureau, mayor: str) -> None:
    path = f"/people/{bureau.someone('li.hua', bureau.unit('医院'), Role.HANDLER)}"
    bureau.sign_in("li.hua")
    done = bureau.post(mayor, f"{path}/deactivate", If_Match='"v1"')
    assert (done.status_code, done.json()["status_label"]) == (200, "停用")
    assert code(bureau.get("li.hua", "/me")) == "person_inactive"
    assert code(bureau.http.post("session/renew", json={})) == "session_ended"
    assert code(bureau.sign_in("li.hua")) == "person_inactive"
    assert code(bureau.sign_in("li.hua", "wrong")) == "sign_in_refused"
    told = bureau.published("person.changed")[-1].data
    assert (told["active"], told["epoch"]) == (False, 2)

    again = bureau.post(mayor, f"{path}/deactivate", If_Match='"v1"')
    assert (again.status_code, code(again), again.json()["active"]) == (409, "already_so", False)
    assert bureau.post(mayor, f"{path}/activate", If_Match='"v2"').status_code == 200
    assert code(bureau.get("li.hua", "/me")) == "token_invalid"
    assert bureau.sign_in("li.hua").status_code == 201


def test_one_of_two_simultaneous_deactivations_wins(any_bureau: Bureau) -> None:
    unit = any_bureau.unit("医院")
    any_bureau.someone("boss", unit, Role.UNIT_ADMINISTRATOR)
    path = f"/people/{any_bureau.someone('li.hua', unit, Role.HANDLER)}/deactivate"
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda _: any_bureau.post("boss", path, If_Match='"v1"').status_code, range(4))
        )
    assert sorted(answers) == [200, 409, 409, 409]


def test_nobody_deactivates_himself(bureau: Bureau, mayor: str) -> None:
    answer = bureau.post(mayor, f"/people/{bureau.people[mayor]}/deactivate", If_Match='"v1"')
    assert (answer.status_code, code(answer)) == (409, "own_account")


def test_a_reset_password_lifts_a_lock_out_and_ends_sessions(bureau: Bureau, mayor: str) -> None:
    path = f"/people/{bureau.someone('li.hua', bureau.unit('医院'), Role.HANDLER)}"
    bureau.sign_in("li.hua")
    for _ in range(5):
        bureau.sign_in("li.hua", "wrong")
    assert bureau.sign_in("li.hua").status_code == 429
    reset = bureau.post(mayor, f"{path}/reset-password", If_Match='"v1"').json()
    assert code(bureau.sign_in("li.hua", reset["initial_password"])) == "password_change_required"
    assert code(bureau.http.post("session/renew", json={})) == "session_ended"
    assert code(bureau.get("li.hua", "/me")) == "token_invalid"
    weak = bureau.post(mayor, f"{path}/reset-password", {"password": "li.hua-li.hua"}, If_Match='"v2"')
    assert codes(weak) == {("/password", "password_contains_login")}
