"""Routes of budget lines: finance creates, imports and adjusts them; everybody concerned reads them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field, field_validator
from sqlalchemy import or_, select

from services.plans.budget import BudgetEntry, BudgetLine, Entry
from services.plans.budget_file import NewLine, create_line
from services.plans.district import District
from services.plans.form_schemas import Choice, Code, Year, must_be_choice
from services.plans.schemas import BudgetLineShape
from shared.deciding import Deciding
from shared.errors import Forbidden, Problem, invalid
from shared.http import (
    Body,
    DoOnce,
    Page,
    PageAsked,
    Shape,
    SignedIn,
    StoreHere,
    etag,
    page_of,
    shown,
)
from shared.money import FenAsYuan, Yuan
from shared.people import Caller, DistrictCopy, OrganisationCopy, Role
from shared.store import Work

router = APIRouter(tags=["budgets"])


class BudgetLineForm(Body):
    """A new budget line; the amount in yuan. Without a catalogue code it pays for anything."""

    organisation_id: UUID
    fiscal_year: Year
    project_code: str = Field(min_length=1, max_length=60, examples=["140100-0001"])
    project_name: str = Field(min_length=1, max_length=200, examples=["办公设备购置"])
    fund_nature: Choice = Field(examples=["general"])
    catalogue_code: Code | None = None
    amount: Yuan

    _choices = field_validator("fund_nature")(must_be_choice)

    def new(self) -> NewLine:
        return NewLine(
            fiscal_year=self.fiscal_year,
            project_code=self.project_code,
            project_name=self.project_name,
            fund_nature=self.fund_nature,
            catalogue_code=self.catalogue_code or "",
            approved_fen=self.amount,
        )


class AdjustmentForm(Body):
    """More or less money for a line, with the reason."""

    direction: Literal["increase", "decrease"]
    amount: Yuan
    reason: str = Field(min_length=1, max_length=500)


class EntryShape(Shape):
    """An entry of the ledger; the amount in yuan."""

    id: int
    kind: str
    amount: FenAsYuan = Field(validation_alias="amount_fen")
    plan_id: UUID | None
    round: int
    at: datetime
    actor_id: UUID | None
    reason: str


class LinesAsked(PageAsked):
    """Which budget lines are listed."""

    year: Year | None = None
    organisation_id: UUID | None = None
    q: str = Field("", max_length=100, description="项目名称或编码 (name or code of the project)")


class LedgerAsked(PageAsked):
    """A page of a ledger, newest first."""


def unit_below(work: Work, organisation_id: UUID, caller: Caller) -> tuple[OrganisationCopy, District]:
    """The unit, locked. Raises `NotFound`, `Forbidden` (`outside_district`) for one elsewhere, `Invalid`
    (`unit_inactive`)."""
    unit = work.get(OrganisationCopy, organisation_id)
    district = District.of(work.get(DistrictCopy, unit.district_code))
    if not district.path.startswith(caller.district_path):
        raise Forbidden("outside_district", "该单位不在您的区划内", "the unit is not in your district")
    if not unit.active:
        raise invalid(
            [Problem("unit_inactive", "该单位已停用", "/organisation_id", "the unit is not active")]
        )
    return unit, district


@router.post(
    "/budget-lines",
    operation_id="create_budget_line",
    summary="新增采购预算 (create a budget line)",
    status_code=201,
    response_model=BudgetLineShape,
)
def create(body: BudgetLineForm, store: StoreHere, caller: SignedIn, once: DoOnce) -> Response:
    """By the finance office of the unit's district or above. Raises `budget_line_exists`, `unit_inactive`."""
    caller.require(Role.FINANCE)
    with store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        unit, district = unit_below(work, body.organisation_id, caller)
        line = create_line(work, unit, district, body.new(), caller)
        return once.answer(work, BudgetLineShape.model_validate(line), 201, etag(line.version))


@router.get("/budget-lines", operation_id="list_budget_lines", summary="采购预算列表 (budget lines)")
def list_lines(
    store: StoreHere, caller: SignedIn, wanted: Annotated[LinesAsked, Query()]
) -> Page[BudgetLineShape]:
    """The unit's lines, or all below the district; newest first."""
    statement = select(BudgetLine).where(BudgetLine.visible_to(caller))
    if wanted.year is not None:
        statement = statement.where(BudgetLine.fiscal_year == wanted.year)
    if wanted.organisation_id is not None:
        statement = statement.where(BudgetLine.organisation_id == wanted.organisation_id)
    if wanted.q:
        texts = (BudgetLine.project_name, BudgetLine.project_code)
        statement = statement.where(or_(*(text.icontains(wanted.q, autoescape=True) for text in texts)))
    with store.read() as look:
        rows, following = page_of(look, statement, [BudgetLine.id], wanted)
        return Page(items=[BudgetLineShape.model_validate(row) for row in rows], next=following)


@router.get(
    "/budget-lines/{line_id}",
    operation_id="get_budget_line",
    summary="采购预算详情 (a budget line)",
    response_model=BudgetLineShape,
)
def get(line_id: UUID, store: StoreHere, caller: SignedIn) -> Response:
    """The line with what is available, and its ETag."""
    with store.read() as look:
        line = look.get(BudgetLine, line_id, seen_by=caller)
        return shown(BudgetLineShape.model_validate(line), etag(line.version))


@router.get(
    "/budget-lines/{line_id}/entries", operation_id="budget_line_entries", summary="预算台账 (ledger)"
)
def entries(
    line_id: UUID, store: StoreHere, caller: SignedIn, wanted: Annotated[LedgerAsked, Query()]
) -> Page[EntryShape]:
    """Every entry of the line, newest first; their sums are the line's amounts."""
    with store.read() as look:
        look.get(BudgetLine, line_id, seen_by=caller)
        statement = select(BudgetEntry).where(BudgetEntry.line_id == line_id)
        rows, following = page_of(look, statement, [BudgetEntry.id], wanted)
        return Page(items=[EntryShape.model_validate(row) for row in rows], next=following)


@router.post(
    "/budget-lines/{line_id}/adjustments",
    operation_id="adjust_budget_line",
    summary="调整采购预算 (adjust a budget line)",
    response_model=BudgetLineShape,
)
def adjust(line_id: UUID, body: AdjustmentForm, asked: Deciding) -> Response:
    """Never below what plans have taken (`below_taken`, with what is available)."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        line = work.get(BudgetLine, line_id, seen_by=caller)
        caller.require(Role.FINANCE)
        fen = body.amount if body.direction == "increase" else -body.amount
        entry = line.enter(Entry.ADJUSTED, fen, work.now, actor_id=caller.person_id, reason=body.reason)
        asked.expected.check(etag(line.version - 1))
        work.add(entry)
        return once.answer(work, BudgetLineShape.model_validate(line), etag=etag(line.version))
