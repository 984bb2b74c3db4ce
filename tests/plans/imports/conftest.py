"""The town with its import applications."""

from __future__ import annotations

import pytest

from tests.plans.imports.customs import Customs
from tests.plans.town import Town


@pytest.fixture
def customs(town: Town) -> Customs:
    return Customs(town)


@pytest.fixture
def any_customs(any_town: Town) -> Customs:
    """On SQLite and on PostgreSQL."""
    return Customs(any_town)


@pytest.fixture(scope="module")
def shared_customs(shared_town: Town) -> Customs:
    """One for the tests of a module that do not mind what others left."""
    return Customs(shared_town)
