"""A sample district with one unit, its people and chains, around the approvals service alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import event
from starlette.testclient import TestClient

from services.approvals.service import service
from shared.database import new_id
from shared.digest import digest
from shared.events import Envelope
from shared.events.documents import DocumentCancelled, DocumentSubmitted, Submission
from tests.lone import Lone

Json = Any


def step(key: str, **more: Any) -> dict[str, Any]:
    """A step for reviewers of the own unit, unless told otherwise."""
    return {"key": key, "name": f"环节{key}", "selector": {"role": "reviewer"}, **more}


def finance_step(key: str = "finance", **more: Any) -> dict[str, Any]:
    selector = {"role": "reviewer", "in": "district_body", "kind": "finance"}
    return step(key, selector=selector, **more)


class Office(Lone):
    """Province 140000, city 140100, county 140105 with a school and a finance office.

    li applies; wang and zhao review in the school; chen is its administrator; qian and sun review in the
    county's finance office; zhou administers the county, wu the province.
    """

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        super().__init__(service, data_dir, database_url)
        self.doc_type = "plan"
        self.past = self.beginnings = 0
        self.district("140000", "示例省", "province", "/140000/")
        self.district("140100", "示例市", "prefecture", "/140000/140100/", "140000")
        self.district("140105", "示例区", "county", "/140000/140100/140105/", "140100")
        self.bureau = self.organisation("示例区教育局", "140105", "supervising")
        self.school = self.organisation("示例区第一小学", "140105", superior_id=self.bureau)
        self.finance = self.organisation("示例区财政局", "140105", "finance")
        self.province = self.organisation("示例省财政厅", "140000", "finance")
        self.people: dict[str, tuple[UUID, UUID]] = {}
        self.add("li", self.school, "handler")
        self.add("wang", self.school, "reviewer")
        self.add("zhao", self.school, "reviewer")
        self.add("chen", self.school, "unit_administrator")
        self.add("qian", self.finance, "reviewer")
        self.add("sun", self.finance, "reviewer")
        self.add("zhou", self.finance, "district_administrator")
        self.add("wu", self.province, "district_administrator")

    def begin_anew(self) -> None:
        """Another type of document, without chains; what was told so far is past."""
        self.past = len(self.published())
        self.beginnings += 1
        self.doc_type = f"plan_{self.beginnings}"
        self.clock.move(minutes=1)

    def add(self, name: str, organisation: UUID, *roles: str, **more: Any) -> UUID:
        person = self.person(name, organisation, *roles, **more)
        self.people[name] = (person, organisation)
        return person

    def id(self, name: str) -> UUID:
        return self.people[name][0]

    def change(self, name: str, version: int, *roles: str, **more: Any) -> None:
        """The person's new whole state."""
        person, organisation = self.people[name]
        self.person(name, organisation, *roles, person_id=person, version=version, **more)

    # HTTP as somebody

    def get(self, who: str, path: str, **query: Any) -> Json:
        """A GET that must succeed."""
        answer = self.http.get(path, headers=self.as_(*self.people[who]), params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(self, who: str, method: str, path: str, body: Json = None, **headers: str) -> Any:
        """Any request; gives the response."""
        client: TestClient = self.http
        person, organisation = self.people[who]
        return client.request(method, path, json=body, headers=self.as_(person, organisation, **headers))

    def post(self, who: str, path: str, body: Json = None, **headers: str) -> Any:
        return self.send(who, "POST", path, body, **headers)

    # chains

    def publish(self, who: str, level: str, steps: Sequence[Mapping[str, Any]], doc_type: str = "") -> str:
        """Creates and publishes a chain; gives its id."""
        body = {"level": level, "doc_type": doc_type or self.doc_type, "name": "审核链", "steps": list(steps)}
        made = self.post(who, "chains", body)
        assert made.status_code == 201, made.text
        chain: str = made.json()["id"]
        done = self.post(who, f"chains/{chain}/publish", If_Match=made.headers["etag"])
        assert done.status_code == 200, done.text
        return chain

    def republish(self, who: str, chain: str, steps: Sequence[Mapping[str, Any]]) -> None:
        tag = f'"v{self.get(who, f"chains/{chain}")["version"]}"'
        body = {"name": "审核链", "steps": list(steps)}
        edited = self.send(who, "PUT", f"chains/{chain}/draft", body, If_Match=tag)
        assert edited.status_code == 200, edited.text
        done = self.post(who, f"chains/{chain}/publish", If_Match=edited.headers["etag"])
        assert done.status_code == 200, done.text

    def usual_chains(self, doc_type: str = "") -> tuple[str, str]:
        """The school: a picked reviewer; the county: any one of the finance office."""
        unit = self.publish("chen", "unit", [step("head", pick="submitter")], doc_type)
        return unit, self.publish("zhou", "district", [finance_step()], doc_type)

    # documents

    def submission(self, doc_id: UUID | None = None, doc_type: str = "", **facts: Any) -> Submission:
        content = {"name": "课桌椅采购", "facts": facts}
        return Submission(
            doc_type=doc_type or self.doc_type,
            doc_id=doc_id or new_id(),
            number="SQ-2026-0001",
            title="课桌椅采购",
            organisation_id=self.school,
            applicant_id=self.id("li"),
            applicant_name="li",
            facts={"amount_fen": 1_000_000, **facts},
            content=content,
            digest=digest(content),
        )

    def submit(
        self, picks: Sequence[str] = (), n: int = 1, submission: Submission | None = None
    ) -> tuple[UUID, Envelope]:
        """A round is submitted; gives the document's id and the event."""
        asked = submission or self.submission()
        chosen = [self.id(name) for name in picks]
        told = DocumentSubmitted(submission=asked, round=n, revision=n, picks=chosen)
        return asked.doc_id, self.hear(told)

    def cancel(self, doc_id: UUID) -> None:
        """The document is abandoned."""
        self.hear(DocumentCancelled(doc_type=self.doc_type, doc_id=doc_id, revision=9, reason="放弃"))

    def statements(self, act: Callable[[], object]) -> int:
        """How many statements an act sends to the database."""
        sent: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            sent.append(statement)

        engines = {self.store.writer, self.store.reader}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        act()
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
        return len(sent)

    def slot(self, who: str) -> dict[str, Any]:
        """The newest to-do of a person."""
        found: dict[str, Any] = self.get(who, "todo", doc_type=self.doc_type)["items"][0]
        return found

    def agree(self, who: str, slot: Mapping[str, Any] | None = None, **body: Any) -> Any:
        mine = slot or self.slot(who)
        return self.post(who, f"slots/{mine['id']}/agree", body, If_Match=mine["etag"])

    def disagree(self, who: str, slot: Mapping[str, Any] | None = None, opinion: str = "请补充") -> Any:
        mine = slot or self.slot(who)
        body = {"opinion": opinion}
        return self.post(who, f"slots/{mine['id']}/disagree", body, If_Match=mine["etag"])

    def withdraw(self, who: str, doc_id: UUID, doc_type: str = "", query: str = "") -> Any:
        return self.post(who, f"documents/{doc_type or self.doc_type}/{doc_id}/withdraw{query}")

    def case(self, who: str, doc_id: UUID, doc_type: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.get(who, f"documents/{doc_type or self.doc_type}/{doc_id}/case")
        return found

    def told(self, *types: str) -> list[Envelope]:
        return [one for one in self.published()[self.past :] if not types or one.type in types]
