"""Who may do what, and how far: the one table that routes, lists and the published matrix go by."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from shared.errors import Forbidden
from shared.people import DISTRICT_ROLES, ROLE_LABELS, UNIT_ROLES, Caller, Role


class Verb(StrEnum):
    """What can be done in the directory."""

    READ_DISTRICTS = "districts.read"
    WRITE_DISTRICTS = "districts.write"
    READ_ORGANISATIONS = "organisations.read"
    WRITE_ORGANISATIONS = "organisations.write"
    READ_PEOPLE = "people.read"
    WRITE_PEOPLE = "people.write"
    WRITE_SERVICE_ACCOUNTS = "service_accounts.write"
    WRITE_CALENDAR = "calendar.write"


VERB_LABELS = {
    Verb.READ_DISTRICTS: "查看区划",
    Verb.WRITE_DISTRICTS: "维护区划",
    Verb.READ_ORGANISATIONS: "查看单位",
    Verb.WRITE_ORGANISATIONS: "维护单位",
    Verb.READ_PEOPLE: "查看人员",
    Verb.WRITE_PEOPLE: "维护人员与任职",
    Verb.WRITE_SERVICE_ACCOUNTS: "维护服务账号",
    Verb.WRITE_CALENDAR: "维护工作日历",
}


class Reach(StrEnum):
    """How far a permission goes: the own unit, the own district and all below it, or everywhere."""

    UNIT = "unit"
    DISTRICT = "district"
    EVERYWHERE = "everywhere"


REACH_LABELS = {Reach.UNIT: "本单位", Reach.DISTRICT: "本区划及下级", Reach.EVERYWHERE: "全部"}

Permissions = Mapping[Verb, Reach]
_IN_UNIT: Permissions = {
    Verb.READ_DISTRICTS: Reach.EVERYWHERE,
    Verb.READ_ORGANISATIONS: Reach.UNIT,
    Verb.READ_PEOPLE: Reach.UNIT,
}
_IN_DISTRICT: Permissions = {
    Verb.READ_DISTRICTS: Reach.EVERYWHERE,
    Verb.READ_ORGANISATIONS: Reach.DISTRICT,
    Verb.READ_PEOPLE: Reach.DISTRICT,
}
MATRIX: Mapping[Role, Permissions] = {
    Role.HANDLER: _IN_UNIT,
    Role.REVIEWER: _IN_UNIT,
    Role.UNIT_ADMINISTRATOR: {**_IN_UNIT, Verb.WRITE_PEOPLE: Reach.UNIT},
    Role.AUDITOR: _IN_DISTRICT,
    Role.FINANCE: _IN_DISTRICT,
    Role.DISTRICT_ADMINISTRATOR: {
        **_IN_DISTRICT,
        Verb.WRITE_ORGANISATIONS: Reach.DISTRICT,
        Verb.WRITE_PEOPLE: Reach.DISTRICT,
    },
    Role.PLATFORM_ADMINISTRATOR: dict.fromkeys(Verb, Reach.EVERYWHERE),
}

GRANTS: Mapping[Role, frozenset[Role]] = {
    Role.UNIT_ADMINISTRATOR: UNIT_ROLES,
    Role.DISTRICT_ADMINISTRATOR: UNIT_ROLES | DISTRICT_ROLES,
    Role.PLATFORM_ADMINISTRATOR: frozenset({Role.DISTRICT_ADMINISTRATOR, Role.PLATFORM_ADMINISTRATOR}),
}
"""The roles that each administrator gives and takes, within the reach of his `people.write`."""

ADMINISTRATORS = frozenset(GRANTS)


def reaches(caller: Caller, verb: Verb) -> frozenset[Reach]:
    """How far the caller's roles let him go with a verb; empty when they do not at all."""
    return frozenset(MATRIX[role][verb] for role in caller.roles if verb in MATRIX[role])


def require(caller: Caller, verb: Verb) -> None:
    """Raises `Forbidden` (`role_required`) unless some role of the caller has the verb."""
    if not reaches(caller, verb):
        caller.require(*(role for role in Role if verb in MATRIX[role]))


def covers(caller: Caller, verb: Verb, organisation_id: UUID, district_path: str) -> bool:
    """Whether the verb reaches an organisation in a district."""
    return any(_within(caller, reach, organisation_id, district_path) for reach in reaches(caller, verb))


def may_grant(caller: Caller, role: Role, organisation_id: UUID, district_path: str) -> bool:
    """Whether the caller may give or take a role in an organisation."""
    return any(
        role in GRANTS[own]
        and _within(caller, MATRIX[own][Verb.WRITE_PEOPLE], organisation_id, district_path)
        for own in caller.roles & ADMINISTRATORS
    )


def require_grant(caller: Caller, role: Role, organisation_id: UUID, district_path: str) -> None:
    """Raises `Forbidden` (`role_not_grantable`)."""
    if not may_grant(caller, role, organisation_id, district_path):
        raise Forbidden(
            "role_not_grantable",
            f"您不能在该单位授予或收回“{ROLE_LABELS[role]}”角色",
            f"you may not give or take the role {role} there",
        )


def _within(caller: Caller, reach: Reach, organisation_id: UUID, district_path: str) -> bool:
    if reach is Reach.UNIT:
        return organisation_id == caller.organisation_id
    return reach is Reach.EVERYWHERE or district_path.startswith(caller.district_path)
