"""The documents of the published language, made from the code: OpenAPI per service, AsyncAPI for events."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

import shared.events
from services.runtime import NAMES, find_service
from shared.clock import Clock
from shared.events import REGISTRY, Envelope, Event
from shared.service import Running
from shared.settings import Settings
from shared.store import Store
from shared.tokens import KeyRing
from shared.web import service_app

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "api"
COMMAND = ".venv/bin/python -m tests.contracts"


def known_events() -> Mapping[str, type[Event]]:
    """Every event of the published language by its type, of all publishers."""
    for module in pkgutil.iter_modules(shared.events.__path__, "shared.events."):
        importlib.import_module(module.name)
    return {kind: event for kind, event in sorted(REGISTRY.items()) if event.publisher in NAMES}


def openapi(service: str) -> dict[str, Any]:
    """The OpenAPI document of a service, from its routes."""
    store = Store(service, "sqlite://", Clock())
    try:
        here = Running(find_service(service), Settings(), store, KeyRing(dict), "")
        document: dict[str, Any] = service_app(here).openapi()
    finally:
        store.close()
    return {**document, "servers": [{"url": f"/api/{service}"}]}


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document: one topic exchange per publisher, the type of an event as routing key."""
    events = known_events()
    _, payloads = models_json_schema(
        [(Envelope, "serialization"), *((event, "serialization") for event in events.values())],
        ref_template="#/components/schemas/{model}",
    )
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for publisher, types in sorted(_by_publisher(events).items()):
        channels[publisher] = _channel(publisher, types)
        operations[f"{publisher}_publishes"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{publisher}"},
            "summary": f"{publisher} tells what has happened there",
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "采购计划系统的事件 (events)",
            "version": "1",
            "description": "CloudEvents 1.0, structured JSON. Fields are only ever added; a changed meaning "
            "is a new type. The same events, in order: GET /api/{publisher}/events?after=N.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": {kind: _message(kind, event) for kind, event in events.items()},
            "schemas": dict(sorted(payloads["$defs"].items())),
        },
    }


def _by_publisher(events: Mapping[str, type[Event]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for kind, event in events.items():
        found[event.publisher].append(kind)
    return found


def _channel(publisher: str, types: list[str]) -> dict[str, Any]:
    return {
        "address": f"{publisher}.events",
        "description": "Topic exchange; the routing key is the type of the event.",
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in types},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": f"{publisher}.events", "type": "topic", "durable": True},
            }
        },
    }


def _message(kind: str, event: type[Event]) -> dict[str, Any]:
    told = {
        "properties": {
            "source": {"const": f"/{event.publisher}"},
            "type": {"const": kind},
            "dataschema": {"const": f"/schemas/{kind}/{event.schema_version}"},
            "data": {"$ref": f"#/components/schemas/{event.__name__}"},
        }
    }
    return {
        "name": kind,
        "title": kind,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": "application/cloudevents+json",
        "payload": {"allOf": [{"$ref": "#/components/schemas/Envelope"}, told]},
    }


def documents() -> Iterator[tuple[Path, str]]:
    """Every generated document: where it is kept, and what it says today."""
    for service in NAMES:
        yield FOLDER / f"{service}.openapi.json", _text(openapi(service))
    yield FOLDER / "events.asyncapi.json", _text(asyncapi())


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
