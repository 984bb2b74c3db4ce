"""Routes of requests on usable plans: method change (变更) and revocation (撤销)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import raiseload

from services.plans import queries
from services.plans.announcement import cancelled, request_changed
from services.plans.attachment import attach, listed_files
from services.plans.document import Act
from services.plans.form_schemas import AbandonForm, SubmitForm
from services.plans.outside import must_be_submitted, rounds_read
from services.plans.plan import Action, Plan
from services.plans.queries import RequestFilter, RequestTab
from services.plans.request import Kind, PlanRequest, Status, must_be_requester
from services.plans.request_schemas import (
    NewRequest,
    RequestForm,
    RequestFormShape,
    RequestRow,
    RequestShape,
    UnsavedRequest,
)
from services.plans.request_views import form_shape, request_rows, request_shape
from services.plans.requesting import prepare, send
from services.plans.review import note
from services.plans.rule_views import submission_shape
from services.plans.rules import rules_for, unit_of
from services.plans.schemas import CountsShape, HistoryShape, RoundShape, SubmissionShape
from services.plans.stream_views import StreamAsked, stream_page
from shared.deciding import Deciding
from shared.http import DoOnce, IfMatch, Page, PageAsked, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller
from shared.store import Work

router = APIRouter(tags=["requests"])


class ListAsked(RequestFilter, PageAsked):
    """A page of a tab under a filter."""

    tab: RequestTab = "mine"
    status: Status | None = None


@router.get("/requests/form", operation_id="request_form", summary="变更/撤销表单数据 (data of the form)")
def form(
    store: StoreHere, caller: SignedIn, plan_id: Annotated[UUID, Query()], kind: Annotated[Kind, Query()]
) -> RequestFormShape:
    """The plan, the methods with their grounds or the handlings that may be chosen, and whether anything may
    be requested now."""
    with store.read() as look:
        plan = look.get(Plan, plan_id, seen_by=caller)
        return form_shape(plan, kind, rules_for(look, plan), caller)


@router.post(
    "/requests/submission",
    operation_id="unsaved_request_submission",
    summary="预览未保存的申请 (what an unsaved request would send)",
)
def unsaved_submission(body: UnsavedRequest, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """Exactly what submit would send, for the preview of its route; nothing is written."""
    with store.read() as look:
        plan = look.get(Plan, body.plan_id, seen_by=caller)
        must_be_requester(plan, caller)
        unit, _ = unit_of(look, plan.organisation_id)
        request = PlanRequest.on(plan, body.kind, caller, unit, look.now)
        if body.request_id is not None:
            known = look.get(PlanRequest, body.request_id, seen_by=caller)
            known.must_be_own(caller)
            request.id = known.id
        request.fill(body.values_for(body.kind), look.now)
        files = listed_files(look, [(part.id, part.attachment_kind) for part in body.attachments], caller)
        return submission_shape(*prepare(look, request, plan, files))


@router.post(
    "/requests",
    operation_id="create_request",
    summary="新增变更或撤销申请 (create a draft)",
    status_code=201,
    response_model=RequestShape,
)
def create(body: NewRequest, store: StoreHere, caller: SignedIn, once: DoOnce) -> Response:
    """A draft on a usable plan of the caller's unit that he applied for or holds; it may be incomplete.
    409 `wrong_state` while the plan is not usable, or another request on it is under review."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        plan = work.get(Plan, body.plan_id, seen_by=caller)
        must_be_requester(plan, caller)
        plan.must_allow(Action.REQUEST)
        unit, _ = unit_of(work, plan.organisation_id)
        request = PlanRequest.on(plan, body.kind, caller, unit, work.now)
        work.add(request)
        _write(work, request, body, caller)
        note(work, request, "created", f"新增{request.kind_label}", by=caller)
        work.publish(request_changed(request, None))
        return once.answer(work, request_shape(work, request, caller), 201, etag(request.version))


@router.get("/requests", operation_id="list_requests", summary="变更与撤销列表 (requests of a tab)")
def list_requests(
    store: StoreHere, caller: SignedIn, wanted: Annotated[ListAsked, Query()]
) -> Page[RequestRow]:
    """Newest first; each row says who has it now."""
    with store.read() as look:
        statement = queries.requests_of(caller, wanted.tab, wanted).options(raiseload("*"))
        if wanted.status:
            statement = statement.where(PlanRequest.status == wanted.status)
        rows, following = page_of(look, statement, [PlanRequest.id], wanted)
        return Page(items=request_rows(look, rows, caller), next=following)


@router.get("/requests/counts", operation_id="count_requests", summary="各列表数量 (counts of the tabs)")
def counts(store: StoreHere, caller: SignedIn, wanted: Annotated[RequestFilter, Query()]) -> CountsShape:
    """Per tab, in all and per status; equal to the lists under the same filter."""
    with store.read() as look:
        return CountsShape(counts=queries.count_requests(look, caller, wanted))


@router.get(
    "/requests/{request_id}", operation_id="get_request", summary="申请详情", response_model=RequestShape
)
def get(request_id: UUID, store: StoreHere, caller: SignedIn) -> Response:
    """The whole request, with its ETag."""
    with store.read() as look:
        request = look.get(PlanRequest, request_id, seen_by=caller)
        return shown(request_shape(look, request, caller), etag(request.version))


@router.put(
    "/requests/{request_id}",
    operation_id="save_request",
    summary="保存申请 (save the whole draft)",
    response_model=RequestShape,
)
def save(
    request_id: UUID, body: RequestForm, store: StoreHere, caller: SignedIn, expected: IfMatch
) -> Response:
    """Takes over the whole form; only shapes are checked, so a draft may be incomplete."""
    with store.work(actor=caller.actor) as work:
        request = work.get(PlanRequest, request_id, seen_by=caller)
        request.must_be_own(caller)
        request.must_allow(Act.EDIT)
        expected.check(etag(request.version))
        before = request.to_record()
        _write(work, request, body, caller)
        note(work, request, "edited", "修改申请", by=caller, before=before)
        return shown(request_shape(work, request, caller), etag(request.version))


def _write(work: Work, request: PlanRequest, body: RequestForm, caller: Caller) -> None:
    request.fill(body.values_for(request.kind), work.now)
    work.session.flush()
    attach(work, request, [(part.id, part.attachment_kind) for part in body.attachments], caller)
    work.session.flush()
    work.session.expire(request, ["attachments"])


@router.delete("/requests/{request_id}", operation_id="delete_request", summary="删除草稿", status_code=204)
def delete(request_id: UUID, store: StoreHere, caller: SignedIn, expected: IfMatch) -> Response:
    """Only a draft that was never submitted; later ones can be abandoned."""
    with store.work(actor=caller.actor) as work:
        request = work.get(PlanRequest, request_id, seen_by=caller)
        request.must_be_own(caller)
        request.must_allow(Act.DELETE)
        expected.check(etag(request.version))
        before = request.to_record()
        request.delete(work.now)
        note(work, request, "deleted", "删除草稿", by=caller, before=before)
        work.publish(request_changed(request, str(before["status"])))
    return Response(status_code=204)


@router.get(
    "/requests/{request_id}/submission",
    operation_id="request_submission",
    summary="提交内容预览 (what submit would send)",
)
def submission(request_id: UUID, store: StoreHere, caller: SignedIn) -> SubmissionShape:
    """Exactly the facts, content and digest that submit would send, for the preview of the route."""
    with store.read() as look:
        request = look.get(PlanRequest, request_id, seen_by=caller)
        must_be_submitted(request, caller)
        return submission_shape(*prepare(look, request, look.get(Plan, request.plan_id)))


@router.post(
    "/requests/{request_id}/submit",
    operation_id="submit_request",
    summary="提交审核 (submit to the chosen reviewers)",
    response_model=RequestShape,
)
def submit(request_id: UUID, body: SubmitForm, asked: Deciding) -> Response:
    """Checks everything at once, locks the plan, freezes the content, starts a round of review."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        request = work.get(PlanRequest, request_id, seen_by=caller)
        request.must_be_own(caller)
        request.must_allow(Act.SUBMIT)
        asked.expected.check(etag(request.version))
        plan = work.get(Plan, request.plan_id)
        must_be_requester(plan, caller)
        send(work, request, plan, caller, list(dict.fromkeys(body.picks)))
        return once.answer(work, request_shape(work, request, caller), etag=etag(request.version))


@router.post(
    "/requests/{request_id}/abandon",
    operation_id="abandon_request",
    summary="放弃申请 (abandon)",
    response_model=RequestShape,
)
def abandon(request_id: UUID, body: AbandonForm, asked: Deciding) -> Response:
    """Ends a request that is not under review; it is kept for audit."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        request = work.get(PlanRequest, request_id, seen_by=caller)
        request.must_be_own(caller)
        request.must_allow(Act.ABANDON)
        asked.expected.check(etag(request.version))
        before = request.to_record()
        request.abandon(work.now)
        note(work, request, "abandoned", f"放弃申请 {body.reason}".strip(), by=caller, before=before)
        if request.round:
            work.publish(cancelled(request, body.reason))
        work.publish(request_changed(request, str(before["status"])))
        return once.answer(work, request_shape(work, request, caller), etag=etag(request.version))


@router.get("/requests/{request_id}/history", operation_id="request_history", summary="操作记录 (history)")
def get_history(
    request_id: UUID, store: StoreHere, caller: SignedIn, wanted: Annotated[StreamAsked, Query()]
) -> Page[HistoryShape]:
    """One stream, oldest first: submissions, opinions, returns, changes with old and new values, who was told
    of what, each with person and time."""
    with store.read() as look:
        return stream_page(look, look.get(PlanRequest, request_id, seen_by=caller), wanted, caller)


@router.get("/requests/{request_id}/rounds", operation_id="request_rounds", summary="历次提交内容 (rounds)")
def get_rounds(request_id: UUID, store: StoreHere, caller: SignedIn) -> list[RoundShape]:
    """Every submission as it was frozen, with its digest and the versions of the rules; outside
    the caller's scope those that he was asked about."""
    with store.read() as look:
        request = look.get(PlanRequest, request_id, seen_by=caller)
        return [RoundShape.model_validate(row) for row in rounds_read(look, request, caller)]
