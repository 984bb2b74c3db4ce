"""Route of the replay of a draft over past cases."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from fastapi import APIRouter

from services.approvals.chains.chain import Chain
from services.approvals.chains.lint import lint
from services.approvals.chains.replay import Expected, Replayed, replay
from services.approvals.chains.replay_schemas import (
    ExpectedShape,
    GapShape,
    ReplayBody,
    ReplayedShape,
    ReplayShape,
)
from services.approvals.chains.schemas import StepChangeShape
from shared.errors import invalid
from shared.http import SignedIn, StoreHere

router = APIRouter(tags=["chains"])


@router.post(
    "/chains/{chain_id}/replay",
    operation_id="replay_chain",
    summary="回放草稿 (what a draft would do to the cases of the past)",
)
def replay_chain(store: StoreHere, caller: SignedIn, chain_id: UUID, body: ReplayBody) -> ReplayShape:
    """Routes the facts of the newest cases again, by the chains in force and by the draft, with the people of
    today: what changes step by step, where reviewers would be missing, and how long it would take. 422 for a
    draft with mistakes. Changes nothing."""
    with store.read() as look:
        chain = look.get(Chain, chain_id, seen_by=caller)
        chain.require_editor(caller)
        steps = chain.steps if body.steps is None else body.steps
        if problems := lint(chain.level, steps):
            raise invalid(problems)
        return _shape(replay(look, chain, steps, caller, body.limit))


def _shape(found: Sequence[Replayed]) -> ReplayShape:
    known = [one for one in found if not (one.before.unknown or one.after.unknown)]
    return ReplayShape(
        looked_at=len(found),
        changed=sum(bool(one.changes) for one in found),
        lacking=sum(bool(one.gaps) for one in found),
        compared=len(known),
        hours_before=_mean([one.before for one in known]),
        hours_after=_mean([one.after for one in known]),
        cases=[_replayed(one) for one in found if one.changes or one.gaps],
    )


def _replayed(one: Replayed) -> ReplayedShape:
    return ReplayedShape(
        case_id=one.case.id,
        doc_id=one.case.doc_id,
        round=one.case.round,
        title=one.case.title,
        number=one.case.number,
        organisation_name=one.case.organisation_name,
        changes=[StepChangeShape.model_validate(change) for change in one.changes],
        gaps=[GapShape.model_validate(gap) for gap in one.gaps],
        before=_expected(one.before),
        after=_expected(one.after),
    )


def _expected(one: Expected) -> ExpectedShape:
    return ExpectedShape(hours=_hours(Decimal(one.minutes)), unknown=list(one.unknown))


def _mean(found: Sequence[Expected]) -> Decimal | None:
    return _hours(Decimal(sum(one.minutes for one in found)) / len(found)) if found else None


def _hours(minutes: Decimal) -> Decimal:
    return (minutes / 60).quantize(Decimal("0.1"))
