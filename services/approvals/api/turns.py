"""Routes of holders about their own turn: seen, passed on, added signers, an agreement taken back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.approvals import holders, marks, signing, undoing
from services.approvals.actor import Actor
from services.approvals.api.turn import chosen, take_turn
from services.approvals.choosing import choices
from services.approvals.eligibility import check_slots
from services.approvals.filing import keep, situation, take_by_slot
from services.approvals.schemas import PersonShape
from services.approvals.slot_schemas import DecisionShape
from services.approvals.slot_views import decision
from services.approvals.turn_schemas import (
    AddSignBody,
    PeopleAsked,
    PeopleShape,
    ReduceSignBody,
    TakeBackBody,
    TransferBody,
)
from services.approvals.verbs import why_not
from shared.deciding import Deciding
from shared.errors import Problem, invalid
from shared.http import SignedIn, StoreHere

router = APIRouter(tags=["slots"])


@router.post(
    "/slots/{slot_id}/seen",
    operation_id="see_slot",
    summary="标记已查看 (seen)",
    response_model=DecisionShape,
)
def see_slot(asked: Deciding, slot_id: UUID) -> Response:
    """Marks that the holder has opened what waits for him: `If-Match` names what he has seen. The agreement
    that opened it cannot be taken back any more. Seeing it again changes nothing."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, "seen", slot_id, asked.caller, asked.expected)
        marks.see(at.file, at.slot, at.actor)
        keep(work, at.file)
        return asked.once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)


@router.get("/slots/{slot_id}/people", operation_id="list_people", summary="可选人员 (who can be chosen)")
def list_people(
    store: StoreHere, caller: SignedIn, slot_id: UUID, asked: Annotated[PeopleAsked, Query()]
) -> PeopleShape:
    """Who could take the slot over or sign too: only people whom the verb itself would accept. 403 or 409
    where the caller may not use the verb."""
    with store.read() as look:
        file, slot = take_by_slot(look, slot_id, caller)
        refused = why_not(asked.verb, situation(look, file, slot, caller))
        if refused is not None:
            raise refused
        found = choices(look, file, slot, asked.verb, asked.q)
        return PeopleShape(people=[PersonShape.model_validate(one) for one in found])


@router.post(
    "/slots/{slot_id}/transfer",
    operation_id="transfer",
    summary="转办 (turn over to another reviewer)",
    response_model=DecisionShape,
)
def transfer(asked: Deciding, slot_id: UUID, body: TransferBody) -> Response:
    """The holder passes his turn on to somebody who could have been asked in his place; the time of the step
    runs on. 422 `excluded`, `already_holder`, `passed_on_before`, `not_eligible`."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, "transfer", slot_id, asked.caller, asked.expected)
        to = chosen(work, at, "transfer", body.to)
        new = holders.transfer(at.file, at.slot, to, at.actor, body.reason)
        keep(work, at.file)
        return asked.once.answer(work, decision(at.file, new), etag=new.etag)


@router.post(
    "/slots/{slot_id}/add-sign",
    operation_id="add_sign",
    summary="加签 (ask others to sign too)",
    response_model=DecisionShape,
)
def add_sign(asked: Deciding, slot_id: UUID, body: AddSignBody) -> Response:
    """Colleagues of the step's organisation sign before the holder (his turn waits for them) or with him (the
    step waits for them). They agree or disagree like every reviewer. 422 as `transfer`, `named_twice`,
    `too_many_signers`."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, "add_sign", slot_id, asked.caller, asked.expected)
        if len(set(body.people)) < len(body.people):
            raise invalid([Problem("named_twice", "人员重复", "/people", "a person is named twice")])
        people = [chosen(work, at, "add_sign", one, f"/people/{n}") for n, one in enumerate(body.people)]
        signing.add_sign(at.file, at.slot, people, body.order, (at.actor, body.reason))
        keep(work, at.file)
        return asked.once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)


@router.post(
    "/slots/{slot_id}/reduce-sign",
    operation_id="reduce_sign",
    summary="减签 (take a signer off)",
    response_model=DecisionShape,
)
def reduce_sign(asked: Deciding, slot_id: UUID, body: ReduceSignBody) -> Response:
    """Takes a pending signer off: by who has added him, before deciding himself; or, with a reason, by an
    administrator of the step, who may also take off a reviewer whom the quorum can spare. 409 `below_quorum`,
    `would_close_step`."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, "reduce_sign", slot_id, asked.caller, asked.expected)
        if at.administers and not body.reason:
            text_en = "an administrator says why"
            raise invalid([Problem("reason_required", "管理员减签须说明原因", "/reason", text_en)])
        signing.reduce_sign(
            at.file, at.slot, Actor(asked.caller.person_id, asked.caller.name), body.reason, at.administers
        )
        keep(work, at.file)
        return asked.once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)


@router.post(
    "/slots/{slot_id}/take-back",
    operation_id="take_back",
    summary="收回同意意见 (take one's agreement back)",
    response_model=DecisionShape,
)
def take_back(asked: Deciding, slot_id: UUID, body: TakeBackBody) -> Response:
    """Undoes one's own agreement, or that of a deputy for the caller, while it is the last decision and
    nobody whose turn it opened has seen it: 409 `decided_since`, `seen_since`, `acted_since`, `case_closed`.
    403 `not_yours_any_more` for who has left, or stands in no longer."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, "take_back", slot_id, asked.caller, asked.expected)
        act = next(act for act in at.acts() if act.seq == at.slot.closed_by)
        undoing.take_back(at.file, at.slot, act, at.actor, body.reason)
        check_slots(work, at.file, at.file.step_slots)
        keep(work, at.file)
        return asked.once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)
