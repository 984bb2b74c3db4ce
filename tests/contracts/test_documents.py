"""The committed documents say what the code does, and the code keeps to the conventions of the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from services.runtime import NAMES
from tests.contracts.documents import COMMAND, FOLDER, documents

# POSTs that neither create nor decide: they answer a question, or end in the same state when sent twice.
REPEATABLE = {
    "sign_in",
    "renew_session",
    "sign_in_service",
    "unsaved_submission",
    "unsaved_import_submission",
    "object_on_page",
    "decide_by_message",
    "unsaved_request_submission",
    "preview_route",
    "preview_template",
    "unsubscribe",
    "lint_chain",
    "check_floor",
    "replay_chain",
    "preview_migration",
    "read_message",
    "read_all_messages",
    "archive_read_messages",
    *("unread_message", "archive_message", "unarchive_message", "snooze_message", "unsnooze_message"),
    "try_provider",
    "ping_endpoint",
    "try_own_webhook",
    "resend_own_webhook_delivery",  # its receiver knows a repeated request by its id
    "take_receipts",
    "decide_slots",  # each row has a key of its own
}
# Changes without a version that somebody could have seen: only the caller's own sessions, or a
# password that is proved in the same request.
UNVERSIONED = {"sign_out", "end_my_session", "change_password"}
# Decisions that name what they decide by something better than a version: the round, the parked item; or a
# version for each row.
ACTS = {"withdraw", "replay_parked", "skip_parked", "resend_delivery", "hand_over"}
ACTS |= {"replay_push", "skip_push", "replay_period"}
# Additions: what is there already is not changed by them.
ADDS = {"appoint_person", "raise_objection", "comment_on_case", "cc_case", "read_cc"}
# What the holder and the trade system tell of a trade is judged by the money that is left and by the state of
# the trade: other trades of the same plan may go on meanwhile.
TRADES = {"start_trade", "award_trade", "fail_trade", "reverse_trade"}
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One documented request."""

    service: str
    path: str
    method: str
    content: dict[str, Any]

    @property
    def id(self) -> str:
        found: str = self.content.get("operationId", "")
        return found

    def requires(self, header: str) -> bool:
        return any(
            asked["name"].lower() == header and asked["in"] == "header" and asked["required"]
            for asked in self.content.get("parameters", [])
        )


@cache
def document(service: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{service}.openapi.json").read_text())
    return found


def operations() -> Iterator[Operation]:
    for service in NAMES:
        for path, methods in document(service)["paths"].items():
            for method in METHODS:
                if method in methods:
                    yield Operation(service, path, method, methods[method])


OPERATIONS = list(operations()) if FOLDER.is_dir() else []
every_operation = pytest.mark.parametrize(
    "asked", OPERATIONS, ids=lambda asked: f"{asked.service}-{asked.id}"
)


def test_the_committed_documents_are_those_of_the_code() -> None:
    kept = {path.name: path.read_text() for path in FOLDER.glob("*.json")}
    made = {path.name: text for path, text in documents()}
    differ = sorted(name for name in kept.keys() | made.keys() if kept.get(name) != made.get(name))
    assert differ == [], f"docs/api is not what the code says; write it anew with: {COMMAND}"


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


@pytest.mark.parametrize("name", [f"{service}.openapi" for service in NAMES] + ["events.asyncapi"])
def test_every_reference_in_a_document_leads_somewhere(name: str) -> None:
    whole = json.loads((FOLDER / f"{name}.json").read_text())
    found = list(references(whole))
    assert found
    for reference in found:
        part = whole
        for key in reference.removeprefix("#/").split("/"):
            assert key in part, reference
            part = part[key]


@pytest.mark.parametrize("service", NAMES)
def test_operation_ids_are_unique_and_chosen(service: str) -> None:
    ids = [asked.id for asked in OPERATIONS if asked.service == service]
    assert len(ids) > 5
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if name.endswith(METHODS)] == [], "made by the framework: choose one"


@every_operation
def test_an_operation_is_summed_up_and_tells_its_problems(asked: Operation) -> None:
    assert asked.content["summary"]
    problem = asked.content["responses"]["4XX"]["content"]["application/problem+json"]["schema"]
    assert problem == {"$ref": "#/components/schemas/ProblemShape"}


@every_operation
def test_a_creating_or_deciding_post_requires_an_idempotency_key(asked: Operation) -> None:
    expected = asked.method == "post" and asked.id not in REPEATABLE
    assert asked.requires("idempotency-key") == expected


@every_operation
def test_a_change_requires_the_version_that_was_seen(asked: Operation) -> None:
    changes = asked.method in ("put", "patch", "delete") or (asked.method == "post" and "{" in asked.path)
    exempt = UNVERSIONED | ACTS | ADDS | TRADES | REPEATABLE
    assert asked.requires("if-match") == (changes and asked.id not in exempt)


def unbounded(schema: dict[str, Any], whole: dict[str, Any], at: str, seen: frozenset[str]) -> Iterator[str]:
    """Where a caller could send text, numbers or lists without end."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from unbounded(whole["components"]["schemas"][name], whole, name, seen | {name})
        return
    if not _bounded(schema):
        yield at
    for word in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(word, []):
            yield from unbounded(part, whole, at, seen)
    inner = {f"{at}[]": schema.get("items"), f"{at}{{}}": schema.get("additionalProperties")}
    inner |= {f"{at}.{name}": part for name, part in schema.get("properties", {}).items()}
    for where, part in inner.items():
        if isinstance(part, dict):
            yield from unbounded(part, whole, where, seen)


def _bounded(schema: dict[str, Any]) -> bool:
    words = schema.keys()
    if words & {"enum", "const"}:
        return True
    match schema.get("type"):
        case "string":
            return bool(words & {"maxLength", "pattern", "format", "contentMediaType"})
        case "integer" | "number":
            lowest, highest = words & {"minimum", "exclusiveMinimum"}, words & {"maximum", "exclusiveMaximum"}
            return bool(lowest and highest)
        case "array":
            return "maxItems" in words
    return True


@every_operation
def test_whatever_is_sent_has_bounds(asked: Operation) -> None:
    whole = document(asked.service)
    sent = [(part["schema"], part["name"]) for part in asked.content.get("parameters", [])]
    for body in asked.content.get("requestBody", {}).get("content", {}).values():
        sent.append((body["schema"], "body"))
    assert [at for schema, name in sent for at in unbounded(schema, whole, name, frozenset())] == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "integer", "minimum": 0},
        {"type": "array", "items": {"type": "boolean"}},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {
            "type": "object",
            "properties": {"a": {"type": "object", "additionalProperties": {"type": "string"}}},
        },
    ],
)
def test_what_has_no_bounds_is_found(schema: dict[str, Any]) -> None:
    assert list(unbounded(schema, {}, "body", frozenset()))
