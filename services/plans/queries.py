"""Lists of documents and their counts: one statement serves both, so the numbers always equal the lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, CompoundSelect, Select, false, func, or_, select, union
from sqlalchemy.orm import aliased

from services.plans.document import Document
from services.plans.form_schemas import Year
from services.plans.plan import Plan, Status
from services.plans.request import Kind, PlanRequest
from services.plans.review import ReaderSlot
from shared.people import DISTRICT_ROLES, UNIT_ROLES, Caller, PersonCopy
from shared.store import Look

CommonTab = Literal["mine", "todo", "finished", "unit", "district"]
RequestTab = CommonTab
Tab = CommonTab | Literal["held", "assigned"]
COMMON_TABS: tuple[CommonTab, ...] = ("mine", "todo", "finished", "unit", "district")
TABS: tuple[Tab, ...] = ("mine", "todo", "held", "assigned", "finished", "unit", "district")
Counts = dict[str, dict[str, int]]


class Filter(BaseModel):
    """Which documents of a tab are listed."""

    year: Year | None = None
    q: Annotated[str, Field(max_length=100, description="名称或编号 (name or number)")] = ""


class PlanFilter(Filter):
    """Which plans."""

    kind: str = Field("", max_length=20)
    method: str = Field("", max_length=40)


class RequestFilter(Filter):
    """Which requests: of a kind, on a plan."""

    kind: Kind | None = None
    plan_id: UUID | None = None


def plans_of(caller: Caller, tab: Tab, wanted: PlanFilter) -> Select[Plan]:
    """The plans of a tab under a filter; `held` are usable by the caller, `assigned` all usable ones of his
    unit (已分派)."""
    names = (Plan.name, Plan.application_number, Plan.plan_number)
    statement = select(Plan).where(Plan.visible_to(caller), _in_plan_tab(caller, tab))
    statement = statement.where(*filtered(Plan.fiscal_year, names, wanted))
    if wanted.kind:
        statement = statement.where(Plan.kind == wanted.kind)
    if wanted.method:
        statement = statement.where(Plan.method == wanted.method)
    return statement


def requests_of(caller: Caller, tab: RequestTab, wanted: RequestFilter) -> Select[PlanRequest]:
    """The requests of a tab under a filter."""
    names = (PlanRequest.plan_name, PlanRequest.plan_number)
    statement = select(PlanRequest).where(PlanRequest.visible_to(caller), in_tab(PlanRequest, caller, tab))
    statement = statement.where(*filtered(PlanRequest.fiscal_year, names, wanted))
    if wanted.kind is not None:
        statement = statement.where(PlanRequest.kind == wanted.kind)
    if wanted.plan_id is not None:
        statement = statement.where(PlanRequest.plan_id == wanted.plan_id)
    return statement


def filtered(year: Any, names: Iterable[Any], wanted: Filter) -> list[ColumnElement[bool]]:
    """The conditions of a filter that every type has."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.year is not None:
        conditions.append(year == wanted.year)
    if wanted.q:
        conditions.append(or_(*(name.icontains(wanted.q, autoescape=True) for name in names)))
    return conditions


def _in_plan_tab(caller: Caller, tab: Tab) -> ColumnElement[bool]:
    if tab == "held":
        return (Plan.holder_id == caller.person_id) & Plan.status.in_((Status.USABLE, Status.IN_USE))
    if tab == "assigned":
        usable = (Plan.organisation_id == caller.organisation_id) & (Plan.status == Status.USABLE)
        return usable if caller.has(*UNIT_ROLES) else false()
    return in_tab(Plan, caller, tab)


def in_tab(kind: type[Document], caller: Caller, tab: CommonTab) -> ColumnElement[bool]:
    """The tabs that every type has: the caller's own (本人), those that wait for him as reviewer or applicant
    (待办理), those that are over (已办结), his unit's, his district's."""
    if tab == "mine":
        return kind.applicant_id == caller.person_id
    if tab == "todo":
        return kind.id.in_(_waiting_for(kind, caller))
    if tab == "finished":
        return kind.status.in_(kind.FINAL)
    if tab == "unit":
        return kind.organisation_id == caller.organisation_id if caller.has(*UNIT_ROLES) else false()
    below = kind.district_path.startswith(caller.district_path, autoescape=True)
    return below if caller.has(*DISTRICT_ROLES) else false()


def _waiting_for(kind: type[Document], caller: Caller) -> CompoundSelect[Any]:
    """What is the caller's to review, and, if he applied for it, to correct or to send on. Two lookups by
    index: an OR of both would walk through the whole table."""
    one = aliased(kind)
    of_round = (ReaderSlot.document_id == one.id) & (ReaderSlot.round == one.round)
    to_review = select(one.id).join(ReaderSlot, of_round)
    to_review = to_review.where(ReaderSlot.holder_id == caller.person_id, ReaderSlot.open)
    own = (one.applicant_id == caller.person_id) & one.status.in_(kind.BACK)
    return union(to_review, select(one.id).where(own))


def count(look: Look, caller: Caller, wanted: PlanFilter) -> Counts:
    """Per tab the number of plans in all (`all`) and per status."""
    return {tab: by_status(look, plans_of(caller, tab, wanted), Plan) for tab in TABS}


def count_requests(look: Look, caller: Caller, wanted: RequestFilter) -> Counts:
    """Per tab the number of requests in all (`all`) and per status."""
    return {tab: by_status(look, requests_of(caller, tab, wanted), PlanRequest) for tab in COMMON_TABS}


def by_status(look: Look, listed: Select[Any], kind: type[Document]) -> dict[str, int]:
    """How many are listed, in all (`all`) and per status."""
    counted = listed.with_only_columns(kind.status, func.count()).group_by(kind.status)
    rows: list[Any] = list(look.execute(counted))
    numbers = {str(status): int(number) for status, number in rows}
    return {"all": sum(numbers.values()), **numbers}


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
