"""Segregation of duties: whether there are people enough for every step to be decided by somebody else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Seats:
    """What a step needs: so many of these people. `key` says which step it is; `self_review` what happens
    when the applicant is one of them, `superiors` who then reviews in place of all."""

    key: str
    needed: int
    people: frozenset[UUID]
    self_review: str = "exclude"
    superiors: frozenset[UUID] = frozenset()

    def without(self, applicant: UUID | None) -> list[tuple[str, frozenset[UUID]]]:
        """A place for each person that the step needs, with who could take it."""
        people = self.people
        if applicant in people and self.self_review == "skip":
            return []
        if applicant in people and self.self_review == "superior":
            people = self.superiors
        return [(self.key, people - {applicant})] * self.needed


@dataclass(frozen=True)
class Shortage:
    """Steps that need more people together than all who could sit in them."""

    keys: tuple[str, ...]
    needed: int
    people: frozenset[UUID]


def shortage(steps: Sequence[Seats], applicants: Collection[UUID]) -> Shortage | None:
    """The first shortage that remains whoever of the applicants applies; nothing when the steps of a route
    can all be decided by different people, none of them the applicant."""
    everybody = frozenset[UUID]().union(*(step.people | step.superiors for step in steps))
    others = [person for person in applicants if person not in everybody]
    if not applicants or others:
        return _seat(steps, None)
    found = [_seat(steps, person) for person in sorted(applicants)]
    return None if None in found else found[0]


def _seat(steps: Sequence[Seats], applicant: UUID | None) -> Shortage | None:
    """Seats one after the other; each may make those before it move to another of their people."""
    wanted = [place for step in steps for place in step.without(applicant)]
    taken: dict[UUID, int] = {}
    for seat in sorted(range(len(wanted)), key=lambda number: len(wanted[number][1])):
        tried = _find(seat, wanted, taken)
        if tried is not None:
            short = sorted({seat, *(taken[person] for person in tried)})
            keys = dict.fromkeys(wanted[number][0] for number in short)
            return Shortage(tuple(keys), len(short), frozenset(tried))
    return None


def _find(
    seat: int, wanted: Sequence[tuple[str, frozenset[UUID]]], taken: dict[UUID, int]
) -> set[UUID] | None:
    """Finds a person for a seat (an augmenting path); else gives all people that were tried in vain."""
    sits = {number: person for person, number in taken.items()}
    tried: dict[UUID, int] = {}
    waiting = [seat]
    for number in waiting:
        for person in sorted(wanted[number][1] - tried.keys()):
            tried[person] = number
            if person in taken:
                waiting.append(taken[person])
                continue
            free: UUID | None = person
            while free is not None:
                chair = tried[free]
                taken[free], free = chair, sits.get(chair)
            return None
    return set(tried)
