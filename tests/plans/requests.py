"""Acts on requests in the town: a draft, its submission, its outcome."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from httpx2 import Response

from tests.plans.town import Town

CHANGE: dict[str, Any] = {
    "kind": "method_change",
    "new_method": "competitive_negotiation",
    "reason": "公开招标两次废标",
}
REVOKE: dict[str, Any] = {"kind": "revocation", "handling": "void", "reason": "品目填写错误"}


def ask(town: Town, plan: dict[str, Any], who: UUID | None = None, **form: Any) -> Response:
    body = {"plan_id": plan["id"], **(form or CHANGE)}
    return town.ask(who or town.lin, "POST", "requests", json=body)


def drafted(town: Town, plan: dict[str, Any], **form: Any) -> dict[str, Any]:
    answer = ask(town, plan, **form)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(town: Town, request: dict[str, Any], verb: str, who: UUID | None = None, **body: Any) -> Response:
    headers = {"If-Match": f'"v{request["version"]}"'}
    return town.ask(who or town.lin, "POST", f"requests/{request['id']}/{verb}", json=body, headers=headers)


def submitted(town: Town, plan: dict[str, Any], **form: Any) -> dict[str, Any]:
    answer = act(town, drafted(town, plan, **form), "submit", picks=[str(town.shen)])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def tell(town: Town, kind: type[Any], request: dict[str, Any], **more: Any) -> None:
    town.tell(kind, request, doc_type=request["kind"], **more)


def seen(town: Town, request: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = town.do(town.lin, "GET", f"requests/{request['id']}")
    return found


def history(town: Town, url: str) -> list[tuple[str, str]]:
    return [(entry["kind"], entry["text"]) for entry in town.stream(f"{url}/history")]


def allowed(document: dict[str, Any]) -> set[str]:
    return {action["action"] for action in document["available_actions"] if action["allowed"]}
