"""What a person does at his desk with one slot, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.approvals.office import Office


def act(office: Office, who: str, verb: str, slot: dict[str, Any], **body: Any) -> Any:
    """A verb on a slot as `who` has seen it."""
    slot_id = slot.get("slot_id") or slot["id"]
    return office.post(who, f"slots/{slot_id}/{verb}", body, If_Match=slot["etag"])


def holder(office: Office, doc_id: Any, name: str, index: int = 0) -> dict[str, Any]:
    """The newest part of a person in a step, as the case shows it."""
    holders = office.case("chen", doc_id)["route"][index]["holders"]
    found: dict[str, Any] = [one for one in holders if one["name"] == name][-1]
    return found


def allowed(office: Office, who: str, slot: dict[str, Any]) -> dict[str, tuple[bool, str]]:
    row = office.get(who, f"slots/{slot['id']}")
    return {one["action"]: (one["allowed"], one["reason"]) for one in row["available_actions"]}


def ids(office: Office, *names: str) -> list[str]:
    return [str(office.id(name)) for name in names]


def names(office: Office, who: str, slot: dict[str, Any], verb: str, q: str = "") -> list[str]:
    found = office.get(who, f"slots/{slot['id']}/people", verb=verb, q=q)["people"]
    return [one["name"] for one in found]
