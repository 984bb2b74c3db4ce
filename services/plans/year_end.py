"""The end of a fiscal year (年终结转): open plans are closed, each is reported with a reason."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    Select,
    String,
    UniqueConstraint,
    Uuid,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import reference
from services.plans.closing import close
from services.plans.district import District
from services.plans.plan import Plan, Status
from services.plans.policy import policy_of
from services.plans.tables import Base
from services.plans.topics import Years
from shared.database import UtcDateTime, new_id
from shared.jobs import later
from shared.people import Caller, DistrictCopy, Role
from shared.store import Look, Store, Work

TASK = "plans.year_end"
BATCH = 200
OPEN = (Status.UNDER_REVIEW, Status.USABLE, Status.IN_USE)
"""The statuses that the end of a year looks at: to be closed, or to be reported as not closed."""


class Outcome(StrEnum):
    CLOSED = "closed"
    SKIPPED = "skipped"


class YearEndRun(Base):
    """One look at the open plans of a year that is over; at most one a day, as skipped plans come again."""

    __tablename__ = "year_end_run"
    __table_args__ = (UniqueConstraint("fiscal_year", "day"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    fiscal_year: Mapped[int]
    day: Mapped[date] = mapped_column(Date)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed: Mapped[int]
    skipped: Mapped[int]


class YearEndRow(Base):
    """What the end of a year did with a plan, and why; a plan that is skipped again for the same reason has
    no further one. `at` is the moment since which it is so, `run_id` the last run that found it so."""

    __tablename__ = "year_end_row"
    __table_args__ = (
        UniqueConstraint("run_id", "plan_id"),
        Index("ix_year_end_row_district_path_id", "district_path", "id"),
        Index("ix_year_end_row_plan_id_id", "plan_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    run_id: Mapped[UUID] = mapped_column(ForeignKey("year_end_run.id"))
    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"))
    fiscal_year: Mapped[int]
    plan_name: Mapped[str] = mapped_column(String(200))
    plan_number: Mapped[str | None] = mapped_column(String(60))
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    organisation_name: Mapped[str] = mapped_column(String(200))
    district_code: Mapped[str] = mapped_column(String(6))
    district_path: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(20))
    released_fen: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """All below the district of its administrator or finance office (who need the role: `READERS`)."""
        return cls.district_path.startswith(caller.district_path, autoescape=True)

    @property
    def outcome_label(self) -> str:
        return reference.labels("year_end")[self.outcome]

    @property
    def reason_label(self) -> str:
        return reference.labels("year_end_reason")[self.reason]


READERS = (Role.DISTRICT_ADMINISTRATOR, Role.FINANCE, Role.AUDITOR)


def years_over(look: Look) -> list[int]:
    """The fiscal years before this one that still have open plans."""
    wanted = select(Plan.fiscal_year).where(Plan.fiscal_year < look.today.year, Plan.status.in_(OPEN))
    return look.all(wanted.distinct().order_by(Plan.fiscal_year))


def begin(store: Store) -> None:
    """Starts today's run of every year before this one; harmless when called again."""
    with store.read() as look:
        has_run = select(YearEndRun.fiscal_year).where(YearEndRun.day == look.today)
        due = set(years_over(look)) - set(look.all(has_run))
    if due:
        with store.work() as work:
            for year in sorted(due):
                _begin(work, year)


def _begin(work: Work, year: int) -> None:
    row = {"id": new_id(), "fiscal_year": year, "day": work.today, "started_at": work.now}
    fresh = work.insert(YearEndRun).values(**row, closed=0, skipped=0).on_conflict_do_nothing()
    if work.execute(fresh.returning(YearEndRun.id)).first() is not None:
        later(work, TASK, run_id=str(row["id"]))


def go_on(store: Store, run_id: UUID, batch: int = BATCH) -> None:
    """Handles the next plans of a run, each in a transaction of its own, and comes back for the rest."""
    with store.read() as look:
        plans = look.all(_left(look, look.get(YearEndRun, run_id)).order_by(Plan.id).limit(batch))
    for plan_id in plans:
        with store.work() as work:
            handle(work, run_id, plan_id)
    with store.work() as work:
        if len(plans) == batch:
            later(work, TASK, run_id=str(run_id))
        else:
            run = work.get(YearEndRun, run_id)
            run.finished_at = run.finished_at or work.now


def _left(look: Look, run: YearEndRun) -> Select[UUID]:
    """The plans that a run has still to look at. Where the year is not over yet, once is enough."""
    open_ones = (Plan.fiscal_year == run.fiscal_year) & Plan.status.in_(OPEN)
    districts = look.all(select(Plan.district_code).where(open_ones).distinct())
    over = [code for code in districts if is_over(look, code, run.fiscal_year)]
    now = select(YearEndRow.plan_id).where(YearEndRow.run_id == run.id)
    ever = select(YearEndRow.plan_id).where(YearEndRow.fiscal_year == run.fiscal_year)
    due = Plan.district_code.in_(over) & Plan.id.not_in(now)
    return select(Plan.id).where(open_ones, due | Plan.id.not_in(ever))


def is_over(look: Look, district_code: str, year: int) -> bool:
    """Whether the plans of a year are used no more in a district, by its rules of today."""
    district = District.of(look.session.get_one(DistrictCopy, district_code))
    return policy_of(look, district).get(Years).is_over(year, look.today)


def handle(work: Work, run_id: UUID, plan_id: UUID) -> None:
    """Closes a plan, or skips it with the reason; nothing when this run has reported it before."""
    plan = work.get(Plan, plan_id)
    done = select(YearEndRow.id).where(YearEndRow.run_id == run_id, YearEndRow.plan_id == plan_id)
    if plan.status not in OPEN or work.first(done) is not None:
        return
    reason = obstacle(plan, is_over(work, plan.district_code, plan.fiscal_year))
    released = 0 if reason else close(work, plan, None, f"{plan.fiscal_year} 年度终了", "year_over")
    run = work.get(YearEndRun, run_id)
    run.closed += 0 if reason else 1
    run.skipped += 1 if reason else 0
    known = _last(work, plan_id)
    if known is not None and known.reason == reason:
        known.run_id = run.id
    else:
        work.add(_row(run, plan, reason, released, work.now))


def obstacle(plan: Plan, year_is_over: bool) -> str:
    """Why the end of the year leaves a plan open; empty when it is closed."""
    if not year_is_over:
        return "year_open"
    if plan.status == Status.UNDER_REVIEW:
        return "under_review"
    if plan.open_request_id is not None:
        return "locked"
    return "live_trade" if plan.committed_fen else ""


def _last(look: Look, plan_id: UUID) -> YearEndRow | None:
    of_plan = select(YearEndRow).where(YearEndRow.plan_id == plan_id)
    return look.first(of_plan.order_by(YearEndRow.id.desc()))


def _row(run: YearEndRun, plan: Plan, reason: str, released: int, at: datetime) -> YearEndRow:
    return YearEndRow(
        id=new_id(),
        run_id=run.id,
        plan_id=plan.id,
        fiscal_year=plan.fiscal_year,
        plan_name=plan.name,
        plan_number=plan.plan_number,
        organisation_id=plan.organisation_id,
        organisation_name=plan.organisation_name,
        district_code=plan.district_code,
        district_path=plan.district_path,
        outcome=Outcome.SKIPPED if reason else Outcome.CLOSED,
        reason=reason or "year_over",
        released_fen=released,
        at=at,
    )
