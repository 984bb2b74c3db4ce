"""The rest of a plan's life, a chapter each: assignment, trades, method change, revocation."""

from __future__ import annotations

from typing import Any

from services.demo.client import Person
from services.demo.stage import PLANS, REQUESTS
from services.demo.story import Story


class Chapters(Story):
    """All chapters one after the other; `trade_system` is the program that reports what became of trades."""

    def play_all(self, trade_system: Person) -> dict[str, str]:
        """Gives the label that each document ends with. Raises `Refused` or `TimeoutError`."""
        self.chapter(1, "采购计划申请与审核 (application and review)")
        plan = self.play()
        usable, path = plan["status_label"], f"{PLANS}/{plan['id']}"
        self.chapter(2, "采购计划分派与收回 (assignment and recall)")
        self.assign_and_recall(path)
        self.chapter(3, "发起交易，废标 (a trade that fails)")
        self.fail_a_trade(path, trade_system)
        self.chapter(4, "采购计划变更 (method change)")
        changed = self.change_method(plan)
        self.chapter(5, "发起交易，成交 (a trade that is awarded)")
        self.award_a_trade(path, trade_system)
        self.chapter(6, "采购计划撤销 (revocation)")
        revoked = self.revoke()
        return {"采购计划": usable, "采购方式变更": changed, "采购计划撤销": revoked}

    def chapter(self, number: int, title: str) -> None:
        self.say(f"第 {number} 章 {title}")

    def assign_and_recall(self, path: str) -> None:
        """The plan is given to a colleague, taken back, and given to him again."""
        handler, colleague = self.sample.handler, self.sample.colleague
        for verb, body, line in (
            ("assign", {"to": colleague.id}, f"{handler.name} 将计划分派给{colleague.name}"),
            ("recall", {"reason": "分派有误"}, f"{handler.name} 收回计划：分派有误"),
            ("assign", {"to": colleague.id}, f"{handler.name} 重新分派给{colleague.name}"),
        ):
            plan = self.act(handler, path, verb, body)
            self.tell(f"{line}（持有人 {plan['holder_name']}，{plan['assignment_label']}）")

    def start_trade(self, path: str, reference: str) -> dict[str, Any]:
        """The holder starts a trade for the whole of what remains."""
        holder = self.sample.colleague
        remaining = holder.get(path)["remaining"]
        started = holder.post(f"{path}/trades", {"amount": remaining, "reference": reference})
        label = holder.get(path)["status_label"]
        self.tell(f"{holder.name} 发起交易 {reference}，金额 {remaining} 元，计划{label}")
        trade: dict[str, Any] = started["trade"]
        return trade

    def fail_a_trade(self, path: str, trade_system: Person) -> None:
        trade = self.start_trade(path, f"JY-{self.year}-0001")
        reason = "有效供应商不足三家"
        trade_system.post(f"/api/plans/trades/{trade['id']}/fail", {"reason": reason})
        label = self.wait_for(path, "usable")["status_label"]
        self.tell(f"交易系统 报告废标：{reason}，计划恢复{label}")

    def award_a_trade(self, path: str, trade_system: Person) -> None:
        trade = self.start_trade(path, f"JY-{self.year}-0002")
        trade_system.post(f"/api/plans/trades/{trade['id']}/award", {"amount": "468000.00"})
        plan = self.wait_for(path, "in_use")
        self.tell(f"交易系统 报告成交 468000.00 元，计划剩余 {plan['remaining']} 元")
        plan = self.act(self.sample.colleague, path, "close", {"reason": "采购完成"})
        self.tell(f"{self.sample.colleague.name} 结束计划，释放节约资金，计划{plan['status_label']}")

    def change_method(self, plan: dict[str, Any]) -> str:
        """The holder asks for another method after the failed trade; gives the label of the request."""
        form = {
            "kind": "method_change",
            "plan_id": plan["id"],
            "new_method": "competitive_negotiation",
            "ground": "no_valid_bids",
            "reason": "公开招标废标，拟改为竞争性谈判",
        }
        request = self.request(self.sample.colleague, form)
        done = self.review_request(request, "approved")
        method = self.sample.handler.get(f"{PLANS}/{plan['id']}")["method"]
        self.tell(
            f"  ↳ 变更申请：{done['status_label']}；计划采购方式 {done['new_method_label']}（{method}）"
        )
        return str(done["status_label"])

    def revoke(self) -> str:
        """A plan with wrong content is made void; gives the label of the request."""
        handler = self.sample.handler
        file = self.upload()
        written = {**self.form(file), "name": "办公家具采购（品目有误）"}
        plan = handler.post(PLANS, written | self.small())
        path = f"{PLANS}/{plan['id']}"
        self.tell(f"{handler.name} 保存草稿《{plan['name']}》，金额 {plan['amount']} 元")
        self.submit(handler, path)
        self.decide(self.sample.head, "agree")
        self.decide(self.sample.supervisor, "agree")
        self.wait_for(path, "usable")
        form = {"kind": "revocation", "plan_id": plan["id"], "handling": "void", "reason": "品目填写错误"}
        done = self.review_request(self.request(handler, form), "completed")
        void = self.wait_for(path, "void")
        self.tell(f"  ↳ 撤销申请：{done['status_label']}；计划{void['status_label']}，预算已释放")
        return str(done["status_label"])

    def small(self) -> dict[str, Any]:
        """One item, below the amount from which the unit's leader reviews, paid from the second budget."""
        line = self.sample.budget_lines[1]["id"]
        item = {"catalogue_code": "A02021003", "name": "A4 打印机", "unit": "台", "spec": "激光"}
        return {
            "items": [{**item, "quantity": "10", "unit_price": "1500.00"}],
            "allocations": [{"budget_line_id": line, "amount": "15000.00"}],
        }

    def request(self, person: Person, form: dict[str, Any]) -> dict[str, Any]:
        request: dict[str, Any] = person.post(REQUESTS, form)
        self.tell(f"{person.name} 填写{request['kind_label']}申请：{request['reason']}")
        self.submit(person, f"{REQUESTS}/{request['id']}")
        label = person.get(f"{PLANS}/{request['plan_id']}")["status_label"]
        self.tell(f"  ↳ 计划{label}，审核期间不能使用")
        return request

    def review_request(self, request: dict[str, Any], ends: str) -> dict[str, Any]:
        self.decide(self.sample.head, "agree", "同意")
        self.decide(self.sample.supervisor, "agree", "同意")
        return self.wait_for(f"{REQUESTS}/{request['id']}", ends)
