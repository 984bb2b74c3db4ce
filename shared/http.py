"""What an HTTP request asks beyond its body: who, idempotency, expected version, page."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

from fastapi import Depends, Header, Query, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Select, String, Text, delete, tuple_, update
from sqlalchemy.orm import Mapped, mapped_column

from shared.cursor import Column, cursor_of, open_cursor
from shared.database import Core, UtcDateTime
from shared.errors import Invalid, Missing, Stale
from shared.people import Caller
from shared.store import Look, Store, Work
from shared.tokens import read_person_token, refused

if TYPE_CHECKING:
    from shared.service import Running

ANSWERS_KEPT = timedelta(hours=24)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
Item = TypeVar("Item")
bearer = HTTPBearer(auto_error=False, description="登录后得到的令牌 (sign in at /api/directory/session)")


async def running(request: Request) -> Running:
    """The service that this request reached, as it runs in this process."""
    found: Running = request.app.state.running
    return found


async def store(request: Request) -> Store:
    found: Store = request.app.state.running.store
    return found


def signed_in(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """The person who asks; raises `Unauthorised`."""
    here: Running = request.app.state.running
    if credentials is None:
        raise refused("not_signed_in", "请先登录")
    claims = read_person_token(credentials.credentials, here.keys, here.store.clock.now())
    with here.store.read() as look:
        return here.service.find_caller(look, claims)


Here = Annotated["Running", Depends(running)]
StoreHere = Annotated[Store, Depends(store)]
SignedIn = Annotated[Caller, Depends(signed_in)]


class Body(BaseModel):
    """A request body: unknown fields are refused, texts are trimmed, control characters are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _printable(cls, value: Any) -> Any:
        _refuse_control_characters(value)
        return value


class Shape(BaseModel):
    """An answer; read from the attributes of a row."""

    model_config = ConfigDict(from_attributes=True)


def _refuse_control_characters(value: Any) -> None:
    """Looks everywhere in parsed JSON, however deep (a recursion would end at Python's own limit)."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _CONTROL.search(item):
                raise ValueError("包含不允许的控制字符 (control characters are not allowed)")
        elif isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item


class Answered(Core):
    """The answer to a creating or deciding POST, kept for a day under the key that its caller chose."""

    __tablename__ = "answered"

    principal: Mapped[str] = mapped_column(String(80), primary_key=True)
    route: Mapped[str] = mapped_column(String(300), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    etag: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


@dataclass
class Once:
    """Makes a POST idempotent: the same key and body give the stored answer, another body is refused.

    Use inside the transaction: `if (before := once.before(work)) is not None: return before`, and return
    `once.answer(work, …)`. A second request with the same key waits for the first one to commit.
    """

    principal: str
    route: str
    key: str
    body_hash: str

    def before(self, work: Work, body_hash: str = "") -> Response | None:
        """The stored answer, if there is one. Raises `Invalid` (`idempotency_key_reused`)."""
        self.body_hash = body_hash or self.body_hash
        row = {"principal": self.principal, "route": self.route, "key": self.key, "body_hash": self.body_hash}
        fresh = work.execute(
            work.insert(Answered)
            .values(**row, status=0, etag="", body="", at=work.now)
            .on_conflict_do_nothing()
            .returning(Answered.status)
        ).first()
        if fresh is not None:
            return None
        stored = work.session.get_one(Answered, (self.principal, self.route, self.key))
        if stored.body_hash != self.body_hash:
            raise Invalid(
                "idempotency_key_reused",
                "同一个 Idempotency-Key 已用于不同的内容",
                "this Idempotency-Key was used with another body",
            )
        return _json(stored.body, stored.status, stored.etag)

    def answer(self, work: Work, shape: BaseModel, status: int = 200, etag: str = "") -> Response:
        """Stores the answer with the change itself and gives it."""
        body = shape.model_dump_json()
        work.execute(
            update(Answered)
            .where(
                Answered.principal == self.principal, Answered.route == self.route, Answered.key == self.key
            )
            .values(status=status, etag=etag, body=body)
            .execution_options(synchronize_session=False)
        )
        return _json(body, status, etag)


def forget_answers(work: Work) -> None:
    """Deletes answers older than a day."""
    work.execute(delete(Answered).where(Answered.at < work.now - ANSWERS_KEPT))


def _json(body: str, status: int, etag: str) -> Response:
    return Response(body, status, {"ETag": etag} if etag else {}, "application/json")


def shown(shape: BaseModel, etag: str = "", status: int = 200) -> Response:
    """An answer with its ETag."""
    return _json(shape.model_dump_json(), status, etag)


def missing_header(name: str) -> Missing:
    """A header without which the request is refused (428): `idempotency_key_required`, for example."""
    shown_name = name.title()
    code = f"{name.replace('-', '_')}_required"
    return Missing(code, f"缺少请求头 {shown_name}", f"the {shown_name} header is required")


async def once(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(max_length=200, description="每次操作生成一个新值；重试时使用同一个值 (a new value per act)"),
    ],
) -> Once:
    if not idempotency_key.strip():
        raise missing_header("idempotency-key")
    multipart = request.headers.get("content-type", "").startswith("multipart/")
    body = b"" if multipart else await request.body()
    principal = hashlib.sha256(request.headers.get("authorization", "").encode()).hexdigest()
    return Once(
        principal,
        f"{request.method} {request.url.path}"[:300],
        idempotency_key,
        hashlib.sha256(body).hexdigest(),
    )


def once_for_caller(caller: SignedIn, asked: Annotated[Once, Depends(once)]) -> Once:
    # the person, not the token: a renewed token must find the answer again
    asked.principal = caller.actor
    return asked


DoOnce = Annotated[Once, Depends(once_for_caller)]
"""Idempotency of a signed-in caller."""


def etag(version: int) -> str:
    return f'"v{version}"'


@dataclass(frozen=True)
class Expected:
    """The version that the caller has seen (`If-Match`); judge the state first, then `check`."""

    tag: str

    def check(self, current: str) -> None:
        """Raises `Stale` (`changed_meanwhile`) unless `current` is what the caller has seen."""
        if self.tag != current:
            raise Stale(
                "changed_meanwhile",
                "内容已被修改，请刷新后重试",
                "changed in the meantime; reload",
                facts={"etag": current},
            )


async def expected(
    if_match: Annotated[str, Header(max_length=200, description="上次读到的 ETag (as last read)")],
) -> Expected:
    if not if_match.strip():
        raise missing_header("if-match")
    return Expected(if_match)


IfMatch = Annotated[Expected, Depends(expected)]


class PageAsked(BaseModel):
    """Which page of a list: at most `limit` rows after the cursor of the page before."""

    limit: int = Field(50, ge=1, le=100)
    cursor: str = Field("", max_length=400, description="上一页返回的 next")


Paged = Annotated[PageAsked, Query()]


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next` is absent on the last one."""

    items: list[Item]
    next: str | None = None


def page_of(
    look: Look,
    statement: Select[Any],
    order: Sequence[Column],
    asked: PageAsked,
    *,
    ascending: bool = False,
) -> tuple[list[Any], str | None]:
    """Rows of a keyset page, newest first: `order` are columns of the entity, all descending (or all
    ascending), the last one unique. Gives the rows and the next cursor. Raises `Unreadable` (`bad_cursor`).
    """
    if asked.cursor:
        after = tuple_(*open_cursor(asked.cursor, order), types=[column.type for column in order])
        statement = statement.where(tuple_(*order) > after if ascending else tuple_(*order) < after)
    directed = (column.asc() if ascending else column.desc() for column in order)
    ordered = statement.order_by(*directed).limit(asked.limit + 1)
    rows = look.all(ordered)
    if len(rows) <= asked.limit:
        return rows, None
    last = rows[asked.limit - 1]
    return rows[: asked.limit], cursor_of([getattr(last, column.key) for column in order])
