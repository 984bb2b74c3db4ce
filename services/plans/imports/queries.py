"""Lists of import applications and their counts: one statement serves both, so the numbers equal the lists."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select

from services.plans.form_schemas import Year
from services.plans.imports.approval import ImportApproval, Status
from services.plans.review import ReaderSlot
from shared.people import DISTRICT_ROLES, UNIT_ROLES, Caller, Role
from shared.store import Look

Tab = Literal["mine", "todo", "finished", "unit", "district"]
TABS: tuple[Tab, ...] = ("mine", "todo", "finished", "unit", "district")
FINISHED = (Status.APPROVED, Status.EXPIRED, Status.REJECTED, Status.ABANDONED)
BACK = (Status.RETURNED, Status.WITHDRAWN, Status.AWAITING_REVIEW, Status.OBJECTION)


class ImportFilter(BaseModel):
    """Which import applications of a tab are listed."""

    year: Year | None = None
    category: str = Field("", max_length=20)
    q: Annotated[str, Field(max_length=100, description="名称或编号 (name or number)")] = ""


def imports_of(caller: Caller, tab: Tab, wanted: ImportFilter) -> Select[ImportApproval]:
    """The applications of a tab under a filter. `mine` are the caller's own; `todo` wait for him: to be
    reviewed, corrected, sent, or an objection to be handled; `finished` have ended, and were his or reviewed
    by him."""
    kind = ImportApproval
    statement = select(kind).where(kind.visible_to(caller), _in_tab(caller, tab))
    if wanted.year is not None:
        statement = statement.where(kind.fiscal_year == wanted.year)
    if wanted.category:
        statement = statement.where(kind.category == wanted.category)
    if wanted.q:
        texts = (kind.name, kind.application_number, kind.approval_number)
        statement = statement.where(or_(*(text.icontains(wanted.q, autoescape=True) for text in texts)))
    return statement


def _in_tab(caller: Caller, tab: Tab) -> ColumnElement[bool]:
    kind = ImportApproval
    own = kind.applicant_id == caller.person_id
    if tab == "mine":
        return own
    if tab == "todo":
        return or_(_asked(caller, still=True), own & kind.status.in_(BACK), _to_decide(caller))
    if tab == "finished":
        return kind.status.in_(FINISHED) & or_(own, _asked(caller, still=False))
    if tab == "unit":
        return kind.organisation_id == caller.organisation_id if caller.has(*UNIT_ROLES) else false()
    below = kind.district_path.startswith(caller.district_path, autoescape=True)
    return below if caller.has(*DISTRICT_ROLES) else false()


def _asked(caller: Caller, still: bool) -> ColumnElement[bool]:
    """Whether the caller was asked to review it; or still is, in its present round."""
    slot = and_(ReaderSlot.document_id == ImportApproval.id, ReaderSlot.holder_id == caller.person_id)
    if still:
        slot = and_(slot, ReaderSlot.open, ReaderSlot.round == ImportApproval.round)
    return exists().where(slot)


def _to_decide(caller: Caller) -> ColumnElement[bool]:
    """Objections in the district of a finance office."""
    below = ImportApproval.district_path.startswith(caller.district_path, autoescape=True)
    return (ImportApproval.status == Status.OBJECTION) & below if caller.has(Role.FINANCE) else false()


def count(look: Look, caller: Caller, wanted: ImportFilter) -> dict[str, dict[str, int]]:
    """Per tab the number of applications in all (`all`) and per status."""
    found: dict[str, dict[str, int]] = {}
    for tab in TABS:
        listed = imports_of(caller, tab, wanted).with_only_columns(ImportApproval.status, func.count())
        rows: list[Any] = list(look.execute(listed.group_by(ImportApproval.status)))
        numbers = {str(status): int(number) for status, number in rows}
        found[tab] = {"all": sum(numbers.values()), **numbers}
    return found
