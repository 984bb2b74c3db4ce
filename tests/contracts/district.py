"""A district in which the story was played once, to knock at every door of every service."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import Any

from services.demo.client import Api, Person
from services.demo.play import administrator
from services.demo.sample import Sample, build
from services.demo.story import Story
from tests.world import World

YEAR = 2026


class District:
    """A world with people of every role, a usable plan (`usable_id`) and a draft (`plan_id`)."""

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        self.world = World(data_dir, database_url)
        api = Api(self.world.http, pause=self.world.settle)
        admin = administrator(api, data_dir / "first-admin")
        self.sample: Sample = build(api, admin, YEAR)
        self.people: dict[str, Person] = {**self.sample.people, "admin": admin}
        self.story = Story(self.sample, YEAR, lambda _: None, self.world.settle)
        self.usable_id: str = self.story.play()["id"]
        self.plan_id: str = self.story.apply()["id"]
        self.world.settle()

    def headers(self, who: str, **more: str | bytes) -> dict[str, str | bytes]:
        """Headers of somebody (nobody for ""), with an Idempotency-Key of his own."""
        found: dict[str, str | bytes] = {"Idempotency-Key": secrets.token_hex(16)}
        if who:
            found["Authorization"] = f"Bearer {self.people[who].token}"
        return {**found, **{name.replace("_", "-"): value for name, value in more.items()}}

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        """A request of somebody, with these headers added or (None) taken away."""
        headers: dict[str, Any] = {**self.headers(who), **options.pop("headers", {})}
        kept = {name: value for name, value in headers.items() if value is not None}
        return self.world.http.request(method, f"/api/{path}", headers=kept, **options)

    def send(self, who: str, method: str, path: str, body: bytes, **headers: Any) -> Any:
        """A request with a body of any bytes, said to be JSON."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(
            who, method, path, content=body, headers={"Content-Type": "application/json", **named}
        )


def problem(answer: Any) -> dict[str, Any]:
    """The problem in a refusal, after checking that it is one as documented."""
    said = f"{answer.status_code} {answer.text[:500]}"
    assert 400 <= answer.status_code < 500, said
    assert answer.headers["content-type"] == "application/problem+json", said
    found: dict[str, Any] = answer.json()
    assert found["status"] == answer.status_code, said
    assert re.fullmatch("[a-z][a-z0-9_]*", found["code"]), said
    assert re.fullmatch("[0-9a-f]{32}", found["trace_id"]), said
    assert found["title"], said
    assert found["detail"], said
    assert all({"code", "pointer", "detail"} <= item.keys() for item in found.get("errors", [])), said
    return found


def as_json(body: Any) -> bytes:
    return json.dumps(body).encode()
