"""Work that time brings: what is over is forgotten, old years are closed, public notices end."""

from __future__ import annotations

from uuid import UUID

from services.plans import year_end
from services.plans.imports import deadlines, ending
from shared.jobs import Jobs
from shared.service import Running
from shared.upkeep import tidy

jobs = Jobs()


@jobs.every(seconds=3600)
def tidy_up(here: Running) -> None:
    tidy(here)


@jobs.every(seconds=900)
def end_years(here: Running) -> None:
    year_end.begin(here.store)


@jobs.every(seconds=60)
def end_notices(here: Running) -> None:
    deadlines.end_notices(here.store)


@jobs.every(seconds=300)
def expire_imports(here: Running) -> None:
    deadlines.expire_imports(here.store)


@jobs.task(ending.TASK)
def return_import_plans(here: Running, approval_id: str) -> None:
    ending.return_plans(here.store, UUID(approval_id))


@jobs.task(year_end.TASK)
def close_year(here: Running, run_id: str) -> None:
    year_end.go_on(here.store, UUID(run_id))
