"""The main story: apply, be sent back, correct, be agreed step by step, become usable; everybody is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.demo.client import Person
from services.demo.sample import Sample

Say = Callable[[str], None]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@dataclass
class Story:
    """Plays one chapter in a sample district; `say` gets a line for each thing that happens."""

    sample: Sample
    year: int
    say: Say
    after_each: Callable[[], None] = field(default=lambda: None)

    def tell(self, line: str) -> None:
        """Says what somebody did, then what travelled because of it."""
        self.say(line)
        self.after_each()

    def play(self) -> dict[str, Any]:
        """The chapter 采购计划申请; gives the usable plan. Raises `Refused` or `TimeoutError`."""
        handler, head = self.sample.handler, self.sample.head
        plan = self.apply()
        self.submit(plan["id"])
        self.decide(head, "disagree", "请补充设备的配置要求，并核对数量。")
        plan = self.wait_for(plan["id"], "returned")
        self.say(f"  ↳ 计划状态：{plan['status_label']}，意见：{plan['returned']['reason']}")
        self.correct(plan["id"])
        self.submit(plan["id"])
        for reviewer, opinion in (
            (head, "同意"),
            (self.sample.leader, ""),
            (self.sample.supervisor, "同意，按规定执行"),
        ):
            self.decide(reviewer, "agree", opinion)
        plan = self.wait_for(plan["id"], "usable")
        label, number = plan["status_label"], plan["plan_number"]
        self.tell(f"  ↳ 计划状态：{label}，计划编号 {number}（持有人 {handler.name}）")
        return plan

    def apply(self) -> dict[str, Any]:
        """The handler fills in the form from two budgets and saves a draft."""
        handler = self.sample.handler
        form = handler.get("/api/plans/form", year=self.year)
        self.tell(
            f"{handler.name}（经办人）打开 {self.year} 年申请表：可用预算 {len(form['budget_lines'])} 条"
        )
        file = handler.post(
            "/api/plans/attachments", files={"file": ("采购需求.pdf", PDF, "application/pdf")}
        )
        plan: dict[str, Any] = handler.post("/api/plans/plans", self.form(file["id"]))
        self.tell(f"{handler.name} 保存草稿《{plan['name']}》，金额 {plan['amount']} 元")
        return plan

    def form(self, attachment: str, spec: str = "") -> dict[str, Any]:
        """What the handler writes; two budgets pay for it."""
        first, second = (line["id"] for line in self.sample.budget_lines)
        return {
            "fiscal_year": self.year,
            "name": "门诊信息化终端采购",
            "kind": "goods",
            "organisation_form": "central_agency",
            "method": "open_tender",
            "implementation_form": "101",
            "leader": "王芳",
            "contact_name": "王芳",
            "contact_phone": "0351-0000000",
            "purpose": "更新门诊自助与医生工作站终端",
            "expected_month": f"{self.year}-12",
            "items": [
                {
                    "catalogue_code": "A02010105",
                    "name": "医生工作站",
                    "spec": spec,
                    "unit": "台",
                    "quantity": "80",
                    "unit_price": "5200.00",
                },
                {
                    "catalogue_code": "A02021003",
                    "name": "A4 打印机",
                    "spec": spec,
                    "unit": "台",
                    "quantity": "40",
                    "unit_price": "1500.00",
                },
            ],
            "allocations": [
                {"budget_line_id": first, "amount": "416000.00"},
                {"budget_line_id": second, "amount": "60000.00"},
            ],
            "attachments": [{"id": attachment, "attachment_kind": "requirement"}],
        }

    def submit(self, plan_id: str) -> None:
        """Previews the route and submits to the reviewer whom the first step offers."""
        handler = self.sample.handler
        path = f"/api/plans/plans/{plan_id}"
        sent = handler.get(f"{path}/submission")
        preview = handler.post("/api/approvals/preview", sent["submission"])
        steps = " → ".join(step["name"] for step in preview["route"] if step["applies"])
        picked = preview["candidates"][0]
        self.tell(f"{handler.name} 预览审核流程：{steps}")
        handler.get(path)
        submitted = handler.post(f"{path}/submit", {"picks": [picked["person_id"]]}, etag=handler.etags[path])
        self.tell(
            f"{handler.name} 提交审核（{submitted['application_number']}，第 {submitted['round']} 轮），"
            f"下一步审核人：{picked['name']}"
        )

    def decide(self, reviewer: Person, verb: str, opinion: str) -> None:
        """The reviewer finds the plan in his to-do list, reads it, decides."""
        api = reviewer.api
        slot = api.wait(lambda: self.first_todo(reviewer), f"{reviewer.name} 的待办")
        case = reviewer.get(f"/api/approvals/cases/{slot['case_id']}")
        current = next(step["name"] for step in case["route"] if step["state"] == "current")
        reviewer.post(f"/api/approvals/slots/{slot['id']}/{verb}", {"opinion": opinion}, etag=slot["etag"])
        word = {"agree": "同意", "disagree": "不同意"}[verb]
        said = f"：{opinion}" if opinion else ""
        self.tell(f"{reviewer.name}（{current}）{word}{said}")

    def first_todo(self, reviewer: Person) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = reviewer.get("/api/approvals/todo")["items"]
        return found[0] if found else None

    def correct(self, plan_id: str) -> None:
        """The handler corrects what the opinion asks for."""
        handler = self.sample.handler
        path = f"/api/plans/plans/{plan_id}"
        plan = handler.get(path)
        form = self.form(plan["attachments"][0]["id"], "八核、16 GB 内存、512 GB 固态硬盘，三年质保")
        handler.put(path, form, etag=handler.etags[path])
        self.tell(f"{handler.name} 按意见补充配置要求")

    def wait_for(self, plan_id: str, status: str) -> dict[str, Any]:
        """The plan, once it has this status."""
        handler = self.sample.handler

        def look() -> dict[str, Any] | None:
            plan: dict[str, Any] = handler.get(f"/api/plans/plans/{plan_id}")
            return plan if plan["status"] == status else None

        return handler.api.wait(look, f"计划状态 {status}")
