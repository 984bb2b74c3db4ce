"""Appointments, and the accounts of programs outside."""

from __future__ import annotations

from uuid import UUID

import jwt

from shared.people import Role
from tests.directory.bureau import CITY, Bureau, code, codes


def test_an_appointment_holds_from_a_day_until_a_day(bureau: Bureau, mayor: str) -> None:
    person = bureau.someone("li.hua", bureau.unit("医院"), Role.HANDLER)
    other = bureau.unit("学校")
    body = {
        "organisation_id": str(other),
        "role": "reviewer",
        "positions": ["主任", "主任", "副院长"],
        "valid_from": "2026-11-24",
        "valid_until": "2026-11-25",
    }
    made = bureau.post(mayor, f"/people/{person}/appointments", body).json()["appointments"][1]
    assert (made["positions"], made["status_label"]) == (["主任", "副院长"], "未开始")
    acts = []
    for _ in range(4):  # from the 23rd to the 26th
        acts.append(len(bureau.sign_in("li.hua").json()["organisations"]))
        bureau.clock.move(days=1)
    assert acts == [1, 2, 2, 1]
    bureau.renew(mayor)
    twice = bureau.post(mayor, f"/people/{person}/appointments", body)
    assert (twice.status_code, code(twice)) == (409, "already_appointed")


def test_an_ended_appointment_ends_tokens_but_not_the_session(bureau: Bureau, mayor: str) -> None:
    unit, other = bureau.unit("医院"), bureau.unit("学校")
    person = bureau.someone("li.hua", unit, Role.HANDLER)
    path = f"/people/{person}"
    bureau.post(mayor, f"{path}/appointments", {"organisation_id": str(other), "role": "reviewer"})
    assert bureau.sign_in("li.hua").json()["organisation"]["name"] == "医院"
    (first, _) = bureau.get(mayor, path).json()["appointments"]
    ended = bureau.post(mayor, f"{path}/appointments/{first['id']}/end", If_Match='"v2"')
    assert ended.status_code == 200
    assert ended.json()["appointments"][0]["status_label"] == "已结束"
    assert code(bureau.get("li.hua", "/me")) == "token_invalid"
    renewed = bureau.http.post("session/renew", json={}).json()
    assert (renewed["organisation"]["name"], renewed["roles"]) == ("学校", ["reviewer"])
    assert [one["role"] for one in bureau.published("person.changed")[-1].data["appointments"]] == [
        "reviewer"
    ]
    again = bureau.post(mayor, f"{path}/appointments/{first['id']}/end", If_Match='"v3"')
    assert (again.status_code, code(again)) == (409, "already_ended")


def test_nobody_ends_the_last_appointment_by_which_he_administers(bureau: Bureau, mayor: str) -> None:
    path = f"/people/{bureau.people[mayor]}"
    (only,) = bureau.get(mayor, path).json()["appointments"]
    end = f"{path}/appointments/{only['id']}/end"
    refused = bureau.post(mayor, end, If_Match='"v1"')
    assert (refused.status_code, code(refused)) == (409, "own_last_administrator")
    second = {"organisation_id": only["organisation_id"], "role": "unit_administrator"}
    assert bureau.post(mayor, f"{path}/appointments", second).status_code == 201
    assert bureau.post(mayor, end, If_Match='"v2"').status_code == 200


def test_an_unknown_appointment_is_not_found(bureau: Bureau, mayor: str) -> None:
    path = f"/people/{bureau.people[mayor]}/appointments/{UUID(int=1)}/end"
    assert bureau.post(mayor, path, If_Match='"v1"').status_code == 404


def test_a_program_signs_in_with_a_secret_shown_once(bureau: Bureau) -> None:
    admin = bureau.platform()
    body = {"name": "省交易系统", "district_code": CITY}
    answers = [bureau.post(admin, "/service-accounts", body, Idempotency_Key="once") for _ in "12"]
    made, again = (answer.json() for answer in answers)
    assert again == {**made, "secret": None}
    sign_in = {"id": made["id"], "secret": made["secret"]}
    token = bureau.post("", "/service-accounts/token", sign_in).json()
    claims = jwt.decode(token["access_token"], options={"verify_signature": False})
    assert (claims["kind"], claims["sub"], token["expires_in"]) == ("service", made["id"], 900)
    bureau.tokens["program"] = token["access_token"]
    assert code(bureau.get("program", "/me")) == "token_invalid"

    for wrong in ({**sign_in, "secret": "guess"}, {**sign_in, "id": str(UUID(int=1))}):
        assert code(bureau.post("", "/service-accounts/token", wrong)) == "service_account_refused"
    assert codes(bureau.post(admin, "/service-accounts", {**body, "district_code": "999999"})) == {
        ("/name", "name_taken"),
        ("/district_code", "district_unknown"),
    }
    path = f"/service-accounts/{made['id']}/deactivate"
    assert bureau.post(admin, path, If_Match='"v1"').json()["active"] is False
    assert code(bureau.post(admin, path, If_Match='"v2"')) == "already_so"
    assert code(bureau.post("", "/service-accounts/token", sign_in)) == "service_account_refused"
    assert [one["status_label"] for one in bureau.get(admin, "/service-accounts").json()["items"]] == ["停用"]


def test_a_program_gets_another_secret_when_its_own_is_lost(bureau: Bureau) -> None:
    admin = bureau.platform()
    body = {"name": "省交易系统", "district_code": CITY}
    made = bureau.post(admin, "/service-accounts", body).json()
    told = bureau.published("service_account.changed")[-1].data
    assert (made["district_name"], told["district_path"]) == ("太原市", f"/140000/{CITY}/")
    path = f"/service-accounts/{made['id']}/secret"
    assert bureau.post(admin, path, If_Match='"v9"').status_code == 412
    first, again = (bureau.post(admin, path, If_Match='"v1"', Idempotency_Key="k").json() for _ in "12")
    assert again == {**first, "secret": None}
    assert first["version"] == 2

    def sign_in(secret: str) -> int:
        return bureau.post("", "/service-accounts/token", {"id": made["id"], "secret": secret}).status_code

    assert (sign_in(made["secret"]), sign_in(first["secret"])) == (401, 200)
    bureau.someone("boss", bureau.unit("财政局"), Role.DISTRICT_ADMINISTRATOR)
    assert bureau.post("boss", path, If_Match='"v2"').status_code == 403
    bureau.post(admin, f"/service-accounts/{made['id']}/deactivate", If_Match='"v2"')
    ended = bureau.post(admin, path, If_Match='"v3"')
    assert (ended.status_code, code(ended)) == (409, "already_so")
