"""One county for all tests of a file: they make their own plans in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flows.county import County
from tests.world import World


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    world = World(tmp_path_factory.mktemp("county"))
    yield County(world)
    world.close()
