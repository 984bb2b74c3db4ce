"""Who may read a case: one rule in list, case, document and counts (I34)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.approvals.slot import Slot
from shared.people import DISTRICT_ROLES, UNIT_ROLES, Role
from tests.approvals.region import Region
from tests.approvals.test_lists import pages

ALL_ROLES = [str(role) for role in Role]


class Watched(Region):
    """A region with people of every role in units, bodies and districts, and what each of them may be."""

    def __init__(self, data_dir: Path, dice: random.Random) -> None:
        self.roles: dict[str, set[str]] = {}
        super().__init__(data_dir, dice, counties=2, units=2)
        for number, where in enumerate([*self.places, self.school, self.finance, self.province]):
            self.add(f"somebody{number}", where, *dice.sample(ALL_ROLES, dice.randint(1, 2)))

    def add(self, name: str, organisation: UUID, *roles: str, **more: Any) -> UUID:
        self.roles[name] = set(roles)
        return super().add(name, organisation, *roles, **more)

    def path_of(self, organisation: UUID) -> str:
        codes = {self.province: "140000"}
        return self.paths[self.places.get(organisation) or codes.get(organisation, "140105")]


def may_read(region: Watched, name: str, case: dict[str, Any], held: set[UUID]) -> bool:
    """The rule, said once more: the applicant, whoever held a slot, the unit, and the districts above it."""
    person, organisation = region.people[name]
    unit = UUID(case["organisation_id"])
    in_unit = organisation == unit and region.roles[name] & UNIT_ROLES
    above = region.path_of(unit).startswith(region.path_of(organisation))
    in_district = above and region.roles[name] & DISTRICT_ROLES
    return bool(str(person) == case["applicant_id"] or person in held or in_unit or in_district)


def live(region: Watched, times: int) -> list[dict[str, Any]]:
    """Documents of random units, some decided, some sent back; the cases that came of them."""
    found = []
    for number in range(times):
        unit = region.dice.choice(region.units)
        doc_type = f"kind{number}"
        county = region.paths[region.places[unit]].strip("/").split("/")[-1]
        region.put_in_force("district", county, region.steps("district"), doc_type)
        region.put_in_force("unit", str(unit), region.steps("unit"), doc_type)
        who, asked = region.document(unit, doc_type)
        shown = region.post(who, "preview", asked.model_dump(mode="json")).json()
        everybody = {str(person): name for name, (person, _) in region.people.items()}
        picks = [everybody[one["person_id"]] for one in shown["candidates"]] if shown["asks_pick"] else []
        region.submit(picks, submission=asked)
        case = region.send(who, "GET", f"documents/{doc_type}/{asked.doc_id}/case")
        if case.status_code == 200:
            act(region, case.json())
            found.append(case.json())
    return found


def act(region: Watched, case: dict[str, Any]) -> None:
    everybody = {str(person): name for name, (person, _) in region.people.items()}
    for _ in range(region.dice.randint(0, 3)):
        current = region.get(everybody[case["applicant_id"]], f"cases/{case['id']}")
        open_now = [h for s in current["route"] for h in s["holders"] if h["state"] == "open"]
        if not open_now:
            return
        holder = region.dice.choice(open_now)
        verdict = region.dice.choice(["agree", "agree", "disagree"])
        path = f"slots/{holder['slot_id']}/{verdict}"
        region.post(everybody[holder["person_id"]], path, {"opinion": "意见"}, If_Match=holder["etag"])


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_i34_list_case_document_and_counts_show_the_same(tmp_path: Path, seed: int) -> None:
    region = Watched(tmp_path, random.Random(seed))
    cases = live(region, 6)
    assert len(cases) > 2
    held: dict[str, set[UUID]] = {case["id"]: set() for case in cases}
    with region.store.read() as look:
        for slot in look.all(select(Slot).where(Slot.holder_id.is_not(None))):
            assert slot.holder_id is not None
            held[str(slot.case_id)].add(slot.holder_id)
    readers = 0
    for name in region.people:
        may = {case["id"] for case in cases if may_read(region, name, case, held[case["id"]])}
        readers += len(may)
        assert {row["id"] for row in pages(region, name, "cases", limit=5)} == may, name
        for case in cases:
            expected = 200 if case["id"] in may else 404
            document = f"documents/{case['doc_type']}/{case['doc_id']}/case"
            for path in (f"cases/{case['id']}", document):
                assert region.send(name, "GET", path).status_code == expected, (name, path)
        stuck = pages(region, name, "cases", attention=True)
        administers = region.roles[name] & {Role.UNIT_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR}
        assert region.get(name, "counts")["attention"] == (len(stuck) if administers else 0)
    assert 0 < readers < len(cases) * len(region.people)
    region.close()
