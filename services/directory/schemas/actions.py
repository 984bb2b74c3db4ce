"""What the caller can do with a document next, as the server judges it."""

from __future__ import annotations

from pydantic import Field

from shared.http import Shape


class AvailableAction(Shape):
    """One verb; `reason` says why it is not allowed."""

    action: str = Field(examples=["deactivate"])
    label: str = Field(examples=["停用"])
    allowed: bool
    reason: str = ""
    method: str = Field(examples=["POST"])
    url: str = Field(examples=["/api/directory/people/0190b0a2-0000-7000-8000-000000000001/deactivate"])


def offered(name: str, label: str, request: str, reason: str = "") -> AvailableAction:
    """An action by its request, `POST /people/…`; refused when there is a reason."""
    method, path = request.split(" ")
    url = f"/api/directory{path}"
    return AvailableAction(
        action=name, label=label, allowed=not reason, reason=reason, method=method, url=url
    )


def active_label(active: bool) -> str:
    return "启用" if active else "停用"
