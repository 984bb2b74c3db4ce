"""A small town for the tests of plans: a district, its finance office, two purchasers, and their people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from httpx2 import Response

from services.plans.service import service
from shared.database import new_id
from shared.digest import digest
from shared.events import Event
from shared.events.approvals import (
    CaseApproved,
    CaseOpened,
    CaseRefused,
    CaseReturned,
    CaseTerminated,
    CaseWithdrawn,
    SlotClosed,
    SlotOpened,
)
from shared.events.directory import OrganisationChanged
from tests.lone import Lone

FORM: dict[str, Any] = {
    "fiscal_year": 2026,
    "name": "办公设备采购",
    "kind": "goods",
    "organisation_form": "central_agency",
    "method": "open_tender",
    "purpose": "更新办公电脑",
    "items": [
        {
            "catalogue_code": "A02010108",
            "name": "便携式计算机",
            "unit": "台",
            "quantity": "10",
            "unit_price": "6000.00",
        }
    ],
}


class Town(Lone):
    """`lin` applies for the hospital, which `an` administers, `he` for the school; `qian` is finance, `du`
    runs the district, `program` is the service account of a trade system."""

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        super().__init__(service, data_dir, database_url)
        self.district("140000", "山西省", "province", "/140000/")
        self.district("140100", "太原市", "prefecture", "/140000/140100/", "140000")
        self.district("140200", "大同市", "prefecture", "/140000/140200/", "140000")
        self.hospital = self.organisation("市人民医院", "140100", uscc="1214010000TEXT048K")
        self.school = self.organisation("市第一中学", "140100", uscc="1214010000TEXT056H")
        self.bureau = self.organisation("市财政局", "140100", kind="finance", uscc="1114010000TEXT056H")
        self.far = self.organisation("大同市财政局", "140200", kind="finance", uscc="1114012100TEXT072L")
        self.people: dict[UUID, UUID] = {}
        self.program = self.account("市交易系统", "/140000/140100/")
        self.lin = self._person("林经办", self.hospital, "handler")
        self.wu = self._person("吴经办", self.hospital, "handler")
        self.an = self._person("安管理", self.hospital, "unit_administrator")
        self.shen = self._person("沈审核", self.hospital, "reviewer")
        self.he = self._person("何经办", self.school, "handler")
        self.qian = self._person("钱财政", self.bureau, "finance")
        self.rui = self._person("芮审核", self.bureau, "reviewer")
        self.du = self._person("杜管理", self.bureau, "district_administrator")
        self.yuan = self._person("袁财政", self.far, "finance")
        self.platform = self._person("平台管理员", self.bureau, "platform_administrator")

    def organisation(self, name: str, district: str, kind: str = "purchaser", **more: Any) -> UUID:
        """As in `Lone`, with a code of its own."""
        found = new_id()
        about = {"version": 1, "uscc": "1214000000TEXT021N", **more}
        self.hear(
            OrganisationChanged(organisation_id=found, name=name, kind=kind, district_code=district, **about)
        )
        return found

    def _person(self, name: str, organisation: UUID, *roles: str) -> UUID:
        found = self.person(name, organisation, *roles)
        self.people[found] = organisation
        return found

    def ask(self, who: UUID, method: str, url: str, **about: Any) -> Response:
        """A request of somebody of the town, with a fresh Idempotency-Key unless `headers` has one."""
        headers = {**self.as_(who, self.people[who]), **about.pop("headers", {})}
        return self.http.request(method, url, headers=headers, **about)

    def do(self, who: UUID, method: str, url: str, **about: Any) -> Any:
        """A request that must succeed; gives its JSON."""
        answer = self.ask(who, method, url, **about)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    # plans

    def draft(self, who: UUID | None = None, **changes: Any) -> dict[str, Any]:
        """A plan as a draft, by `lin` unless said otherwise."""
        plan: dict[str, Any] = self.do(who or self.lin, "POST", "plans", json={**FORM, **changes})
        return plan

    def save(self, plan: dict[str, Any], who: UUID | None = None, **changes: Any) -> Response:
        """Saves the standard form with changes."""
        return self.ask(
            who or self.lin,
            "PUT",
            f"plans/{plan['id']}",
            json={**FORM, **changes},
            headers={"If-Match": f'"v{plan["version"]}"'},
        )

    def patch(self, plan: dict[str, Any], who: UUID | None = None, **fields: Any) -> Response:
        """Saves some fields."""
        tag = {"If-Match": f'"v{plan["version"]}"'}
        return self.ask(who or self.lin, "PATCH", f"plans/{plan['id']}", json=fields, headers=tag)

    def submit(
        self, plan: dict[str, Any], who: UUID | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        return self.ask(
            who or self.lin,
            "POST",
            f"plans/{plan['id']}/submit",
            json={"picks": [str(self.shen)]},
            headers={"If-Match": f'"v{plan["version"]}"', **(headers or {})},
        )

    def submitted(self, who: UUID | None = None, **changes: Any) -> dict[str, Any]:
        answer = self.submit(self.draft(who, **changes), who)
        assert answer.status_code == 200, answer.text
        plan: dict[str, Any] = answer.json()
        return plan

    def plan(self, plan: dict[str, Any], who: UUID | None = None) -> dict[str, Any]:
        """The plan as it is now."""
        found: dict[str, Any] = self.do(who or self.lin, "GET", f"plans/{plan['id']}")
        return found

    def stream(self, url: str, **query: Any) -> list[dict[str, Any]]:
        """The whole stream of a document, page by page."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.do(self.lin, "GET", url, params={"limit": 3, "cursor": cursor, **query})
            items += page["items"]
            cursor = page["next"] or ""
            if not cursor:
                return items

    def usable(self, who: UUID | None = None, **changes: Any) -> dict[str, Any]:
        """A plan that passed its review."""
        plan = self.submitted(who, **changes)
        self.tell(CaseApproved, plan)
        return self.plan(plan, who)

    def act(self, who: UUID, plan: dict[str, Any], verb: str, **body: Any) -> Response:
        """A verb on a plan in the version that it was last seen in."""
        headers = {"If-Match": f'"v{plan["version"]}"'}
        return self.ask(who, "POST", f"plans/{plan['id']}/{verb}", json=body, headers=headers)

    def assigned(self, plan: dict[str, Any], to: UUID) -> dict[str, Any]:
        answer = self.act(self.lin, plan, "assign", to=str(to))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    # trades

    def start(self, plan: dict[str, Any], amount: str, who: UUID | None = None, **body: Any) -> Response:
        """The holder starts a trade."""
        body = {"amount": amount, "reference": f"JY-{uuid4().hex[:8]}", **body}
        return self.ask(who or self.lin, "POST", f"plans/{plan['id']}/trades", json=body)

    def trade(self, plan: dict[str, Any], amount: str, who: UUID | None = None) -> dict[str, Any]:
        """A running trade."""
        answer = self.start(plan, amount, who)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["trade"]
        return found

    def report(self, trade: dict[str, Any], outcome: str, key: str = "", **body: Any) -> Response:
        """What the trade system says of a trade, or another `program`."""
        program = body.pop("program", self.program)
        headers = {
            "Authorization": f"Bearer {self.token(program, self.bureau, kind='service')}",
            "Idempotency-Key": key or str(new_id()),
        }
        return self.http.post(f"trades/{trade['id']}/{outcome}", json=body, headers=headers)

    def award(self, trade: dict[str, Any], amount: str) -> Response:
        return self.report(trade, "award", amount=amount)

    # budgets

    def line(self, amount: str = "100000.00", unit: UUID | None = None, **more: Any) -> dict[str, Any]:
        """A budget line of the hospital, created by finance."""
        body = {
            "organisation_id": str(unit or self.hospital),
            "fiscal_year": 2026,
            "project_code": f"P-{uuid4().hex[:8]}",
            "project_name": "设备购置",
            "fund_nature": "general",
            "amount": amount,
            **more,
        }
        line: dict[str, Any] = self.do(self.qian, "POST", "budget-lines", json=body)
        return line

    def available(self, line: dict[str, Any]) -> str:
        return str(self.do(self.qian, "GET", f"budget-lines/{line['id']}")["available"])

    # rules

    def publish(
        self, topic: str, content: dict[str, Any] | None, day: str = "2026-11-23", **about: Any
    ) -> Response:
        """The city publishes a version, from today on unless said otherwise; `seen` is the newest known."""
        district, who = about.pop("district", "140100"), about.pop("who", self.du)
        url = f"districts/{district}/rules/{topic}"
        seen = about.pop("seen", None) or self.ask(who, "GET", url).headers.get("etag", '"v0"')
        body = {"effective_from": day, "source": "市财购〔2026〕1号", "content": content, **about}
        return self.ask(who, "POST", f"{url}/versions", json=body, headers={"If-Match": seen})

    def rule(self, topic: str, content: dict[str, Any] | None, day: str = "2026-11-23", **about: Any) -> Any:
        """A version that is published without being refused."""
        answer = self.publish(topic, content, day, **about)
        assert answer.status_code == 201, answer.text
        return answer.json()

    # what approvals says

    def case(self, kind: type[Event], plan: dict[str, Any], **more: Any) -> Event:
        """An event of approvals about the plan's current round, not yet delivered."""
        about: dict[str, Any] = {
            "doc_type": "plan",
            "doc_id": UUID(plan["id"]),
            "round": plan["round"],
            "revision": plan["version"],
        }
        if kind is not CaseRefused:
            case_id = plan.get("case_id") or UUID(int=UUID(plan["id"]).int ^ plan["round"])
            about |= {"case_id": case_id, "case_version": 1, "digest": digest({})}
        return kind(**{**about, **DEFAULTS[kind](self), **more})

    def tell(self, kind: type[Event], plan: dict[str, Any], **more: Any) -> None:
        self.hear(self.case(kind, plan, **more))


def _slot(town: Town) -> dict[str, Any]:
    return {
        "slot_id": new_id(),
        "step_key": "unit",
        "step_name": "单位审核",
        "holder_id": town.shen,
        "applicant_id": town.lin,
        "applicant_name": "林经办",
        "organisation_id": town.hospital,
        "organisation_name": "市人民医院",
        "title": "办公设备采购",
        "number": "",
        "opened_at": town.clock.now(),
    }


DEFAULTS: dict[type[Event], Any] = {
    CaseOpened: lambda town: {"steps": ["单位审核"]},
    CaseRefused: lambda town: {"code": "no_unit_chain", "text": "单位没有审核流程"},
    CaseApproved: lambda town: {"step_name": "财政审核", "actor_id": town.shen, "actor_name": "沈审核"},
    CaseReturned: lambda town: {
        "step_key": "unit",
        "step_name": "单位审核",
        "actor_id": town.shen,
        "actor_name": "沈审核",
        "opinion": "数量偏多",
    },
    CaseWithdrawn: lambda town: {"actor_id": town.lin},
    CaseTerminated: lambda town: {"code": "terminated", "text": "流程已终止", "actor_id": town.du},
    SlotOpened: _slot,
    SlotClosed: lambda town: {
        "slot_id": new_id(),
        "step_key": "unit",
        "holder_id": town.shen,
        "outcome": "agreed",
    },
}


@contextmanager
def a_town(data_dir: Path, database_url: str = "") -> Iterator[Town]:
    town = Town(data_dir, database_url)
    try:
        yield town
    finally:
        town.close()
