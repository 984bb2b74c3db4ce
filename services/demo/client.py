"""A person at the HTTP API: signed in, with a fresh idempotency key for each act."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

PATIENCE = 30.0
Found = TypeVar("Found")


class Refused(Exception):
    """The system said no: status, code and text of the problem."""

    def __init__(self, status: int, problem: Mapping[str, Any], act: str) -> None:
        super().__init__(
            f"{act}: {status} {problem.get('code')} {problem.get('detail')} {problem.get('errors', '')}"
        )
        self.status = status
        self.problem = problem


@dataclass
class Api:
    """A system reached over HTTP by an httpx client (or a test client, which is like one).

    `pause` lets the system work on between two looks.
    """

    http: Any
    pause: Callable[[], None]

    def sign_in(self, login: str, password: str) -> Person:
        """Raises `Refused`."""
        opened = self.call("POST", "/api/directory/session", {"login": login, "password": password})
        return Person(
            self,
            name=opened["person"]["name"],
            id=opened["person"]["id"],
            organisation_id=opened["organisation"]["id"],
            token=opened["access_token"],
        )

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """One request; the JSON of its answer. Raises `Refused`."""
        answer = self.answer(method, path, body, **options)
        return answer.json() if answer.content else None

    def answer(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """One request; the answer itself."""
        if body is not None:
            options["json"] = body
        answer = self.http.request(method, path, **options)
        if answer.status_code >= 400:
            problem = (
                answer.json() if "json" in answer.headers.get("content-type", "") else {"detail": answer.text}
            )
            raise Refused(answer.status_code, problem, f"{method} {path}")
        return answer

    def wait(self, look: Callable[[], Found | None], what: str) -> Found:
        """Looks until there is something; events need a moment. Raises `TimeoutError`."""
        until = monotonic() + PATIENCE
        while (found := look()) is None:
            if monotonic() > until:
                raise TimeoutError(f"等待超时 (waited in vain): {what}")
            self.pause()
        return found


@dataclass
class Person:
    """Somebody who is signed in."""

    api: Api
    name: str
    id: str
    organisation_id: str
    token: str
    etags: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Any:
        """Reads; remembers the ETag for a later change."""
        return self._send("GET", path, None, params=query)

    def post(self, path: str, body: Any = None, etag: str = "", **options: Any) -> Any:
        """An act, once."""
        return self._send("POST", path, {} if body is None and not options else body, etag, **options)

    def put(self, path: str, body: Any, etag: str = "") -> Any:
        """Replaces."""
        return self._send("PUT", path, body, etag)

    def _send(self, method: str, path: str, body: Any, etag: str = "", **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": secrets.token_hex(16)}
        if etag:
            headers["If-Match"] = etag
        answer = self.api.wait(lambda: self._known(method, path, body, headers=headers, **options), path)
        if "etag" in answer.headers:
            self.etags[path] = answer.headers["etag"]
        return answer.json() if answer.content else None

    def _known(self, method: str, path: str, body: Any, **options: Any) -> Any:
        """Nothing while a service has not heard of this person or account yet."""
        try:
            return self.api.answer(method, path, body, **options)
        except Refused as refused:
            if refused.problem.get("code") in ("person_not_known_yet", "account_not_known_yet"):
                return None
            raise
