"""The two decisions of a reviewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.approvals import judge, told
from services.approvals.actor import Actor
from services.approvals.case import CaseState
from services.approvals.case_file import CaseFile, Effects
from services.approvals.next_step import NextStep, enter, following
from services.approvals.quorum import closes
from services.approvals.recording import record
from services.approvals.seating import CandidatesOf
from services.approvals.signing import give_back
from services.approvals.slot import Slot, SlotState


@dataclass(frozen=True)
class Decision:
    """What a reviewer says, whom he picks for the next step, and the files he adds (as events name them).
    `link` is the hash of the link in a message by which he decides; `review_anew` goes with a disagreement:
    at the next submission nothing of this round goes on to hold."""

    by: Actor
    opinion: str = ""
    picks: Sequence[UUID] = ()
    attachments: Sequence[Mapping[str, Any]] = ()
    link: str = ""
    review_anew: bool = False


def agree(file: CaseFile, slot: Slot, said: Decision, candidates: CandidatesOf) -> None:
    """One agreement; when it closes the step, the next one opens, or the round is approved.

    Raises `Invalid` before anything is written: `pick_required`, `pick_not_candidate`,
    `too_few_picks`, `pick_not_asked`.
    """
    closing = closes(file.step, file.step_slots, slot)
    after = NextStep(None)
    if closing:
        after = following(file, slot.step_index, candidates, said.by.people, said.picks)
    else:
        judge.no_pick_yet(said.picks)
    effects = Effects(closed=[slot])
    _decide(file, slot, SlotState.AGREED, said)
    if closing:
        effects.closed += file.cancel_pending()
        entered = enter(file, after)
        effects.opened, effects.skipped = entered.opened, entered.skipped
    else:
        effects.opened = give_back(file, slot)
        file.settle_attention()
    _record(file, "agreed", effects, slot, said)
    if file.case.state == CaseState.APPROVED:
        file.told.append(told.decided(file.case, slot, said.by))


def disagree(file: CaseFile, slot: Slot, said: Decision) -> None:
    """The document goes back to its applicant at once. Raises `Invalid` (`opinion_required`)."""
    judge.require_opinion(said.opinion)
    effects = Effects(closed=[slot])
    _decide(file, slot, SlotState.DISAGREED, said)
    effects.closed += file.cancel_pending()
    file.settle_attention()
    file.case.move(CaseState.RETURNED, file.at)
    _record(file, "disagreed", effects, slot, said)
    file.told.append(told.decided(file.case, slot, said.by))


def _record(file: CaseFile, act: str, effects: Effects, slot: Slot, said: Decision) -> None:
    how: dict[str, Any] = {"channel": "message", "link": said.link} if said.link else {}
    how |= {"review_anew": True} if said.review_anew else {}
    files = list(said.attachments)
    record(file, act, said.by, effects, slot=slot, opinion=said.opinion, attachments=files, **how)


def _decide(file: CaseFile, slot: Slot, state: SlotState, said: Decision) -> None:
    file.close(slot, state)
    slot.acted_by, slot.acted_name, slot.opinion = said.by.person_id, said.by.name, said.opinion
    slot.on_behalf_of = said.by.on_behalf_of
