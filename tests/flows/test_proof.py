"""Who was told of a document is shown with it, to the same people, from the document's stream to each try."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from services.demo.client import Person, Refused
from tests.flows.county import ROLES, County


def status(person: Person, path: str) -> int:
    try:
        person.get(path)
    except Refused as refused:
        return refused.status
    return 200


def messages(county: County, plan_id: str) -> list[dict[str, Any]]:
    path = f"/api/plans/plans/{plan_id}/history"
    found: list[dict[str, Any]] = county.handler.get(path, group="messages", limit=100)["items"]
    return found


def test_a_message_in_the_stream_leads_to_its_proof(county: County) -> None:
    plan_id = county.submitted()
    county.decide(county.head, plan_id)
    county.decide(county.supervisor, plan_id)
    entries = messages(county, plan_id)
    assert len(entries) == 4
    for entry in entries:
        path, _, query = entry["proof_url"].partition("?")
        (notice,) = county.handler.get(path, **dict(parse_qsl(query)))["items"]
        assert notice["person_name"] == entry["data"]["person_name"]
        reached = [way for way in notice["deliveries"] if way["state"] not in ("queued", "held", "sending")]
        assert [one["channel"] for one in entry["deliveries"]] == [way["channel"] for way in reached]
        for one, way in zip(entry["deliveries"], reached, strict=True):
            assert one["text"].startswith(f"{way['channel_label']}{way['status_label']}")
    turns = [entry for entry in entries if entry["data"]["message"] == "slot.opened"]
    assert [[one["channel"] for one in entry["deliveries"]] for entry in turns] == [["email"], ["email"]]


def test_who_may_read_the_stream_may_read_the_proof_and_nobody_else(county: County) -> None:
    plan_id = county.submitted()
    everybody = [county.people[role] for role in (*ROLES, "admin")]
    for _ in range(2):  # before it is the supervisor's turn, and after
        stream = {person.name: status(person, f"/api/plans/plans/{plan_id}/history") for person in everybody}
        proof = {
            person.name: status(person, f"/api/notify/documents/plan/{plan_id}/notices")
            for person in everybody
        }
        assert proof == stream
        if county.todo(county.head, plan_id):
            assert proof[county.supervisor.name] == 404
            county.decide(county.head, plan_id)
    assert proof[county.supervisor.name] == 200
