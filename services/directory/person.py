"""A person (人员): the account that signs in, and the appointments that say what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, exists, or_, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.directory.appointment import Appointment
from services.directory.organisation import Organisation
from services.directory.permissions import ADMINISTRATORS, Reach, Verb, covers, may_grant, reaches, require
from services.directory.tables import Directory
from shared.database import new_id
from shared.errors import Conflict, Forbidden, NotFound
from shared.events.directory import PersonChanged, PersonContactChanged
from shared.people import Caller, Role
from shared.store import Look


class Person(Directory):
    """`epoch` grows when tokens from before must die; `password_temporary` allows only a new password."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_temporary: Mapped[bool]
    active: Mapped[bool]
    epoch: Mapped[int]

    appointments: Mapped[list[Appointment]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by=Appointment.id
    )

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """Himself, and whoever has or had an appointment within reach of `people.read`."""
        if Reach.EVERYWHERE in reaches(caller, Verb.READ_PEOPLE):
            return true()
        reached = exists().where(
            Appointment.person_id == cls.id,
            Appointment.organisation_id == Organisation.id,
            Organisation.within(caller, Verb.READ_PEOPLE),
        )
        return or_(cls.id == caller.person_id, reached)

    def changed(self, today: date) -> PersonChanged:
        """The whole state as others see it, without appointments that are over."""
        return PersonChanged(
            person_id=self.id,
            version=self.version,
            name=self.name,
            active=self.active,
            epoch=self.epoch,
            appointments=[one.as_published() for one in self.appointments if not one.over(today)],
        )

    def contact_changed(self) -> PersonContactChanged:
        return PersonContactChanged(
            person_id=self.id, version=self.version, email=self.email, phone=self.phone
        )

    def rename(self, name: str, today: date) -> PersonChanged:
        self.name = name
        self.version += 1
        return self.changed(today)

    def be_reached(self, email: str, phone: str) -> PersonContactChanged:
        self.email, self.phone = email, phone
        self.version += 1
        return self.contact_changed()

    def check_not_yet(self, active: bool) -> None:
        """Raises `Conflict` (`already_so`) when the account is in that state."""
        if self.active == active:
            text, text_en = ("账号已启用", "already active") if active else ("账号已停用", "already inactive")
            raise Conflict("already_so", text, text_en, facts={"active": active})

    def set_active(self, active: bool, today: date) -> PersonChanged:
        """Lets the person in or out; tokens from before die. Raises `Conflict` (`already_so`)."""
        self.check_not_yet(active)
        self.active = active
        return self._forget_tokens(today)

    def set_password(self, password_hash: str, temporary: bool, today: date) -> PersonChanged:
        """Tokens from before die."""
        self.password_hash, self.password_temporary = password_hash, temporary
        return self._forget_tokens(today)

    def check_appointment(self, appointment: Appointment) -> None:
        """Raises `Conflict` (`already_appointed`) when he has that role there in that time."""
        if any(appointment.overlaps(one) for one in self.appointments):
            raise Conflict("already_appointed", "该人员在此期间已担任该角色", "has this role there already")

    def appoint(self, appointment: Appointment, today: date) -> PersonChanged:
        """Raises `Conflict` as `check_appointment` does."""
        self.check_appointment(appointment)
        self.appointments.append(appointment)
        self.version += 1
        return self.changed(today)

    def end_appointment(self, appointment: Appointment, last_day: date | None, today: date) -> PersonChanged:
        """Ends an appointment on a day, or at once; then tokens from before die. Raises `Conflict`."""
        appointment.check_lasting(today)
        appointment.end(last_day, today)
        return self._forget_tokens(today)

    def appointment(self, appointment_id: UUID) -> Appointment:
        """Raises `NotFound`."""
        for one in self.appointments:
            if one.id == appointment_id:
                return one
        raise NotFound("not_found", "未找到该任职", "no such appointment")

    def acts_for(self, today: date) -> list[Organisation]:
        """The active organisations in which he holds an appointment today, the oldest appointment first."""
        held = {one.organisation_id: one.organisation for one in self.appointments if one.holds(today)}
        return [organisation for organisation in held.values() if organisation.active]

    def roles_in(self, organisation_id: UUID, today: date) -> list[Role]:
        """His roles there today, lowest first."""
        held = {
            one.role
            for one in self.appointments
            if one.organisation_id == organisation_id and one.holds(today)
        }
        return [role for role in Role if role in held]

    def keeps_administering(self, without: Appointment, today: date) -> bool:
        """Whether an administrator's appointment remains when one is taken away."""
        return any(
            one is not without and one.role in ADMINISTRATORS and one.holds(today)
            for one in self.appointments
        )

    def _forget_tokens(self, today: date) -> PersonChanged:
        self.epoch += 1
        self.version += 1
        return self.changed(today)


@dataclass(frozen=True)
class Profile:
    """What is told of a person when the account is made."""

    login: str
    name: str
    email: str = ""
    phone: str = ""


def new_person(profile: Profile, password_hash: str, temporary: bool) -> Person:
    """An active person without appointments."""
    return Person(
        id=new_id(),
        version=1,
        login=profile.login,
        name=profile.name,
        email=profile.email,
        phone=profile.phone,
        password_hash=password_hash,
        password_temporary=temporary,
        active=True,
        epoch=1,
        appointments=[],
    )


def may_administer(caller: Caller, person: Person, today: date) -> bool:
    """Whether the caller may change the account: he could give every role that the person has or will have.

    Of a person with no appointment left, one of the former ones must be within his reach.
    """
    lasting = [one for one in person.appointments if not one.over(today)]
    if lasting:
        return all(may_grant(caller, Role(one.role), *place(one)) for one in lasting)
    return any(covers(caller, Verb.WRITE_PEOPLE, *place(one)) for one in person.appointments)


def require_administration(caller: Caller, person: Person, today: date) -> None:
    """Raises `Forbidden` (`person_beyond_reach`)."""
    if not may_administer(caller, person, today):
        raise Forbidden(
            "person_beyond_reach",
            "该人员的任职超出您的管理范围，不能由您维护其账号",
            "the person holds appointments that you do not administer",
        )


def place(appointment: Appointment) -> tuple[UUID, str]:
    """Where an appointment is, as permissions judge it."""
    return appointment.organisation_id, appointment.organisation.district.path


def administered(look: Look, person_id: UUID, caller: Caller) -> Person:
    """The person (locked in a `Work`) whose account the caller may change. Raises `NotFound`, `Forbidden`."""
    person = look.get(Person, person_id, seen_by=caller)
    require(caller, Verb.WRITE_PEOPLE)
    require_administration(caller, person, look.today)
    return person
