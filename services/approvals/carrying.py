"""Earlier agreement that goes on to hold in a new round (沿用): what of the round before still stands.

Pure: preview and the opening of a round ask it with the same inputs. An agreement is carried when the step
allows it, its holder may still review it, and the fields that the step attests have not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from services.approvals.seating import Seating
from services.approvals.slot import Slot, SlotState
from services.approvals.staffing import Candidate
from services.approvals.step import RouteStep
from shared.digest import subset_digest

SeatingOf = Callable[[RouteStep, Collection[UUID]], Seating]
"""Who gets a part in a step today, when these people have agreed already."""
ANSWERED = frozenset({SlotState.AGREED, SlotState.DISAGREED, SlotState.CANCELLED})
"""Parts that were asked for an agreement until the end of their round."""


@dataclass(frozen=True)
class Earlier:
    """The round before: what each of its steps attested, and the parts that people had in it."""

    digests: Mapping[str, str] = field(default_factory=dict)
    slots: Sequence[Slot] = ()

    def agreed(self, key: str) -> list[Slot]:
        return [one for one in self._places(key) if one.state == SlotState.AGREED]

    def all_agreed(self, key: str) -> bool:
        """Whether nobody who was asked is missing."""
        return all(one.state == SlotState.AGREED for one in self._places(key))

    def _places(self, key: str) -> list[Slot]:
        return [one for one in self.slots if one.step_key == key and not one.sign and one.state in ANSWERED]


@dataclass(frozen=True)
class Carried:
    """What of a step stands: earlier parts, each with its holder as he is today. `whole`: that is all that
    the step needs."""

    agreed: Sequence[tuple[Slot, Candidate]]
    basis: str
    whole: bool = False

    @property
    def people(self) -> set[UUID]:
        """Who has agreed, and for whom."""
        return {one for slot, _ in self.agreed for one in (slot.holder_id, slot.acted_by) if one}

    def without(self, people: set[UUID]) -> Carried:
        kept = [(slot, to) for slot, to in self.agreed if not people & {slot.holder_id, slot.acted_by}]
        return replace(self, agreed=kept)


def attested_digest(fields: Sequence[str], content: Mapping[str, Any], whole: str) -> str:
    """The digest of what a step attests: of its fields, or `whole` where it names none.

    A field that the document does not have binds the step to the whole document too: a misspelt name would
    else let an agreement outlive every change.
    """
    if not fields or not all(_has(content, path.split(".")) for path in fields):
        return whole
    return subset_digest(content, fields)


def carry(
    steps: Sequence[RouteStep], earlier: Earlier, seating_of: SeatingOf, applicant: UUID
) -> dict[int, Carried]:
    """What stands of the round before, by the number of the step."""
    if not earlier.slots:
        return {}
    found = {}
    for index, step in enumerate(steps):
        if (kept := _stands(step, earlier, seating_of(step, ()), applicant)) is not None:
            found[index] = kept
    asked_anew = _asked_anew(steps, earlier, seating_of)
    found = {index: left for index, one in found.items() if (left := one.without(asked_anew)).agreed}
    return {index: _judged(index, steps[index], found, earlier, seating_of) for index in found}


def _stands(step: RouteStep, earlier: Earlier, seated: Seating, applicant: UUID) -> Carried | None:
    if not (step.applies and _is_unchanged(step, earlier)):
        return None
    people = {one.person_id: one for one in seated.people}
    agreed = [
        (slot, people[slot.holder_id])
        for slot in earlier.agreed(step.key)
        if slot.holder_id in people and slot.acted_by != applicant
    ]
    return Carried(agreed, seated.basis) if agreed else None


def _is_unchanged(step: RouteStep, earlier: Earlier) -> bool:
    was = earlier.digests.get(step.key)
    return step.may_carry and bool(was) and was == step.attested_digest


def _asked_anew(steps: Sequence[RouteStep], earlier: Earlier, seating_of: SeatingOf) -> set[UUID]:
    """Where steps are skipped because their people have agreed to another one, an agreement stands for those
    steps as well: people of one that changed have to agree again."""
    changed = (
        step
        for step in steps
        if step.applies and step.repeat == "skip_repeated" and not _is_unchanged(step, earlier)
    )
    return {one.person_id for step in changed for one in seating_of(step, ()).people}


def _judged(
    index: int, step: RouteStep, found: Mapping[int, Carried], earlier: Earlier, seating_of: SeatingOf
) -> Carried:
    """Whether a step needs nobody more: its number is reached, and of a step of all nobody is missing."""
    kept = found[index]
    taken = {person for one in found.values() for person in one.people}
    nobody_else = all(one.person_id in taken for one in seating_of(step, ()).people)
    if step.quorum == "all":
        asked = step.pick != "none" and len(kept.agreed) == len(earlier.agreed(step.key))
        return replace(kept, whole=nobody_else or (asked and earlier.all_agreed(step.key)))
    return replace(kept, whole=len(kept.agreed) >= step.needed)


def _has(content: Any, path: list[str]) -> bool:
    if not path:
        return True
    if isinstance(content, list):
        return all(_has(element, path) for element in content)
    return isinstance(content, Mapping) and path[0] in content and _has(content[path[0]], path[1:])
