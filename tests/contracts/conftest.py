"""One district for all knocks at the doors; nothing of them may change it for another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contracts.district import District


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    made = District(tmp_path_factory.mktemp("district"))
    yield made
    made.world.close()
