"""People and their appointments as they travel over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from services.directory.appointment import Appointment
from services.directory.grant import Wanted
from services.directory.permissions import Verb, covers, may_grant
from services.directory.person import Person, may_administer, place
from services.directory.schemas.actions import AvailableAction, active_label, offered
from services.directory.sign_in import Lock, locks
from shared.http import Body, Shape
from shared.people import ROLE_LABELS, Caller, Role
from shared.store import Look

Login = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$")]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=r"^([^@\s<>,;\"]+@[A-Za-z0-9.-]+)?$")]
Phone = Annotated[str, StringConstraints(max_length=20, pattern=r"^(\+?[0-9][0-9 -]{4,18})?$")]
Password = Annotated[str, Field(max_length=128, json_schema_extra={"format": "password"})]
Position = Annotated[str, StringConstraints(min_length=1, max_length=50)]


class NewAppointment(Body):
    """A role in an organisation, from a day until a day (both included), open-ended when absent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "organisation_id": "0190b0a2-0000-7000-8000-000000000002",
                    "role": "reviewer",
                    "positions": ["部门负责人"],
                }
            ]
        }
    )

    organisation_id: UUID
    role: Role
    positions: list[Position] = Field(default_factory=list, max_length=20)
    valid_from: date | None = None
    valid_until: date | None = None

    def wanted(self) -> Wanted:
        return Wanted(**self.model_dump())


class NewPerson(Body):
    """An account with its first appointments. Without a password a random one is made and shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "login": "zhang.wei",
                    "name": "张伟",
                    "email": "zhang.wei@example.org",
                    "phone": "13800000000",
                    "appointments": [
                        {"organisation_id": "0190b0a2-0000-7000-8000-000000000002", "role": "handler"}
                    ],
                }
            ]
        }
    )

    login: Login
    name: PersonName
    email: Email = ""
    phone: Phone = ""
    password: Password | None = None
    must_change_password: bool = True
    appointments: list[NewAppointment] = Field(min_length=1, max_length=20)


class PersonChange(Body):
    """The fields to change; the others stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"email": "zhang.wei@example.org"}]})

    name: PersonName = ""
    email: Email = ""
    phone: Phone = ""


class ContactChange(Body):
    """How one wants to be reached."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"phone": "13900000000"}]})

    email: Email = ""
    phone: Phone = ""


class PasswordReset(Body):
    """A password given by an administrator; without one a random one is made and shown once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    password: Password | None = None
    must_change_password: bool = True


class AppointmentEnd(Body):
    """The last day on which it holds; without one it ends at once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}, {"last_day": "2026-12-31"}]})

    last_day: date | None = None


class AppointmentShape(Shape):
    """An appointment within the caller's scope."""

    id: UUID
    organisation_id: UUID
    organisation_name: str = Field(examples=["示例市人民医院"])
    role: str = Field(examples=["reviewer"])
    role_label: str = Field(examples=["审核人"])
    positions: list[str]
    valid_from: date | None
    valid_until: date | None
    status_label: str = Field(examples=["任职中"])
    available_actions: list[AvailableAction]


class LockShape(Shape):
    """Too many wrong passwords: nobody signs in with this login until then, not even with the right one."""

    address: str = Field(
        description="自此地址不能登录；空则任何地址都不能 (from here; empty: from anywhere)",
        examples=["203.0.113.9"],
    )
    until: datetime


class AccountShape(Shape):
    """What only administrators of the person, and he himself, may see."""

    login: str = Field(examples=["zhang.wei"])
    email: str
    phone: str
    must_change_password: bool
    locks: list[LockShape] = Field(description="密码错误过多造成的锁定 (after wrong passwords)")


class PersonShape(Shape):
    """A person; `account` is absent for those who may only see the name."""

    id: UUID
    name: str = Field(examples=["张伟"])
    active: bool
    status_label: str = Field(examples=["启用"])
    version: int
    appointments: list[AppointmentShape]
    account: AccountShape | None
    initial_password: str | None = Field(None, description="只显示一次 (shown once)")
    available_actions: list[AvailableAction]


class PeopleCounts(Shape):
    """How many the list holds with the same filters."""

    total: int
    active: int
    inactive: int


def person_shapes(look: Look, people: Sequence[Person], caller: Caller) -> list[PersonShape]:
    """As much of each person as the caller may see."""
    locked = locks(look, [person.login for person in people])
    return [_shape(person, caller, look.today, locked.get(person.login, [])) for person in people]


def person_shape(look: Look, person: Person, caller: Caller) -> PersonShape:
    """As much of a person as the caller may see."""
    return person_shapes(look, [person], caller)[0]


def _shape(person: Person, caller: Caller, today: date, locked: Sequence[Lock]) -> PersonShape:
    himself = person.id == caller.person_id
    administered = may_administer(caller, person, today)
    seen = [one for one in person.appointments if himself or covers(caller, Verb.READ_PEOPLE, *place(one))]
    return PersonShape(
        id=person.id,
        name=person.name,
        active=person.active,
        status_label=active_label(person.active),
        version=person.version,
        appointments=[appointment_shape(one, caller, today) for one in seen],
        account=account_shape(person, locked) if himself or administered else None,
        available_actions=_actions(person, himself, administered, bool(locked)),
    )


def account_shape(person: Person, locked: Sequence[Lock]) -> AccountShape:
    return AccountShape(
        login=person.login,
        email=person.email,
        phone=person.phone,
        must_change_password=person.password_temporary,
        locks=[LockShape.model_validate(one) for one in locked],
    )


def appointment_shape(one: Appointment, caller: Caller, today: date) -> AppointmentShape:
    role = Role(one.role)
    grantable = may_grant(caller, role, *place(one))
    reason = "任职已结束" if one.over(today) else "" if grantable else "您不能收回该角色"
    url = f"POST /people/{one.person_id}/appointments/{one.id}/end"
    return AppointmentShape(
        id=one.id,
        organisation_id=one.organisation_id,
        organisation_name=one.organisation.name,
        role=role,
        role_label=ROLE_LABELS[role],
        positions=list(one.positions),
        valid_from=one.valid_from,
        valid_until=one.valid_until,
        status_label="已结束" if one.over(today) else "任职中" if one.holds(today) else "未开始",
        available_actions=[offered("end", "结束任职", url, reason)],
    )


def _actions(person: Person, himself: bool, administered: bool, locked: bool) -> list[AvailableAction]:
    beyond = "" if administered else "您不能维护该人员的账号"
    path = f"/people/{person.id}"
    return [
        offered("change", "修改", f"PATCH {path}", beyond),
        offered(
            "deactivate",
            "停用",
            f"POST {path}/deactivate",
            beyond or ("不能停用自己" if himself else "") or ("" if person.active else "已停用"),
        ),
        offered("activate", "启用", f"POST {path}/activate", beyond or ("已启用" if person.active else "")),
        offered("unlock", "解除锁定", f"POST {path}/unlock", beyond or ("" if locked else "未被锁定")),
        offered("reset_password", "重置密码", f"POST {path}/reset-password", beyond),
    ]
