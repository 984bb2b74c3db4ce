"""Routes of cases: lists, the whole case, withdrawing and terminating; and the preview of a route."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from sqlalchemy import select

from services.approvals import queries, rounds
from services.approvals.actor import Actor
from services.approvals.api.turn import require
from services.approvals.case import Case, RefusedRound
from services.approvals.case_list import case_rows
from services.approvals.chains.schemas import PreviewBody, PreviewShape
from services.approvals.filing import keep, latest_case, plan_route, take
from services.approvals.queries import CASE_ORDER, CaseListing
from services.approvals.schemas import CaseItem, CaseRow, CaseShape, TerminateBody
from services.approvals.step import KEY
from services.approvals.views import case_item, case_shape, preview
from shared.deciding import Deciding
from shared.errors import Conflict, NotFound
from shared.events.documents import Submission
from shared.http import DoOnce, Page, PageAsked, SignedIn, StoreHere, etag, page_of, shown
from shared.people import DISTRICT_ROLES, Caller
from shared.store import Look, Work

router = APIRouter(tags=["cases"])
DocType = Annotated[str, Path(pattern=KEY, examples=["plan"])]


@router.post(
    "/preview",
    operation_id="preview_route",
    summary="预览审核路径 (preview the route that submit would freeze)",
)
def preview_route(store: StoreHere, caller: SignedIn, body: PreviewBody) -> PreviewShape:
    """The route of a document with the reason of every step, the candidates of its first step, and what would
    be refused. For people of the unit, and for those who look after its district."""
    asked = Submission(**body.model_dump())
    with store.read() as look:
        found, directory = plan_route(look, asked)
    path = directory.unit.district_path if directory else ""
    above = caller.has(*DISTRICT_ROLES) and path.startswith(caller.district_path)
    if asked.organisation_id != caller.organisation_id and not above:
        raise NotFound("not_found", "单位不在您的查看范围内", "the unit is outside your scope")
    return preview(found)


@router.get("/cases", operation_id="list_cases", summary="审核事项 (cases)", response_model=Page[CaseRow])
def list_cases(store: StoreHere, caller: SignedIn, asked: Annotated[CaseListing, Query()]) -> Response:
    """Cases within the caller's scope, newest submission first, each with its present step, who has it, and
    when the first of its turns is due."""
    page = PageAsked(limit=asked.limit, cursor=asked.cursor)
    with store.read() as look:
        rows, after = page_of(look, queries.cases(caller, asked), CASE_ORDER, page)
        return shown(Page(items=case_rows(look, rows), next=after))


@router.get(
    "/cases/{case_id}", operation_id="get_case", summary="一个审核事项 (one case)", response_model=CaseShape
)
def get_case(store: StoreHere, caller: SignedIn, case_id: UUID) -> Response:
    """Content, whole route, current and next executors, timeline."""
    with store.read() as look:
        case = look.get(Case, case_id, seen_by=caller)
        return shown(case_shape(look, case, caller), etag(case.version))


@router.get(
    "/documents/{doc_type}/{doc_id}/case",
    operation_id="get_case_of_document",
    summary="单据的审核事项 (the newest case of a document)",
    response_model=CaseShape,
)
def get_case_of_document(store: StoreHere, caller: SignedIn, doc_type: DocType, doc_id: UUID) -> Response:
    """The newest case of a document."""
    with store.read() as look:
        case = latest_case(look, doc_type, doc_id, seen_by=caller)
        if case is None:
            raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
        return shown(case_shape(look, case, caller), etag(case.version))


@router.post(
    "/documents/{doc_type}/{doc_id}/withdraw",
    operation_id="withdraw",
    summary="撤回 (withdraw, by the applicant)",
    response_model=CaseItem,
)
def withdraw(  # noqa: PLR0913 - what a withdrawal is made of
    store: StoreHere,
    caller: SignedIn,
    once: DoOnce,
    doc_type: DocType,
    doc_id: UUID,
    round_: Annotated[int | None, Query(alias="round", ge=1, lt=2**31)] = None,
) -> Response:
    """Takes a document back before anybody has decided in this round. With `round`, a case that has not heard
    of that round yet answers 409 `not_routed_yet`; a decision that came first 409 `already_decided`."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        case = _routed(work, doc_type, doc_id, caller, round_)
        file = take(work, case)
        require(work, "withdraw", file, caller)
        rounds.withdraw(file, Actor(caller.person_id, caller.name))
        keep(work, file)
        return once.answer(work, case_item(case), etag=etag(case.version))


@router.post(
    "/cases/{case_id}/terminate",
    operation_id="terminate_case",
    summary="终止审核事项 (terminate, by an administrator)",
    response_model=CaseItem,
)
def terminate(asked: Deciding, case_id: UUID, body: TerminateBody) -> Response:
    """Ends a case for good; the document goes back to its applicant with the reason."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        case = work.get(Case, case_id, seen_by=asked.caller)
        file = take(work, case)
        require(work, "terminate", file, asked.caller)
        asked.expected.check(etag(case.version))
        by = Actor(asked.caller.person_id, asked.caller.name)
        rounds.terminate(file, by, "terminated_by_administrator", body.reason)
        keep(work, file)
        return asked.once.answer(work, case_item(case), etag=etag(case.version))


def _routed(work: Work, doc_type: str, doc_id: UUID, caller: Caller, n: int | None) -> Case:
    """The case whose running round is meant. Raises `NotFound` for another's document, else `Conflict`
    (`not_routed_yet`, `submission_refused`)."""
    case = latest_case(work, doc_type, doc_id, seen_by=caller)
    if case is None and latest_case(work, doc_type, doc_id) is not None:
        raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
    if case is not None and (n is None or case.round >= n):
        return case
    refused = _refused(work, doc_type, doc_id)
    if refused is not None and refused.n >= (n or 1):
        facts = {"refusal": {"code": refused.code, "text": refused.text, "round": refused.n}}
        raise Conflict("submission_refused", f"提交未被受理：{refused.text}", "it was refused", facts)
    raise Conflict("not_routed_yet", "单据正在进入审核，请稍后重试", "not routed yet, try again shortly")


def _refused(look: Look, doc_type: str, doc_id: UUID) -> RefusedRound | None:
    return look.first(
        select(RefusedRound)
        .where(RefusedRound.doc_type == doc_type, RefusedRound.doc_id == doc_id)
        .order_by(RefusedRound.n.desc())
    )
