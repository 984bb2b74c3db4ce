"""Public notices: read without signing in, as JSON and as a page, with no person's data in them."""

from __future__ import annotations

import re
from typing import Any

from tests.plans.imports.customs import EXPERTS, FORM, OBJECTION, Customs


def test_a_notice_is_read_without_signing_in(customs: Customs) -> None:
    approval = customs.published()
    notice_id = approval["notices"][0]["id"]
    listed = customs.anybody("GET", "public/notices").json()["items"]
    assert [row["id"] for row in listed] == [notice_id]
    assert (listed[0]["state_label"], listed[0]["ends_on"]) == ("公示中", "2026-11-30")
    shown = customs.anybody("GET", f"public/notices/{notice_id}").json()
    assert shown["takes_objections"]
    assert shown["content"]["purchaser"] == "市人民医院"
    assert shown["content"]["items"][0]["technical_reason"] == FORM["items"][0]["technical_reason"]
    assert [expert["name"] for expert in shown["content"]["experts"]] == [
        "周**",
        "吴**",
        "郑**",
        "王**",
        "冯**",
    ]
    assert shown["content"]["experts"][0]["expert_role_name"] == "法律专家"
    customs.move_to("2026-12-01T00:00:00")
    assert not customs.anybody("GET", f"public/notices/{notice_id}").json()["takes_objections"]
    assert customs.anybody("GET", "public/notices/00000000-0000-7000-8000-000000000000").status_code == 404


PEOPLE = (OBJECTION["name"], OBJECTION["phone"], "林经办", "沈审核", FORM["contact_phone"])
PRIVATE = (*PEOPLE, *(expert["name"] for expert in EXPERTS))


def test_no_person_is_in_what_is_published(customs: Customs) -> None:
    approval = customs.published()
    assert customs.object(approval).status_code == 201
    notice_id = approval["notices"][0]["id"]
    for path in ("notices", f"notices/{notice_id}", "page", f"notices/{notice_id}/page"):
        text = customs.anybody("GET", f"public/{path}").text
        assert "磁共振成像系统采购" in text
        assert [name for name in PRIVATE if name in text] == [], path


def test_lists_of_notices_are_filtered_and_paged(customs: Customs) -> None:
    first, second = customs.published(name="甲项目"), customs.published(name="乙项目")
    customs.act(customs.town.lin, first, "abandon")

    def names(**query: str) -> list[str]:
        return [
            row["title"] for row in customs.anybody("GET", "public/notices", params=query).json()["items"]
        ]

    assert names() == ["乙项目", "甲项目"]
    assert names(state="running") == ["乙项目"]
    assert names(state="ended") == ["甲项目"]
    assert names(q="甲") == ["甲项目"]
    assert names(q="人民医院", district_code="140000") == ["乙项目", "甲项目"]
    assert names(district_code="140200") == []
    page = customs.anybody("GET", "public/notices", params={"limit": "1"}).json()
    assert names(limit="1", cursor=page["next"]) == ["甲项目"]
    for query in ({"state": "x"}, {"district_code": "x"}, {"limit": "0"}):
        assert customs.anybody("GET", "public/notices", params=query).status_code == 422
    assert customs.anybody("GET", "public/notices", params={"cursor": "x"}).json()["code"] == "bad_cursor"
    assert second["status"] == "publicity"


def test_an_address_that_asks_too_often_waits(customs: Customs) -> None:
    answers = [customs.anybody("GET", "public/notices", host="203.0.113.1").status_code for _ in range(121)]
    assert answers == [200] * 120 + [429]
    refused = customs.anybody("GET", "public/page", host="203.0.113.1")
    assert refused.json()["code"] == "too_many_requests"
    assert int(refused.headers["retry-after"]) <= 60
    assert customs.anybody("GET", "public/notices", host="203.0.113.2").status_code == 200
    customs.town.clock.move(minutes=1)
    assert customs.anybody("GET", "public/notices", host="203.0.113.1").status_code == 200


def test_the_page_has_no_script_and_escapes_what_people_wrote(customs: Customs) -> None:
    approval = customs.published(name="<script>alert(1)</script>", purpose="a & b <i>")
    path = f"public/notices/{approval['notices'][0]['id']}/page"
    for shown in (customs.anybody("GET", path), customs.anybody("GET", "public/page")):
        assert shown.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in shown.headers["content-security-policy"]
        assert not re.search(r"<script|onclick|javascript:", shown.text)
        assert "&lt;script&gt;" in shown.text
    assert customs.anybody("GET", path).text.startswith('<!doctype html>\n<html lang="zh-CN">')


def fields(html: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))


def test_somebody_objects_on_the_page(customs: Customs) -> None:
    approval = customs.published()
    path = f"public/notices/{approval['notices'][0]['id']}/page"
    form: dict[str, Any] = {**fields(customs.anybody("GET", path).text), **OBJECTION}
    empty = customs.anybody("POST", path, data={**form, "phone": "", "name": ""})
    assert empty.status_code == 422
    assert "“姓名”填写不完整" in empty.text
    assert OBJECTION["text"] in empty.text, "what was written is not lost"
    sent = customs.anybody("POST", path, data=form)
    assert (sent.status_code, "异议已收到" in sent.text) == (201, True)
    assert customs.anybody("POST", path, data=form).status_code == 201
    assert len(customs.objections(approval)) == 1
    customs.move_to("2026-12-01T00:00:00")
    late = customs.anybody("POST", path, data={**form, "key": "another"})
    assert (late.status_code, "公示已结束" in late.text, "<form" in late.text) == (409, True, False)
    nowhere = "public/notices/00000000-0000-7000-8000-000000000000/page"
    assert customs.anybody("POST", nowhere, data=form).json()["code"] == "not_found"
    for key in ({}, {"key": ""}, {"key": "a\0b"}, {"key": "键"}, {"key": "x" * 101}):
        assert customs.anybody("POST", path, data={**OBJECTION, **key}).json()["code"] == "invalid"
