"""Routes of reviewers: to-do, done, and decisions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.approvals import deciding, holders, judge, queries
from services.approvals.actor import Actor
from services.approvals.deciding import Decision
from services.approvals.filing import came_first, candidates_today, keep, substitute, take_by_slot
from services.approvals.opinion import count_use
from services.approvals.queries import (
    DONE_ORDER,
    TODO_ORDER,
    URGENT_ORDER,
    DoneListing,
    Filters,
    Listing,
    TodoListing,
)
from services.approvals.slot import Slot
from services.approvals.slot_schemas import (
    AgreeBody,
    CountsShape,
    DecisionShape,
    DisagreeBody,
    ReassignBody,
    SlotItem,
)
from services.approvals.slot_views import decision, slot_items
from services.approvals.standing_in import in_force_for
from services.approvals.turn import take_turn
from shared.errors import Forbidden, invalid
from shared.http import DoOnce, IfMatch, Page, PageAsked, SignedIn, StoreHere, page_of, shown

router = APIRouter(tags=["slots"])


@router.get(
    "/todo", operation_id="list_todo", summary="待办理 (my to-do list)", response_model=Page[SlotItem]
)
def list_todo(store: StoreHere, caller: SignedIn, asked: Annotated[TodoListing, Query()]) -> Response:
    """What waits for the caller, and for those for whom he stands in now: newest first, or the most urgent
    first; what has no budget comes last."""
    urgent = asked.sort == "due"
    order = URGENT_ORDER if urgent else TODO_ORDER
    with store.read() as look:
        waiting = queries.todo(caller.person_id, asked, in_force_for(look, caller.person_id))
        waiting = waiting.where(*queries.standing(asked.time, look.now))
        rows, after = page_of(look, waiting, order, _page(asked), ascending=urgent)
        return shown(Page(items=slot_items(look, rows, caller), next=after))


@router.get(
    "/done", operation_id="list_done", summary="已办结 (what I decided)", response_model=Page[SlotItem]
)
def list_done(store: StoreHere, caller: SignedIn, asked: Annotated[DoneListing, Query()]) -> Response:
    """What the caller has decided, or his deputies for him, newest first."""
    listed = queries.represented if asked.by == "deputy" else queries.done
    with store.read() as look:
        rows, after = page_of(look, listed(caller.person_id, asked), DONE_ORDER, _page(asked))
        return shown(Page(items=slot_items(look, rows, caller), next=after))


@router.get("/counts", operation_id="count_slots", summary="待办与已办数量 (counts of the lists)")
def counts(store: StoreHere, caller: SignedIn, asked: Annotated[Filters, Query()]) -> CountsShape:
    """How many rows the lists have under the same filters."""
    with store.read() as look:
        waiting = queries.todo(caller.person_id, asked, in_force_for(look, caller.person_id))
        todo, due_soon, overdue = queries.count_todo(look, waiting)
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
    """One slot of the caller, or of somebody for whom he stands in, with the ETag that a decision needs."""
    with store.read() as look:
        slot = look.get(Slot, slot_id, seen_by=caller)
        return shown(slot_items(look, [slot], caller)[0], slot.etag)


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
        file, slot = take_by_slot(work, slot_id, caller)
        by = take_turn(work, file, slot, caller)
        expected.check(slot.etag)
        said = Decision(by, body.opinion, body.picks)
        deciding.agree(file, slot, said, lambda step: candidates_today(work, step))
        count_use(work, caller, "agree", body.opinion)
        keep(work, file)
        return once.answer(work, decision(file, slot), etag=slot.etag)


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
        file, slot = take_by_slot(work, slot_id, caller)
        by = take_turn(work, file, slot, caller)
        expected.check(slot.etag)
        deciding.disagree(file, slot, Decision(by, body.opinion))
        count_use(work, caller, "disagree", body.opinion)
        keep(work, file)
        return once.answer(work, decision(file, slot), etag=slot.etag)


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
        file, slot = take_by_slot(work, slot_id, caller)
        judge.require_administrator(file.case, file.route[slot.step_index], caller)
        if not slot.pending:
            raise judge.came_first(file.case, came_first(work, file.case, slot))
        expected.check(slot.etag)
        if body.to == caller.person_id:
            raise Forbidden(
                "not_to_yourself", "不能改派给自己", "an administrator does not take the step himself"
            )
        to = substitute(work, file.case, file.step, body.to)
        problems = judge.cannot_take_over(file.excluded, file.step_slots, body.to, to)
        if to is None or problems:
            raise invalid(problems)
        new = holders.reassign(file, slot, to, Actor(caller.person_id, caller.name), body.reason)
        keep(work, file)
        return once.answer(work, decision(file, new), etag=new.etag)


def _page(asked: Listing) -> PageAsked:
    return PageAsked(limit=asked.limit, cursor=asked.cursor)
