"""Lists of import applications and their counts: one statement serves both, so that they are equal."""

from __future__ import annotations

from pydantic import Field
from sqlalchemy import ColumnElement, Select, false, or_, select

from services.plans.imports.approval import ImportApproval, Status
from services.plans.queries import COMMON_TABS, CommonTab, Counts, Filter, by_status, filtered, in_tab
from shared.people import Caller, Role
from shared.store import Look


class ImportFilter(Filter):
    """Which import applications of a tab are listed."""

    category: str = Field("", max_length=20)


def imports_of(caller: Caller, tab: CommonTab, wanted: ImportFilter) -> Select[ImportApproval]:
    """The applications of a tab under a filter; with an objection they wait for the finance office, too."""
    kind = ImportApproval
    listed = in_tab(kind, caller, tab)
    if tab == "todo":
        listed = or_(listed, _to_decide(caller))
    names = (kind.name, kind.application_number, kind.approval_number)
    statement = select(kind).where(kind.visible_to(caller), listed)
    statement = statement.where(*filtered(kind.fiscal_year, names, wanted))
    return statement.where(kind.category == wanted.category) if wanted.category else statement


def _to_decide(caller: Caller) -> ColumnElement[bool]:
    """Objections in the district of a finance office."""
    if not caller.has(Role.FINANCE):
        return false()
    below = ImportApproval.district_path.startswith(caller.district_path, autoescape=True)
    return (ImportApproval.status == Status.OBJECTION) & below


def count_imports(look: Look, caller: Caller, wanted: ImportFilter) -> Counts:
    """Per tab the number of applications in all (`all`) and per status."""
    return {tab: by_status(look, imports_of(caller, tab, wanted), ImportApproval) for tab in COMMON_TABS}
