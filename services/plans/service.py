"""The plans service: procurement plans, budgets, and the rules of districts."""

from __future__ import annotations

from pathlib import Path

from services.plans.api import (
    assignments,
    attachments,
    budget_files,
    budgets,
    catalogue,
    checks,
    closing,
    form,
    handing_over,
    import_form,
    import_use,
    imports,
    objections,
    plans,
    public,
    requests,
    rules,
    trades,
)
from services.plans.first_start import first_start
from services.plans.handlers import events
from services.plans.jobs import jobs
from services.plans.tables import Base
from shared.people import Copies
from shared.service import Service
from shared.working_days import CalendarCopies

service = Service(
    name="plans",
    title="采购计划 (procurement plans)",
    routers=(
        *(plans.router, checks.router, assignments.router, trades.router, closing.router),
        *(import_form.router, import_use.router, imports.router, objections.router, public.router),
        *(
            requests.router,
            handing_over.router,
            budgets.router,
            budget_files.router,
            attachments.router,
            form.router,
            catalogue.router,
            rules.router,
        ),
    ),
    tables=(Copies.metadata, CalendarCopies.metadata, Base.metadata),
    migrations=Path(__file__).parent / "migrations",
    handlers=events,
    jobs=jobs,
    first_start=first_start,
)
