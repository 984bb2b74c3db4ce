"""What the chapters have in common: people act on documents over HTTP, and every act is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.demo.client import Person
from services.demo.sample import Sample

Say = Callable[[str], None]
PLANS, REQUESTS = "/api/plans/plans", "/api/plans/requests"


@dataclass
class Stage:
    """A sample district in a fiscal year; `say` gets a line for each thing that happens."""

    sample: Sample
    year: int
    say: Say
    after_each: Callable[[], None] = field(default=lambda: None)

    def tell(self, line: str) -> None:
        """Says what somebody did, then what travelled because of it."""
        self.say(line)
        self.after_each()

    def submit(self, applicant: Person, path: str) -> dict[str, Any]:
        """Previews the route of a document and submits it to the reviewer whom the first step offers."""
        sent = applicant.get(f"{path}/submission")
        preview = applicant.post("/api/approvals/preview", sent["submission"])
        steps = " → ".join(step["name"] for step in preview["route"] if step["applies"])
        picked = preview["candidates"][0]
        self.tell(f"{applicant.name} 预览审核流程：{steps}")
        applicant.get(path)
        body = {"picks": [picked["person_id"]] if preview["asks_pick"] else []}
        submitted: dict[str, Any] = applicant.post(f"{path}/submit", body, etag=applicant.etags[path])
        number = submitted.get("application_number") or submitted.get("plan_number") or ""
        which = f"（{number}，第 {submitted['round']} 轮）"
        self.tell(f"{applicant.name} 提交审核{which}，下一步审核人：{picked['name']}")
        return submitted

    def decide(self, reviewer: Person, verb: str, opinion: str = "") -> None:
        """The reviewer finds the document in his to-do list, reads it, decides."""
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

    def wait_for(self, path: str, status: str) -> dict[str, Any]:
        """The document, once it has this status; remembers its ETag."""
        handler = self.sample.handler

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = handler.get(path)
            return found if found["status"] == status else None

        return handler.api.wait(look, f"状态 {status}")

    def act(self, person: Person, path: str, verb: str, body: dict[str, Any]) -> dict[str, Any]:
        """A verb on the document as it is now."""
        person.get(path)
        done: dict[str, Any] = person.post(f"{path}/{verb}", body, etag=person.etags[path])
        return done
