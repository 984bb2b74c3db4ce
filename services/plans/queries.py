"""Lists of plans and their counts: one statement serves both, so the numbers always equal the lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, false, func, or_, select

from services.plans.document import Document
from services.plans.form_schemas import Year
from services.plans.plan import Plan, Status
from services.plans.review import ReaderSlot
from shared.people import DISTRICT_ROLES, UNIT_ROLES, Caller, PersonCopy
from shared.store import Look

Tab = Literal["mine", "held", "assigned", "unit", "district"]
TABS: tuple[Tab, ...] = ("mine", "held", "assigned", "unit", "district")


class PlanFilter(BaseModel):
    """Which plans of a tab are listed."""

    year: Year | None = None
    kind: str = Field("", max_length=20)
    method: str = Field("", max_length=40)
    q: Annotated[str, Field(max_length=100, description="名称或编号 (name or number)")] = ""


def plans_of(caller: Caller, tab: Tab, wanted: PlanFilter) -> Select[Plan]:
    """The plans of a tab under a filter; `mine` are applied for by the caller, `held` are
    usable by him, `assigned` are all usable ones of his unit (已分派)."""
    statement = select(Plan).where(Plan.visible_to(caller), _in_tab(caller, tab))
    if wanted.year is not None:
        statement = statement.where(Plan.fiscal_year == wanted.year)
    if wanted.kind:
        statement = statement.where(Plan.kind == wanted.kind)
    if wanted.method:
        statement = statement.where(Plan.method == wanted.method)
    if wanted.q:
        texts = (Plan.name, Plan.application_number, Plan.plan_number)
        statement = statement.where(or_(*(text.icontains(wanted.q, autoescape=True) for text in texts)))
    return statement


def _in_tab(caller: Caller, tab: Tab) -> ColumnElement[bool]:
    if tab == "mine":
        return Plan.applicant_id == caller.person_id
    if tab == "held":
        return (Plan.holder_id == caller.person_id) & Plan.status.in_((Status.USABLE, Status.IN_USE))
    if tab == "assigned":
        usable = (Plan.organisation_id == caller.organisation_id) & (Plan.status == Status.USABLE)
        return usable if caller.has(*UNIT_ROLES) else false()
    if tab == "unit":
        return Plan.organisation_id == caller.organisation_id if caller.has(*UNIT_ROLES) else false()
    below = Plan.district_path.startswith(caller.district_path, autoescape=True)
    return below if caller.has(*DISTRICT_ROLES) else false()


def count(look: Look, caller: Caller, wanted: PlanFilter) -> dict[str, dict[str, int]]:
    """Per tab the number of plans in all (`all`) and per status."""
    found: dict[str, dict[str, int]] = {}
    for tab in TABS:
        listed = plans_of(caller, tab, wanted).with_only_columns(Plan.status, func.count())
        rows: list[Any] = list(look.execute(listed.group_by(Plan.status)))
        numbers = {str(status): int(number) for status, number in rows}
        found[tab] = {"all": sum(numbers.values()), **numbers}
    return found


@dataclass
class Turn:
    """Whose turn it is: the name of the step, and of those who have an open to-do."""

    step: str
    holders: list[str]


def turns(look: Look, documents: Iterable[Document]) -> dict[UUID, Turn]:
    """Who has each document that is under review: the open to-dos of its current round."""
    rounds = {document.id: document.round for document in documents if document.is_under_review}
    if not rounds:
        return {}
    statement = (
        select(ReaderSlot, PersonCopy.name)
        .outerjoin(PersonCopy, PersonCopy.person_id == ReaderSlot.holder_id)
        .where(ReaderSlot.document_id.in_(rounds), ReaderSlot.open)
    )
    found: dict[UUID, Turn] = {}
    rows: list[Any] = list(look.execute(statement.order_by(PersonCopy.name)))
    for slot, name in rows:
        if slot.round == rounds[slot.document_id]:
            found.setdefault(slot.document_id, Turn(slot.step_name, [])).holders.append(name or "")
    return found
