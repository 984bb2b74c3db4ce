"""Random unit chains × districts × documents: preview is the route that submit freezes, each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.approvals.condition import holds
from shared.events.documents import Submission
from shared.outbox import OutboxRow
from tests.approvals.region import Region

NUMBERS = count(1)
SEED = 20261123


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    made = Region(tmp_path_factory.mktemp("region"), random.Random(SEED))
    yield made
    made.close()


@pytest.mark.parametrize(
    "times",
    [
        pytest.param(40, id="forty"),
        pytest.param(1000, id="thousand", marks=[pytest.mark.slow, pytest.mark.timeout(900)]),
    ],
)
def test_i8_i9_i10_preview_is_the_frozen_route(region: Region, times: int) -> None:
    outcomes = {"refused": 0, "frozen": 0}
    for _ in range(times):
        doc_type = f"kind{next(NUMBERS)}"
        unit = region.dice.choice(region.units)
        path = region.paths[region.places[unit]]
        for code in region.dice.sample(path.strip("/").split("/"), region.dice.randint(1, 2)):
            region.put_in_force("district", code, region.steps("district"), doc_type)
        region.put_in_force("unit", str(unit), region.steps("unit"), doc_type)
        outcomes[one_document(region, unit, doc_type)] += 1
    assert min(outcomes.values()) > times / 10, outcomes


def one_document(region: Region, unit: UUID, doc_type: str) -> str:
    """Previews, submits and compares one document; tells what became of it."""
    who, asked = region.document(unit, doc_type)
    seen = preview(region, who, asked)
    found = [one["person_id"] for one in seen["candidates"]]
    picks = region.dice.sample(found, min(2, len(found))) if seen["asks_pick"] else []
    chosen = [name for name, (person, _) in region.people.items() if str(person) in picks]
    region.submit(chosen, submission=asked)
    if seen["problems"]:
        refused = last_refusal(region)
        assert (refused["doc_id"], refused["code"]) == (str(asked.doc_id), seen["problems"][0]["code"])
        assert region.send(who, "GET", f"documents/{doc_type}/{asked.doc_id}/case").status_code == 404
        return "refused"
    case = region.case(who, asked.doc_id, doc_type)
    frozen = [{name: one[name] for name in seen["route"][0]} for one in case["route"]]
    assert frozen == seen["route"]
    for one in frozen:
        assert holds(one["condition"], asked.facts) is holds(one["condition"], one["facts"]) is one["applies"]
    opened = [one for one in case["route"] if one["holders"]]
    assert [one["key"] for one in opened] == [seen["first_step"]]
    holders = [one["person_id"] for one in opened[0]["holders"] if one["person_id"]]
    assert sorted(holders) == sorted(picks or found)
    assert str(asked.applicant_id) not in holders
    if region.dice.random() < 0.25:
        another_unit_chain(region, who, asked, frozen)
    return "frozen"


def another_unit_chain(region: Region, who: str, asked: Submission, frozen: list[dict[str, Any]]) -> None:
    """The running round keeps its route (I8); the district's part of a new one stays as it was (I9)."""
    steps = region.steps("unit")
    steps[0]["key"] = "other"
    region.put_in_force("unit", str(asked.organisation_id), steps, asked.doc_type)
    case = region.case(who, asked.doc_id, asked.doc_type)
    assert [{name: one[name] for name in frozen[0]} for one in case["route"]] == frozen
    again = preview(region, who, asked)["route"]
    unit, district = ([one for one in again if one["segment"] == part] for part in ("unit", "district"))
    assert again == [*unit, *district]
    assert district == [one for one in frozen if one["segment"] == "district"]
    assert (unit[0]["key"], unit[0]["chain_version"]) == ("unit.other", 2)


def last_refusal(region: Region) -> dict[str, Any]:
    with region.store.read() as look:
        newest = select(OutboxRow).where(OutboxRow.type == "case.refused").order_by(OutboxRow.id.desc())
        row = look.first(newest)
    assert row is not None
    data: dict[str, Any] = row.data
    return data


def preview(region: Region, who: str, asked: Submission) -> dict[str, Any]:
    answer = region.post(who, "preview", asked.model_dump(mode="json"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
