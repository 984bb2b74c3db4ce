"""Bands: a partition of all whole numbers, of which a step takes some; grouped steps share them out.

Bands stand in ascending order, the first without `from`, the last without `below`, each beginning where the
one before it ends. The steps of one `group` (amounts below 100 000 yuan: the head; the rest: the leader)
state the same bands, and each band belongs to exactly one of them: exactly one step of a group applies to
every document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from shared.errors import Problem

Condition = Mapping[str, Any]


def band_of(bands: Sequence[Mapping[str, Any]], fact: Any) -> str | None:
    """The name of the band that a whole number lies in; nothing for anything else."""
    if type(fact) is not int:
        return None
    for band in bands:
        if band.get("from", fact) <= fact and ("below" not in band or fact < band["below"]):
            return str(band["name"])
    return None


def in_band(condition: Condition, fact: Any) -> bool:
    """Whether a number lies in one of the bands chosen. A document without the number lies in no band; of a
    group in the last one, which is the strictest where bands are amounts: no document slips through a
    group."""
    name = band_of(condition["bands"], fact)
    if name is None and "group" in condition:
        name = condition["bands"][-1]["name"]
    return name in condition["in"]


def group_of(condition: Condition | None) -> str | None:
    """The group that a step with this condition belongs to."""
    group = condition.get("group") if condition else None
    return group if isinstance(group, str) else None


def lint_bands(condition: Condition, pointer: str) -> Iterator[Problem]:
    """What keeps the bands of one condition from being a partition, and unknown bands chosen."""
    bands, chosen, where = condition["bands"], condition["in"], f"{pointer}/bands"
    if not isinstance(bands, list) or not 1 <= len(bands) <= 50 or not all(map(_is_band, bands)):
        yield _problem("bands_malformed", "分档无效：名称加整数界限", "a band: name, from, below", where)
        return
    names = [band["name"] for band in bands]
    if len(set(names)) < len(names):
        yield _problem("bands_overlap", "分档名称重复", "two bands of one name", where)
    if "from" in bands[0] or "below" in bands[-1]:
        yield _problem("bands_gap", "分档未覆盖全部金额", "the bands do not cover every number", where)
    for index, (lower, upper) in enumerate(pairwise(bands), 1):
        yield from _lint_border(lower.get("below"), upper.get("from"), f"{where}/{index}")
    if any(b.get("from", -(2**62)) >= b.get("below", 2**62) for b in bands):
        yield _problem("bands_malformed", "分档下限应小于上限", "a band without numbers", where)
    known = isinstance(chosen, list) and bool(chosen) and all(name in names for name in chosen)
    if not known:
        yield _problem("unknown_band", "所选分档不存在", "no such band", f"{pointer}/in")


def lint_groups(conditions: Sequence[Condition | None]) -> Iterator[Problem]:
    """What keeps the steps of a group from sharing out their bands; `conditions` are those of a chain's
    steps, each without mistakes of its own."""
    groups: dict[str, list[int]] = {}
    for index, condition in enumerate(conditions):
        if (group := group_of(condition)) is not None:
            groups.setdefault(group, []).append(index)
    for group, members in groups.items():
        yield from _lint_group(group, [(index, conditions[index] or {}) for index in members])


def _lint_group(group: str, members: Sequence[tuple[int, Condition]]) -> Iterator[Problem]:
    start, first = members[0]
    taken: set[str] = set()
    for index, condition in members:
        pointer = f"/steps/{index}/condition"
        if (condition["fact"], condition["bands"]) != (first["fact"], first["bands"]):
            text = f"分组“{group}”各环节的要素和分档应相同"
            yield _problem("band_group_differs", text, f"group {group}: other bands", f"{pointer}/bands")
            return
        if twice := sorted(taken.intersection(condition["in"])):
            text = f"分组“{group}”的分档“{twice[0]}”属于多个环节"
            yield _problem("bands_overlap", text, f"band {twice[0]} in two steps", f"{pointer}/in")
        taken.update(condition["in"])
    if left := [band["name"] for band in first["bands"] if band["name"] not in taken]:
        text = f"分组“{group}”的分档“{left[0]}”没有环节"
        yield _problem("bands_gap", text, f"no step for band {left[0]}", f"/steps/{start}/condition/in")


def _lint_border(below: int | None, start: int | None, pointer: str) -> Iterator[Problem]:
    if below is None or start is None or start < below:
        yield _problem("bands_overlap", "分档相互重叠", "bands overlap", pointer)
    elif start > below:
        yield _problem("bands_gap", "分档之间有空缺", "a gap between bands", pointer)


def _is_band(band: Any) -> bool:
    if not isinstance(band, Mapping) or not set(band) <= {"name", "from", "below"}:
        return False
    name, *borders = band.get("name"), band.get("from", 0), band.get("below", 0)
    return isinstance(name, str) and 0 < len(name) <= 60 and all(type(border) is int for border in borders)


def _problem(code: str, text: str, text_en: str, pointer: str) -> Problem:
    return Problem(code, text, pointer, text_en)
