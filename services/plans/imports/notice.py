"""The public notice (公示) of an import application: what everybody may read, and until when it runs."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint, Uuid, func, select
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import reference
from services.plans.imports.approval import ImportApproval
from services.plans.tables import Base
from shared.calendar import Period
from shared.database import Json, UtcDateTime, new_id
from shared.errors import Conflict
from shared.store import Look, Work
from shared.working_days import notice_end


class NoticeState(StrEnum):
    """`over`: the days have passed; `ended`: the application was rejected or given up meanwhile."""

    RUNNING = "running"
    OVER = "over"
    ENDED = "ended"


class Notice(Base):
    """A notice as it was published; only its end is added later. The day of publication does not count, and
    it runs until 24:00 of `ends_on` in Asia/Shanghai. Both ends are absent while the calendar of the year
    that it reaches into is not known: then it goes on."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("approval_id", "seq"),
        Index("ix_notice_state_ends_at", "state", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    approval_id: Mapped[UUID] = mapped_column(ForeignKey("import_approval.id"))
    seq: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(200))
    organisation_name: Mapped[str] = mapped_column(String(200))
    district_path: Mapped[str] = mapped_column(String(60))
    content: Mapped[Any] = mapped_column(Json)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_on: Mapped[date] = mapped_column(Date)
    days: Mapped[int]
    ends_on: Mapped[date | None] = mapped_column(Date)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    explanation: Mapped[str] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def state_label(self) -> str:
        return reference.labels("notice")[self.state]

    def end_with(self, period: Period) -> None:
        """The calendar is known: the notice ends with this period."""
        self.ends_on, self.ends_at, self.explanation = period.end, period.ends_at, period.explain()

    def takes_objections(self, now: datetime) -> bool:
        return self.state == NoticeState.RUNNING and not self.time_is_over(now)

    def time_is_over(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def close(self, state: NoticeState, at: datetime) -> None:
        self.state, self.closed_at = state, at

    def to_json(self) -> dict[str, Any]:
        """What the final review is shown of it."""
        return {
            "id": str(self.id),
            "published_on": self.published_on.isoformat(),
            "working_days": self.days,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "explanation": self.explanation,
        }


def publish(work: Work, approval: ImportApproval, content: dict[str, Any], days: int) -> Notice:
    """Publishes a locked application, as its next notice."""
    before = select(func.count()).select_from(Notice).where(Notice.approval_id == approval.id)
    notice = Notice(
        id=new_id(),
        approval_id=approval.id,
        seq=work.execute(before).scalar_one() + 1,
        state=NoticeState.RUNNING,
        title=approval.name,
        organisation_name=approval.organisation_name,
        district_path=approval.district_path,
        content=content,
        published_at=work.now,
        published_on=work.today,
        days=days,
        explanation=f"自 {work.today} 次日起算 {days} 个工作日，截止日期待工作日历公布后确定",
    )
    find_end(work, notice)
    work.add(notice)
    return notice


def find_end(look: Look, notice: Notice) -> None:
    """Determines when the notice ends, as soon as the calendar allows it."""
    if notice.ends_at is None:
        try:
            notice.end_with(notice_end(look, notice.published_on, notice.days))
        except Conflict:
            return  # the calendar of a year is missing: the notice goes on until it is there


def last_notice(look: Look, approval_id: UUID) -> Notice | None:
    """The newest notice of an application, running or not."""
    of_it = select(Notice).where(Notice.approval_id == approval_id)
    return look.first(of_it.order_by(Notice.seq.desc()))


def give_up(work: Work, approval: ImportApproval) -> None:
    """Ends the notice of a locked application that will not go on, if one runs."""
    notice = last_notice(work, approval.id)
    if notice is not None and notice.state == NoticeState.RUNNING:
        notice.close(NoticeState.ENDED, work.now)
