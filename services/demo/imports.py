"""The chapter 进口产品核准: two reviews, a public notice that anybody may read, and a plan that uses it."""

from __future__ import annotations

from typing import Any

from services.demo.chapters import Chapters
from services.demo.client import Person
from services.demo.stage import IMPORTS, PLANS

EXPERTS = [
    {"name": name, "organisation": unit, "title": "教授", "expert_role": role, "opinion": "确需采购进口产品"}
    for name, unit, role in (
        ("周法", "某律师事务所", "legal"),
        ("吴医", "省医学会", "technical"),
        ("郑工", "某工业大学", "technical"),
        ("王影", "某医科大学", "technical"),
        ("冯磁", "某计量院", "technical"),
    )
]
ITEM = {
    "catalogue_code": "A02021003",
    "name": "病理切片专用打印机",
    "spec": "热转印",
    "unit": "台",
    "quantity": "2",
    "unit_price": "20000.00",
}
WHY = {
    "origin": "日本",
    "technical_reason": "切片标签须耐二甲苯",
    "domestic_reason": "国产同类设备的标签不能通过耐溶剂试验",
}
OBJECTION = {
    "name": "赵某",
    "organisation": "某设备有限公司",
    "phone": "0351-0000000",
    "text": "国产同类设备已经满足所列的技术要求",
}


class Everything(Chapters):
    """All chapters, the imported products last."""

    def play_all(self, trade_system: Person) -> dict[str, str]:
        ends = super().play_all(trade_system)
        self.chapter(7, "进口产品核准与公示 (imported products)")
        today = self.publish_a_notice()
        approval = self.approve_without_notice(today)
        plan = self.plan_the_import(approval)
        return {**ends, "进口产品核准": approval["status_label"], "进口产品采购计划": plan["status_label"]}

    def publish_a_notice(self) -> str:
        """The first review agrees: the notice is public for five working days, and somebody objects.

        Gives the day of publication: today, as the system has it.
        """
        approval = self.apply_for("病理打印机采购（公示中）")
        self.agree_to_review()
        approval = self.wait_for(f"{IMPORTS}/{approval['id']}", "publicity")
        notice = approval["notices"][0]
        api = self.sample.handler.api
        shown = api.call("GET", f"/api/plans/public/notices/{notice['id']}")
        self.tell(f"公示《{shown['title']}》已发布，至 {shown['ends_on']} 24:00，无需登录即可查看")
        key = {"Idempotency-Key": notice["id"]}
        path = f"/api/plans/public/notices/{notice['id']}/objections"
        raised = api.call("POST", path, OBJECTION, headers=key)
        self.tell(f"某公司 对公示提出异议（{raised['state_label']}），联系方式不公开")
        self.handle(approval["id"])
        return str(shown["published_on"])

    def handle(self, approval_id: str) -> None:
        """The applicant answers, the finance office does not uphold: the notice goes on."""
        path = f"{IMPORTS}/{approval_id}/objections"
        handler, finance = self.sample.handler, self.sample.finance
        for person, verb, body in (
            (handler, "argue", {"text": "已与三家国产厂商核实，均未通过耐溶剂试验"}),
            (finance, "decide", {"upheld": False, "reason": "异议理由不成立"}),
        ):
            objection = person.get(path)[0]
            person.post(f"{path}/{objection['id']}/{verb}", body, etag=f'"v{objection["version"]}"')
        label = handler.get(f"{IMPORTS}/{approval_id}")["status_label"]
        self.tell(f"{handler.name} 补充论证，{finance.name} 认定异议不成立，申请{label}")

    def approve_without_notice(self, today: str) -> dict[str, Any]:
        """The district does without a notice from today on, so that the chapter can be played to its end."""
        rule = {
            "effective_from": today,
            "source": "示例：本县暂不公示",
            "content": {"exempt_classes": ["university", "research"], "notice_order": "none"},
        }
        boss = self.sample.district_admin
        path = f"/api/plans/districts/{self.sample.district}/rules/imports/versions"
        boss.post(path, rule, etag='"v0"')
        self.tell(f"{boss.name} 发布区划规则：自今日起进口核准不设公示")
        approval = self.apply_for("病理打印机采购")
        self.agree_to_review()
        self.agree_to_review()
        approval = self.wait_for(f"{IMPORTS}/{approval['id']}", "approved")
        number = approval["approval_number"]
        self.tell(
            f"  ↳ 进口核准：{approval['status_label']}，核准编号 {number}，有效期至 {approval['valid_to']}"
        )
        return approval

    def apply_for(self, name: str) -> dict[str, Any]:
        handler = self.sample.handler
        files = [
            {"id": self.upload(f"{label}.pdf"), "attachment_kind": kind}
            for kind, label in (("import_form", "进口产品申请表"), ("argument", "专家论证意见"))
        ]
        form = {
            "fiscal_year": self.year,
            "name": name,
            "category": "other",
            "purpose": "病理诊断",
            "reason": "现有设备已到报废年限",
            "contact_name": handler.name,
            "contact_phone": "0351-0000000",
            "items": [{**ITEM, **WHY}],
            "experts": EXPERTS,
            "attachments": files,
        }
        approval: dict[str, Any] = handler.post(IMPORTS, form)
        self.tell(f"{handler.name} 填写进口产品申请《{name}》，专家 {len(EXPERTS)} 人")
        self.submit(handler, f"{IMPORTS}/{approval['id']}")
        return approval

    def agree_to_review(self) -> None:
        """Both reviews have the same steps: the unit's head of department, the finance office."""
        self.decide(self.sample.head, "agree", "同意")
        self.decide(self.sample.supervisor, "agree", "同意")

    def plan_the_import(self, approval: dict[str, Any]) -> dict[str, Any]:
        """A plan whose imported line the approval covers."""
        handler = self.sample.handler
        line = self.sample.budget_lines[1]["id"]
        plan = handler.post(
            PLANS,
            self.form(self.upload())
            | {
                "name": "病理打印机采购",
                "is_imported": True,
                "import_approval_id": approval["id"],
                "items": [{**ITEM, "is_imported": True}],
                "allocations": [{"budget_line_id": line, "amount": "40000.00"}],
            },
        )
        path = f"{PLANS}/{plan['id']}"
        self.tell(f"{handler.name} 依据核准编制采购计划，金额 {plan['amount']} 元")
        self.submit(handler, path)
        self.decide(self.sample.head, "agree")
        self.decide(self.sample.supervisor, "agree")
        done = self.wait_for(path, "usable")
        self.tell(f"  ↳ 进口产品采购计划：{done['status_label']}")
        return done
