"""One county for all tests of a file: they make their own plans in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.county import County, a_county


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    made = a_county(tmp_path_factory.mktemp("county"))
    yield made
    made.world.close()
