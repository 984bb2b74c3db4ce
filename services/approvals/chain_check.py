"""Whether the people that a chain asks for are there, judged for its owner before it is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from services.approvals.chain import Chain, lint
from services.approvals.staffing import Directory, Unit, read_directory, read_unit
from services.approvals.step import PeopleSelector, RoleSelector, Segment, Step
from shared.errors import Problem
from shared.people import DistrictCopy
from shared.store import Look


def check(look: Look, chain: Chain) -> list[Problem]:
    """Everything that stands against publishing a chain: its own mistakes, and selectors without people.

    A district's chain is judged from the district itself, and only where all units below it would find the
    same people; what a step finds for one unit is judged by the route of its documents.
    """
    steps = chain.steps
    found = lint(chain.level, steps)
    home = _home(look, chain)
    if home is None:
        text_en = "the owner is not known here"
        return [*found, Problem("unknown_owner", "所属单位或区划未登记", "/owner", text_en)]
    directory = read_directory(look, home, steps)
    inside = _inside(look, chain, directory)
    levels = _levels_alike(look, chain)
    for index, step in enumerate(steps):
        pointer = f"/steps/{index}/selector"
        if isinstance(step.selector, PeopleSelector):
            found += _check_named(step.selector, directory, inside, pointer)
        elif chain.level == Segment.UNIT or _is_alike(step.selector, levels):
            found += _check_role(step, step.selector, directory, pointer)
    return found


def _check_named(
    selector: PeopleSelector, directory: Directory, inside: set[UUID], pointer: str
) -> Iterator[Problem]:
    posted = {post.person.person_id for post in directory.posts}
    for index, person in enumerate(selector.people):
        where = f"{pointer}/people/{index}"
        if person not in posted:
            yield Problem("person_not_found", "人员不存在、已停用或无任职", where, "no such active person")
        elif person not in inside:
            yield Problem(
                "person_outside", "人员不在该单位或区划任职", where, "not appointed within the owner"
            )


def _check_role(step: Step, selector: RoleSelector, directory: Directory, pointer: str) -> Iterator[Problem]:
    place = directory.place_of(selector)
    if step.on_empty != "refuse":
        return
    if place is None:
        yield Problem("no_such_body", "没有对应的单位或机构", pointer, "there is no such organisation")
    elif not directory.candidates(selector, place.id):
        yield Problem(
            "empty_selector", f"{place.name}没有符合条件的人员", pointer, "nobody has this role there"
        )


def _levels_alike(look: Look, chain: Chain) -> set[str | None]:
    """Levels of district bodies that are the same for every unit of a district and below it; nothing (the
    nearest body, whatever its level) counts when no district is below."""
    codes = [code for code in chain.district_path.split("/") if code]
    rows = look.all(select(DistrictCopy).where(DistrictCopy.code.in_(codes)))
    below = DistrictCopy.path.startswith(chain.district_path, autoescape=True)
    is_leaf = look.first(select(DistrictCopy).where(below, DistrictCopy.code != chain.owner)) is None
    return {*(row.level for row in rows), *([None] if is_leaf else [])}


def _is_alike(selector: RoleSelector, levels: set[str | None]) -> bool:
    return selector.place == "district_body" and selector.level in levels


def _home(look: Look, chain: Chain) -> Unit | None:
    if chain.organisation_id is not None:
        return read_unit(look, chain.organisation_id)
    district = look.first(select(DistrictCopy).where(DistrictCopy.code == chain.owner))
    if district is None:
        return None
    return Unit(
        id=chain.id,
        name=district.name,
        kind="",
        district_code=district.code,
        level=district.level,
        district_path=district.path,
    )


def _inside(look: Look, chain: Chain, directory: Directory) -> set[UUID]:
    """People appointed in the unit, or in an organisation of the district or below it."""
    posts: Sequence[tuple[UUID, UUID]] = [
        (post.person.person_id, post.person.organisation_id) for post in directory.posts
    ]
    if chain.organisation_id is not None:
        return {person for person, organisation in posts if organisation == chain.organisation_id}
    units = {organisation: read_unit(look, organisation) for _, organisation in posts}
    return {
        person
        for person, organisation in posts
        if (unit := units[organisation]) is not None and unit.district_path.startswith(chain.district_path)
    }
