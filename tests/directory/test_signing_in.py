"""Signing in, staying signed in, and being out at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.directory.api.session import COOKIE
from shared.people import Role
from tests.directory.bureau import CITY, ELSEWHERE, PASSWORD, Bureau, code, codes

NEW_PASSWORD = "another fine phrase"


@pytest.fixture
def li(bureau: Bureau) -> str:
    bureau.someone("li.hua", bureau.unit("示例市人民医院"), Role.HANDLER)
    return "li.hua"


def me(bureau: Bureau, token: str) -> Any:
    return bureau.http.get("me", headers={"Authorization": f"Bearer {token}"})


def renew(bureau: Bureau, cookie: str = "", body: Any = None, **headers: str) -> Any:
    """Renews with the given cookie, or with the one that the client keeps."""
    if cookie:
        bureau.http.cookies.clear()
        headers["Cookie"] = f"{COOKIE}={cookie}"
    return bureau.http.post("session/renew", json=body or {}, headers=headers)


def test_a_session_tells_who_acts_for_whom(bureau: Bureau, li: str) -> None:
    answer = bureau.sign_in("LI.Hua")
    assert answer.status_code == 201
    session = answer.json()
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 900)
    assert session["person"]["name"] == "li.hua某"
    assert session["organisation"]["district_code"] == CITY
    assert (session["roles"], session["role_labels"]) == (["handler"], ["经办人"])
    assert me(bureau, session["access_token"]).json()["account"]["login"] == "li.hua"


def test_the_cookie_is_for_renewal_only(bureau: Bureau, li: str) -> None:
    cookie = bureau.sign_in(li).headers["set-cookie"]
    for part in ("HttpOnly", "Path=/api/directory/session", "SameSite=strict"):
        assert part in cookie
    assert "Secure" not in cookie
    bureau.here.settings.public_url = "https://plans.example.org"
    assert "Secure" in bureau.sign_in(li).headers["set-cookie"]


@pytest.mark.parametrize("login", ["li.hua", "nobody"])
def test_five_wrong_tries_lock_for_a_quarter_of_an_hour(bureau: Bureau, li: str, login: str) -> None:
    assert [bureau.sign_in(login, "wrong").status_code for _ in range(5)] == [401] * 5
    locked = bureau.sign_in(login)
    assert (locked.status_code, code(locked), locked.headers["retry-after"]) == (429, "locked_out", "900")
    bureau.clock.move(minutes=15)
    assert bureau.sign_in(login).status_code == (201 if login == li else 401)


def test_a_right_password_forgives_the_wrong_tries(bureau: Bureau, li: str) -> None:
    for _ in range(3):
        assert [bureau.sign_in(li, "wrong").status_code for _ in range(4)] == [401] * 4
        assert bureau.sign_in(li).status_code == 201


def test_tries_of_long_ago_do_not_count(bureau: Bureau, li: str) -> None:
    for _ in range(6):
        assert bureau.sign_in(li, "wrong").status_code == 401
        bureau.clock.move(minutes=16)


def test_many_wrong_tries_at_once_gain_nothing(any_bureau: Bureau) -> None:
    any_bureau.someone("li.hua", any_bureau.unit("医院"), Role.HANDLER)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: any_bureau.sign_in("li.hua", "wrong").status_code, range(12)))
    assert sorted(answers) == [401] * 5 + [429] * 7


def test_wrong_tries_of_changing_the_password_count_too(bureau: Bureau, li: str) -> None:
    body = {"login": li, "password": "wrong", "new_password": NEW_PASSWORD}
    answers = [bureau.ask("", "PUT", "/password", body).status_code for _ in range(6)]
    assert answers == [401] * 5 + [429]


def test_a_new_password_ends_sessions_and_tokens(bureau: Bureau, li: str) -> None:
    token = bureau.sign_in(li).json()["access_token"]
    body = {"login": li, "password": PASSWORD, "new_password": NEW_PASSWORD}
    assert bureau.ask("", "PUT", "/password", body).status_code == 204
    assert code(me(bureau, token)) == "token_invalid"
    assert code(renew(bureau)) == "session_ended"
    assert bureau.sign_in(li).status_code == 401
    assert bureau.sign_in(li, NEW_PASSWORD).status_code == 201
    assert bureau.published("person.changed")[-1].data["epoch"] == 2


@pytest.mark.parametrize(
    ("new", "problems"),
    [
        ("Short1!aa", {"password_too_weak"}),
        ("onlysmall11", {"password_too_weak"}),
        ("Mixed-1234", set()),
        ("all small letters", set()),
        ("my-LI.HUA-password", {"password_contains_login"}),
        ("li.hua", {"password_too_weak", "password_contains_login"}),
        (PASSWORD, {"password_unchanged"}),
    ],
)
def test_a_new_password_must_be_good(bureau: Bureau, li: str, new: str, problems: set[str]) -> None:
    answer = bureau.ask("", "PUT", "/password", {"login": li, "password": PASSWORD, "new_password": new})
    if problems:
        assert codes(answer) == {("/new_password", problem) for problem in problems}
    else:
        assert answer.status_code == 204


def test_renewing_changes_the_secret_and_gives_another_token(bureau: Bureau, li: str) -> None:
    first = bureau.sign_in(li)
    old = first.cookies[COOKIE]
    bureau.clock.move(minutes=14)
    answer = renew(bureau)
    assert answer.status_code == 200
    assert answer.cookies[COOKIE] != old
    bureau.clock.move(minutes=14)
    assert code(me(bureau, first.json()["access_token"])) == "token_expired"
    assert me(bureau, answer.json()["access_token"]).status_code == 200


def test_a_session_ends_after_half_an_hour_of_silence_and_after_twelve_hours(bureau: Bureau, li: str) -> None:
    bureau.sign_in(li)
    bureau.clock.move(minutes=31)
    assert code(renew(bureau)) == "session_ended"
    bureau.sign_in(li)
    for _ in range(12 * 60 // 25):
        bureau.clock.move(minutes=25)
        assert renew(bureau).status_code == 200
    bureau.clock.move(minutes=25)
    assert code(renew(bureau)) == "session_ended"


def test_a_stolen_secret_used_late_ends_the_session_for_everybody(bureau: Bureau, li: str) -> None:
    stolen = bureau.sign_in(li).cookies[COOKIE]
    current = renew(bureau).cookies[COOKIE]
    bureau.clock.move(minutes=5)
    assert code(renew(bureau, stolen)) == "session_ended"
    assert code(renew(bureau, current)) == "session_ended"


def test_windows_that_renew_at_once_all_stay_signed_in(any_bureau: Bureau) -> None:
    any_bureau.someone("li.hua", any_bureau.unit("医院"), Role.HANDLER)
    cookie = any_bureau.sign_in("li.hua").cookies[COOKIE]
    any_bureau.http.cookies.clear()

    def window(_: int) -> Any:
        headers = {"Cookie": f"{COOKIE}={cookie}"}
        return any_bureau.http.post("session/renew", json={}, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(window, range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    (current,) = [answer.cookies[COOKIE] for answer in answers if COOKIE in answer.cookies]
    any_bureau.clock.move(minutes=10)
    assert renew(any_bureau, current).status_code == 200


@pytest.mark.parametrize("cookie", ["", "nonsense", "0190b0a2-0000-7000-8000-000000000001.guess", "a.b.c"])
def test_other_cookies_renew_nothing(bureau: Bureau, cookie: str) -> None:
    answer = renew(bureau, cookie)
    assert (answer.status_code, code(answer)) == (401, "session_ended")


def test_a_guessed_secret_does_not_end_the_session(bureau: Bureau, li: str) -> None:
    cookie = bureau.sign_in(li).cookies[COOKIE]
    assert code(renew(bureau, cookie.partition(".")[0] + ".guess")) == "session_ended"
    assert renew(bureau, cookie).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://[", "http://testserver.evil.example"]
)
def test_other_sites_cannot_renew_or_end_a_session(bureau: Bureau, li: str, origin: str) -> None:
    bureau.sign_in(li)
    assert code(renew(bureau, Origin=origin)) == "origin_refused"
    assert code(bureau.http.delete("session", headers={"Origin": origin})) == "origin_refused"
    assert renew(bureau, Origin="http://testserver").status_code == 200


def test_the_public_address_is_an_own_origin(bureau: Bureau, li: str) -> None:
    bureau.here.settings.public_url = "http://plans.example.org"
    bureau.sign_in(li)
    assert renew(bureau, Origin="http://plans.example.org").status_code == 200


def test_signing_out_ends_the_session(bureau: Bureau, li: str) -> None:
    cookie = bureau.sign_in(li).cookies[COOKIE]
    answer = bureau.http.delete("session")
    assert answer.status_code == 204
    assert COOKIE not in bureau.http.cookies
    assert code(renew(bureau, cookie)) == "session_ended"


def test_a_person_of_two_units_chooses_and_switches(bureau: Bureau, li: str) -> None:
    platform = bureau.platform()
    other = bureau.unit("示例市财政局", ELSEWHERE)
    body = {"organisation_id": str(other), "role": "district_administrator"}
    person = bureau.people[li]
    assert bureau.post(platform, f"/people/{person}/appointments", body).status_code == 201

    session = bureau.sign_in(li).json()
    assert [one["name"] for one in session["organisations"]] == ["示例市人民医院", "示例市财政局"]
    assert session["roles"] == ["handler"]
    switched = renew(bureau, body={"organisation_id": str(other)}).json()
    assert (switched["organisation"]["id"], switched["roles"]) == (str(other), ["district_administrator"])
    assert renew(bureau).json()["organisation"]["id"] == str(other)
    assert bureau.sign_in(li, organisation_id=str(other)).json()["roles"] == ["district_administrator"]
    stranger = bureau.unit("别的单位")
    assert code(bureau.sign_in(li, organisation_id=str(stranger))) == "no_appointment"


def test_without_an_appointment_nobody_gets_in(bureau: Bureau) -> None:
    bureau.someone("wang", bureau.unit("医院"))
    answer = bureau.sign_in("wang")
    assert (answer.status_code, code(answer)) == (403, "no_appointment")


def test_one_sees_and_ends_ones_own_sessions(bureau: Bureau, li: str) -> None:
    bureau.someone("wang", bureau.unit("别的单位"), Role.HANDLER)
    bureau.sign_in(li)
    (session,) = bureau.get(li, "/me/sessions").json()["items"]
    assert bureau.ask("wang", "DELETE", f"/me/sessions/{session['id']}").status_code == 404
    assert bureau.ask(li, "DELETE", f"/me/sessions/{session['id']}").status_code == 204
    assert code(renew(bureau)) == "session_ended"
    assert bureau.get(li, "/me/sessions").json()["items"] == []


def test_what_is_over_is_tidied_up(bureau: Bureau, li: str) -> None:
    bureau.sign_in(li)
    bureau.sign_in("nobody", "wrong")
    bureau.clock.move(hours=1)
    bureau.run_ticks()
    bureau.renew(li)
    assert bureau.get(li, "/me/sessions").json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"login": "li.hua"},
        {"login": "li.hua", "password": PASSWORD, "extra": 1},
        {"login": "li\x00hua", "password": PASSWORD},
        {"login": "li.hua", "password": "x" * 200},
        {"login": "li.hua", "password": PASSWORD, "organisation_id": "no-uuid"},
        {"login": 1, "password": []},
        ["li.hua"],
    ],
)
def test_a_malformed_sign_in_is_refused_as_a_form(bureau: Bureau, li: str, body: Any) -> None:
    answer = bureau.post("", "/session", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
