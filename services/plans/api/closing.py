"""Routes of closing: by the holder, and the reports of the end of a year."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlalchemy import select

from services.plans.closing import close
from services.plans.form_schemas import Year
from services.plans.plan import Action, Plan
from services.plans.schemas import PlanShape
from services.plans.trade import must_be_holder
from services.plans.usage_schemas import CloseForm
from services.plans.views import plan_shape
from services.plans.year_end import READERS, Outcome, YearEndRow
from shared.deciding import Deciding
from shared.http import Page, PageAsked, Shape, SignedIn, StoreHere, etag, page_of
from shared.money import FenAsYuan

router = APIRouter(tags=["closing"])


class YearEndShape(Shape):
    """What the end of a year did with a plan; the released amount in yuan. `at` is since when it is so,
    `run_id` the last run that found it so."""

    id: UUID
    run_id: UUID
    plan_id: UUID
    fiscal_year: int
    plan_name: str
    plan_number: str | None
    organisation_id: UUID
    organisation_name: str
    district_code: str
    outcome: str
    outcome_label: str
    reason: str
    reason_label: str
    released: FenAsYuan = Field(validation_alias="released_fen")
    at: datetime


class ReportsAsked(PageAsked):
    """Which rows of the reports are listed."""

    year: Year | None = None
    outcome: Outcome | None = None
    organisation_id: UUID | None = None


@router.post(
    "/plans/{plan_id}/close",
    operation_id="close_plan",
    summary="结束采购计划 (close the plan)",
    response_model=PlanShape,
)
def close_plan(plan_id: UUID, body: CloseForm, asked: Deciding) -> Response:
    """By the holder, while no trade is running (409 `live_trade`); what was not consumed is released."""
    caller, once = asked.caller, asked.once
    with asked.store.work(actor=caller.actor) as work:
        if (answered := once.before(work)) is not None:
            return answered
        plan = work.get(Plan, plan_id, seen_by=caller)
        must_be_holder(plan, caller)
        plan.must_allow(Action.CLOSE)
        asked.expected.check(etag(plan.version))
        close(work, plan, caller, body.reason)
        return once.answer(work, plan_shape(work, plan, caller), etag=etag(plan.version))


@router.get(
    "/year-end/reports", operation_id="year_end_reports", summary="年终结转报告 (reports of the year end)"
)
def reports(
    store: StoreHere, caller: SignedIn, wanted: Annotated[ReportsAsked, Query()]
) -> Page[YearEndShape]:
    """Every plan that a year's end closed or skipped, with the reason; newest first. A plan comes again when
    the reason has changed. A year ends on the day that the rules of the district say (`years`)."""
    caller.require(*READERS)
    statement = select(YearEndRow).where(YearEndRow.visible_to(caller))
    if wanted.year is not None:
        statement = statement.where(YearEndRow.fiscal_year == wanted.year)
    if wanted.outcome is not None:
        statement = statement.where(YearEndRow.outcome == wanted.outcome)
    if wanted.organisation_id is not None:
        statement = statement.where(YearEndRow.organisation_id == wanted.organisation_id)
    with store.read() as look:
        rows, following = page_of(look, statement, [YearEndRow.id], wanted)
        return Page(items=[YearEndShape.model_validate(row) for row in rows], next=following)
