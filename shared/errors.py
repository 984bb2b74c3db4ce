"""The family of refusals, and the one handler that turns them into RFC 9457 problem+json.

Refusal ─┬─ Invalid        422  the input is wrong; every problem of the form at once
         ├─ NotFound       404  not there, or outside the scope of who asks
         ├─ Forbidden      403  seen, but without the verb
         ├─ Unauthorised   401  nobody signed in, or nobody known yet
         ├─ Conflict       409  the state does not allow it; tells the facts of the winner
         ├─ Stale          412  the caller has seen an older version
         ├─ Missing        428  a required header (If-Match, Idempotency-Key) is absent
         ├─ TooMany        429  try later
         └─ Unavailable    503  a server that we need is away or busy
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, ClassVar


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a stable code, a JSON pointer into the body, and texts for people."""

    code: str
    text: str
    pointer: str = ""
    text_en: str = ""

    def to_json(self, english: bool = False) -> dict[str, Any]:
        text = self.text_en if english and self.text_en else self.text
        return {"code": self.code, "pointer": self.pointer, "detail": text}


@dataclass
class Refusal(Exception):
    """Something that cannot be done, said so that a person understands it and a program can act on `code`.

    `facts` are added to the answer as members of their own, for example the decision that came first.
    """

    code: str
    text: str
    text_en: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    status: ClassVar[int] = 400
    problems: Sequence[Problem] = ()

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class Unreadable(Refusal):
    """The request itself cannot be read (400)."""


class Unauthorised(Refusal):
    status = 401


class Forbidden(Refusal):
    status = 403


class NotFound(Refusal):
    status = 404


class WrongMethod(Refusal):
    status = 405


class Conflict(Refusal):
    status = 409


class Gone(Refusal):
    status = 410


class Stale(Refusal):
    status = 412


class TooLarge(Refusal):
    status = 413


class WrongType(Refusal):
    status = 415


class Invalid(Refusal):
    status = 422


class Missing(Refusal):
    status = 428


class TooMany(Refusal):
    status = 429


class Broken(Refusal):
    """A defect of ours (500)."""

    status = 500


class Unavailable(Refusal):
    status = 503


def invalid(problems: Sequence[Problem]) -> Invalid:
    """Every problem of a form in one refusal."""
    return Invalid(
        "invalid",
        f"有 {len(problems)} 处需要修改",
        f"{len(problems)} problem(s) to correct",
        problems=problems,
    )


TITLES: Mapping[int, tuple[str, str]] = {
    400: ("请求无法识别", "Unreadable request"),
    401: ("请先登录", "Sign in first"),
    403: ("无权操作", "Not allowed"),
    404: ("未找到", "Not found"),
    405: ("不支持的操作", "Method not allowed"),
    409: ("当前状态不允许", "Conflict"),
    410: ("已不存在", "Gone"),
    412: ("内容已被他人修改", "Changed in the meantime"),
    413: ("内容过大", "Too large"),
    415: ("文件类型不支持", "Unsupported type"),
    422: ("填写有误", "Invalid input"),
    428: ("缺少必需的请求头", "Missing header"),
    429: ("操作过于频繁", "Too many requests"),
    500: ("系统内部错误", "Internal error"),
    503: ("服务暂不可用", "Unavailable"),
}


def problem_json(refusal: Refusal, trace_id: str, english: bool = False) -> dict[str, Any]:
    """The body of an RFC 9457 answer; Chinese unless the caller prefers English."""
    title = TITLES.get(refusal.status, (HTTPStatus(refusal.status).phrase,) * 2)[1 if english else 0]
    body: dict[str, Any] = {
        "type": "about:blank",
        "status": refusal.status,
        "code": refusal.code,
        "title": title,
        "detail": refusal.text_en if english and refusal.text_en else refusal.text,
        "trace_id": trace_id,
    }
    if refusal.problems:
        body["errors"] = [problem.to_json(english) for problem in refusal.problems]
    return {**body, **{name: value for name, value in refusal.facts.items() if name not in body}}
