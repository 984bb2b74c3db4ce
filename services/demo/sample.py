"""A realistic county: finance office, hospital and its superior, people, reviewer chains, budgets, rules."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from stdnum.cn import uscc

from services.demo.client import Api, Person, Refused

CITY = "140100"
COUNTY_NAME = "示例县"
RULES = (
    "一、采购计划应依据已批复的部门预算编制；二、达到公开招标数额标准而采用其他方式的，须说明理由；"
    "三、进口产品须先取得核准（高校、科研院所备案）。"
)


@dataclass
class Sample:
    """The people of a sample district, signed in, and the ids that the story needs."""

    district: str
    password: str
    logins: dict[str, str]
    people: dict[str, Person]
    hospital_id: str
    budget_lines: list[dict[str, Any]]

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None


UNIT_PEOPLE = (
    ("handler", "王芳", "handler", "采购办"),
    ("colleague", "周健", "handler", "采购办"),
    ("head", "李强", "reviewer", "部门负责人"),
    ("leader", "赵敏", "reviewer", "分管领导"),
)


BUDGETS = (
    {"project_code": "0001", "project_name": "医疗业务信息化建设", "amount": "800000.00"},
    {"project_code": "0002", "project_name": "办公设备购置", "amount": "120000.00"},
)


def build(api: Api, admin: Person, year: int) -> Sample:
    """Builds a county of its own on any running system, with budgets of a fiscal year.

    `admin` is a platform administrator.
    """
    suffix = secrets.token_hex(3)
    password = f"Sample-{secrets.token_urlsafe(9)}"
    district = _county(admin)
    finance_office = _organisation(admin, f"{COUNTY_NAME}财政局", "finance", district)
    staff = _Staff(api, suffix, password)
    staff.add(admin, "district_admin", "陈静", finance_office, "district_administrator", "区划管理员")
    boss = staff.people["district_admin"]
    health = _organisation(boss, f"{COUNTY_NAME}卫生健康局", "supervising", district)
    hospital = _organisation(boss, f"{COUNTY_NAME}人民医院", "purchaser", district, superior_id=health)
    staff.add(boss, "unit_admin", "孙丽", hospital, "unit_administrator", "综合办")
    staff.add(boss, "finance", "周涛", finance_office, "finance", "预算股")
    staff.add(boss, "supervisor", "吴敏", finance_office, "reviewer", "采购监管")
    for key, name, role, position in UNIT_PEOPLE:
        staff.add(staff.people["unit_admin"], key, name, hospital, role, position)
    _chains(staff.people["unit_admin"], boss, district)
    _rule_text(boss, district)
    lines = [
        _budget(staff.people["finance"], {"organisation_id": hospital, "fiscal_year": year, **budget})
        for budget in BUDGETS
    ]
    return Sample(district, password, staff.logins, staff.people, hospital, lines)


class _Staff:
    def __init__(self, api: Api, suffix: str, password: str) -> None:
        self.api = api
        self.suffix = suffix
        self.password = password
        self.people: dict[str, Person] = {}
        self.logins: dict[str, str] = {}

    def add(self, by: Person, key: str, name: str, organisation: str, role: str, position: str) -> None:  # noqa: PLR0913
        login = f"{key.replace('_', '.')}.{self.suffix}"
        by.post(
            "/api/directory/people",
            {
                "login": login,
                "name": name,
                "email": f"{login}@example.org",
                "password": self.password,
                "must_change_password": False,
                "appointments": [
                    {"organisation_id": organisation, "role": role, "positions": [position]},
                ],
            },
        )
        self.people[key] = self.api.sign_in(login, self.password)
        self.logins[key] = login


def _county(admin: Person) -> str:
    """A county of our own below the sample city; its code is drawn until one is free."""
    while True:
        code = f"14{secrets.randbelow(100):02d}{30 + secrets.randbelow(70)}"
        body = {"code": code, "name": COUNTY_NAME, "level": "county", "parent_code": CITY}
        try:
            admin.post("/api/directory/districts", body)
        except Refused as refused:
            if refused.status not in (409, 422):
                raise
        else:
            return code


def _organisation(by: Person, name: str, kind: str, district: str, **more: Any) -> str:
    body = {"uscc": fictional_uscc(), "name": name, "kind": kind, "district_code": district, **more}
    created: str = by.post("/api/directory/organisations", body)["id"]
    return created


def fictional_uscc() -> str:
    """A unified social credit code with a valid check digit and a body that no authority issues (TEXT…)."""
    body = f"12140000TEXT{secrets.randbelow(10**5):05d}"
    return str(body + uscc.calc_check_digit(body))


OWN = {"in": "own_unit", "role": "reviewer"}
HEAD = {
    "key": "department_head",
    "name": "部门负责人审核",
    "selector": {**OWN, "position": "部门负责人"},
    "budget_hours": 8,
}
LEADER = {
    "key": "unit_leader",
    "name": "分管领导审核",
    "selector": {**OWN, "position": "分管领导"},
    "condition": {"op": "ge", "fact": "amount_fen", "value": 10_000_000},
    "budget_hours": 16,
}
FINANCE = {
    "key": "finance_office",
    "name": "财政部门审核",
    "selector": {"in": "district_body", "kind": "finance", "role": "reviewer", "position": "采购监管"},
    "budget_hours": 24,
}
CHAINS: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "plan": ("采购计划审核", [{**HEAD, "pick": "submitter"}, LEADER]),
    "method_change": ("采购方式变更审核", [{**HEAD, "pick": "submitter"}]),
    "revocation": ("采购计划撤销审核", [{**HEAD, "pick": "submitter"}]),
    "import_first_review": ("进口产品初审", [{**HEAD, "pick": "submitter"}]),
    # the system sends into this one when the notice is over, and picks nobody
    "import_final_review": ("进口产品终审", [HEAD]),
}
"""By document type: the unit's name for its chain, and its steps; the finance office comes after."""


def _chains(unit_admin: Person, district_admin: Person, district: str) -> None:
    for doc_type, (name, steps) in CHAINS.items():
        about = {"doc_type": doc_type}
        _publish(unit_admin, {**about, "level": "unit", "name": f"医院{name}", "steps": steps})
        of_district = {"level": "district", "district_code": district, "name": f"县财政{name}"}
        _publish(district_admin, {**about, **of_district, "steps": [FINANCE]})


def _publish(by: Person, chain: dict[str, Any]) -> None:
    created = by.post("/api/approvals/chains", chain)
    path = f"/api/approvals/chains/{created['id']}"
    by.get(path)
    # the chain's own check asks for reviewers, whose events may still be on their way
    by.api.wait(lambda: by.post(f"{path}/lint")["problems"] == [] or None, "审核链检查 (lint of the chain)")
    by.post(f"{path}/publish", etag=by.etags[path])


def _rule_text(boss: Person, district: str) -> None:
    rules = f"/api/plans/districts/{district}/rules"
    today = boss.get(rules)["day"]
    boss.get(f"{rules}/text")
    body = {"effective_from": today, "source": "示例", "content": {"text": RULES}}
    boss.post(f"{rules}/text/versions", body, etag=boss.etags[f"{rules}/text"])


def _budget(finance: Person, line: dict[str, Any]) -> dict[str, Any]:
    body = {"fund_nature": "general", **line}

    def create() -> dict[str, Any] | None:
        try:
            created: dict[str, Any] = finance.post("/api/plans/budget-lines", body)
        except Refused as refused:
            if refused.status == 404:  # the unit's event is still on its way
                return None
            raise
        return created

    return finance.api.wait(create, "新单位同步 (the new unit)")
