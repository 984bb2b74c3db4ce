"""The migrations give exactly the tables of the models, on both engines."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.notify.service import service
from tests.notify.office import Office


def test_migrations_equal_the_models(any_office: Office) -> None:
    with any_office.store.writer.connect() as connection:
        options = {"target_metadata": list(service.metadata), "compare_type": True}
        context = MigrationContext.configure(
            connection, opts=options | {"version_table": "alembic_version_notify"}
        )
        assert compare_metadata(context, list(service.metadata)) == []  # type: ignore[arg-type]
