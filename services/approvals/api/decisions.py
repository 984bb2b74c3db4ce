"""Routes of reviewers: their decisions, one at a time or many in one request."""

from __future__ import annotations

import hashlib
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from services.approvals.api.rows import counted, tried
from services.approvals.api.turn import take_turn
from services.approvals.attachment import attach
from services.approvals.batch_schemas import DecisionResult, DecisionRow, DecisionsBody, DecisionsShape
from services.approvals.deciding import Decision
from services.approvals.settling import settle
from services.approvals.slot_schemas import AgreeBody, DecisionShape, DisagreeBody
from services.approvals.slot_views import decision
from shared.deciding import Asked, Deciding
from shared.decision_link import Verb
from shared.digest import canonical
from shared.http import Expected, Once, SignedIn, StoreHere, missing_header
from shared.people import Caller
from shared.store import Store
from shared.web import invalid_input

router = APIRouter(tags=["slots"])
Said = AgreeBody | DisagreeBody


@router.post(
    "/slots/{slot_id}/agree",
    operation_id="agree",
    summary="同意 (agree)",
    response_model=DecisionShape,
)
def agree(asked: Deciding, slot_id: UUID, body: AgreeBody) -> Response:
    """Agrees. `If-Match` is the ETag of the slot: it names the content that was seen.

    409 `already_decided` with the winner's facts, 422 `pick_required` where the next step asks for picks.
    """
    return _decide(asked, slot_id, body)


@router.post(
    "/slots/{slot_id}/disagree",
    operation_id="disagree",
    summary="不同意并退回 (disagree: back to the applicant)",
    response_model=DecisionShape,
)
def disagree(asked: Deciding, slot_id: UUID, body: DisagreeBody) -> Response:
    """Sends the document back to its applicant, with an opinion."""
    return _decide(asked, slot_id, body)


@router.post(
    "/slots/decisions",
    operation_id="decide_slots",
    summary="批量审核 (decide many, each on its own)",
)
def decide_slots(store: StoreHere, caller: SignedIn, request: Request, body: DecisionsBody) -> DecisionsShape:
    """Decides up to a hundred slots in the order given, each as `agree` or `disagree` would alone: in its own
    transaction, against its own `etag` (If-Match), once for its `command_id` (Idempotency-Key). What is
    refused stands in its row as the problem+json of the single request, and changes nothing for the others;
    the answer is 200 whatever the rows say. Sent again, it gives the same results."""
    return DecisionsShape(**counted([_decide_row(store, caller, request, row) for row in body.decisions]))


def _decide_row(store: Store, caller: Caller, request: Request, row: DecisionRow) -> DecisionResult:
    def act() -> Response:
        for name, value in (("idempotency-key", row.command_id), ("if-match", row.etag)):
            if not value:
                raise missing_header(name)
        said = _said(row)
        meant = hashlib.sha256(canonical(row.meant)).hexdigest()
        once = Once(caller.actor, f"POST {request.url.path}/{row.slot_id}", row.command_id, meant)
        return _decide(Asked(store, caller, once, Expected(row.etag)), row.slot_id, said)

    about = {"slot_id": row.slot_id, "command_id": row.command_id}
    return tried(DecisionResult, request, act, **about)


def _said(row: DecisionRow) -> Said:
    try:
        return (AgreeBody if row.verb == "agree" else DisagreeBody).model_validate(row.said)
    except ValidationError as error:
        raise invalid_input(error) from None


def _decide(asked: Asked, slot_id: UUID, body: Said) -> Response:
    verb: Verb = "agree" if isinstance(body, AgreeBody) else "disagree"
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        at = take_turn(work, verb, slot_id, asked.caller, asked.expected)
        files = attach(work, at.file.case, body.attachments, asked.caller)
        picks = body.picks if isinstance(body, AgreeBody) else ()
        anew = isinstance(body, DisagreeBody) and body.review_anew
        settle(work, at, verb, Decision(at.actor, body.opinion, picks, files, review_anew=anew))
        return asked.once.answer(work, decision(at.file, at.slot), etag=at.slot.etag)
