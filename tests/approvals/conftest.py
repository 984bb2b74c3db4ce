"""The office that most tests of approvals begin with, and the databases that it may stand on."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.approvals.office import Office, finance_step, step
from tests.conftest import PostgresDatabases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A sample district on SQLite."""
    made = Office(tmp_path)
    yield made
    made.close()


@pytest.fixture
def staffed(office: Office) -> Office:
    """The school has a fourth reviewer and a clerk; its own step, then that of the finance office."""
    office.add("xu", office.school, "reviewer")
    office.add("clerk", office.school, "handler")
    office.publish("chen", "unit", [step("head", pick="submitter")])
    office.publish("zhou", "district", [finance_step()])
    return office


class OneDatabase(PostgresDatabases):
    """Only the database of this service."""

    services = ("approvals",)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def standing_office(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """One office per engine for many tests, as a database is slow to make."""
    data_dir = tmp_path_factory.mktemp("standing")
    with ExitStack() as stack:
        url = "" if request.param == "sqlite" else stack.enter_context(OneDatabase()).template
        made = Office(data_dir, url)
        stack.callback(made.close)
        yield made


@pytest.fixture
def each_office(standing_office: Office) -> Office:
    """The standing office on each engine: what was told before is past, documents are of a new type."""
    standing_office.begin_anew()
    return standing_office
