"""Whether a draft can be published: its own mistakes, the district's floor, and the people it asks for.

A unit's chain is judged for the unit, a district's for every unit that would follow it and has a handler.
Reading takes a fixed number of statements; judging takes about half a millisecond of a core for each unit,
and is done after the transaction that has read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from services.approvals.chains.chain import Chain
from services.approvals.chains.floor import breaches
from services.approvals.chains.judged import Judged
from services.approvals.chains.lint import lint
from services.approvals.segregation import Shortage, shortage
from services.approvals.staffing import Unit
from services.approvals.step import PeopleSelector, RoleSelector, Segment, Step
from services.approvals.together import certainly_together, together
from shared.errors import Problem

NAMED = 3
"""Units that a finding names."""


def check(chain: Chain, judged: Judged | None) -> list[Problem]:
    """Everything that stands against publishing the draft of a chain, by what `read_judged` has read for
    it."""
    steps = chain.steps
    found = lint(chain.level, steps)
    if judged is None:
        text_en = "the owner is not known here"
        return [*found, Problem("unknown_owner", "所属单位或区划未登记", "/owner", text_en)]
    if chain.level == Segment.UNIT and not found:
        (unit,) = judged.units
        found += breaches(judged.floors, unit.district_path, steps)
    for index, step in enumerate(steps):
        for where, selector in step.spoken_of(f"/steps/{index}"):
            if isinstance(selector, PeopleSelector):
                found += _check_named(chain, selector, judged, where)
        if step.on_empty == "refuse":
            found += _check_step(step, judged, f"/steps/{index}")
    return found or list(_check_segregation(chain, steps, judged))


def _check_named(chain: Chain, selector: PeopleSelector, judged: Judged, pointer: str) -> Iterator[Problem]:
    for index, person in enumerate(selector.people):
        where = f"{pointer}/people/{index}"
        posts = [post.person for post in judged.scope.named if post.person.person_id == person]
        if not posts:
            yield Problem("person_not_found", "人员不存在、已停用或无任职", where, "no such active person")
        elif not any(_is_inside(chain, judged.homes[post.organisation_id]) for post in posts):
            text_en = "not appointed within the owner"
            yield Problem("person_outside", "人员不在该单位或区划任职", where, text_en)


def _is_inside(chain: Chain, unit: Unit) -> bool:
    if chain.level == Segment.UNIT:
        return unit.id == chain.organisation_id
    return unit.district_path.startswith(chain.district_path)


def _check_step(step: Step, judged: Judged, pointer: str) -> Iterator[Problem]:
    """The units for which a step without `on_empty` finds no organisation, nobody, or too few."""
    selector = step.selector
    if isinstance(selector, RoleSelector):
        without = [unit for unit in judged.units if judged.scope.place(unit, selector) is None]
        if without:
            text = f"环节“{step.name}”没有对应的单位或机构{_whose(without, judged)}"
            text_en = f"there is no such organisation for {len(without)} unit(s)"
            yield Problem("no_such_body", text, f"{pointer}/selector", text_en)
    there = {unit.id: judged.people(unit, step) for unit in judged.units if judged.has_place(unit, step)}
    for code, what, what_en, is_so in _SHORT:
        few = [unit for unit in judged.units if unit.id in there and is_so(len(there[unit.id]), step.needed)]
        if few:
            text = f"环节“{step.name}”{what.format(step.needed)}{_whose(few, judged)}"
            text_en = f"{what_en.format(step.needed)} for {len(few)} unit(s)"
            yield Problem(code, text, f"{pointer}/selector", text_en)


_SHORT: tuple[tuple[str, str, str, Callable[[int, int], bool]], ...] = (
    ("empty_selector", "没有符合条件的审核人", "nobody can review", lambda there, _: there == 0),
    ("quorum_impossible", "不足 {} 名审核人", "fewer than {} reviewers", lambda there, n: 0 < there < n),
)


def _check_segregation(chain: Chain, steps: Sequence[Step], judged: Judged) -> Iterator[Problem]:
    """The steps of a route need different people, none of them the applicant; the first shortage of any unit
    that this chain has a part in."""
    short: dict[tuple[str, ...], list[Unit]] = {}
    missing: dict[tuple[str, ...], Shortage] = {}
    own = {f"{chain.level}.{step.key}": step for step in steps}
    for unit in judged.units:
        found = _shortage(judged, unit)
        if found is not None and own.keys() & set(found.keys):
            short.setdefault(found.keys, []).append(unit)
            missing.setdefault(found.keys, found)
    for keys, units in short.items():
        names = "、".join(f"“{judged.names[key]}”" for key in keys)
        index = next(number for number, key in enumerate(own) if key in keys)
        needed, there = missing[keys].needed, len(missing[keys].people)
        text = (
            f"环节{names}共需 {needed} 名不同的审核人（申请人除外），现有 {there} 名{_whose(units, judged)}"
        )
        text_en = f"the steps {', '.join(keys)} need {needed} different people, there are {there}"
        yield Problem("segregation_impossible", text, f"/steps/{index}/selector", text_en)


def _shortage(judged: Judged, unit: Unit) -> Shortage | None:
    route = judged.route_of(unit)
    seats = {
        index: judged.seats(unit, key, step)
        for index, (key, step) in enumerate(route)
        if step.on_empty == "refuse" and len(judged.people(unit, step)) >= step.needed
    }
    applicants = judged.scope.applicants(unit)
    if judged.may_repeat(unit):
        return next(filter(None, (shortage([one], applicants) for one in seats.values())), None)
    if shortage(list(seats.values()), applicants) is None:
        return None  # enough even if all conditions held at once
    conditions = [step.condition for _, step in route]
    for applying in together(conditions) or certainly_together(conditions):
        found = shortage([seats[index] for index in sorted(applying) if index in seats], applicants)
        if found is not None:
            return found
    return None


def _whose(units: Sequence[Unit], judged: Judged) -> str:
    """Which units a finding of a district's chain is about."""
    if judged.level == Segment.UNIT:
        return ""
    names = "、".join(unit.name for unit in units[:NAMED])
    return f"：{names}" if len(units) <= NAMED else f"：{names}等 {len(units)} 个单位"
