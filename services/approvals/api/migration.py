"""Routes of moving running rounds to the version of a chain that is in force."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from services.approvals.chains.chain import Chain
from services.approvals.chains.diff import diff
from services.approvals.chains.replay import PROVENANCE
from services.approvals.chains.schemas import StepChangeShape
from services.approvals.migrating import Prospect, chosen_rounds, move, older_rounds, prospect, target_of
from services.approvals.migration_schemas import (
    MigrateBody,
    MigrationPreviewBody,
    MigrationRow,
    MigrationShape,
    Outcome,
)
from shared.deciding import Deciding
from shared.http import SignedIn, StoreHere, etag

router = APIRouter(tags=["chains"])


@router.post(
    "/chains/{chain_id}/migration",
    operation_id="preview_migration",
    summary="预览改用新版 (what moving running rounds to the version in force would do)",
)
def preview_migration(
    store: StoreHere, caller: SignedIn, chain_id: UUID, body: MigrationPreviewBody
) -> MigrationShape:
    """Every running round by an older version, page by page: whether it can move, what would change in its
    route and who would have it, or why it cannot. Rounds to which it makes no difference are left out.
    Changes nothing. 409 `nothing_published`; 422 `unknown_step`, `renamed_twice`."""
    with store.read() as look:
        chain = look.get(Chain, chain_id, seen_by=caller)
        chain.require_editor(caller)
        target = target_of(look, chain, body.renamed)
        cases, following = older_rounds(look, target, body.after, body.limit)
        rows = [_row(prospect(look, target, case, caller), "moves") for case in cases]
    told = [row for row in rows if row.outcome != "unaffected"]
    return MigrationShape(version=target.version.n, rows=told, next=following)


@router.post(
    "/chains/{chain_id}/migrate",
    operation_id="migrate_cases",
    summary="改用新版 (move running rounds to the version in force, by an administrator)",
    response_model=MigrationShape,
)
def migrate_cases(asked: Deciding, chain_id: UUID, body: MigrateBody) -> Response:
    """Moves each of these cases whole, or leaves it as it is and says why: every decided step stays, in its
    order; present turns stay where the step does; what is still to come follows the version. `If-Match` is
    the ETag of the chain. Codes of a row: `decided_step_gone`, `decided_steps_reordered`, `step_passed_over`,
    `step_key_twice`, `pick_required`, `empty_step`, `too_few_reviewers`, `nothing_left`, `party_of_case`,
    `not_found` (or not under review by an older version)."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        chain = work.get(Chain, chain_id, seen_by=asked.caller)
        chain.require_editor(asked.caller)
        asked.expected.check(etag(chain.version))
        target = target_of(work, chain, body.renamed)
        cases = chosen_rounds(work, target, body.cases)
        done = {case.id: _row(move(work, target, case, asked.caller, body.reason), "moved") for case in cases}
        rows = [done.get(case_id) or _unknown(case_id) for case_id in dict.fromkeys(body.cases)]
        return asked.once.answer(work, MigrationShape(version=target.version.n, rows=rows))


def _row(found: Prospect, done: Outcome) -> MigrationRow:
    case, new, refused = found.file.case, found.new, found.refused
    outcome: Outcome = "unaffected" if refused and refused.code == "unaffected" else "refused"
    after = [step for step in new.steps if step.applies] if new else []
    before = [step for step in found.before if step.applies]
    changes = diff(before, after, PROVENANCE) if new else []
    return MigrationRow(
        case_id=case.id,
        doc_id=case.doc_id,
        title=case.title,
        number=case.number,
        organisation_name=case.organisation_name,
        outcome=done if new else outcome,
        code=refused.code if refused else "",
        text=refused.text if refused else "",
        text_en=refused.text_en if refused else "",
        step_before=found.step_before,
        step_after=new.present.name if new else "",
        stays=new is not None and new.stays,
        opens=[] if new is None or new.stays else [one.name for one in new.next.holders],
        changes=[StepChangeShape.model_validate(one) for one in changes],
    )


def _unknown(case_id: UUID) -> MigrationRow:
    return MigrationRow(
        case_id=case_id,
        doc_id=None,
        title="",
        number="",
        organisation_name="",
        outcome="refused",
        code="not_found",
        text="未找到，或不在旧版流程的审核中",
        text_en="not found, or not under review by an older version",
        step_before="",
        step_after="",
        stays=False,
        opens=[],
        changes=[],
    )
