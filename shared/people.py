"""Who is asking, and each service's own small copy of people, organisations and districts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, String, Uuid, delete, false, or_, select
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Mapped, mapped_column

from shared.database import Json, metadata, new_id
from shared.errors import Forbidden, Unauthorised
from shared.events.directory import DistrictChanged, OrganisationChanged, PersonChanged
from shared.inbox import Handlers
from shared.store import Look, Work
from shared.tokens import Claims, refused

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Role(StrEnum):
    """The roles of an appointment, lowest first."""

    HANDLER = "handler"
    REVIEWER = "reviewer"
    UNIT_ADMINISTRATOR = "unit_administrator"
    AUDITOR = "auditor"
    FINANCE = "finance"
    DISTRICT_ADMINISTRATOR = "district_administrator"
    PLATFORM_ADMINISTRATOR = "platform_administrator"


ROLE_LABELS = {
    Role.HANDLER: "经办人",
    Role.REVIEWER: "审核人",
    Role.UNIT_ADMINISTRATOR: "单位管理员",
    Role.AUDITOR: "审计员",
    Role.FINANCE: "财政人员",
    Role.DISTRICT_ADMINISTRATOR: "区划管理员",
    Role.PLATFORM_ADMINISTRATOR: "平台管理员",
}
UNIT_ROLES = frozenset({Role.HANDLER, Role.REVIEWER, Role.UNIT_ADMINISTRATOR})
DISTRICT_ROLES = frozenset({Role.DISTRICT_ADMINISTRATOR, Role.FINANCE, Role.AUDITOR})


@dataclass(frozen=True)
class Caller:
    """A signed-in person, acting for one organisation with the roles he has there today; `at` is the moment
    of his request, where the service that he asks tells it."""

    person_id: UUID
    name: str
    organisation_id: UUID
    organisation_name: str
    district_code: str
    district_path: str
    roles: frozenset[Role]
    positions: frozenset[str] = field(default_factory=frozenset)
    at: datetime = LONG_AGO

    @property
    def actor(self) -> str:
        return str(self.person_id)

    def has(self, *roles: Role) -> bool:
        return not self.roles.isdisjoint(roles)

    def reaches(self, organisation_id: UUID, district_path: str) -> bool:
        """Whether a document of a unit in a district is in the scope of his roles; `in_scope` in SQL."""
        own_unit = self.has(*UNIT_ROLES) and organisation_id == self.organisation_id
        return own_unit or (self.has(*DISTRICT_ROLES) and district_path.startswith(self.district_path))

    def require(self, *roles: Role) -> None:
        """Raises `Forbidden` (`role_required`) unless he has one of the roles."""
        if not self.has(*roles):
            names = "、".join(ROLE_LABELS[role] for role in roles)
            raise Forbidden("role_required", f"需要角色：{names}", f"needs one of: {', '.join(roles)}")


def in_scope(
    caller: Caller,
    unit: InstrumentedAttribute[UUID],
    district_path: InstrumentedAttribute[str],
) -> ColumnElement[bool]:
    """The rows of documents that a caller's roles let him see: his unit's, or all below his district."""
    wanted: list[ColumnElement[bool]] = []
    if caller.has(*UNIT_ROLES):
        wanted.append(unit == caller.organisation_id)
    if caller.has(*DISTRICT_ROLES):
        wanted.append(district_path.startswith(caller.district_path, autoescape=True))
    return or_(*wanted) if wanted else false()


class Copies(DeclarativeBase):
    """The tables of a service that keeps copies."""

    metadata = metadata()


class PersonCopy(Copies):
    __tablename__ = "person_copy"

    person_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool]
    epoch: Mapped[int]


class AppointmentCopy(Copies):
    __tablename__ = "appointment_copy"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    organisation_id: Mapped[UUID] = mapped_column(Uuid, index=True)
    role: Mapped[str] = mapped_column(String(40))
    positions: Mapped[Any] = mapped_column(Json)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)

    @classmethod
    def on(cls, day: date) -> ColumnElement[bool]:
        """Appointments that hold on a day, both ends included."""
        started = cls.valid_from.is_(None) | (cls.valid_from <= day)
        return started & (cls.valid_until.is_(None) | (cls.valid_until >= day))


class OrganisationCopy(Copies):
    __tablename__ = "organisation_copy"

    organisation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    uscc: Mapped[str] = mapped_column(String(18))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    district_code: Mapped[str] = mapped_column(String(6), index=True)
    superior_id: Mapped[UUID | None] = mapped_column(Uuid)
    import_exempt_class: Mapped[str | None] = mapped_column(String(20))
    active: Mapped[bool]


class DistrictCopy(Copies):
    """`path` lists the codes from the root: `/140000/140100/140105/`."""

    __tablename__ = "district_copy"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    level: Mapped[str] = mapped_column(String(20))
    parent_code: Mapped[str | None] = mapped_column(String(6))
    path: Mapped[str] = mapped_column(String(60), index=True)
    selectable: Mapped[bool]


def keep_copies(events: Handlers) -> None:
    """Registers the handlers that keep the copies; older versions than the one we have are ignored."""
    events.on(PersonChanged, in_runs=True)(copy_person)
    events.on(OrganisationChanged, in_runs=True)(copy_organisation)
    events.on(DistrictChanged, in_runs=True)(copy_district)


def copy_person(work: Work, event: PersonChanged) -> None:
    if not work.put_newest(PersonCopy, event.model_dump(exclude={"appointments"})):
        return
    work.execute(delete(AppointmentCopy).where(AppointmentCopy.person_id == event.person_id))
    for appointment in event.appointments:
        work.add(AppointmentCopy(person_id=event.person_id, **appointment.model_dump()))


def copy_organisation(work: Work, event: OrganisationChanged) -> None:
    work.put_newest(OrganisationCopy, event.model_dump())


def copy_district(work: Work, event: DistrictChanged) -> None:
    work.put_newest(DistrictCopy, event.model_dump())


def find_caller(look: Look, claims: Claims) -> Caller:
    """The caller from this service's copies, in one statement.

    Raises `Unauthorised`: `person_not_known_yet` (the copy is behind; try again), `person_inactive`, or
    `token_invalid` when the epoch is older or the appointment has ended.
    """
    rows = look.session.execute(
        select(
            PersonCopy, AppointmentCopy.role, AppointmentCopy.positions, OrganisationCopy, DistrictCopy.path
        )
        .outerjoin(
            AppointmentCopy,
            (AppointmentCopy.person_id == PersonCopy.person_id)
            & (AppointmentCopy.organisation_id == claims.organisation_id)
            & AppointmentCopy.on(look.today),
        )
        .outerjoin(OrganisationCopy, OrganisationCopy.organisation_id == AppointmentCopy.organisation_id)
        .outerjoin(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(PersonCopy.person_id == claims.person_id)
    ).all()
    if not rows:
        raise Unauthorised(
            "person_not_known_yet",
            "账号信息正在同步，请稍后重试",
            "not known here yet, try again shortly",
            headers={"Retry-After": "1"},
        )
    person, _, _, organisation, path = rows[0]
    check_person(person.active, person.epoch, claims)
    if path is None or not organisation.active:
        raise refused("appointment_ended", "您在该单位已无任职，请重新登录")
    return Caller(
        person_id=person.person_id,
        name=person.name,
        organisation_id=organisation.organisation_id,
        organisation_name=organisation.name,
        district_code=organisation.district_code,
        district_path=path,
        roles=frozenset(Role(row.role) for row in rows),
        positions=frozenset(position for row in rows for position in row.positions),
        at=look.now,
    )


def check_person(active: bool, epoch: int, claims: Claims) -> None:
    """Raises `Unauthorised` for a deactivated person or a token from before his last change."""
    if not active:
        raise refused("person_inactive", "账号已停用")
    if claims.epoch < epoch:
        raise refused()
