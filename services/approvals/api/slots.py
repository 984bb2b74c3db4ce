"""Routes of reviewers: to-do, done, and decisions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import update

from services.approvals import deciding, holders, queries
from services.approvals.api.turn import actor, chosen, take_turn
from services.approvals.deciding import Decision
from services.approvals.filing import candidates_today, keep, situation, take_by_slot
from services.approvals.opinion import CommonOpinion
from services.approvals.queries import DONE_ORDER, TODO_ORDER, URGENT_ORDER, Filters, Listing, TodoListing
from services.approvals.slot import Slot
from services.approvals.slot_schemas import (
    AgreeBody,
    CountsShape,
    DecisionShape,
    DisagreeBody,
    ReassignBody,
    SlotItem,
)
from services.approvals.slot_views import decision, slot_item
from shared.errors import Forbidden
from shared.http import DoOnce, IfMatch, Page, PageAsked, SignedIn, StoreHere, page_of, shown
from shared.people import Caller
from shared.store import Work

router = APIRouter(tags=["slots"])


@router.get(
    "/todo", operation_id="list_todo", summary="待办理 (my to-do list)", response_model=Page[SlotItem]
)
def list_todo(store: StoreHere, caller: SignedIn, asked: Annotated[TodoListing, Query()]) -> Response:
    """What waits for the caller, newest first, or the most urgent first; what has no budget comes last."""
    urgent = asked.sort == "due"
    order = URGENT_ORDER if urgent else TODO_ORDER
    with store.read() as look:
        waiting = queries.todo(caller.person_id, asked).where(*queries.standing(asked.time, look.now))
        rows, after = page_of(look, waiting, order, _page(asked), ascending=urgent)
        return shown(Page(items=[slot_item(row, look.now) for row in rows], next=after))


@router.get(
    "/done", operation_id="list_done", summary="已办结 (what I decided)", response_model=Page[SlotItem]
)
def list_done(store: StoreHere, caller: SignedIn, asked: Annotated[Listing, Query()]) -> Response:
    """What the caller has decided, newest first."""
    with store.read() as look:
        rows, after = page_of(look, queries.done(caller.person_id, asked), DONE_ORDER, _page(asked))
        return shown(Page(items=[slot_item(row, look.now) for row in rows], next=after))


@router.get("/counts", operation_id="count_slots", summary="待办与已办数量 (counts of the lists)")
def counts(store: StoreHere, caller: SignedIn, asked: Annotated[Filters, Query()]) -> CountsShape:
    """How many rows the lists have under the same filters."""
    with store.read() as look:
        todo, due_soon, overdue = queries.count_todo(look, queries.todo(caller.person_id, asked))
        return CountsShape(
            todo=todo,
            due_soon=due_soon,
            overdue=overdue,
            done=queries.count(look, queries.done(caller.person_id, asked)),
            attention=queries.count(look, queries.attention(caller)),
        )


@router.get(
    "/slots/{slot_id}", operation_id="get_slot", summary="一项待办 (one slot)", response_model=SlotItem
)
def get_slot(store: StoreHere, caller: SignedIn, slot_id: UUID) -> Response:
    """One slot of the caller, with the ETag that a decision needs and all that may be done with it."""
    with store.read() as look:
        look.get(Slot, slot_id, seen_by=caller)
        file, slot = take_by_slot(look, slot_id, caller)
        return shown(slot_item(slot, look.now, situation(look, file, slot, caller)), slot.etag)


@router.post(
    "/slots/{slot_id}/agree",
    operation_id="agree",
    summary="同意 (agree)",
    response_model=DecisionShape,
)
def agree(  # noqa: PLR0913 - what a decision is made of
    store: StoreHere, caller: SignedIn, once: DoOnce, expected: IfMatch, slot_id: UUID, body: AgreeBody
) -> Response:
    """Agrees. `If-Match` is the ETag of the slot: it names the content that was seen.

    409 `already_decided` with the winner's facts, 422 `pick_required` where the next step asks for picks.
    """
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        at = take_turn(work, "agree", slot_id, caller, expected)
        said = Decision(actor(caller), body.opinion, body.picks)
        deciding.agree(at.file, at.slot, said, lambda step: candidates_today(work, step))
        _count_opinion(work, caller, "agree", body.opinion)
        keep(work, at.file)
        return once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)


@router.post(
    "/slots/{slot_id}/disagree",
    operation_id="disagree",
    summary="不同意并退回 (disagree: back to the applicant)",
    response_model=DecisionShape,
)
def disagree(  # noqa: PLR0913 - what a decision is made of
    store: StoreHere, caller: SignedIn, once: DoOnce, expected: IfMatch, slot_id: UUID, body: DisagreeBody
) -> Response:
    """Sends the document back to its applicant, with an opinion."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        at = take_turn(work, "disagree", slot_id, caller, expected)
        deciding.disagree(at.file, at.slot, Decision(actor(caller), body.opinion))
        _count_opinion(work, caller, "disagree", body.opinion)
        keep(work, at.file)
        return once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)


@router.post(
    "/slots/{slot_id}/reassign",
    operation_id="reassign",
    summary="改派审核人 (reassign, by an administrator)",
    response_model=DecisionShape,
)
def reassign(  # noqa: PLR0913 - what a decision is made of
    store: StoreHere, caller: SignedIn, once: DoOnce, expected: IfMatch, slot_id: UUID, body: ReassignBody
) -> Response:
    """Gives an open or vacant slot to another person of the step's organisation; never to the applicant or to
    somebody who has decided in this round. Administrators of the step's segment only."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        at = take_turn(work, "reassign", slot_id, caller, expected)
        if body.to == caller.person_id:
            raise Forbidden(
                "not_to_yourself", "不能改派给自己", "an administrator does not take the step himself"
            )
        to = chosen(work, at, "reassign", body.to)
        new = holders.reassign(at.file, at.slot, to, actor(caller), body.reason)
        keep(work, at.file)
        return once.answer(work, decision(at.file, new), etag=new.etag)


def _count_opinion(work: Work, caller: Caller, kind: str, opinion: str) -> None:
    if opinion:
        work.execute(
            update(CommonOpinion)
            .where(CommonOpinion.owner_id == caller.person_id)
            .where(CommonOpinion.kind == kind, CommonOpinion.text == opinion)
            .values(use_count=CommonOpinion.use_count + 1)
            .execution_options(synchronize_session=False)
        )


def _page(asked: Listing) -> PageAsked:
    return PageAsked(limit=asked.limit, cursor=asked.cursor)
