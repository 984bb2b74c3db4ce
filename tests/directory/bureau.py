"""The directory alone with its own keys: an administrator, people of every role, and their requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from httpx2 import Response
from sqlalchemy import select

from services.directory.appointment import new_appointment
from services.directory.district import District
from services.directory.organisation import Kind, Organisation, new_organisation
from services.directory.password import hash_password
from services.directory.person import Person, Profile, new_person
from services.directory.service import service
from services.directory.signing_key import current_key, issue_token, jwks
from shared.database import new_id
from shared.people import Role
from shared.store import Work
from shared.tokens import KeyRing
from tests.lone import Lone

PASSWORD = "correct horse battery"
HASHED = hash_password(PASSWORD)
CITY, COUNTY, ELSEWHERE = "140100", "140105", "140200"
HOSPITAL = {
    "uscc": "1214010000TEXT048K",
    "name": "示例市人民医院",
    "kind": "purchaser",
    "district_code": CITY,
}
OFFICE = {"uscc": "1114012100TEXT064R", "name": "示例县教育局", "kind": "purchaser", "district_code": COUNTY}


class Bureau(Lone):
    """`bureau.someone("li", unit, Role.HANDLER)` puts him there, `bureau.get("li", "/me")` asks as him."""

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        super().__init__(service, data_dir, database_url)
        self.here.keys = KeyRing(lambda: jwks(self.here))
        self.tokens: dict[str, str] = {}
        self.people: dict[str, UUID] = {}

    def unit(self, name: str, district: str = CITY, kind: Kind = Kind.PURCHASER) -> UUID:
        """An organisation, put there directly."""
        with self.store.work() as work:
            organisation = new_organisation(None, name, kind, work.get(District, district))
            work.add(organisation)
            work.publish(organisation.changed())
        return organisation.id

    def someone(self, login: str, unit: UUID, *roles: Role, temporary: bool = False) -> UUID:
        """A person with these roles in one organisation, and a token for him."""
        with self.store.work() as work:
            person = new_person(
                Profile(login, f"{login}某", f"{login}@example.org", "13800000000"), HASHED, temporary
            )
            organisation = work.get(Organisation, unit)
            person.appointments += [new_appointment(organisation, role, []) for role in roles]
            work.add(person)
            work.publish(person.changed(work.today), person.contact_changed())
            self._issue(work, person, unit)
        self.people[login] = person.id
        return person.id

    def platform(self) -> str:
        """The login of the administrator that the first start made, with a token for him."""
        with self.store.work() as work:
            person = work.session.scalars(select(Person).where(Person.login == "admin")).one()
            self._issue(work, person, person.appointments[0].organisation_id)
        self.people["admin"] = person.id
        return "admin"

    def renew(self, login: str) -> None:
        """Another token for somebody, as of now."""
        with self.store.work() as work:
            person = work.get(Person, self.people[login])
            self._issue(work, person, person.appointments[0].organisation_id)

    def _issue(self, work: Work, person: Person, unit: UUID) -> None:
        self.tokens[person.login] = issue_token(current_key(work), person.id, unit, person.epoch, work.now)

    # requests as somebody

    def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Response:
        """A request of somebody (nobody for ""), with a new Idempotency-Key unless one is given."""
        sent = {"Idempotency-Key": str(new_id())}
        if who:
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer: Response = self.http.request(method, path.lstrip("/"), json=body, headers=sent)
        assert answer.status_code < 500, answer.text
        return answer

    def get(self, who: str, path: str, **headers: str) -> Response:
        return self.ask(who, "GET", path, **headers)

    def post(self, who: str, path: str, body: Any = None, **headers: str) -> Response:
        return self.ask(who, "POST", path, {} if body is None else body, **headers)

    def change(self, who: str, path: str, body: Any, at: str = "") -> Response:
        """PATCH of what is there now, or of the version `at`."""
        return self.ask(who, "PATCH", path, body, If_Match=at or self.etag(who, path))

    def etag(self, who: str, path: str) -> str:
        return self.get(who, path).headers.get("etag", '"v0"')

    def sign_in(self, login: str, password: str = PASSWORD, **more: Any) -> Response:
        return self.post("", "/session", {"login": login, "password": password, **more})


def code(answer: Response) -> str:
    found: str = answer.json()["code"]
    return found


def codes(answer: Response) -> set[tuple[str, str]]:
    """Every problem of a refused form as (pointer, code)."""
    assert answer.status_code == 422, answer.text
    return {(item["pointer"], item["code"]) for item in answer.json()["errors"]}


def a_person(
    unit: UUID | str, login: str = "zhang.wei", role: str = "handler", **more: Any
) -> dict[str, Any]:
    """The form for a new person with one appointment."""
    appointment = {"organisation_id": str(unit), "role": role}
    return {"login": login, "name": "张伟", "appointments": [appointment], **more}
