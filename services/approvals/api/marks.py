"""Routes of what changes nobody's turn: urging, comments, copies and their read marks."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import select

from services.approvals import marks, queries
from services.approvals.actor import Actor
from services.approvals.api.turn import require, take_turn
from services.approvals.attachment import attach
from services.approvals.case import Case
from services.approvals.cc import Cc
from services.approvals.choosing import readers
from services.approvals.filing import keep, take
from services.approvals.mark_schemas import CcBody, CcItem, CommentBody, UrgeBody
from services.approvals.queries import CC_ORDER, CcListing
from services.approvals.schemas import CaseItem, PersonShape
from services.approvals.slot_schemas import DecisionShape
from services.approvals.slot_views import decision
from services.approvals.turn_schemas import PeopleShape
from services.approvals.views import case_item
from shared.deciding import Deciding
from shared.errors import Problem, invalid
from shared.http import DoOnce, Page, PageAsked, SignedIn, StoreHere, etag, page_of, shown
from shared.store import Work

router = APIRouter(tags=["cases"])


@router.post(
    "/slots/{slot_id}/urge",
    operation_id="urge",
    summary="催办 (urge, by the applicant)",
    response_model=DecisionShape,
)
def urge(asked: Deciding, slot_id: UUID, body: UrgeBody) -> Response:
    """Asks who has the document to be quick. Once in four working hours for each slot: 429 `urged_lately`
    says when it may be done again."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, "urge", slot_id, asked.caller, asked.expected)
        marks.urge(at.file, at.slot, Actor(asked.caller.person_id, asked.caller.name), body.note)
        keep(work, at.file)
        return asked.once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)


@router.post(
    "/cases/{case_id}/comment",
    operation_id="comment_on_case",
    summary="评论 (comment)",
    response_model=CaseItem,
)
def comment(store: StoreHere, caller: SignedIn, once: DoOnce, case_id: UUID, body: CommentBody) -> Response:
    """Says something about a case without deciding it, with files where needed. For everybody who has to do
    with it; a closed case takes comments too."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        case = work.get(Case, case_id, seen_by=caller)
        file = take(work, case)
        require(work, "comment", file, caller)
        files = attach(work, case, body.attachments, caller)
        marks.comment(file, Actor(caller.person_id, caller.name), body.text, files)
        keep(work, file)
        return once.answer(work, case_item(case), etag=etag(case.version))


@router.get(
    "/cases/{case_id}/readers", operation_id="list_readers", summary="可抄送人员 (who can get a copy)"
)
def list_readers(
    store: StoreHere,
    caller: SignedIn,
    case_id: UUID,
    q: Annotated[str, Query(max_length=100, description="姓名或单位 (part of a name or unit)")] = "",
) -> PeopleShape:
    """People of the unit, of its superior unit, and of the organisations that review the case."""
    with store.read() as look:
        file = take(look, look.get(Case, case_id, seen_by=caller))
        found = readers(look, file, q)
        return PeopleShape(people=[PersonShape.model_validate(one) for one in found])


@router.post("/cases/{case_id}/cc", operation_id="cc_case", summary="抄送 (copy)", response_model=CaseItem)
def cc(store: StoreHere, caller: SignedIn, once: DoOnce, case_id: UUID, body: CcBody) -> Response:
    """Lets people read the case, and tells them. By the applicant, by who has it now, and by administrators,
    until it is closed. Who has a copy of this round already gets no second one. 422 `not_a_reader`."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        case = work.get(Case, case_id, seen_by=caller)
        file = take(work, case)
        require(work, "cc", file, caller)
        people = {one.person_id: one for one in readers(work, file, wanted=body.people)}
        if missing := [place for place, one in enumerate(body.people) if one not in people]:
            raise invalid([_no_reader(place) for place in missing])
        there = _copied(work, case)
        fresh = [people[one] for one in dict.fromkeys(body.people) if one not in there]
        if fresh:
            marks.copy_to(file, fresh, Actor(caller.person_id, caller.name), body.note)
            keep(work, file)
        return once.answer(work, case_item(case), etag=etag(case.version))


@router.get("/cc", operation_id="list_cc", summary="抄送给我的 (copies to me)", response_model=Page[CcItem])
def list_cc(store: StoreHere, caller: SignedIn, asked: Annotated[CcListing, Query()]) -> Response:
    """Cases that were copied to the caller, newest first; `unread=true` for those he has not read."""
    page = PageAsked(limit=asked.limit, cursor=asked.cursor)
    with store.read() as look:
        listed = queries.copies(caller.person_id, asked, asked.unread)
        rows, after = page_of(look, listed, CC_ORDER, page)
    return shown(Page(items=[CcItem.model_validate(row) for row in rows], next=after))


@router.post("/cc/{cc_id}/read", operation_id="read_cc", summary="标记抄送已读 (read)", response_model=CcItem)
def read_cc(store: StoreHere, caller: SignedIn, once: DoOnce, cc_id: UUID) -> Response:
    """Marks a copy as read; the first time counts."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        row = work.get(Cc, cc_id, seen_by=caller)
        row.read_at = row.read_at or work.now
        return once.answer(work, CcItem.model_validate(row))


def _no_reader(place: int) -> Problem:
    text = "只能抄送给本单位、主管单位和审核单位的人员"
    return Problem("not_a_reader", text, f"/people/{place}", "nobody who could read it")


def _copied(work: Work, case: Case) -> list[UUID]:
    return work.all(select(Cc.person_id).where(Cc.case_id == case.id, Cc.round == case.round))
