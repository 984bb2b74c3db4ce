"""Routes of reviewers: to-do, done, and one slot."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.approvals import queries
from services.approvals.filing import situation, take_by_slot
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
from services.approvals.slot_schemas import CountsShape, SlotItem
from services.approvals.slot_views import slot_items, whole_slot
from services.approvals.standing_in import in_force_for
from shared.http import Page, PageAsked, SignedIn, StoreHere, page_of, shown

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
            cc=queries.count(look, queries.copies(caller.person_id, asked)),
            cc_unread=queries.count(look, queries.copies(caller.person_id, asked, unread=True)),
        )


@router.get(
    "/slots/{slot_id}", operation_id="get_slot", summary="一项待办 (one slot)", response_model=SlotItem
)
def get_slot(store: StoreHere, caller: SignedIn, slot_id: UUID) -> Response:
    """One slot of the caller, or of somebody for whom he stands in, with the ETag that a decision needs and
    all that may be done with it."""
    with store.read() as look:
        look.get(Slot, slot_id, seen_by=caller)
        file, slot = take_by_slot(look, slot_id, caller)
        return shown(whole_slot(look, situation(look, file, slot, caller)), slot.etag)


def _page(asked: Listing) -> PageAsked:
    return PageAsked(limit=asked.limit, cursor=asked.cursor)
