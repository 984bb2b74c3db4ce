"""One stream per document: what happened, what reviewers said, who was told; each once, in one order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.plans.handlers import events
from shared.database import new_id
from shared.events import Event
from shared.events.approvals import CaseApproved, CaseOpened, CaseReturned, SlotClosed
from shared.events.notify import (
    DeliveryCompleted,
    DeliveryConfirmed,
    DeliveryFailed,
    DeliverySuppressed,
    MessageCreated,
)
from tests.plans.requests import submitted, tell
from tests.plans.town import Town


def message(town: Town, document: dict[str, Any], doc_type: str = "plan", **about: Any) -> MessageCreated:
    to = {
        "person_id": town.shen,
        "person_name": "沈审核",
        "kind": "slot.opened",
        "title": "轮到您审核：办公设备采购",
    }
    event = {"event_id": new_id(), "event_type": "slot.opened", "occurred_at": town.clock.now()}
    of = {"doc_type": doc_type, "doc_id": UUID(document["id"]), "message_id": new_id()}
    return MessageCreated(**{**to, **event, **of, "channels": ["email"], **about})


def agreed(town: Town, document: dict[str, Any], **about: Any) -> Event:
    said = {"step_name": "单位审核", "opinion": "同意采购", "actor_id": town.shen, "actor_name": "沈审核"}
    return town.case(SlotClosed, document, **{**said, **about})


def texts(town: Town, url: str, **query: Any) -> list[str]:
    return [entry["text"] for entry in town.stream(f"{url}/history", **query)]


def test_opinions_and_messages_stand_in_the_stream_in_the_order_in_which_they_came(any_town: Town) -> None:
    town = any_town
    plan = town.submitted()
    town.hear(message(town, plan))
    town.hear(agreed(town, plan))
    town.tell(CaseApproved, plan)
    url = f"plans/{plan['id']}"
    assert texts(town, url) == [
        "新增采购计划",
        "第 1 次提交审核",
        "通知沈审核：轮到您审核：办公设备采购",
        "单位审核：沈审核 同意，意见：同意采购",
        "审核通过，采购计划编号 140100-2026-000001",
    ]
    entries = town.stream(f"{url}/history")
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert [entry["group"] for entry in entries] == [
        *("document", "document", "messages", "opinions", "document"),
    ]
    told, said = entries[2:4]
    assert (told["actor_id"], told["data"]["channels"], told["data"]["person_name"]) == (
        None,
        ["email"],
        "沈审核",
    )
    assert (said["actor_id"], said["actor_name"], said["data"]["round"]) == (str(town.shen), "沈审核", 1)
    assert town.plan(plan)["version"] == 3  # what others tell does not change the document


def test_agreement_that_goes_on_to_hold_stands_in_the_stream_once(town: Town) -> None:
    plan = town.submitted()
    opened = town.case(CaseOpened, plan, steps=["部门负责人审核", "财政审核"], carried=["部门负责人审核"])
    town.hear(opened)
    town.hear(opened)
    url = f"plans/{plan['id']}"
    assert texts(town, url, group="opinions") == ["沿用上一轮的同意：部门负责人审核"]
    assert town.plan(plan)["version"] == plan["version"]


def test_one_asks_for_some_of_it(town: Town) -> None:
    plan = town.submitted()
    town.hear(agreed(town, plan))
    town.hear(message(town, plan))
    url = f"plans/{plan['id']}"
    assert texts(town, url, group="opinions") == ["单位审核：沈审核 同意，意见：同意采购"]
    assert texts(town, url, group=["document", "opinions"]) == texts(town, url)[:3]
    assert texts(town, url, group="messages") == texts(town, url)[3:]
    page = town.do(town.lin, "GET", f"{url}/history?limit=2")
    assert (len(page["items"]), page["next"]) == (2, "2")
    for query in ("cursor=x", "cursor=-1", "cursor=１", "cursor=" + "9" * 30):
        assert town.ask(town.lin, "GET", f"{url}/history?{query}").json()["code"] == "bad_cursor"
    assert town.ask(town.lin, "GET", f"{url}/history?group=gossip").status_code == 422


def test_changes_are_told_in_words(town: Town) -> None:
    plan = town.draft()
    town.patch(plan, method="inquiry", leader="王芳")
    changes = {
        change["field"]: change for change in town.stream(f"plans/{plan['id']}/history")[-1]["changes"]
    }
    method = changes["method"]
    assert (method["label"], method["old"], method["new"]) == ("采购方式", "open_tender", "inquiry")
    assert (method["old_label"], method["new_label"]) == ("公开招标", "询价")
    assert changes["leader"]["new_label"] is None
    sent = town.submit(town.plan(plan)).json()
    status = town.stream(f"plans/{sent['id']}/history")[-1]["changes"]
    assert [(c["old_label"], c["new_label"]) for c in status if c["field"] == "status"] == [
        ("草稿", "审核中")
    ]


def test_a_substitute_and_a_transfer_are_told_as_such(town: Town) -> None:
    plan = town.submitted()
    town.hear(agreed(town, plan, actor_id=town.rui, actor_name="芮审核", opinion=""))
    town.hear(agreed(town, plan, outcome="transferred", opinion="出差"))
    town.hear(agreed(town, plan, outcome="cancelled"))
    assert texts(town, f"plans/{plan['id']}", group="opinions") == [
        "单位审核：芮审核（代沈审核） 同意",
        "单位审核：沈审核 转办，意见：出差",
    ]


def test_a_request_and_its_plan_each_have_their_stream(town: Town) -> None:
    plan = town.usable()
    request = submitted(town, plan)
    town.hear(agreed(town, request, doc_type="method_change"))
    town.hear(message(town, request, "method_change"))
    tell(town, CaseReturned, request)
    assert texts(town, f"requests/{request['id']}") == [
        "新增采购方式变更",
        "第 1 次提交审核",
        "单位审核：沈审核 同意，意见：同意采购",
        "通知沈审核：轮到您审核：办公设备采购",
        "单位审核：沈审核 不同意，意见：数量偏多",
    ]
    (asked,) = [entry for entry in town.stream(f"plans/{plan['id']}/history") if entry["kind"] == "requested"]
    assert asked["data"]["request_id"] == request["id"]


@pytest.mark.parametrize("make", [agreed, message])
def test_what_is_told_twice_is_kept_once(shared_town: Town, make: Any) -> None:
    """Invariant 16, for what changes nothing but the stream."""
    town = shared_town
    plan = town.submitted()
    event = make(town, plan)
    for _ in range(2):
        with town.store.work() as work:
            events.apply(work, event.type, event.model_dump(mode="json"))
    assert len(texts(town, f"plans/{plan['id']}")) == 3


def test_what_is_told_of_documents_of_others_is_not_kept(shared_town: Town) -> None:
    town = shared_town
    plan = town.submitted()
    town.hear(message(town, plan, "contract"))
    town.hear(message(town, {"id": str(new_id())}))
    town.hear(message(town, plan, doc_id=None))
    town.hear(agreed(town, plan, doc_type="contract"))
    assert len(texts(town, f"plans/{plan['id']}")) == 2


def test_a_stream_is_for_those_who_may_see_the_document(shared_town: Town) -> None:
    plan = shared_town.submitted()
    assert shared_town.ask(shared_town.he, "GET", f"plans/{plan['id']}/history").status_code == 404
    assert shared_town.ask(shared_town.du, "GET", f"plans/{plan['id']}/history").status_code == 200


def became(town: Town, kind: Any, told: MessageCreated, delivery_id: UUID, **about: Any) -> Event:
    of = {"message_id": told.message_id, "doc_type": told.doc_type, "doc_id": told.doc_id}
    at = {"person_id": told.person_id, "attempts": 1, "at": town.clock.now()}
    found: Event = kind(**{**of, **at, "delivery_id": delivery_id, "channel": "sms", **about})
    return found


def test_what_became_of_a_message_stands_with_it(any_town: Town) -> None:
    town = any_town
    plan = town.submitted()
    told = message(town, plan)
    town.hear(told)
    (entry,) = town.stream(f"plans/{plan['id']}/history", group="messages")
    assert entry["deliveries"] == []
    sms, mail, robot = new_id(), new_id(), new_id()
    town.hear(became(town, DeliveryCompleted, told, sms, label="短信已发出"))
    town.hear(
        became(
            town, DeliveryFailed, told, mail, channel="email", label="电子邮件发送失败", code="550", text=""
        )
    )
    label = "企业微信未发送（没有群机器人）"
    town.hear(
        became(
            town, DeliverySuppressed, told, robot, channel="wecom", label=label, code="no_robot", attempts=0
        )
    )
    town.clock.move(minutes=12)
    town.hear(became(town, DeliveryConfirmed, told, sms, label="短信已送达"))
    for entry in town.stream(f"plans/{plan['id']}/history", group="messages"):
        assert [(one["channel"], one["state"], one["text"], one["code"]) for one in entry["deliveries"]] == [
            ("sms", "delivered", "短信已送达 11-23 09:12", ""),
            ("email", "failed", "电子邮件发送失败 11-23 09:00", "550"),
            ("wecom", "suppressed", "企业微信未发送（没有群机器人） 11-23 09:00", "no_robot"),
        ]
        assert entry["proof_url"] == (
            f"/api/notify/documents/plan/{plan['id']}/notices?message_id={told.message_id}"
        )
    assert [e["proof_url"] for e in town.stream(f"plans/{plan['id']}/history", group="document")] == [
        None
    ] * 2


def test_an_outcome_that_comes_late_does_not_replace_a_later_one(shared_town: Town) -> None:
    town = shared_town
    plan = town.submitted()
    told = message(town, plan)
    town.hear(told)
    early = became(town, DeliveryCompleted, told, new_id(), label="短信已发出")
    assert isinstance(early, DeliveryCompleted)
    town.clock.move(minutes=1)
    town.hear(became(town, DeliveryConfirmed, told, early.delivery_id, label="短信已送达"))
    town.hear(early)
    (entry,) = town.stream(f"plans/{plan['id']}/history", group="messages")
    assert [one["state"] for one in entry["deliveries"]] == ["delivered"]
    town.hear(became(town, DeliveryCompleted, told, new_id(), doc_id=None, doc_type=""))
    assert len(town.stream(f"plans/{plan['id']}/history", group="messages")) == 1
