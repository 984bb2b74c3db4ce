"""An appointment (任职): a role of a person in an organisation, for a time."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Date, ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.directory.organisation import Organisation
from services.directory.tables import Directory
from shared.database import Json, new_id
from shared.errors import Conflict, Problem, invalid
from shared.events import directory as events
from shared.people import Role


class Appointment(Directory):
    """Both days are included, open-ended when absent; `positions` are titles that chains may ask for."""

    __tablename__ = "appointment"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[str] = mapped_column(String(40))
    positions: Mapped[list[str]] = mapped_column(Json)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)

    organisation: Mapped[Organisation] = relationship(lazy="selectin", viewonly=True)

    @classmethod
    def on(cls, day: date) -> ColumnElement[bool]:
        """Appointments that hold on a day."""
        started = cls.valid_from.is_(None) | (cls.valid_from <= day)
        return started & (cls.valid_until.is_(None) | (cls.valid_until >= day))

    def holds(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and not self.over(day)

    def over(self, day: date) -> bool:
        return self.valid_until is not None and self.valid_until < day

    def check_lasting(self, today: date) -> None:
        """Raises `Conflict` (`already_ended`)."""
        if self.over(today):
            raise Conflict(
                "already_ended",
                "该任职已结束",
                "this appointment is over",
                facts={"valid_until": str(self.valid_until)},
            )

    def overlaps(self, other: Appointment) -> bool:
        """Whether both give the same role in the same organisation on some day."""
        same = (self.organisation_id, self.role) == (other.organisation_id, other.role)
        return same and _begins(self) <= _ends(other) and _begins(other) <= _ends(self)

    def end(self, last_day: date | None, today: date) -> None:
        """Lets it hold until a day, or ends it at once. It never becomes longer."""
        last = last_day or today - timedelta(days=1)
        self.valid_until = last if self.valid_until is None else min(last, self.valid_until)

    def as_published(self) -> events.Appointment:
        return events.Appointment(
            organisation_id=self.organisation_id,
            role=self.role,
            positions=list(self.positions),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
        )


def new_appointment(
    organisation: Organisation,
    role: Role,
    positions: list[str],
    valid_from: date | None = None,
    valid_until: date | None = None,
) -> Appointment:
    """Raises `Invalid` (`period_reversed`) when it would end before it begins."""
    if valid_from and valid_until and valid_until < valid_from:
        raise invalid(
            [Problem("period_reversed", "结束日期早于开始日期", "/valid_until", "it ends before it begins")]
        )
    return Appointment(
        id=new_id(),
        organisation_id=organisation.id,
        organisation=organisation,
        role=role,
        positions=list(dict.fromkeys(positions)),
        valid_from=valid_from,
        valid_until=valid_until,
    )


def _begins(appointment: Appointment) -> date:
    return appointment.valid_from or date.min


def _ends(appointment: Appointment) -> date:
    return appointment.valid_until or date.max
