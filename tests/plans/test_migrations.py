"""The migrations make exactly the tables that the code expects, on both engines."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.plans.service import service
from tests.plans.town import Town


def test_migrations_equal_the_models(any_town: Town) -> None:
    with any_town.store.writer.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": "alembic_version_plans"}
        )
        models: Any = list(service.metadata)  # several at once are fine, whatever the annotation says
        assert compare_metadata(context, models) == []


def test_starting_again_changes_nothing(any_town: Town) -> None:
    url = "districts/140000/rules/thresholds/versions"
    (before,) = any_town.do(any_town.lin, "GET", url)
    assert len(before["content"]["amounts"]) == 6
    any_town.here.migrate()
    assert any_town.do(any_town.lin, "GET", url) == [before]
