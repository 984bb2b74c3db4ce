"""Turns generated requests into ones that get far: of known people, with ids that exist, fresh versions."""

from __future__ import annotations

import importlib
import secrets
from typing import Any

from hypothesis import strategies as st
from schemathesis import Case
from sqlalchemy import select

from services.demo.imports import Everything
from services.demo.play import trade_system
from services.demo.sample import fictional_uscc
from services.demo.stage import PLANS
from shared.tokens import service_token
from tests.contracts.district import YEAR, District

requests: Any = importlib.import_module("requests")  # comes with schemathesis, without types

WHO = {
    "directory": ("admin", "district_admin", "unit_admin"),
    "plans": ("handler", "finance", "district_admin", "unit_admin"),
    "approvals": ("head", "unit_admin", "district_admin", "handler"),
    "notify": ("handler", "admin", "head"),
}


def known_ids(district: District) -> dict[str, list[Any]]:
    """Values that exist, by the name under which a path or a body asks for them. The people of the story are
    not among them: who is deactivated can knock no more."""
    admin = district.people["admin"]
    life = Everything(district.sample, YEAR, lambda _: None, district.world.settle)
    life.assign_and_recall(f"{PLANS}/{district.usable_id}")
    trades = trade_system(admin.api, admin, district.sample.district)
    life.fail_a_trade(f"{PLANS}/{district.usable_id}", trades)
    life.revoke()
    life.publish_a_notice()
    boss = district.people["district_admin"]
    unit = boss.post(
        "/api/directory/organisations",
        {
            "uscc": fictional_uscc(),
            "name": "备用单位",
            "kind": "purchaser",
            "district_code": district.sample.district,
        },
    )["id"]
    appointment = {"organisation_id": unit, "role": "handler", "positions": []}
    person = boss.post(
        "/api/directory/people",
        {"login": f"spare.{secrets.token_hex(4)}", "name": "备用", "appointments": [appointment]},
    )["id"]
    district.world.settle()
    plan = district.people["handler"].get(f"/api/plans/plans/{district.plan_id}")
    done = district.people["head"].get("/api/approvals/done")["items"]
    plans = [district.plan_id, district.usable_id]
    lines = [line["id"] for line in district.sample.budget_lines]
    found = {
        **{"plan_id": plans, "doc_id": plans, "line_id": lines, "budget_line_id": lines},
        **{"organisation_id": [unit, district.sample.hospital_id], "person_id": [person]},
        **{
            "code": [district.sample.district, "140100"],
            "district_code": [district.sample.district, "140100"],
        },
        **{"attachment_id": [part["id"] for part in plan["attachments"]]},
        **{"doc_type": ["plan", "import_approval"], "topic": ["splitting", "thresholds"]},
        **{"slot_id": [row["id"] for row in done], "case_id": [row["case_id"] for row in done]},
        **{
            "fiscal_year": [YEAR],
            "year": [YEAR],
            "superior_id": [unit],
            "to": [district.people["leader"].id],
        },
    }
    chains = boss.get("/api/approvals/chains")["items"]
    found["chain_id"] = [chain["id"] for chain in chains]
    messages = district.people["handler"].get("/api/notify/messages", tab="all")["items"]
    found["message_id"] = [message["id"] for message in messages]
    found["kind"], found["medium"], found["locale"] = ["slot.opened"], ["inbox", "sms"], ["zh-CN", "en"]
    return found | {name: _column(district, *row) for name, row in ROWS.items()}


ROWS = {
    "appointment_id": ("directory", "appointment", "Appointment"),
    "request_id": ("plans", "request", "PlanRequest"),
    "trade_id": ("plans", "trade", "Trade"),
    "approval_id": ("plans", "imports.approval", "ImportApproval"),
    "import_approval_id": ("plans", "imports.approval", "ImportApproval"),
    "notice_id": ("plans", "imports.notice", "Notice"),
    "objection_id": ("plans", "imports.objection", "Objection"),
    "delivery_id": ("notify", "delivery", "Delivery"),
}
"""Service, module and class of what only a whole life of plans leaves."""


def _column(district: District, service: str, module: str, name: str) -> list[str]:
    model = getattr(importlib.import_module(f"services.{service}.{module}"), name)
    with district.world.service(service).store.read() as look:
        return [str(key) for key in look.all(select(model.id).limit(5))]


def with_known(value: Any, known: dict[str, list[Any]], draw: Any) -> Any:
    """The same value with ids that exist, where it asks for any."""
    if isinstance(value, dict):
        return {
            key: draw(st.sampled_from(known[key])) if key in known else with_known(inner, known, draw)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [with_known(inner, known, draw) for inner in value]
    return value


def tag_of(district: District, who: str, path: str) -> str:
    """The version that somebody sees at an address, or at the thing whose verb it names; else the first."""
    for seen in (path, path.rpartition("/")[0]):
        answer = district.ask(who, "GET", seen.removeprefix("/api/"))
        if "etag" in answer.headers:
            return str(answer.headers["etag"])
    return '"v1"'


def send(district: District, service: str, case: Case[Any], headers: dict[str, str]) -> Any:
    """The generated request exactly as it was generated, with these headers instead of its own."""
    sent = requests.Request(**case.as_transport_kwargs(base_url=f"http://testserver/api/{service}")).prepare()
    found = {name: value for name, value in sent.headers.items() if name.lower() not in LEFT_OUT}
    found.update(headers)
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    return district.world.http.request(sent.method, sent.url, headers=found, content=body)


LEFT_OUT = {"authorization", "content-length", "connection"}


def token_for(district: District, who: str) -> str:
    if who == "service":
        return service_token("fuzz", district.world.system.key, district.world.clock.now())
    return district.people[who].token
