"""No generated request breaks a service: each answer is a documented one, and its events are handled."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from services.runtime import NAMES
from tests.conftest import PostgresDatabases
from tests.contracts.district import District, problem
from tests.contracts.documents import FOLDER
from tests.fuzz.knocking import WHO, known_ids, send, tag_of, token_for, with_known

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(300)]
CHECKS: list[Any] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
# a stream has no end; and who ends his own session can knock no more
NOT_KNOCKED = {"watch_inbox", "end_my_session"}


class Ground:
    """A district to knock at, and the ids that exist there."""

    def __init__(self, data_dir: Path, database_url: str = "") -> None:
        self.district = District(data_dir, database_url)
        self.known = known_ids(self.district)


def operations(*methods: str) -> list[tuple[str, str]]:
    """Service and id of the documented operations with these methods (all, without any)."""
    found = []
    for service in NAMES:
        document = json.loads((FOLDER / f"{service}.openapi.json").read_text())
        for path in document["paths"].values():
            for method, content in path.items():
                if (not methods or method in methods) and content["operationId"] not in NOT_KNOCKED:
                    found.append((service, content["operationId"]))
    return found


@cache
def schema(service: str) -> Any:
    document = json.loads((FOLDER / f"{service}.openapi.json").read_text())
    return schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    made = Ground(tmp_path_factory.mktemp("ground"))
    yield made
    made.district.world.close()


@pytest.fixture(scope="module")
def postgres_ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with PostgresDatabases() as databases:
        made = Ground(tmp_path_factory.mktemp("ground"), databases.template)
        yield made
        made.district.world.close()


@pytest.mark.parametrize(("service", "operation"), operations())
def test_every_request_is_answered_as_documented(ground: Ground, service: str, operation: str) -> None:
    knock(ground, service, operation, 18)


@pytest.mark.postgres
@pytest.mark.parametrize(("service", "operation"), operations("post", "put", "patch"))
def test_every_change_is_answered_as_documented_on_postgresql(
    postgres_ground: Ground, service: str, operation: str
) -> None:
    knock(postgres_ground, service, operation, 9)


def knock(ground: Ground, service: str, operation: str, times: int) -> None:
    """Sends generated requests, sound and unsound ones, and carries the events that follow."""
    asked = next(found.ok() for found in schema(service).get_all_operations() if _id(found.ok()) == operation)
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = st.one_of([asked.as_strategy(generation_mode=mode) for mode in modes])

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, data=st.data())
    def once(case: Case[Any], data: st.DataObject) -> None:
        _knock_once(ground, service, case, data.draw)

    once()
    ground.district.world.settle()


def _id(asked: Any) -> Any:
    return asked.definition.raw.get("operationId")


def _knock_once(ground: Ground, service: str, case: Case[Any], draw: Any) -> None:
    who = "service" if case.path == "/events" else draw(st.sampled_from(WHO[service]))
    # the simplest choice is the sound one, so that most requests get past the first refusal
    if draw(st.integers(0, 3)) < 3:
        case.path_parameters = with_known(case.path_parameters, ground.known, draw)
        case.body = with_known(case.body, ground.known, draw)
    headers = {"Authorization": f"Bearer {token_for(ground.district, who)}"}
    if draw(st.integers(0, 3)) < 3:
        headers["Idempotency-Key"] = secrets.token_hex(16)
    asks_version = any(found.name == "if-match" for found in case.operation.headers)
    if asks_version and draw(st.integers(0, 3)) < 3:
        headers["If-Match"] = tag_of(ground.district, who, f"/api/{service}{case.formatted_path}")
    answer = send(ground.district, service, case, headers)
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    if 400 <= answer.status_code < 500 and not is_page:  # whether a page is documented is among the checks
        problem(answer)
    case.validate_response(answer, checks=CHECKS)
