"""The wiring of the approvals service."""

from pathlib import Path

from services.approvals.api import (
    attachments,
    cases,
    chains,
    decide,
    decisions,
    drift,
    due,
    evidence,
    floors,
    handing_over,
    marks,
    migration,
    opinions,
    policies,
    replay,
    slots,
    statistics,
    substitutions,
    timetables,
    turns,
    versions,
)
from services.approvals.handlers import events
from services.approvals.jobs import jobs
from services.approvals.tables import Approvals
from shared.people import Copies
from shared.service import Service
from shared.working_days import CalendarCopies

service = Service(
    name="approvals",
    title="审核 (approvals)",
    routers=(
        slots.router,
        decisions.router,
        handing_over.router,
        turns.router,
        decide.router,
        marks.router,
        attachments.router,
        due.router,
        evidence.router,
        substitutions.router,
        cases.router,
        chains.router,
        versions.router,
        migration.router,
        replay.router,
        floors.router,
        policies.router,
        timetables.router,
        opinions.router,
        statistics.router,
        drift.router,
    ),
    tables=(Approvals.metadata, Copies.metadata, CalendarCopies.metadata),
    migrations=Path(__file__).parent / "migrations",
    handlers=events,
    jobs=jobs,
)
