"""Import applications of the town: what its people fill in, submit, publish, object to and decide."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from httpx2 import Response
from starlette.testclient import TestClient

from shared.clock import SHANGHAI
from shared.database import new_id
from shared.events import Event
from shared.events.approvals import CaseApproved
from shared.events.directory import CalendarDay, CalendarYearChanged
from tests.plans.town import Town

PDF = b"%PDF-1.4\n1 0 obj\n<< >>\nendobj\ntrailer\n<< >>\n%%EOF\n"
EXPERTS = [
    {
        "name": name,
        "organisation": organisation,
        "title": "教授",
        "expert_role": role,
        "opinion": f"{organisation}认为确需进口",
    }
    for name, organisation, role in (
        ("周法", "某律师事务所", "legal"),
        ("吴医", "省医学会", "technical"),
        ("郑工", "某工业大学", "technical"),
        ("王影", "某医科大学", "technical"),
        ("冯磁", "某计量院", "technical"),
    )
]
ITEM = {
    "catalogue_code": "A02321000",
    "name": "磁共振成像系统",
    "spec": "3.0T",
    "unit": "台",
    "quantity": "2",
    "unit_price": "6000000.00",
    "origin": "德国",
    "technical_reason": "临床科研需要静音扫描",
    "domestic_reason": "国产设备梯度切换率不足",
}
FORM: dict[str, Any] = {
    "fiscal_year": 2026,
    "name": "磁共振成像系统采购",
    "category": "other",
    "purpose": "影像诊断",
    "reason": "现有设备已到报废年限",
    "contact_name": "林经办",
    "contact_phone": "0351-1234567",
    "items": [ITEM],
    "experts": EXPERTS,
}
OBJECTION = {
    "name": "赵某",
    "organisation": "某医疗器械有限公司",
    "phone": "0351-7654321",
    "text": "国产同类设备已经满足所列的技术要求",
}


class Customs:
    """`lin` of the hospital applies; the reviews are agreed to by events; `qian` is the finance office."""

    def __init__(self, town: Town) -> None:
        self.town = town

    # applying

    def file(self, kind: str, who: UUID | None = None) -> dict[str, str]:
        """An uploaded attachment of a kind, as a form refers to it."""
        files = {"file": (f"{kind}.pdf", PDF, "application/pdf")}
        row = self.town.do(who or self.town.lin, "POST", "attachments", files=files)
        return {"id": row["id"], "attachment_kind": kind}

    def form(self, *kinds: str, **changes: Any) -> dict[str, Any]:
        """A complete form, with attachments of these kinds (those of the standard category by default)."""
        wanted = kinds or ("import_form", "argument")
        files = [] if "attachments" in changes else [self.file(kind) for kind in wanted]
        return {**FORM, "attachments": files, **changes}

    def draft(self, *kinds: str, **changes: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.town.do(
            self.town.lin, "POST", "import-approvals", json=self.form(*kinds, **changes)
        )
        return found

    def act(self, who: UUID, approval: dict[str, Any], verb: str, **body: Any) -> Response:
        """A verb on an application in the version that it was last seen in."""
        headers = {"If-Match": f'"v{approval["version"]}"'}
        return self.town.ask(
            who, "POST", f"import-approvals/{approval['id']}/{verb}", json=body, headers=headers
        )

    def submit(self, approval: dict[str, Any], who: UUID | None = None) -> Response:
        return self.act(who or self.town.lin, approval, "submit", picks=[str(self.town.shen)])

    def done(self, answer: Response) -> dict[str, Any]:
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def submitted(self, *kinds: str, **changes: Any) -> dict[str, Any]:
        """An application under its first review."""
        return self.done(self.submit(self.draft(*kinds, **changes)))

    def now(self, approval: dict[str, Any], who: UUID | None = None) -> dict[str, Any]:
        """The application as it is now."""
        found: dict[str, Any] = self.town.do(
            who or self.town.lin, "GET", f"import-approvals/{approval['id']}"
        )
        return found

    # what approvals says

    def case(self, kind: type[Event], approval: dict[str, Any], **more: Any) -> Event:
        """An event about the review that the application is in, not yet delivered."""
        return self.town.case(kind, approval, **{"doc_type": approval["review"], **more})

    def tell(self, kind: type[Event], approval: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Approvals tells of the review that the application is in; gives the application afterwards."""
        self.town.hear(self.case(kind, approval, **more))
        return self.now(approval)

    def published(self, *kinds: str, **changes: Any) -> dict[str, Any]:
        """An application whose notice runs."""
        return self.tell(CaseApproved, self.submitted(*kinds, **changes))

    def under_final_review(self, **changes: Any) -> dict[str, Any]:
        approval = self.published(**changes)
        self.pass_notice(approval)
        return self.now(approval)

    def approved(self, **changes: Any) -> dict[str, Any]:
        return self.tell(CaseApproved, self.under_final_review(**changes))

    # time

    def move_to(self, moment: str) -> None:
        """Moves the clock forward to a moment in Shanghai."""
        until = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI).astimezone(UTC)
        self.town.clock.move(seconds=(until - self.town.clock.now()).total_seconds())

    def pass_notice(self, approval: dict[str, Any]) -> None:
        """The days of the notice pass, and the tick looks."""
        ends = datetime.fromisoformat(approval["notices"][0]["ends_at"])
        self.town.clock.move(seconds=(ends - self.town.clock.now()).total_seconds())
        self.tick()

    def tick(self) -> None:
        for name in ("end_notices", "expire_imports"):
            self.town.here.service.jobs.ticks[name].run(self.town.here)

    def enter_year(self, year: int) -> None:
        """The directory tells of the working days of a year that no package knows."""
        new_year = CalendarDay(date=date(year, 1, 1), working=False, note="元旦")
        self.town.hear(CalendarYearChanged(year=year, version=1, complete=True, days=[new_year]))

    # plans that rely on an approval

    def plan(
        self, approval: dict[str, Any], quantity: str = "1", price: str = "5000000.00", **changes: Any
    ) -> Any:
        """A plan as a draft, for so many of what was approved."""
        item = {"catalogue_code": "A02321000", "name": "磁共振", "unit": "台", "is_imported": True}
        return self.town.draft(
            **{
                "is_imported": True,
                "import_approval_id": approval["id"],
                "items": [{**item, "quantity": quantity, "unit_price": price}],
                **changes,
            }
        )

    def planned(self, approval: dict[str, Any], *of: str, **changes: Any) -> dict[str, Any]:
        """A plan under review that relies on an approval."""
        return self.done(self.town.submit(self.plan(approval, *of, **changes)))

    # anybody

    def anybody(self, method: str, path: str, host: str = "198.51.100.7", **options: Any) -> Response:
        """A request of somebody who is not signed in, from an address."""
        headers = {"Idempotency-Key": str(new_id()), **options.pop("headers", {})}
        with TestClient(
            self.town.http.app, base_url=str(self.town.http.base_url), client=(host, 50000)
        ) as http:
            return http.request(method, path, headers=headers, **options)

    def object(self, approval: dict[str, Any], host: str = "198.51.100.7", **changes: Any) -> Response:
        """Somebody objects to the newest notice of an application."""
        path = f"public/notices/{approval['notices'][0]['id']}/objections"
        return self.anybody("POST", path, host, json={**OBJECTION, **changes})

    def objections(self, approval: dict[str, Any], who: UUID | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.town.do(
            who or self.town.lin, "GET", f"import-approvals/{approval['id']}/objections"
        )
        return found

    def handle(self, who: UUID, objection: dict[str, Any], verb: str, **body: Any) -> Response:
        """`argue` or `decide`, on an objection in the version that it was last seen in."""
        (approval_id,) = [
            event.data["approval_id"]
            for event in self.town.published("objection.raised")
            if event.data["objection_id"] == objection["id"]
        ]
        path = f"import-approvals/{approval_id}/objections/{objection['id']}/{verb}"
        headers = {"If-Match": f'"v{objection.get("version", 1)}"'}
        return self.town.ask(who, "POST", path, json=body, headers=headers)
