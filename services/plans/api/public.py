"""What everybody may read and do without signing in: public notices, and objections to them."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import Select, select

from services.plans.imports.notice import Notice
from services.plans.imports.objecting import raise_objection
from services.plans.imports.objection_schemas import (
    ObjectionForm,
    PublicNoticeRow,
    PublicNoticeShape,
    ReceiptShape,
    public_notice,
)
from services.plans.imports.pages import Answer, notice_page, notices_page, problems_of
from shared.address import address_of
from shared.database import new_id
from shared.errors import NotFound, Refusal
from shared.http import Here, Once, Page, PageAsked, StoreHere, once, page_of
from shared.limits import Limiter
from shared.service import Running

router = APIRouter(prefix="/public", tags=["public"])
READS = 120
"""Requests of one address in a minute, per web process."""
AS_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}


class NoticesAsked(PageAsked):
    """A page of notices, newest first: running ones, those that are over, or all; in a district and below."""

    state: Literal["running", "over", "ended", "all"] = "all"
    district_code: str = Field("", pattern=r"^(\d{6})?$", examples=["140100"])
    q: str = Field("", max_length=100, description="名称或采购人 (title or purchaser)")


def reading(request: Request, here: Here) -> None:
    """Counts a look of an address. Raises `TooMany` (`too_many_requests`)."""
    limiter: Limiter = here.state.setdefault("public_reads", Limiter(READS, 60))
    limiter.check(address_of(request), here.store.clock.now())


Reading = Depends(reading)


def source_of(request: Request, here: Running) -> str:
    """Tells the requests of one address from those of others without keeping the address."""
    return hmac.new(here.key.encode(), address_of(request).encode(), hashlib.sha256).hexdigest()


def notices(wanted: NoticesAsked) -> Select[Notice]:
    statement = select(Notice)
    if wanted.state != "all":
        statement = statement.where(Notice.state == wanted.state)
    if wanted.district_code:
        statement = statement.where(
            Notice.district_path.contains(f"/{wanted.district_code}/", autoescape=True)
        )
    if wanted.q:
        found = Notice.title.icontains(wanted.q, autoescape=True)
        statement = statement.where(found | Notice.organisation_name.icontains(wanted.q, autoescape=True))
    return statement


@router.get(
    "/notices",
    operation_id="list_public_notices",
    summary="进口产品公示列表 (public notices, no sign-in)",
    dependencies=[Reading],
)
def list_notices(store: StoreHere, wanted: Annotated[NoticesAsked, Query()]) -> Page[PublicNoticeRow]:
    """Newest first. At most 120 requests of an address in a minute (429 `too_many_requests`)."""
    with store.read() as look:
        rows, following = page_of(look, notices(wanted), [Notice.id], wanted)
        return Page(items=[PublicNoticeRow.model_validate(row) for row in rows], next=following)


@router.get(
    "/notices/{notice_id}",
    operation_id="get_public_notice",
    summary="进口产品公示内容 (a public notice, no sign-in)",
    dependencies=[Reading],
)
def get_notice(notice_id: UUID, store: StoreHere) -> PublicNoticeShape:
    """The notice as it was published: no person is named but the experts, by role and surname."""
    with store.read() as look:
        return public_notice(look.get(Notice, notice_id), look.now)


@router.post(
    "/notices/{notice_id}/objections",
    operation_id="raise_objection",
    summary="提出异议 (object to a notice, no sign-in)",
    status_code=201,
    response_model=ReceiptShape,
)
def object_to_notice(
    notice_id: UUID, body: ObjectionForm, request: Request, here: Here, asked: Annotated[Once, Depends(once)]
) -> Response:
    """While the notice runs (409 `notice_over`), by somebody who names himself and how he can be reached: at
    most 3 to a notice and 10 in 24 hours from one address (429 `too_many_objections`)."""
    with here.store.work() as work:
        if (answered := asked.before(work)) is not None:
            return answered
        objection = raise_objection(work, notice_id, body.text, body.by(source_of(request, here)))
        return asked.answer(work, ReceiptShape.model_validate(objection), 201)


@router.get(
    "/page",
    operation_id="public_notices_page",
    summary="公示网页 (public notices as a page)",
    response_class=HTMLResponse,
    dependencies=[Reading],
)
def show_notices(store: StoreHere, wanted: Annotated[NoticesAsked, Query()]) -> HTMLResponse:
    """The list as a plain page without script."""
    with store.read() as look:
        rows, cursor = page_of(look, notices(wanted), [Notice.id], wanted)
        shown = [PublicNoticeRow.model_validate(row) for row in rows]
    asked = wanted.model_dump(exclude={"cursor", "limit"}, exclude_defaults=True)
    following = f"?{urlencode({**asked, 'cursor': cursor})}" if cursor else ""
    return HTMLResponse(notices_page(shown, following), headers=AS_PAGE)


@router.get(
    "/notices/{notice_id}/page",
    operation_id="public_notice_page",
    summary="公示内容网页 (a public notice as a page)",
    response_class=HTMLResponse,
    dependencies=[Reading],
)
def show_notice(notice_id: UUID, here: Here) -> HTMLResponse:
    """The notice as a plain page without script, with a form for objections while it runs."""
    return _page(here, notice_id)


class PageForm(BaseModel):
    """What the page's form sends, however little of it was filled in, and the key that the page came with."""

    key: str = Field(pattern=r"^[\x21-\x7e]{1,100}$")
    name: str = Field("", max_length=1000)
    organisation: str = Field("", max_length=1000)
    phone: str = Field("", max_length=1000)
    email: str = Field("", max_length=1000)
    text: str = Field("", max_length=10_000)


PROBLEM = {"schema": {"$ref": "#/components/schemas/ProblemShape"}}
HTML = {"schema": {"type": "string"}}
REFUSED = {
    "description": "the page, or a problem",
    "content": {"text/html": HTML, "application/problem+json": PROBLEM},
}


@router.post(
    "/notices/{notice_id}/page",
    operation_id="object_on_page",
    summary="在网页上提出异议 (object on the page)",
    status_code=201,
    response_class=HTMLResponse,
    responses={"4XX": REFUSED},
)
def object_on_page(
    notice_id: UUID, filled: Annotated[PageForm, Form()], request: Request, here: Here
) -> HTMLResponse:
    """As `raise_objection`, with the key of the page; the answer is the page again, and what became of it."""
    sent = filled.model_dump(exclude={"key"})
    body_hash = hashlib.sha256(filled.model_dump_json().encode()).hexdigest()
    asked = Once("anybody", f"POST {request.url.path}"[:300], filled.key, body_hash)
    try:
        form = ObjectionForm.model_validate(sent)
        with here.store.work() as work:
            if asked.before(work) is None:
                objection = raise_objection(work, notice_id, form.text, form.by(source_of(request, here)))
                asked.answer(work, ReceiptShape.model_validate(objection), 201)
    except ValidationError as invalid:
        return _page(here, notice_id, Answer(422, problems_of(invalid), sent))
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(here, notice_id, Answer(refusal.status, [refusal.text], sent))
    return _page(here, notice_id, Answer(201, [], {}))


def _page(here: Running, notice_id: UUID, answer: Answer | None = None) -> HTMLResponse:
    with here.store.read() as look:
        notice = look.get(Notice, notice_id)
        page = notice_page(public_notice(notice, look.now), str(new_id()), answer)
    return HTMLResponse(page, answer.status if answer else 200, headers=AS_PAGE)
