"""What two versions of a chain do differently, step by step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.approvals.step import Step


@dataclass(frozen=True)
class FieldChange:
    """A field of a step: what it was and what it is."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class StepChange:
    """`change`: added | removed | moved | changed. Positions count from 1; `fields` are those that differ,
    also of a step that moved."""

    key: str
    name: str
    change: str
    position_before: int | None
    position_after: int | None
    fields: Sequence[FieldChange] = field(default=())


def diff(before: Sequence[Step], after: Sequence[Step], apart_from: Collection[str] = ()) -> list[StepChange]:
    """The steps that are not the same in both, in the order of `after`, then those that are gone; fields of
    `apart_from` do not count.

    A step is known by its key; it has moved when its place among the steps of both is another.
    """
    was = {step.key: (number, step) for number, step in enumerate(before, 1)}
    now = {step.key: (number, step) for number, step in enumerate(after, 1)}
    ranks_before = _ranks(was, now)
    ranks_after = _ranks(now, was)
    found = []
    for key, (position, step) in now.items():
        if key not in was:
            found.append(StepChange(key, step.name, "added", None, position))
            continue
        fields = [
            one
            for one in changed_fields(was[key][1].to_json(), step.to_json())
            if one.field not in apart_from
        ]
        moved = ranks_before[key] != ranks_after[key]
        if fields or moved:
            kind = "moved" if moved else "changed"
            found.append(StepChange(key, step.name, kind, was[key][0], position, fields))
    gone = [StepChange(key, one.name, "removed", n, None) for key, (n, one) in was.items() if key not in now]
    return [*found, *gone]


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The members of two JSON objects that differ, in the order of the second."""
    names = dict.fromkeys([*after, *before])
    return [
        FieldChange(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _ranks(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, int]:
    return {key: rank for rank, key in enumerate(key for key in one if key in other)}
