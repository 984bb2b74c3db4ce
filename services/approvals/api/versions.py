"""Routes of a chain's versions: what differs between two, and taking a chain out of force."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response

from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.chains.diff import diff
from services.approvals.chains.schemas import ChainShape, DiffShape, RetireBody, StepChangeShape
from services.approvals.chains.views import chain_shape
from services.approvals.step import Step
from shared.deciding import Deciding
from shared.errors import NotFound
from shared.http import SignedIn, StoreHere, etag
from shared.store import Look

router = APIRouter(tags=["chains"])
Number = Annotated[int, Query(ge=0, lt=2**31, description="版本号；0 为草稿 (a version, 0 for the draft)")]


@router.get(
    "/chains/{chain_id}/diff",
    operation_id="diff_chain",
    summary="比较两个版本 (what two versions do differently)",
)
def diff_chain(
    store: StoreHere, caller: SignedIn, chain_id: UUID, before: Number, after: Number = 0
) -> DiffShape:
    """Steps added, removed, moved and changed from one version to another, with the fields that differ."""
    with store.read() as look:
        chain = look.get(Chain, chain_id, seen_by=caller)
        changes = diff(_steps(look, chain, before), _steps(look, chain, after))
    return DiffShape(
        before=before, after=after, changes=[StepChangeShape.model_validate(one) for one in changes]
    )


@router.post(
    "/chains/{chain_id}/retire",
    operation_id="retire_chain",
    summary="停用审核链 (take a chain out of force)",
    response_model=ChainShape,
)
def retire_chain(asked: Deciding, chain_id: UUID, body: RetireBody) -> Response:
    """For rounds that begin from now on it is as if there were no such chain: a unit's documents need another
    (or a policy that lets them do without), a district's follow the nearest district above. Running rounds
    keep their route; publishing puts the chain in force again. 409 `nothing_to_retire`."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        chain = work.get(Chain, chain_id, seen_by=asked.caller)
        chain.require_editor(asked.caller)
        asked.expected.check(etag(chain.version))
        work.publish(chain.retire(asked.caller.person_id, work.now, body.reason))
        work.session.flush()
        return asked.once.answer(work, chain_shape(work, chain, asked.caller), etag=etag(chain.version))


def _steps(look: Look, chain: Chain, n: int) -> list[Step]:
    """The steps of a version, of the draft for 0. Raises `NotFound` (`no_such_version`)."""
    if not n:
        return chain.steps
    version = look.session.get(ChainVersion, (chain.id, n))
    if version is None:
        raise NotFound("no_such_version", f"没有第 {n} 版", f"there is no version {n}")
    return [Step.model_validate(step) for step in version.steps]
