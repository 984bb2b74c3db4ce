"""CSV imports: a preview by line, then all lines or none."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.directory.person import Person
from shared.database import new_id
from shared.people import Role
from tests.directory.bureau import CITY, COUNTY, ELSEWHERE, HASHED, Bureau, code

UNITS = """统一社会信用代码,单位名称,单位类型,区划代码,主管单位代码,进口免审类别
1214010000TEXT048K,示例市人民医院,采购单位,140100,1114010000TEXT056H,
1214000000TEXT03XE,示例大学,university,140105,,university
1114010000TEXT056H,示例市卫生局,supervising,140100,,
"""
PEOPLE = """login,name,email,phone,单位代码,角色,职务
Zhang.Wei,张伟,zhang@example.org,13800000000,1214010000TEXT048K,经办人,
zhang.wei,张伟,,,1214010000TEXT048K,reviewer,主任；副院长
wang.fang,王芳,,,1214000000TEXT03XE,unit_administrator,
"""


def send(bureau: Bureau, who: str, what: str, table: str | bytes, key: str = "") -> Any:
    """Sends a table to be kept, or with `what` as "people?commit=false" to be looked at."""
    data = table.encode() if isinstance(table, str) else table
    headers = {"Authorization": f"Bearer {bureau.tokens[who]}", "Idempotency-Key": key or str(new_id())}
    files = {"file": ("table.csv", data, "text/csv")}
    path = f"imports/{what}" if "?" in what else f"imports/{what}?commit=true"
    answer = bureau.http.post(path, files=files, headers=headers)
    assert answer.status_code < 500, answer.text
    return answer


def problems(answer: Any) -> set[tuple[str, str]]:
    """Of a refused commit, as (pointer, code)."""
    assert answer.status_code == 422, answer.text
    return {(one["pointer"], one["code"]) for one in answer.json()["errors"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_organisations_come_in_whole_with_superiors_in_any_order(
    bureau: Bureau, mayor: str, encoding: str
) -> None:
    done = send(bureau, mayor, "organisations", UNITS.encode(encoding)).json()
    assert (done["committed"], done["counts"], done["problems"]) == (True, {"create": 3}, [])
    told = {event.data["name"]: event.data for event in bureau.published("organisation.changed")[-3:]}
    assert told["示例市人民医院"]["superior_id"] == told["示例市卫生局"]["organisation_id"]
    assert told["示例大学"]["import_exempt_class"] == "university"
    assert bureau.get(mayor, "/organisations/counts").json()["total"] == 4


def test_a_preview_keeps_nothing(bureau: Bureau, mayor: str) -> None:
    before = len(bureau.published())
    tried = send(bureau, mayor, "organisations?commit=false", UNITS).json()
    assert (tried["committed"], tried["counts"]) == (False, {"create": 3})
    assert [line["line"] for line in tried["lines"]] == [2, 3, 4]
    assert bureau.get(mayor, "/organisations/counts").json()["total"] == 1
    assert len(bureau.published()) == before


def test_every_problem_is_told_by_line_and_column_and_nothing_is_kept(bureau: Bureau, mayor: str) -> None:
    table = (
        "uscc,name,kind,district_code,superior_uscc\n"
        "121401000000000000,坏代码,purchaser,140100,\n"
        f"1214010000TEXT048K,外市,purchaser,{ELSEWHERE},\n"
        f"1214010000TEXT048K,医院,purchaser,{CITY},1214070000TEXT080X\n"
        f"1214010000TEXT048K,医院,purchaser,{CITY},\n"
        f"1114012100TEXT064R,,club,{COUNTY},\n"
        f"1114012100TEXT072L,平台,platform,{COUNTY},\n"
    )
    expected = {
        ("/lines/2/uscc", "uscc_invalid"),
        ("/lines/3/district_code", "district_beyond_reach"),
        ("/lines/4/superior_uscc", "organisation_unknown"),
        ("/lines/5/uscc", "uscc_twice"),
        ("/lines/6/name", "cell_missing"),
        ("/lines/6/kind", "choice_unknown"),
        ("/lines/7", "kind_beyond_reach"),
    }
    assert problems(send(bureau, mayor, "organisations", table)) == expected
    shown = send(bureau, mayor, "organisations?commit=false", table)
    assert shown.status_code == 200
    assert [one["line"] for one in shown.json()["problems"]] == [2, 3, 4, 5, 6, 6, 7]
    assert bureau.get(mayor, "/organisations/counts").json()["total"] == 1


def test_superiors_in_a_file_form_no_cycle(bureau: Bureau, mayor: str) -> None:
    table = (
        "uscc,name,kind,district_code,superior_uscc\n"
        "1214010000TEXT048K,甲,purchaser,140100,1114010000TEXT056H\n"
        "1114010000TEXT056H,乙,supervising,140100,1214010000TEXT048K\n"
    )
    assert problems(send(bureau, mayor, "organisations", table)) == {("/lines/3", "superior_cycle")}


def test_a_file_sent_again_changes_nothing(bureau: Bureau, mayor: str) -> None:
    first = send(bureau, mayor, "organisations", UNITS, key="once").json()
    assert send(bureau, mayor, "organisations", UNITS, key="once").json() == first
    assert send(bureau, mayor, "organisations", UNITS).json()["counts"] == {"unchanged": 3}
    other = UNITS.replace("示例大学", "另一所大学")
    assert problems(send(bureau, mayor, "organisations", other)) == {("/lines/3/name", "differs")}
    assert code(send(bureau, mayor, "organisations", other, key="once")) == "idempotency_key_reused"


def test_a_file_that_says_otherwise_than_what_is_there_is_refused_by_column(
    bureau: Bureau, mayor: str
) -> None:
    send(bureau, mayor, "organisations", UNITS)
    table = (
        "uscc,name,kind,district_code,superior_uscc,import_exempt_class\n"
        "1214010000TEXT048K,示例市人民医院,supervising,140105,1214000000TEXT03XE,research\n"
        "1214000000TEXT03XE,示例大学,university,140105,1114012100TEXT064R,\n"
        "1114012100TEXT064R,示例县教育局,supervising,140105,,\n"
        "1114010000TEXT056H,示例市卫生局,supervising,140100,,\n"
    )
    wrong = {
        *((f"/lines/2/{name}", "differs") for name in ("kind", "district_code", "superior_uscc")),
        ("/lines/2/import_exempt_class", "differs"),
        ("/lines/3/superior_uscc", "differs"),
    }
    assert problems(send(bureau, mayor, "organisations", table)) == wrong
    other_city = bureau.unit("外市财政局", ELSEWHERE)
    bureau.someone("other", other_city, Role.DISTRICT_ADMINISTRATOR)
    again = send(bureau, "other", "organisations", UNITS)
    assert problems(again) == {(f"/lines/{line}/uscc", "uscc_taken") for line in (2, 3, 4)}


def test_people_who_are_there_otherwise_are_refused_by_column(bureau: Bureau, mayor: str) -> None:
    send(bureau, mayor, "organisations", UNITS)
    send(bureau, mayor, "people", PEOPLE)
    gone = bureau.get(mayor, "/people?q=王芳").json()["items"][0]
    bureau.post(mayor, f"/people/{gone['id']}/deactivate", If_Match='"v1"')
    someone = bureau.someone("he.ming", bureau.unit("某校"), Role.HANDLER)
    place = bureau.get(mayor, "/organisations?q=示例大学").json()["items"][0]["id"]
    role = {"organisation_id": place, "role": "reviewer"}
    held = bureau.post(mayor, f"/people/{someone}/appointments", role).json()["appointments"]
    (given,) = [one["id"] for one in held if one["role"] == "reviewer"]
    bureau.post(mayor, f"/people/{someone}/appointments/{given}/end", If_Match='"v2"')
    table = (
        "login,name,email,phone,单位代码,角色,职务\n"
        "zhang.wei,张伟,new@example.org,13900000000,1214010000TEXT048K,handler,\n"
        "zhang.wei,张伟,zhang@example.org,13800000000,1214010000TEXT048K,reviewer,主任\n"
        "wang.fang,王芳,,,1214010000TEXT048K,reviewer,\n"
        "li.na,李娜,li@example.org,,1214010000TEXT048K,handler,\n"
        "li.na,李娜,other@example.org,,1214010000TEXT048K,reviewer,\n"
        "he.ming,he.ming某,,,1214000000TEXT03XE,reviewer,\n"
    )
    assert problems(send(bureau, mayor, "people", table)) == {
        ("/lines/2/email", "differs"),
        ("/lines/2/phone", "differs"),
        ("/lines/3/positions", "differs"),
        ("/lines/4/login", "person_inactive"),
        ("/lines/6/email", "differs"),
        ("/lines/7/role", "already_ended"),
    }


def test_contacts_of_people_whom_one_does_not_administer_are_not_compared(bureau: Bureau, mayor: str) -> None:
    send(bureau, mayor, "organisations", UNITS)
    (unit,) = bureau.get(mayor, "/organisations?q=示例大学").json()["items"]
    bureau.someone("boss", UUID(unit["id"]), Role.UNIT_ADMINISTRATOR)
    bureau.someone("auditor", UUID(unit["id"]), Role.AUDITOR)
    row = "auditor,auditor某,{},1214000000TEXT03XE,reviewer\n"
    for email in ("auditor@example.org", "guess@example.org"):
        table = "login,name,email,单位代码,角色\n" + row.format(email)
        assert problems(send(bureau, "boss", "people", table)) == {("/lines/2/email", "person_beyond_reach")}
    table = "login,name,email,单位代码,角色\n" + row.format("")
    assert send(bureau, "boss", "people", table).json()["counts"] == {"appoint": 1}


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        (b"", "csv_empty"),
        (b"\xff\xfe\x00\x01", "csv_encoding"),
        (b"uscc,name\n\x00,x\n", "csv_control_character"),
        (b"colour,size\nred,1\n", "column_missing"),
        (b'uscc,name,kind,district_code\n"1,2\n', "csv_quotes"),
    ],
)
def test_a_file_that_is_no_table_is_refused(bureau: Bureau, mayor: str, table: bytes, problem: str) -> None:
    answer = send(bureau, mayor, "organisations", table)
    assert answer.status_code == 422
    assert problem in {one["code"] for one in answer.json()["errors"]}


def test_a_request_without_a_file_is_refused(bureau: Bureau, mayor: str) -> None:
    assert bureau.post(mayor, "/imports/people").status_code == 422


def test_people_come_in_with_their_appointments_and_one_time_passwords(bureau: Bureau, mayor: str) -> None:
    send(bureau, mayor, "organisations", UNITS)
    assert send(bureau, mayor, "people?commit=false", PEOPLE).json()["initial_passwords"] == []
    done = send(bureau, mayor, "people", PEOPLE, key="once").json()
    assert done["counts"] == {"create": 2, "appoint": 1}
    passwords = {one["login"]: one["password"] for one in done["initial_passwords"]}
    assert set(passwords) == {"zhang.wei", "wang.fang"}
    assert code(bureau.sign_in("zhang.wei", passwords["zhang.wei"])) == "password_change_required"
    told = {event.data["name"]: event.data for event in bureau.published("person.changed")[-2:]}
    roles = {one["role"]: one["positions"] for one in told["张伟"]["appointments"]}
    assert roles == {"handler": [], "reviewer": ["主任", "副院长"]}
    again = send(bureau, mayor, "people", PEOPLE, key="once").json()
    assert again == {**done, "initial_passwords": []}
    assert send(bureau, mayor, "people", PEOPLE).json()["counts"] == {"unchanged": 3}


def test_a_file_may_appoint_people_who_are_there(bureau: Bureau, mayor: str) -> None:
    send(bureau, mayor, "organisations", UNITS)
    send(bureau, mayor, "people", PEOPLE)
    table = "login,name,单位代码,角色\nwang.fang,王芳,1214010000TEXT048K,审核人\n"
    done = send(bureau, mayor, "people", table).json()
    assert (done["counts"], done["initial_passwords"]) == ({"appoint": 1}, [])
    told = bureau.published("person.changed")[-1]
    assert [one["role"] for one in told.data["appointments"]] == ["unit_administrator", "reviewer"]
    assert told.subjectversion == 2


def test_every_problem_of_people_is_told_and_nothing_is_kept(bureau: Bureau, mayor: str) -> None:
    send(bureau, mayor, "organisations", UNITS)
    far = bureau.unit("外市单位", ELSEWHERE)
    bureau.someone("stranger", far, Role.HANDLER)
    before = bureau.get(mayor, "/people/counts").json()
    table = (
        "login,name,email,phone,单位代码,角色\n"
        "x,张伟,,,1214010000TEXT048K,经办人\n"
        "zhang.wei,张伟,nowhere,abc,1214010000TEXT048K,经办人\n"
        "li.hua,李华,,,1214070000TEXT080X,经办人\n"
        "li.na,李娜,,,1214010000TEXT048K,国王\n"
        "li.ming,李明,,,1214010000TEXT048K,平台管理员\n"
        "stranger,别人,,,1214010000TEXT048K,经办人\n"
        "chen,陈一,,,1214010000TEXT048K,经办人\n"
        "chen,陈二,,,1214010000TEXT048K,审核人\n"
    )
    assert problems(send(bureau, mayor, "people", table)) == {
        ("/lines/2/login", "login_invalid"),
        ("/lines/3/email", "email_invalid"),
        ("/lines/3/phone", "phone_invalid"),
        ("/lines/4/organisation_id", "organisation_unknown"),
        ("/lines/5/role", "choice_unknown"),
        ("/lines/6/role", "platform_role_elsewhere"),
        ("/lines/7/login", "login_taken"),
        ("/lines/9/login", "login_taken"),
    }
    assert bureau.get(mayor, "/people/counts").json() == before


def test_a_unit_administrator_imports_people_of_his_unit_only(bureau: Bureau, mayor: str) -> None:
    send(bureau, mayor, "organisations", UNITS)
    send(bureau, mayor, "people", PEOPLE)
    boss = bureau.get(mayor, "/people?role=unit_administrator").json()["items"][0]
    with bureau.store.work() as work:
        work.get(Person, UUID(boss["id"])).set_password(HASHED, temporary=False, today=work.today)
    bureau.tokens["boss"] = bureau.sign_in("wang.fang").json()["access_token"]
    table = "login,name,单位代码,角色\nnew.one,新人,1214000000TEXT03XE,经办人\n"
    assert send(bureau, "boss", "people", table).json()["counts"] == {"create": 1}
    elsewhere = table.replace("1214000000TEXT03XE", "1214010000TEXT048K").replace("new.one", "new.two")
    assert problems(send(bureau, "boss", "people", elsewhere)) == {
        ("/lines/2/organisation_id", "organisation_unknown")
    }
    higher = "login,name,单位代码,角色\nnew.two,新人,1214000000TEXT03XE,财政人员\n"
    assert problems(send(bureau, "boss", "people", higher)) == {("/lines/2", "role_not_grantable")}
    assert send(bureau, "boss", "organisations", UNITS).status_code == 403


def test_a_file_of_too_many_people_is_refused(bureau: Bureau, mayor: str) -> None:
    rows = "".join(f"login{number},某人,1214010000TEXT048K,经办人\n" for number in range(501))
    answer = send(bureau, mayor, "people", "login,name,单位代码,角色\n" + rows)
    assert "csv_too_many_rows" in {one["code"] for one in answer.json()["errors"]}
