"""Giving a role to somebody: whether the caller may, and whether it fits the organisation and the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.directory.appointment import Appointment, new_appointment
from services.directory.organisation import Kind, Organisation
from services.directory.permissions import require_grant
from services.directory.person import Person
from shared.errors import Problem, invalid
from shared.people import Caller, Role
from shared.store import Look


@dataclass(frozen=True)
class Wanted:
    """The appointment that somebody asks for."""

    organisation_id: UUID
    role: Role
    positions: list[str]
    valid_from: date | None = None
    valid_until: date | None = None


UNKNOWN = Problem(
    "organisation_unknown", "单位不存在或不在您的范围内", "/organisation_id", "no such organisation"
)


def appointed(look: Look, person: Person, wanted: Wanted, caller: Caller) -> Appointment:
    """The appointment that the caller wants to give to the person.

    Raises `Invalid` (`organisation_unknown`, `organisation_inactive`, `platform_role_elsewhere`,
    `period_reversed`), `Forbidden` (`role_not_grantable`), `Conflict` (`already_appointed`).
    """
    there = select(Organisation).where(
        Organisation.id == wanted.organisation_id, Organisation.visible_to(caller)
    )
    organisation = look.first(there)
    if organisation is None:
        raise invalid([UNKNOWN])
    if problem := _unfit(organisation, wanted.role):
        raise invalid([problem])
    require_grant(caller, wanted.role, organisation.id, organisation.district.path)
    made = new_appointment(organisation, wanted.role, wanted.positions, wanted.valid_from, wanted.valid_until)
    person.check_appointment(made)
    return made


def _unfit(organisation: Organisation, role: Role) -> Problem | None:
    if not organisation.active:
        text_en = "the organisation is inactive"
        return Problem("organisation_inactive", "该单位已停用", "/organisation_id", text_en)
    if role is Role.PLATFORM_ADMINISTRATOR and organisation.kind != Kind.PLATFORM:
        text = "平台管理员只能在平台运营机构任职"
        return Problem("platform_role_elsewhere", text, "/role", "only in the platform's own organisation")
    return None
