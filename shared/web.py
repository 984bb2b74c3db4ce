"""A service as a FastAPI application: its routes, health, feed, and one answer for every kind of failure."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog import get_logger
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from shared import feed, parked
from shared.docs_page import add_docs
from shared.errors import (
    Broken,
    NotFound,
    Problem,
    Refusal,
    TooLarge,
    Unavailable,
    Unreadable,
    WrongMethod,
    invalid,
    problem_json,
)
from shared.http import Here, missing_header
from shared.service import Running

log = get_logger(__name__)
JSON_LIMIT = 1024 * 1024
FORM_LIMIT = 25 * 1024 * 1024


class ProblemItem(BaseModel):
    """One thing that is wrong."""

    code: str = Field(examples=["missing"])
    pointer: str = Field(examples=["/items/0/quantity"])
    detail: str = Field(examples=["必填"])


class ProblemShape(BaseModel):
    """RFC 9457 problem+json."""

    type: str = "about:blank"
    status: int = Field(examples=[409])
    code: str = Field(examples=["wrong_state"])
    title: str
    detail: str
    trace_id: str
    errors: list[ProblemItem] = []


class ServiceApp(FastAPI):
    """An application whose documentation knows the shape of its problems."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        if "ProblemShape" in (shapes := document["components"]["schemas"]):
            return document  # FastAPI keeps the one that it made first
        problem = ProblemShape.model_json_schema(ref_template="#/components/schemas/{model}")
        added = {**problem.pop("$defs"), "ProblemShape": problem}
        assert not added.keys() & shapes.keys(), "a shape of the service has the name of one of ours"
        shapes.update(added)
        return document


def service_app(here: Running) -> FastAPI:
    """The application of one service, to be mounted under `/api/<service>`."""
    app = ServiceApp(
        title=here.service.title,
        version="1",
        docs_url=None,
        redoc_url=None,
        responses={
            "4XX": {
                "description": "problem+json",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}
                },
            }
        },
    )
    app.state.running = here
    for router in (*here.service.routers, feed.router, parked.router, probes):
        app.include_router(router)
    add_docs(app)
    add_error_answers(app)
    return app


probes = APIRouter(tags=["health"])


class Health(BaseModel):
    """Whether the service can work."""

    status: str
    service: str


@probes.get("/health", operation_id="health", summary="进程是否存活 (alive)")
async def health(here: Here) -> Health:
    return Health(status="ok", service=here.name)


@probes.get("/ready", operation_id="ready", summary="是否可以工作 (ready)")
def ready(here: Here) -> Health:
    """Looks into the database; 503 when it is away."""
    with here.store.read() as look:
        look.execute(text("SELECT last FROM outbox_position"))
    return Health(status="ready", service=here.name)


def add_error_answers(app: FastAPI) -> None:
    """Every failure becomes problem+json with a stable code."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _unreadable_input)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _failure)
    app.add_exception_handler(Exception, _failure)


def problem_body(request: Request, refusal: Refusal) -> dict[str, Any]:
    """What an answer says of a refusal, in the language that the caller prefers."""
    english = request.headers.get("accept-language", "").lower().startswith("en")
    return problem_json(refusal, str(get_contextvars().get("trace_id", "")), english)


def answer(request: Request, refusal: Refusal) -> JSONResponse:
    body = problem_body(request, refusal)
    return JSONResponse(body, refusal.status, dict(refusal.headers), media_type="application/problem+json")


def invalid_input(error: ValidationError) -> Refusal:
    """What is answered to a body in which validation has found this."""
    return invalid([problem_of({**item, "loc": ("body", *item["loc"])}) for item in error.errors()])


def refusal_of(request: Request, error: Exception) -> Refusal:
    """What any failure is to who asked; one that is no refusal of ours is logged."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, DBAPIError):
        log.error("database_error", error=repr(error)[:500])
        return Unavailable("database_busy", "系统繁忙，请稍后重试", "try again", headers={"Retry-After": "2"})
    # the route, not the address: that may hold a token by which somebody decides or unsubscribes
    route = getattr(request.scope.get("route"), "path", "")
    log.error("unexpected_error", method=request.method, route=route, exc_info=error)
    return Broken("internal_error", "系统内部错误，请提供 trace_id 联系管理员", "internal error")


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return answer(request, error)


TEXTS = {
    "missing": "必填",
    "extra_forbidden": "不认识的字段",
    "string_too_long": "内容过长",
    "string_too_short": "内容过短",
    "json_invalid": "不是有效的 JSON",
}


async def _unreadable_input(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return answer(request, Unreadable("json_invalid", "请求体不是有效的 JSON", "the body is not JSON"))
    for item in found:
        if item["type"] == "missing" and item["loc"][0] == "header":
            return answer(request, missing_header(str(item["loc"][1])))
    return answer(request, invalid([problem_of(item) for item in found]))


def problem_of(item: dict[str, Any]) -> Problem:
    """What validation found, for the person who sent it; `loc` begins with where it stands (`body`)."""
    where, *path = item["loc"]
    # the key of an unknown field is the caller's own text: it may hold anything
    parts = [
        str(part).replace("~", "~0").replace("/", "~1") for part in (path if where == "body" else item["loc"])
    ]
    pointer = "".join(f"/{part}" for part in parts).encode("utf-8", "replace").decode()
    message = str(item["msg"]).removeprefix("Value error, ")
    return Problem(item["type"], TEXTS.get(item["type"], message), pointer, message)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, Refusal):  # ours, raised while the framework read the body
        return answer(request, error.__cause__)
    if error.status_code == 404:
        return answer(request, NotFound("no_such_route", "没有这个地址", "no such address"))
    if error.status_code == 405:
        text, english = "这个地址不支持该请求方法", "this address does not take that method"
        return answer(request, WrongMethod("method_not_allowed", text, english, headers=error.headers or {}))
    return answer(request, Unreadable("unreadable", "请求内容无法读取", str(error.detail)))


async def _failure(request: Request, error: Exception) -> JSONResponse:
    return answer(request, refusal_of(request, error))


class Door:
    """The first thing a request meets: a trace id, a size limit, and no NUL bytes in the path."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        clear_contextvars()
        headers = dict(scope["headers"])
        bind_contextvars(trace_id=_trace_id(headers.get(b"traceparent", b"")))
        if b"\0" in scope["path"].encode("utf-8", "replace") or b"%00" in scope["query_string"]:
            refusal: Refusal = Unreadable("control_character", "地址中含有控制字符", "NUL in the address")
            return await answer(Request(scope), refusal)(scope, receive, send)
        form = headers.get(b"content-type", b"").startswith(b"multipart/")
        limited = Limited(receive, FORM_LIMIT if form else JSON_LIMIT)
        if limited.refuses(headers.get(b"content-length", b"")):
            too_large = TooLarge("body_too_large", "请求内容过大", "the body is too large")
            return await answer(Request(scope), too_large)(scope, receive, send)
        await self.app(scope, limited, _with_headers(send))


class Limited:
    """Receives a body up to a limit, whatever its length header says; past it the client is gone."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self.receive = receive
        self.left = limit

    def refuses(self, content_length: bytes) -> bool:
        return bool(content_length) and (not content_length.isdigit() or int(content_length) > self.left)

    async def __call__(self) -> Message:
        message = await self.receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise TooLarge("body_too_large", "请求内容过大", "the body is too large")
        return message


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            trace = str(get_contextvars().get("trace_id", "")).encode()
            message["headers"] = [
                *message["headers"],
                (b"x-trace-id", trace),
                (b"x-content-type-options", b"nosniff"),
            ]
        await send(message)

    return wrapped


def _trace_id(traceparent: bytes) -> str:
    """The trace of the caller (W3C trace context), or a new one."""
    parts = traceparent.split(b"-")
    if len(parts) == 4 and len(parts[1]) == 32:
        try:
            return f"{int(parts[1], 16):032x}"
        except ValueError:
            pass
    return secrets.token_hex(16)
