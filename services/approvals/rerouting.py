"""Moving a running round to another version of a chain: what has been decided stays as it was, what is still
to come follows the version; or why that cannot be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.approvals import told
from services.approvals.actor import Actor
from services.approvals.case_file import CaseFile, Effects
from services.approvals.next_step import NextStep, carried_in, enter, needs_nobody
from services.approvals.recording import record
from services.approvals.route import people_missing
from services.approvals.seating import CandidatesOf, Seating, seat
from services.approvals.slot import DECIDED
from services.approvals.step import RouteStep
from shared.errors import Conflict

WHO = ("selector", "organisation_id", "quorum", "at_least", "self_review", "superior_id")
"""What says who decides a step, and how many: while none of it changes, the present turns stay."""
Renamed = Mapping[str, str]
"""Keys of steps as they were, and as they are in the new version."""


@dataclass(frozen=True)
class Rerouted:
    """The route as it would be. `next` is the present step in it with who gets it; the slots that are there
    stay when the step itself does."""

    steps: Sequence[RouteStep]
    next: NextStep
    stays: bool

    @property
    def present(self) -> RouteStep:
        assert self.next.index is not None
        return self.steps[self.next.index]


def reroute(
    file: CaseFile, fresh: Sequence[RouteStep], renamed: Renamed, candidates: CandidatesOf
) -> Rerouted:
    """Puts those steps of `fresh` that come after what has been decided in the place of those that were to.

    Raises `Conflict`: `unaffected`, `decided_step_gone`, `decided_steps_reordered`, `step_passed_over`,
    `carried_step_changed`, `step_key_twice`, `pick_required`, `empty_step`, `too_few_reviewers`,
    `nothing_left`.
    """
    at = file.case.step_index
    decided = [index for index in range(at + 1) if _is_decided(file, index)]
    kept = file.route[: decided[-1] + 1] if decided else []
    behind = _behind(file, decided, fresh, renamed)
    rest = _begun(file, fresh[behind:], renamed)
    steps = [*kept, *rest]
    if len({step.key for step in steps}) < len(steps):
        raise Conflict("step_key_twice", "同一环节标识会出现两次", "a key of a step would stand there twice")
    if steps == file.route:
        raise Conflict("unaffected", "新版不影响其余环节", "what is still to come stays as it is")
    if at < len(kept):
        found = Rerouted(steps, NextStep(at), stays=True)
    else:
        found = _opened(file, steps, len(kept), _passed(file, decided, renamed), candidates)
    held = {slot.step_key for slot in file.carried_ahead}
    for step in steps[(found.next.index or 0) + 1 :]:
        if step.key not in held:
            _require_people(file, step, candidates)
    return found


def migrate(file: CaseFile, new: Rerouted, by: Actor, reason: str, **about: Any) -> None:
    """Moves the round, by the will of an administrator: slots of a step that stays keep their holders, else
    they are cancelled and those of the new present step open."""
    slots, ahead = file.step_slots, file.carried_ahead
    closed = [] if new.stays else file.cancel_pending()
    moved = slots if new.stays and new.next.index != file.case.step_index else []
    file.reroute(new.steps)
    places = {step.key: index for index, step in enumerate(new.steps)}
    shifted = [one for one in ahead if one.step_index != places[one.step_key]]
    for slot in shifted:
        slot.step_index = places[slot.step_key]
    if new.stays:
        for slot in moved:
            slot.step_index = new.next.index or 0
        file.case.step_index = new.next.index or 0
        effects = Effects(moved, skipped=new.next.skipped)
    else:
        effects = enter(file, new.next)
        effects.closed = closed
        for slot in effects.opened:
            slot.administered_by = by.person_id
    effects.closed += shifted
    route = file.case.route
    record(file, "migrated", by, effects, opinion=reason, administrator=True, route=route, **about)
    names = [step.name for step in new.steps if step.applies]
    file.told.insert(0, told.migrated(file.case, by, reason, new.present.name, names))


def _begun(file: CaseFile, fresh: Sequence[RouteStep], renamed: Renamed) -> list[RouteStep]:
    """Steps that have begun go on by the rules by which they began: the present one, and those for which
    agreement was carried. Raises `Conflict` (`carried_step_changed`) where such a one is gone or another."""
    held = {slot.step_key for slot in file.carried_ahead}
    begun = [one for one in file.route if one is file.step or one.key in held]
    steps = []
    for step in fresh:
        same = (one for one in begun if _is_same(one, step, renamed))
        steps.append(next((one for one in same if one.key not in held or _attests_same(one, step)), step))
    kept = {step.key for step in steps if any(step is one for one in begun)}
    if held - kept:
        names = "、".join(step.name for step in file.route if step.key in held - kept)
        text = f"新版改变了沿用上一轮同意的环节：{names}"
        raise Conflict("carried_step_changed", text, f"agreement was carried for: {names}")
    return steps


def _is_decided(file: CaseFile, index: int) -> bool:
    return any(slot.state in DECIDED for slot in file.slots if file.is_of(slot, index))


def _behind(file: CaseFile, decided: Sequence[int], fresh: Sequence[RouteStep], renamed: Renamed) -> int:
    """How many of the new steps lie behind: the decided ones are there in their order, and nothing new stands
    before the last of them, where nobody would decide it any more."""
    if not decided:
        return 0
    places = {step.key: number for number, step in enumerate(fresh) if step.applies}
    steps = [file.route[index] for index in decided]
    found = [places.get(_key(step, renamed), -1) for step in steps]
    if -1 in found:
        names = "、".join(step.name for step, place in zip(steps, found, strict=True) if place < 0)
        raise Conflict("decided_step_gone", f"新版没有已审核的环节：{names}", f"decided steps gone: {names}")
    if found != sorted(set(found)):
        text = "新版改变了已审核环节的顺序"
        raise Conflict("decided_steps_reordered", text, "decided steps stand in another order")
    known = {_key(step, renamed) for step in file.route[: decided[-1]] if step.applies}
    new = [
        step.name
        for number, step in enumerate(fresh[: found[-1]])
        if step.applies and number not in found and step.key not in known
    ]
    if new:
        names = "、".join(new)
        text = f"新环节排在已审核的环节之前，将无人审核：{names}"
        raise Conflict("step_passed_over", text, f"new steps before decided ones: {names}")
    return found[-1] + 1


def _passed(file: CaseFile, decided: Collection[int], renamed: Renamed) -> set[str]:
    """Steps that the round has passed over by a rule: they stay passed over."""
    passed = [step for index, step in enumerate(file.route[: file.case.step_index]) if index not in decided]
    return {_key(step, renamed) for step in passed if step.applies}


def _opened(
    file: CaseFile, steps: Sequence[RouteStep], begin: int, passed: set[str], candidates: CandidatesOf
) -> Rerouted:
    """The present step among those that are not decided yet."""
    skipped: dict[str, str] = {}
    for index, step in enumerate(steps[begin:], begin):
        if step is file.step:
            return Rerouted(steps, NextStep(index, skipped=skipped), stays=True)
        if not step.applies or step.carried:
            continue
        seated = _seated(file, step, candidates)
        if needs_nobody(file, step, seated):
            continue
        if step.key in passed or seated.skip:
            skipped[step.key] = seated.skip or "passed_before"
            continue
        if step.pick != "none" and seated.people:
            text = f"“{step.name}”须由上一环节选择审核人"
            raise Conflict("pick_required", text, "whoever comes before picks who reviews it")
        if not carried_in(file, step):
            _require_people(file, step, candidates)
        opening = NextStep(index, seated.people, skipped, basis=seated.basis)
        return Rerouted(steps, opening, stays=False)
    raise Conflict("nothing_left", "新版没有剩余环节，不能由管理员完成审核", "no step would be left")


def _seated(file: CaseFile, step: RouteStep, candidates: CandidatesOf) -> Seating:
    return seat(
        step, candidates, file.case.applicant_id, file.excluded, administrators=file.administrators_of(step)
    )


def _require_people(file: CaseFile, step: RouteStep, candidates: CandidatesOf) -> None:
    """Somebody must be there for what is still to come, as when it is submitted."""
    if step.applies:
        seated = _seated(file, step, candidates)
        for problem in people_missing(step, seated):
            raise Conflict(problem.code, problem.text, problem.text_en)


def _is_same(present: RouteStep, step: RouteStep, renamed: Renamed) -> bool:
    if step.key != _key(present, renamed) or not step.applies:
        return False
    return all(getattr(present, name) == getattr(step, name) for name in WHO)


def _attests_same(begun: RouteStep, step: RouteStep) -> bool:
    return begun.attested_digest == step.attested_digest


def _key(step: RouteStep, renamed: Renamed) -> str:
    return renamed.get(step.key, step.key)
