"""The page behind a link in a message: it shows what is to be decided, and decides when its form is sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, ValidationError

from services.approvals import decision_page as pages
from services.approvals.by_message import Offer, decide, offered
from services.approvals.decision_page import Filled
from services.approvals.slot_schemas import AgreeBody
from shared.address import address_of
from shared.errors import Refusal, TooMany
from shared.http import Here
from shared.limits import Limiter
from shared.service import Running

router = APIRouter(prefix="/decide", tags=["slots"])
ASKS = 60
"""Requests of one address in a minute, per web process."""
Token = Annotated[str, Path(max_length=300, description="链接中的令牌 (the end of the link)")]
AS_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
REFUSED = {
    "description": "the page, or a problem",
    "content": {
        "text/html": {"schema": {"type": "string"}},
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}},
    },
}


class DecisionForm(BaseModel):
    """What the form of the page sends."""

    opinion: str = Field("", max_length=10_000, examples=["同意"])
    picks: list[Annotated[str, Field(max_length=40)]] = Field(
        [], max_length=50, description="下一环节的审核人 (who reviews next)"
    )


@router.get(
    "/{token}",
    operation_id="show_decision",
    summary="消息中的审核链接 (what a link would decide; no sign-in)",
    response_class=HTMLResponse,
    responses={"4XX": REFUSED},
)
def show_decision(here: Here, request: Request, token: Token) -> HTMLResponse:
    """Looking at a link changes nothing: mail scanners follow links. Every link that decides nothing (any
    more) gets the same 404 page; 429 after 60 requests of an address in a minute."""
    if (busy := _busy(here, request)) is not None:
        return busy
    return _offer_page(here, token, Filled(), 200)


@router.post(
    "/{token}",
    operation_id="decide_by_message",
    summary="通过消息中的链接审核 (decide by a link; no sign-in)",
    response_class=HTMLResponse,
    responses={"4XX": REFUSED},
)
def decide_by_message(
    here: Here, request: Request, token: Token, form: Annotated[DecisionForm, Form()]
) -> HTMLResponse:
    """Decides the slot of the link in its way, once, by the same rules as `agree` and `disagree`; a refusal
    (no opinion, nobody picked) shows the page again with its status and leaves the link as it was."""
    if (busy := _busy(here, request)) is not None:
        return busy
    with here.store.read() as look:
        offer = offered(look, token, here.key)
    if offer is None:
        return _dead()
    try:
        said = AgreeBody.model_validate(form.model_dump())
        with here.store.work(actor=offer.at.caller.actor) as work:
            # once more under the lock of its case: somebody may have been first
            offer = offered(work, token, here.key)
            if offer is not None:
                decide(work, offer, said)
    except ValidationError as invalid:
        return _offer_page(here, token, Filled(pages.problems_of(invalid), form.opinion, form.picks), 422)
    except Refusal as refusal:
        filled = Filled([problem.text for problem in refusal.problems], form.opinion, form.picks)
        return _offer_page(here, token, filled, refusal.status)
    if offer is None:
        return _dead()
    return HTMLResponse(pages.done_page(offer, _url(here, offer)), headers=AS_PAGE)


def _offer_page(here: Running, token: str, filled: Filled, status: int) -> HTMLResponse:
    with here.store.read() as look:
        offer = offered(look, token, here.key)
        if offer is None:
            return _dead()
        page = pages.offer_page(look, offer, _url(here, offer), filled)
    return HTMLResponse(page, status, headers=AS_PAGE)


def _dead() -> HTMLResponse:
    return HTMLResponse(pages.dead_page(), 404, headers=AS_PAGE)


def _busy(here: Running, request: Request) -> HTMLResponse | None:
    """Counts a request of an address."""
    limiter: Limiter = here.state.setdefault("decision_links", Limiter(ASKS, 60))
    try:
        limiter.check(address_of(request), here.store.clock.now())
    except TooMany as refusal:
        return HTMLResponse(pages.busy_page(), refusal.status, headers={**AS_PAGE, **refusal.headers})
    return None


def _url(here: Running, offer: Offer) -> str:
    return f"{here.settings.own_url()}/cases/{offer.at.file.case.id}"
