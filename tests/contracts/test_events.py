"""Events that were published once are understood for ever, and what they said is said today."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
from pydantic import ValidationError

from shared.events import Envelope, Event
from tests.contracts.documents import known_events

FOLDER = Path(__file__).parent / "events"
GOLDEN = sorted(FOLDER.glob("*.json"))
CLOUD_EVENTS = {"specversion", "id", "source", "type"}
"""What every event must carry (CloudEvents 1.0.2, required attributes)."""
REQUIRED_HERE = CLOUD_EVENTS | {"subject", "time", "dataschema", "datacontenttype", "position", "data"}
HOW = """{path} is missing. Publish such an event in a running system, take its envelope from
GET /api/{publisher}/events, keep it under that name, and never change it afterwards."""


def golden(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def lost(before: Any, now: Any, at: str = "") -> list[str]:
    """Where something that was said before is not said, or is said otherwise, now."""
    if isinstance(before, dict) and isinstance(now, dict):
        missing = [f"{at}/{key} is gone" for key in before if key not in now]
        return missing + [
            entry for key in before if key in now for entry in lost(before[key], now[key], f"{at}/{key}")
        ]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        return [
            entry
            for n, both in enumerate(zip(before, now, strict=True))
            for entry in lost(*both, f"{at}/{n}")
        ]
    same = type(before) is type(now) and before == now
    return [] if same else [f"{at} was {before!r} and is {now!r}"]


def reread(model: type[Event], data: dict[str, Any]) -> list[str]:
    """What today's model loses of an event that was published before; a refusal loses everything."""
    try:
        return lost(data, model.model_validate(data).model_dump(mode="json"))
    except ValidationError as refusal:
        return [str(refusal)]


@pytest.mark.parametrize("kind", known_events())
def test_every_event_has_a_golden_file(kind: str) -> None:
    event = known_events()[kind]
    versions = {path.name for path in FOLDER.glob(f"{kind}.*.json")}
    for version in range(1, event.schema_version + 1):
        path = FOLDER / f"{kind}.{version}.json"
        assert path.name in versions, HOW.format(path=path.name, publisher=event.publisher)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_event_of_before_keeps_its_meaning(path: Path) -> None:
    message = golden(path)
    kind, _, version = path.stem.rpartition(".")
    assert (message["type"], message["dataschema"]) == (kind, f"/schemas/{kind}/{version}")
    known = known_events()
    assert kind in known, "a type that was published once is never taken away"
    assert reread(known[kind], message["data"]) == []


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_envelope_of_before_keeps_its_meaning(path: Path) -> None:
    message = golden(path)
    carried = Envelope.model_validate_json(path.read_text())
    assert lost(message, carried.model_dump(mode="json")) == []
    event = carried.event()
    assert event is not None
    assert (event.subject, event.subject_version) == (carried.subject, carried.subjectversion)
    assert event.publisher == carried.publisher


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_an_envelope_is_a_cloud_event(path: Path) -> None:
    message = golden(path)
    assert message["specversion"] == "1.0"
    assert message.keys() >= REQUIRED_HERE
    assert all(isinstance(message[name], str) and message[name] for name in CLOUD_EVENTS)
    assert message["time"].endswith("Z")  # RFC 3339, in UTC
    names = message.keys() - {"data"}
    assert all(name.isascii() and name.isalnum() and name.islower() and len(name) <= 20 for name in names)


@pytest.mark.parametrize("name", sorted(CLOUD_EVENTS - {"specversion"} | {"data", "position"}))
def test_an_envelope_without_what_it_needs_is_refused(name: str) -> None:
    message = golden(GOLDEN[0])
    del message[name]
    with pytest.raises(ValidationError):
        Envelope.model_validate(message)


def test_fields_of_newer_publishers_are_ignored() -> None:
    for path in GOLDEN:
        message = golden(path)
        message["data"]["of_tomorrow"] = {"anything": [1]}
        carried = Envelope.model_validate({**message, "oftomorrow": "x"})
        assert carried.event() == Envelope.model_validate(golden(path)).event()


class Renamed(Event):
    """Meant to be the same, but…"""

    publisher: ClassVar[str] = "contracts"

    delivery_id: UUID
    tries: int = 0


class Retyped(Renamed):
    attempts: str = ""


class Demanding(Renamed):
    attempts: int
    channel: str
    message_id: UUID
    person_id: UUID
    since_always: str


@pytest.mark.parametrize(
    ("model", "expected"),
    [(Renamed, "/attempts is gone"), (Retyped, "attempts"), (Demanding, "since_always")],
)
def test_a_broken_promise_is_noticed(model: type[Event], expected: str) -> None:
    data = golden(FOLDER / "delivery.completed.1.json")["data"]
    assert expected in "\n".join(reread(model, data))
