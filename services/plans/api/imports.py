"""Routes of import approvals (进口产品采购申请): applying, submitting, lists."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import raiseload

from services.plans.attachment import attach
from services.plans.checks import not_open
from services.plans.document import Act
from services.plans.form_schemas import AbandonForm, SubmitForm
from services.plans.imports.announcement import cancelled, status_changed
from services.plans.imports.approval import Action, ImportApproval, Status
from services.plans.imports.notice import give_up
from services.plans.imports.queries import ImportFilter, count_imports, imports_of
from services.plans.imports.schemas import ImportForm, ImportRow, ImportShape
from services.plans.imports.sending import apply, send_on
from services.plans.imports.views import import_rows, import_shape
from services.plans.outside import rounds_read
from services.plans.policy import policy_of
from services.plans.queries import CommonTab
from services.plans.review import note
from services.plans.rules import unit_of
from services.plans.schemas import CountsShape, HistoryShape, RoundShape
from services.plans.stream_views import StreamAsked, stream_page
from services.plans.topics import Years
from shared.deciding import Deciding
from shared.errors import Problem, invalid
from shared.http import DoOnce, IfMatch, Page, PageAsked, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller, Role
from shared.store import Work

router = APIRouter(tags=["import approvals"])


class ListAsked(ImportFilter, PageAsked):
    """A page of a tab under a filter."""

    tab: CommonTab = "mine"
    status: Status | None = None


@router.post(
    "/import-approvals",
    operation_id="create_import_approval",
    summary="新增进口产品申请 (create a draft)",
    status_code=201,
    response_model=ImportShape,
)
def create(body: ImportForm, store: StoreHere, caller: SignedIn, once: DoOnce) -> Response:
    """A draft of the caller's unit; it may be incomplete. Raises `year_not_open`."""
    caller.require(Role.HANDLER)
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        unit, district = unit_of(work, caller.organisation_id)
        policy = policy_of(work, district)
        if body.fiscal_year not in policy.get(Years).open_on(work.today):
            raise invalid([not_open(policy, body.fiscal_year, work.today)])
        approval = ImportApproval.draft(body.fiscal_year, caller, unit, district, work.now)
        work.add(approval)
        _write(work, approval, body, caller)
        note(work, approval, "created", "新增进口产品申请", by=caller)
        work.publish(status_changed(approval, None))
        return once.answer(work, import_shape(work, approval, caller), 201, etag(approval.version))


@router.get(
    "/import-approvals",
    operation_id="list_import_approvals",
    summary="进口产品申请列表 (applications of a tab)",
)
def list_approvals(
    store: StoreHere, caller: SignedIn, wanted: Annotated[ListAsked, Query()]
) -> Page[ImportRow]:
    """Newest first; each row says who has it now."""
    with store.read() as look:
        statement = imports_of(caller, wanted.tab, wanted).options(raiseload("*"))
        if wanted.status:
            statement = statement.where(ImportApproval.status == wanted.status)
        rows, following = page_of(look, statement, [ImportApproval.id], wanted)
        return Page(items=import_rows(look, rows, caller), next=following)


@router.get(
    "/import-approvals/counts",
    operation_id="count_import_approvals",
    summary="各列表数量 (counts of the tabs)",
)
def counts(store: StoreHere, caller: SignedIn, wanted: Annotated[ImportFilter, Query()]) -> CountsShape:
    """Per tab, in all and per status; equal to the lists under the same filter."""
    with store.read() as look:
        return CountsShape(counts=count_imports(look, caller, wanted))


@router.get(
    "/import-approvals/{approval_id}",
    operation_id="get_import_approval",
    summary="进口产品申请详情 (an application)",
    response_model=ImportShape,
)
def get(approval_id: UUID, store: StoreHere, caller: SignedIn) -> Response:
    """The whole application, with its ETag."""
    with store.read() as look:
        approval = look.get(ImportApproval, approval_id, seen_by=caller)
        return shown(import_shape(look, approval, caller), etag(approval.version))


@router.put(
    "/import-approvals/{approval_id}",
    operation_id="save_import_approval",
    summary="保存进口产品申请 (save the whole draft)",
    response_model=ImportShape,
)
def save(
    approval_id: UUID, body: ImportForm, store: StoreHere, caller: SignedIn, expected: IfMatch
) -> Response:
    """Takes over the whole form; only shapes are checked, so a draft may be incomplete."""
    with store.work(actor=caller.actor) as work:
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_own(caller)
        approval.must_allow(Act.EDIT)
        expected.check(etag(approval.version))
        if body.fiscal_year != approval.fiscal_year:
            text = "年度在新增后不能修改"
            raise invalid([Problem("fiscal_year_fixed", text, "/fiscal_year", "the year cannot change")])
        before = approval.to_record()
        _write(work, approval, body, caller)
        note(work, approval, "edited", "修改进口产品申请", by=caller, before=before)
        return shown(import_shape(work, approval, caller), etag(approval.version))


def _write(work: Work, approval: ImportApproval, body: ImportForm, caller: Caller) -> None:
    approval.fill(body.filled(), work.now)
    work.session.flush()
    attach(work, approval, [(part.id, part.attachment_kind) for part in body.attachments], caller)
    work.session.flush()
    work.session.expire(approval, ["attachments"])


@router.delete(
    "/import-approvals/{approval_id}",
    operation_id="delete_import_approval",
    summary="删除草稿 (delete a draft)",
    status_code=204,
)
def delete(approval_id: UUID, store: StoreHere, caller: SignedIn, expected: IfMatch) -> Response:
    """Only a draft that was never submitted; later ones can be abandoned."""
    with store.work(actor=caller.actor) as work:
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_own(caller)
        approval.must_allow(Act.DELETE)
        expected.check(etag(approval.version))
        before = approval.to_record()
        approval.delete(work.now)
        note(work, approval, "deleted", "删除草稿", by=caller, before=before)
        work.publish(status_changed(approval, str(before["status"])))
    return Response(status_code=204)


@router.post(
    "/import-approvals/{approval_id}/submit",
    operation_id="submit_import_approval",
    summary="提交 (submit to the chosen reviewers)",
    response_model=ImportShape,
)
def submit(approval_id: UUID, body: SubmitForm, asked: Deciding) -> Response:
    """Checks everything at once and begins the first review; where the district wants the notice first, that
    begins, and the picks are not used. 422 `calendar_year_missing` while the end of a notice of today
    cannot be told."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_own(caller)
        approval.must_allow(Act.SUBMIT)
        asked.expected.check(etag(approval.version))
        apply(work, approval, caller, list(dict.fromkeys(body.picks)))
        return once.answer(work, import_shape(work, approval, caller), etag=etag(approval.version))


@router.post(
    "/import-approvals/{approval_id}/send",
    operation_id="send_import_approval",
    summary="送审 (send into the review that could not be routed)",
    response_model=ImportShape,
)
def send(approval_id: UUID, body: SubmitForm, asked: Deciding) -> Response:
    """After the notice, when the review that follows could not be routed by itself: for example because its
    first step asks for a pick. What was published stays as it is."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_own(caller)
        approval.must_allow(Action.SEND)
        asked.expected.check(etag(approval.version))
        before = approval.to_record()
        send_on(work, approval, approval.review, list(dict.fromkeys(body.picks)))
        note(work, approval, "sent", f"第 {approval.round} 次提交审核", by=caller, before=before)
        work.publish(status_changed(approval, str(before["status"])))
        return once.answer(work, import_shape(work, approval, caller), etag=etag(approval.version))


@router.post(
    "/import-approvals/{approval_id}/abandon",
    operation_id="abandon_import_approval",
    summary="放弃进口产品申请 (abandon)",
    response_model=ImportShape,
)
def abandon(approval_id: UUID, body: AbandonForm, asked: Deciding) -> Response:
    """Ends an application that is not under review, a running notice with it; it is kept for audit."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        approval = work.get(ImportApproval, approval_id, seen_by=caller)
        approval.must_be_own(caller)
        approval.must_allow(Act.ABANDON)
        asked.expected.check(etag(approval.version))
        before = approval.to_record()
        approval.abandon(work.now)
        give_up(work, approval)
        text = f"放弃进口产品申请 {body.reason}".strip()
        note(work, approval, "abandoned", text, by=caller, before=before)
        work.publish(*cancelled(approval, body.reason), status_changed(approval, str(before["status"])))
        return once.answer(work, import_shape(work, approval, caller), etag=etag(approval.version))


@router.get(
    "/import-approvals/{approval_id}/history",
    operation_id="import_approval_history",
    summary="操作记录 (history)",
)
def get_history(
    approval_id: UUID, store: StoreHere, caller: SignedIn, wanted: Annotated[StreamAsked, Query()]
) -> Page[HistoryShape]:
    """One stream, oldest first: submissions, opinions, returns, changes with old and new values, who was told
    of what, each with person and time."""
    with store.read() as look:
        return stream_page(look, look.get(ImportApproval, approval_id, seen_by=caller), wanted, caller)


@router.get(
    "/import-approvals/{approval_id}/rounds",
    operation_id="import_approval_rounds",
    summary="历次提交内容 (rounds)",
)
def get_rounds(approval_id: UUID, store: StoreHere, caller: SignedIn) -> list[RoundShape]:
    """Every submission as it was frozen, of either review, with its digest and the versions of the rules;
    outside the caller's scope those that he was asked about."""
    with store.read() as look:
        approval = look.get(ImportApproval, approval_id, seen_by=caller)
        return [RoundShape.model_validate(row) for row in rounds_read(look, approval, caller)]
