"""Organisations and districts: made, changed, listed, told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from shared.people import Role
from tests.directory.bureau import (
    CITY,
    COUNTY,
    ELSEWHERE,
    HOSPITAL,
    OFFICE,
    PASSWORD,
    Bureau,
    a_person,
    code,
    codes,
)


def test_a_district_begins_with_bodies_made_by_the_platform(bureau: Bureau) -> None:
    admin = bureau.platform()
    finance = {**HOSPITAL, "name": "示例市财政局", "kind": "finance"}
    made = bureau.post(admin, "/organisations", finance)
    assert made.status_code == 201
    person = a_person(
        made.json()["id"], role="district_administrator", password=PASSWORD, must_change_password=False
    )
    assert bureau.post(admin, "/people", person).status_code == 201
    session = bureau.sign_in("zhang.wei").json()
    assert session["roles"] == ["district_administrator"]
    refused = bureau.post(admin, "/organisations", OFFICE)
    assert (refused.status_code, code(refused)) == (403, "kind_beyond_reach")


def test_an_organisation_is_made_shown_and_told(bureau: Bureau, mayor: str) -> None:
    made = bureau.post(mayor, "/organisations", {**HOSPITAL, "import_exempt_class": "research"})
    shown = made.json()
    assert (made.status_code, made.headers["etag"]) == (201, '"v1"')
    assert (shown["kind_label"], shown["district_name"], shown["status_label"]) == (
        "采购单位",
        "太原市",
        "启用",
    )
    assert {action["action"]: action["allowed"] for action in shown["available_actions"]} == {
        "change": True,
        "add_person": True,
    }
    event = bureau.published("organisation.changed")[-1]
    assert event.data["import_exempt_class"] == "research"
    assert (event.data["uscc"], event.subjectversion, event.actor) == (
        HOSPITAL["uscc"],
        1,
        str(bureau.people[mayor]),
    )


def test_all_problems_of_an_organisation_are_told_at_once(bureau: Bureau, mayor: str) -> None:
    body = {
        **HOSPITAL,
        "uscc": "121401000000000000",
        "district_code": ELSEWHERE,
        "superior_id": str(UUID(int=1)),
    }
    assert codes(bureau.post(mayor, "/organisations", body)) == {
        ("/uscc", "uscc_invalid"),
        ("/district_code", "district_beyond_reach"),
        ("/superior_id", "organisation_unknown"),
    }


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"district_code": "999999"}, ("/district_code", "district_unknown")),
        ({"district_code": "140171"}, ("/district_code", "district_closed")),
        ({"district_code": "14010"}, ("/district_code", "string_pattern_mismatch")),
        ({"kind": "club"}, ("/kind", "enum")),
        ({"name": " "}, ("/name", "string_too_short")),
        ({"name": "x" * 201}, ("/name", "string_too_long")),
        ({"uscc": None}, ("/uscc", "string_type")),
        ({"colour": "red"}, ("/colour", "extra_forbidden")),
        ({"import_exempt_class": "bank"}, ("/import_exempt_class", "literal_error")),
    ],
)
def test_a_wrong_field_of_an_organisation(
    bureau: Bureau, mayor: str, change: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert codes(bureau.post(mayor, "/organisations", {**HOSPITAL, **change})) == {problem}


def test_a_credit_code_belongs_to_one_organisation(bureau: Bureau, mayor: str) -> None:
    assert bureau.post(mayor, "/organisations", HOSPITAL).status_code == 201
    again = bureau.post(mayor, "/organisations", {**HOSPITAL, "name": "另一家"})
    assert codes(again) == {("/uscc", "uscc_taken")}


def test_the_same_key_makes_one_organisation(bureau: Bureau, mayor: str) -> None:
    answers = [bureau.post(mayor, "/organisations", HOSPITAL, Idempotency_Key="once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    other = bureau.post(mayor, "/organisations", OFFICE, Idempotency_Key="once")
    assert (other.status_code, code(other)) == (422, "idempotency_key_reused")


def test_changes_need_the_version_that_was_seen(bureau: Bureau, mayor: str) -> None:
    path = f"/organisations/{bureau.post(mayor, '/organisations', HOSPITAL).json()['id']}"
    assert bureau.ask(mayor, "PATCH", path, {"name": "新名称"}).status_code == 428
    changed = bureau.change(mayor, path, {"name": "新名称"})
    assert (changed.json()["name"], changed.headers["etag"]) == ("新名称", '"v2"')
    assert changed.json()["kind"] == "purchaser"
    late = bureau.change(mayor, path, {"name": "更新的名称"}, at='"v1"')
    assert (late.status_code, code(late), late.json()["etag"]) == (412, "changed_meanwhile", '"v2"')
    assert codes(bureau.change(mayor, path, {"name": None})) == {("/name", "string_type")}
    assert bureau.published("organisation.changed")[-1].data["name"] == "新名称"


def test_superiors_never_form_a_cycle(bureau: Bureau, mayor: str) -> None:
    top, middle, low = (bureau.unit(name) for name in ("局", "院", "所"))
    for unit, superior in ((middle, top), (low, middle)):
        path = f"/organisations/{unit}"
        assert bureau.change(mayor, path, {"superior_id": str(superior)}).status_code == 200
    for superior in (low, middle, top):
        refused = bureau.change(mayor, f"/organisations/{top}", {"superior_id": str(superior)})
        assert (refused.status_code, code(refused)) == (409, "superior_cycle")
    assert bureau.change(mayor, f"/organisations/{low}", {"superior_id": None}).json()["superior_id"] is None
    assert bureau.change(mayor, f"/organisations/{top}", {"superior_id": str(low)}).status_code == 200


def test_two_changes_at_once_cannot_close_a_cycle(any_bureau: Bureau) -> None:
    any_bureau.someone("mayor", any_bureau.unit("财政局"), Role.DISTRICT_ADMINISTRATOR)
    units = [any_bureau.unit(name) for name in ("甲", "乙", "丙")]

    def put_below(number: int) -> int:
        superior = {"superior_id": str(units[(number + 1) % 3])}
        return any_bureau.change("mayor", f"/organisations/{units[number]}", superior, at='"v1"').status_code

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(put_below, range(3))) == [200, 200, 409]


def test_an_inactive_organisation_lets_nobody_act(bureau: Bureau, mayor: str) -> None:
    unit = bureau.unit("医院")
    bureau.someone("li.hua", unit, Role.HANDLER)
    assert bureau.change(mayor, f"/organisations/{unit}", {"active": False}).json()["status_label"] == "停用"
    assert code(bureau.get("li.hua", "/me")) == "appointment_ended"
    assert code(bureau.sign_in("li.hua")) == "no_appointment"
    assert codes(bureau.post(mayor, "/people", a_person(unit))) == {
        ("/appointments/0/organisation_id", "organisation_inactive")
    }
    own = bureau.get(mayor, "/me").json()["organisation"]["id"]
    assert code(bureau.change(mayor, f"/organisations/{own}", {"active": False})) == "own_organisation"


def test_lists_are_filtered_paged_and_counted(bureau: Bureau, mayor: str) -> None:
    for number in range(7):
        bureau.unit(f"第{number}小学", COUNTY if number % 2 else CITY)
    bureau.unit("100%_学校")
    path = "/organisations?kind=purchaser&limit=3"
    names, cursor = [], ""
    while True:
        page = bureau.get(mayor, f"{path}&cursor={cursor}").json()
        names += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert names == ["100%_学校"] + [f"第{number}小学" for number in reversed(range(7))]
    assert bureau.get(mayor, "/organisations/counts").json() == {
        "total": 9,
        "by_kind": {"purchaser": 8, "finance": 1},
    }
    assert [
        bureau.get(mayor, f"/organisations/counts?{query}").json()["total"]
        for query in (f"district_code={COUNTY}", f"below={CITY}", "q=小学", "q=%25_", "active=false")
    ] == [3, 9, 7, 1, 0]
    assert bureau.get(mayor, "/organisations?cursor=nonsense").status_code == 400
    assert bureau.get(mayor, "/organisations?limit=101").status_code == 422


def test_districts_are_a_tree_in_the_order_of_their_codes(bureau: Bureau, mayor: str) -> None:
    found, cursor = [], ""
    while True:
        page = bureau.get(mayor, f"/districts?limit=100&cursor={cursor}").json()
        found += [item["code"] for item in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert (len(found), found) == (134, sorted(found))
    counties = bureau.get(mayor, "/districts?parent=140100&level=county&q=小店").json()["items"]
    assert [(one["name"], one["level_label"]) for one in counties] == [("小店区", "县级")]


def test_the_platform_adds_and_closes_districts(bureau: Bureau) -> None:
    admin = bureau.platform()
    body = {"code": "140191", "name": "示例新区", "level": "county", "parent_code": CITY}
    made = bureau.post(admin, "/districts", body)
    assert (made.status_code, made.json()["path"]) == (201, "/140000/140100/140191/")
    assert codes(bureau.post(admin, "/districts", {**body, "parent_code": "999999"})) == {
        ("/parent_code", "district_unknown"),
        ("/code", "code_taken"),
    }
    low = {**body, "code": "140192", "parent_code": "140191", "level": "prefecture"}
    assert codes(bureau.post(admin, "/districts", low)) == {("/level", "level_not_below_parent")}
    assert bureau.change(admin, "/districts/140191", {"selectable": False}).json()["status_label"] == "停用"
    told = bureau.published("district.changed")[-1]
    assert (told.data["selectable"], told.subjectversion) == (False, 2)
