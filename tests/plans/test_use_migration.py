"""Plans that are usable before assignments are recorded: the migration gives each its first record."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlalchemy import inspect, select, text

from services.plans.assignment import Assignment
from services.plans.plan import Plan, Status
from services.plans.service import service
from shared.clock import HandClock
from shared.database import migrate, migration_config
from shared.store import Store
from tests.lone import MORNING
from tests.plans.paper import LIN, a_plan


def test_a_usable_plan_of_before_has_its_applicant_as_holder(tmp_path: Path, empty_database_url: str) -> None:
    url = empty_database_url.replace("{service}", "plans") or f"sqlite:///{tmp_path / 'plans.db'}"
    store = Store("plans", url, HandClock(MORNING))
    with store.writer.connect() as connection:
        config = migration_config("plans", service.metadata, service.migrations, connection)
        command.upgrade(config, "0002")
        connection.commit()
    usable, draft = a_plan(), a_plan()
    usable.status = Status.USABLE
    columns = [column["name"] for column in inspect(store.writer).get_columns("plan")]
    with store.work() as work:
        for plan in (usable, draft):
            row = {name: getattr(plan, name) for name in columns}
            work.execute(Plan.__table__.insert().values(row))  # type: ignore[attr-defined]
    migrate("plans", service.metadata, service.migrations, url)
    with store.read() as look:
        (record,) = look.all(select(Assignment))
        assert (record.plan_id, record.seq, record.kind) == (usable.id, 1, "default")
        assert (record.holder_id, record.holder_name, record.by_id) == (LIN.person_id, "林经办", None)
        assert look.execute(text("SELECT sum(committed_fen + consumed_fen) FROM plan")).scalar_one() == 0
    store.close()
