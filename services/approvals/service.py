"""The wiring of the approvals service."""

from pathlib import Path

from services.approvals.api import cases, chains, opinions, policies, slots, versions
from services.approvals.handlers import events
from services.approvals.jobs import jobs
from services.approvals.tables import Approvals
from shared.people import Copies
from shared.service import Service

service = Service(
    name="approvals",
    title="审核 (approvals)",
    routers=(
        slots.router,
        cases.router,
        chains.router,
        versions.router,
        policies.router,
        opinions.router,
    ),
    tables=(Approvals.metadata, Copies.metadata),
    migrations=Path(__file__).parent / "migrations",
    handlers=events,
    jobs=jobs,
)
