"""The migrations make exactly the tables that the models describe."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.approvals.service import service
from tests.approvals.office import Office


def test_migrations_equal_models(each_office: Office) -> None:
    with each_office.store.writer.connect() as connection:
        if not each_office.store.is_sqlite:  # comparing takes a busy machine a while
            connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 0")
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        for metadata in service.metadata:
            mine = set(metadata.tables)
            context.opts["include_name"] = lambda name, kind, _, mine=mine: kind != "table" or name in mine
            assert compare_metadata(context, metadata) == []


def test_migrations_stand_in_one_line() -> None:
    files = sorted(path.name for path in Path(service.migrations).glob("0*.py"))
    assert [name[:4] for name in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]
