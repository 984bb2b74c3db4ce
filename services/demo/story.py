"""The main story: apply, be sent back, correct, be agreed step by step, become usable; everybody is told."""

from __future__ import annotations

from typing import Any

from services.demo.stage import PLANS, Stage

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class Story(Stage):
    """The chapters 采购计划申请 and 采购计划审核."""

    def play(self) -> dict[str, Any]:
        """From the form to a usable plan, which it gives. Raises `Refused` or `TimeoutError`."""
        handler, head = self.sample.handler, self.sample.head
        plan = self.apply()
        path = f"{PLANS}/{plan['id']}"
        self.submit(handler, path)
        self.decide(head, "disagree", "请补充设备的配置要求，并核对数量。")
        plan = self.wait_for(path, "returned")
        self.say(f"  ↳ 计划状态：{plan['status_label']}，意见：{plan['returned']['reason']}")
        self.correct(path)
        self.submit(handler, path)
        for reviewer, opinion in (
            (head, "同意"),
            (self.sample.leader, ""),
            (self.sample.supervisor, "同意，按规定执行"),
        ):
            self.decide(reviewer, "agree", opinion)
        plan = self.wait_for(path, "usable")
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
        plan: dict[str, Any] = handler.post(PLANS, self.form(self.upload()))
        self.tell(f"{handler.name} 保存草稿《{plan['name']}》，金额 {plan['amount']} 元")
        return plan

    def upload(self, name: str = "采购需求.pdf") -> str:
        """A file of the handler's; gives its id."""
        file = self.sample.handler.post(
            "/api/plans/attachments", files={"file": (name, PDF, "application/pdf")}
        )
        return str(file["id"])

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

    def correct(self, path: str) -> None:
        """The handler corrects what the opinion asks for."""
        handler = self.sample.handler
        plan = handler.get(path)
        form = self.form(plan["attachments"][0]["id"], "八核、16 GB 内存、512 GB 固态硬盘，三年质保")
        handler.put(path, form, etag=handler.etags[path])
        self.tell(f"{handler.name} 按意见补充配置要求")
