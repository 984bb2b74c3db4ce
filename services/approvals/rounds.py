"""How a round of review begins and how it ends without a decision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.approvals import told
from services.approvals.actor import Actor
from services.approvals.case import CaseState
from services.approvals.case_event import first_hash
from services.approvals.case_file import CaseFile, Effects
from services.approvals.evidence.written import plain, row_digest, written
from services.approvals.next_step import NextStep, enter
from services.approvals.recording import record
from shared.digest import digest
from shared.events.approvals import CaseOpened, CaseTerminated, CaseWithdrawn


def submit(file: CaseFile, by: Actor, opening: NextStep, versions: Iterable[tuple[UUID, int]] = ()) -> None:
    """Opens the round that `file.round` froze by these versions of chains, at the step that `opening` says;
    what it carries over from the round before is an act of its own for each agreement."""
    case = file.case
    if not case.event_hash:
        case.event_hash = first_hash(case.id, file.round.digest, file.round.route)
    if case.round:
        case.move(CaseState.REVIEWING, file.at)
    case.round, case.revision, case.digest = file.round.n, file.round.revision, file.round.digest
    case.submitted_at, case.route = file.at, None
    carried = [
        (file.carry(index, holder, agreed), one.basis)
        for index, one in opening.carried.items()
        for agreed, holder in one.agreed
    ]
    effects = enter(file, opening)
    frozen = {
        "facts": digest(plain(file.round.facts)),
        "route": digest(plain(file.round.route)),
        "row": row_digest(written(file.round)),
    }
    found = {(step.chain_id, step.chain_version) for step in file.route}.union(versions)
    chains = [{"chain": str(chain), "version": version} for chain, version in sorted(found)]
    record(file, "submitted", by, effects, revision=file.round.revision, chains=chains, frozen=frozen)
    steps = [step.name for step in file.route if step.applies]
    names = [step.name for step in file.route if step.carried]
    file.told.insert(0, CaseOpened(**told.about(case), steps=steps, carried=names))
    for slot, basis in carried:
        slot.basis, slot.closed_by = basis, case.event_seq + 1
        about: dict[str, Any] = {"to": [slot.holder_name], "from_round": slot.carried_round}
        record(file, "carried", None, Effects(closed=[slot]), slot=slot, **about)


def withdraw(file: CaseFile, by: Actor) -> None:
    """The applicant takes the document back before anybody has decided in this round."""
    _end(file, CaseState.WITHDRAWN, "withdrawn", by)
    file.told.append(CaseWithdrawn(**told.about(file.case), actor_id=by.person_id))


def supersede(file: CaseFile) -> None:
    """A newer submission is here although this round still runs; its slots end like withdrawn ones."""
    _end(file, CaseState.WITHDRAWN, "superseded", None)


def terminate(file: CaseFile, by: Actor | None, code: str, text: str) -> None:
    """Ends the case for good; nobody for the system. Raises `Conflict` when it has ended."""
    _end(file, CaseState.TERMINATED, "terminated", by, opinion=text, administrator=by is not None)
    actor_id = by.person_id if by else None
    file.told.append(CaseTerminated(**told.about(file.case), code=code, text=text, actor_id=actor_id))


def _end(file: CaseFile, state: CaseState, act: str, by: Actor | None, **about: Any) -> None:
    file.case.move(state, file.at)
    closed = file.cancel_pending()
    file.settle_attention()
    record(file, act, by, Effects(closed=closed), **about)
