"""Routes of administrators: a slot is given to somebody else, one or all that a person has."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.approvals import holders, queries
from services.approvals.actor import Actor
from services.approvals.api.rows import counted, tried
from services.approvals.api.turn import chosen, take_turn
from services.approvals.batch_schemas import HandedOverShape, HandOverBody, HeldSlot, ResultShape
from services.approvals.filing import keep, situation, take_by_slot
from services.approvals.queries import TODO_ORDER
from services.approvals.slot_schemas import DecisionShape, ReassignBody, SlotItem
from services.approvals.slot_views import decision, held_slot
from shared.deciding import Asked, Deciding
from shared.errors import Conflict, Forbidden
from shared.http import (
    DoOnce,
    Expected,
    Page,
    PageAsked,
    SignedIn,
    StoreHere,
    page_of,
    shown,
)
from shared.people import Role

router = APIRouter(tags=["slots"])


@router.post(
    "/slots/{slot_id}/reassign",
    operation_id="reassign",
    summary="改派审核人 (reassign, by an administrator)",
    response_model=DecisionShape,
)
def reassign(asked: Deciding, slot_id: UUID, body: ReassignBody) -> Response:
    """Gives an open or vacant slot to another person of the step's organisation; never to the applicant or to
    somebody who has decided in this round. Administrators of the step's segment only; whoever has done so has
    no part in the step any more, as a deputy neither (`administered_step`)."""
    return _reassign(asked, slot_id, body)


@router.get(
    "/people/{person_id}/slots",
    operation_id="list_slots_of_person",
    summary="某人名下未办结的待办 (what a person has, for his administrators)",
    response_model=Page[SlotItem],
)
def list_slots_of_person(
    store: StoreHere, caller: SignedIn, person_id: UUID, asked: Annotated[PageAsked, Query()]
) -> Response:
    """What waits for a person in the cases that the caller administers, newest first, also where he has left
    and it waits for somebody else; each with whether the caller may reassign it, or why not."""
    caller.require(Role.UNIT_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR)
    with store.read() as look:
        rows, after = page_of(look, queries.held_by(person_id, caller), TODO_ORDER, asked)
        items = []
        for row in rows:
            file, slot = take_by_slot(look, row.id, caller)
            items.append(held_slot(look, situation(look, file, slot, caller)))
        return shown(Page(items=items, next=after))


@router.post(
    "/people/{person_id}/hand-over",
    operation_id="hand_over",
    summary="批量移交待办 (hand a person's slots over to another)",
)
def hand_over(  # noqa: PLR0913 - what a hand-over is made of
    store: StoreHere,
    caller: SignedIn,
    once: DoOnce,
    request: Request,
    person_id: UUID,
    body: HandOverBody,
) -> HandedOverShape:
    """Reassigns slots of a person (who leaves, for example) to one other, each as `reassign` would alone: in
    a transaction of its own, against its own `etag`, with the reason in the history of its case. What cannot
    be handed over stands in its row: `excluded` where the other has decided or applied, `not_eligible`,
    `holder_changed`. Sent again with the same key, it gives the same results."""
    caller.require(Role.UNIT_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR)
    given = ReassignBody(to=body.to, reason=body.reason)
    meant = hashlib.sha256(given.model_dump_json().encode()).hexdigest()

    def act(held: HeldSlot) -> Response:
        own = replace(once, route=f"{once.route}/{held.slot_id}"[:300], body_hash=meant)
        asked = Asked(store, caller, own, Expected(held.etag))
        return _reassign(asked, held.slot_id, given, person_id)

    results = [tried(ResultShape, request, partial(act, one), slot_id=one.slot_id) for one in body.slots]
    return HandedOverShape(**counted(results))


def _reassign(asked: Asked, slot_id: UUID, body: ReassignBody, by: UUID | None = None) -> Response:
    caller = asked.caller
    with asked.store.work(actor=caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, "reassign", slot_id, caller, asked.expected)
        if by not in (None, at.slot.holder_id):
            raise Conflict("holder_changed", "该待办不在此人名下", "somebody else has it")
        if body.to == caller.person_id:
            raise Forbidden(
                "not_to_yourself", "不能改派给自己", "an administrator does not take the step himself"
            )
        to = chosen(work, at, "reassign", body.to)
        new = holders.reassign(at.file, at.slot, to, Actor(caller.person_id, caller.name), body.reason)
        keep(work, at.file)
        return asked.once.answer(work, decision(at.file, new), etag=new.etag)
