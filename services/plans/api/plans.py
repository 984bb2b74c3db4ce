"""Routes of procurement plans: applying, submitting, lists."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import raiseload

from services.plans import queries
from services.plans.announcement import cancelled, status_changed
from services.plans.attachment import attach
from services.plans.checks import not_open
from services.plans.form_schemas import AbandonForm, PlanForm, PlanPatch, SubmitForm
from services.plans.outside import rounds_read
from services.plans.plan import Action, Plan, Status
from services.plans.policy import policy_of
from services.plans.queries import PlanFilter, Tab, plans_of
from services.plans.review import note
from services.plans.rules import unit_of
from services.plans.schemas import CountsShape, HistoryShape, PlanRow, PlanShape, RoundShape
from services.plans.sending import send
from services.plans.stream_views import StreamAsked, stream_page
from services.plans.topics import Years
from services.plans.views import plan_rows, plan_shape
from shared.deciding import Deciding
from shared.errors import Problem, invalid
from shared.http import DoOnce, Expected, IfMatch, Page, PageAsked, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller, Role
from shared.store import Store, Work

router = APIRouter(tags=["plans"])


class ListAsked(PlanFilter, PageAsked):
    """A page of a tab under a filter."""

    tab: Tab = "mine"
    status: Status | None = None


@router.post(
    "/plans",
    operation_id="create_plan",
    summary="新增采购计划 (create a draft)",
    status_code=201,
    response_model=PlanShape,
)
def create(body: PlanForm, store: StoreHere, caller: SignedIn, once: DoOnce) -> Response:
    """A draft of the caller's unit; it may be incomplete. Raises `year_not_open`."""
    caller.require(Role.HANDLER)
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        unit, district = unit_of(work, caller.organisation_id)
        policy = policy_of(work, district)
        if body.fiscal_year not in policy.get(Years).open_on(work.today):
            raise invalid([not_open(policy, body.fiscal_year, work.today)])
        plan = Plan.draft(body.fiscal_year, caller, unit, district, work.now)
        work.add(plan)
        write(work, plan, body, caller)
        note(work, plan, "created", "新增采购计划", by=caller)
        work.publish(status_changed(plan, None))
        return once.answer(work, plan_shape(work, plan, caller), 201, etag(plan.version))


@router.get("/plans", operation_id="list_plans", summary="采购计划列表 (plans of a tab)")
def list_plans(
    store: StoreHere,
    caller: SignedIn,
    wanted: Annotated[ListAsked, Query()],
) -> Page[PlanRow]:
    """Newest first; each row says who has it now."""
    with store.read() as look:
        statement = plans_of(caller, wanted.tab, wanted).options(raiseload("*"))
        if wanted.status:
            statement = statement.where(Plan.status == wanted.status)
        rows, following = page_of(look, statement, [Plan.id], wanted)
        return Page(items=plan_rows(look, rows, caller), next=following)


@router.get("/plans/counts", operation_id="count_plans", summary="各列表数量 (counts of the tabs)")
def counts(store: StoreHere, caller: SignedIn, wanted: Annotated[PlanFilter, Query()]) -> CountsShape:
    """Per tab, in all and per status; equal to the lists under the same filter."""
    with store.read() as look:
        return CountsShape(counts=queries.count(look, caller, wanted))


@router.get(
    "/plans/{plan_id}",
    operation_id="get_plan",
    summary="采购计划详情 (a plan)",
    response_model=PlanShape,
)
def get(plan_id: UUID, store: StoreHere, caller: SignedIn) -> Response:
    """The whole plan, with its ETag."""
    with store.read() as look:
        plan = look.get(Plan, plan_id, seen_by=caller)
        return shown(plan_shape(look, plan, caller), etag(plan.version))


@router.put(
    "/plans/{plan_id}",
    operation_id="save_plan",
    summary="保存采购计划 (save the whole draft)",
    response_model=PlanShape,
)
def save(plan_id: UUID, body: PlanForm, store: StoreHere, caller: SignedIn, expected: IfMatch) -> Response:
    """Takes over the whole form; only shapes are checked, so a draft may be incomplete."""
    return _saved(plan_id, body, store, caller, expected)


@router.patch(
    "/plans/{plan_id}",
    operation_id="change_plan",
    summary="保存部分字段 (save some fields of the draft)",
    response_model=PlanShape,
)
def change(plan_id: UUID, body: PlanPatch, store: StoreHere, caller: SignedIn, expected: IfMatch) -> Response:
    """Merges the fields into the form; what is not sent stays, null empties a field."""
    return _saved(plan_id, body, store, caller, expected)


def _saved(plan_id: UUID, body: PlanForm, store: Store, caller: Caller, expected: Expected) -> Response:
    with store.work(actor=caller.actor) as work:
        plan = work.get(Plan, plan_id, seen_by=caller)
        plan.must_be_own(caller)
        plan.must_allow(Action.EDIT)
        expected.check(etag(plan.version))
        if body.fiscal_year not in (None, plan.fiscal_year):
            text = "年度在新增后不能修改"
            raise invalid([Problem("fiscal_year_fixed", text, "/fiscal_year", "the year cannot change")])
        before = plan.to_record()
        write(work, plan, body, caller)
        note(work, plan, "edited", "修改采购计划", by=caller, before=before)
        return shown(plan_shape(work, plan, caller), etag(plan.version))


def write(work: Work, plan: Plan, body: PlanForm, caller: Caller) -> None:
    plan.fill(body.merged(plan), work.now)
    work.session.flush()
    if "attachments" in body.written:
        attach(work, plan, [(part.id, part.attachment_kind) for part in body.attachments], caller)
        work.session.flush()
        work.session.expire(plan, ["attachments"])


@router.delete(
    "/plans/{plan_id}", operation_id="delete_plan", summary="删除草稿 (delete a draft)", status_code=204
)
def delete(plan_id: UUID, store: StoreHere, caller: SignedIn, expected: IfMatch) -> Response:
    """Only a draft that was never submitted; later ones can be abandoned."""
    with store.work(actor=caller.actor) as work:
        plan = work.get(Plan, plan_id, seen_by=caller)
        plan.must_be_own(caller)
        plan.must_allow(Action.DELETE)
        expected.check(etag(plan.version))
        before = plan.to_record()
        plan.delete(work.now)
        note(work, plan, "deleted", "删除草稿", by=caller, before=before)
        work.publish(status_changed(plan, before["status"]))
    return Response(status_code=204)


@router.post(
    "/plans/{plan_id}/submit",
    operation_id="submit_plan",
    summary="提交审核 (submit to the chosen reviewers)",
    response_model=PlanShape,
)
def submit(plan_id: UUID, body: SubmitForm, asked: Deciding) -> Response:
    """Checks everything at once, reserves the budget, freezes the content, starts a round of review."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        plan = work.get(Plan, plan_id, seen_by=caller)
        plan.must_be_own(caller)
        plan.must_allow(Action.SUBMIT)
        asked.expected.check(etag(plan.version))
        sent = send(work, plan, caller, list(dict.fromkeys(body.picks)))
        shape = plan_shape(work, plan, caller, sent)
        return once.answer(work, shape, etag=etag(plan.version))


@router.post(
    "/plans/{plan_id}/abandon",
    operation_id="abandon_plan",
    summary="放弃采购计划 (abandon a returned or withdrawn plan)",
    response_model=PlanShape,
)
def abandon(plan_id: UUID, body: AbandonForm, asked: Deciding) -> Response:
    """The plan becomes void and is kept for audit."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        plan = work.get(Plan, plan_id, seen_by=caller)
        plan.must_be_own(caller)
        plan.must_allow(Action.ABANDON)
        asked.expected.check(etag(plan.version))
        before = plan.to_record()
        plan.abandon(work.now)
        note(work, plan, "abandoned", f"放弃采购计划 {body.reason}".strip(), by=caller, before=before)
        work.publish(cancelled(plan, body.reason), status_changed(plan, before["status"]))
        return once.answer(work, plan_shape(work, plan, caller), etag=etag(plan.version))


@router.get("/plans/{plan_id}/history", operation_id="plan_history", summary="操作记录 (history)")
def history(
    plan_id: UUID, store: StoreHere, caller: SignedIn, wanted: Annotated[StreamAsked, Query()]
) -> Page[HistoryShape]:
    """One stream, oldest first: submissions, opinions, returns, changes with old and new values, who was told
    of what, each with person and time."""
    with store.read() as look:
        return stream_page(look, look.get(Plan, plan_id, seen_by=caller), wanted, caller)


@router.get("/plans/{plan_id}/rounds", operation_id="plan_rounds", summary="历次提交内容 (rounds)")
def rounds(plan_id: UUID, store: StoreHere, caller: SignedIn) -> list[RoundShape]:
    """Every submission as it was frozen, with its digest and the versions of the rules; outside
    the caller's scope those that he was asked about."""
    with store.read() as look:
        plan = look.get(Plan, plan_id, seen_by=caller)
        return [RoundShape.model_validate(row) for row in rounds_read(look, plan, caller)]
