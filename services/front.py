"""What stands at the addresses of the console until there is one: where messages lead, and the first page."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

PAGE = (Path(__file__).parent / "front.html").read_text(encoding="utf-8")
ADDRESSES = (
    *("/", "/todo", "/cases/{_}", "/plans/{_}", "/requests/{_}", "/import-approvals/{_}"),
    *("/substitutions", "/notifications", "/notifications/{_:path}"),
)
"""The first page, and the paths to which notices of notify lead."""
HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def add_front(app: FastAPI) -> None:
    """Adds a plain page that says what there is, and where."""

    async def front() -> HTMLResponse:
        return HTMLResponse(PAGE, headers=HEADERS)

    for address in ADDRESSES:
        app.add_api_route(address, front, include_in_schema=False)
