"""People and their appointments from a CSV file: a line for each appointment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pydantic import TypeAdapter
from sqlalchemy import select

from services.directory.grant import UNKNOWN, Wanted, appointed
from services.directory.organisation import Organisation
from services.directory.organisation_import import read_uscc
from services.directory.person import Person, Profile, may_administer, new_person
from services.directory.schemas.people import Email, Login, PersonName, Phone, Position
from services.directory.sheet import Import, checked, differs, one_of, read_import
from shared.csvfile import Column, Row
from shared.errors import Conflict, Problem, invalid
from shared.people import ROLE_LABELS, Caller
from shared.store import Work

LIMIT = 500
"""Each new account costs an argon2, some 30 ms: so many take a quarter of a minute."""

_read_positions = TypeAdapter(list[Position]).validate_python


def positions(cell: str) -> list[str]:
    return _read_positions([one.strip() for one in re.split("[;；、]", cell) if one.strip()][:20])


COLUMNS = (
    Column(
        "login",
        "登录名",
        "login",
        required=True,
        parse=checked(
            TypeAdapter(Login).validate_python,
            "login_invalid",
            "应为 3 至 64 位字母、数字或 . _ -",
            "3 to 64 letters, digits or . _ -",
        ),
    ),
    Column(
        "name",
        "姓名",
        "name",
        required=True,
        parse=checked(
            TypeAdapter(PersonName).validate_python, "name_invalid", "姓名过长", "the name is too long"
        ),
    ),
    Column(
        "email",
        "电子邮箱",
        "e-mail",
        parse=checked(TypeAdapter(Email).validate_python, "email_invalid", "邮箱不正确", "not an address"),
    ),
    Column(
        "phone",
        "手机号",
        "phone",
        parse=checked(TypeAdapter(Phone).validate_python, "phone_invalid", "号码不正确", "not a number"),
    ),
    Column("organisation_id", "单位代码", "USCC", required=True, parse=read_uscc),
    Column("role", "角色", "role", required=True, parse=one_of(ROLE_LABELS)),
    Column(
        "positions",
        "职务",
        "positions",
        parse=checked(positions, "positions_invalid", "职务过长", "a position is too long"),
    ),
)


@dataclass
class PeopleImport:
    """What became of the lines, and the accounts by login: there already (or `hidden` from the caller), made
    by the file, given another role by it."""

    found: Import
    there: dict[str, Person]
    hidden: set[str]
    made: dict[str, Person] = field(default_factory=dict)
    changed: dict[str, Person] = field(default_factory=dict)


def import_people(work: Work, data: bytes, caller: Caller, hashes: Mapping[str, str]) -> PeopleImport:
    """Adds the people of a file and their appointments, and publishes them. With problems, keep nothing.

    `hashes` are the initial passwords of the accounts to be made, by login; a trial run gives none.
    """
    found = read_import(data, COLUMNS, LIMIT)
    units = _units(work, found.rows)
    there = _there(work, found.rows)
    seen = select(Person.login).where(Person.login.in_(there), Person.visible_to(caller))
    done = PeopleImport(found, there, there.keys() - set(work.all(seen)))
    for row in found.rows:
        with found.judging(row):
            person, fresh = _person(done, row, hashes)
            _must_fit(person, row, caller, work.today)
            given = _appoint(work, person, row, units, caller)
            if given and person.login in there:
                done.changed[person.login] = person
            found.done(row, "create" if fresh else "appoint" if given else "unchanged", person.name)
    _publish(work, done)
    return done


def _units(work: Work, rows: list[Row]) -> dict[str, Organisation]:
    codes = {row.values["organisation_id"] for row in rows}
    return {one.uscc or "": one for one in work.all(select(Organisation).where(Organisation.uscc.in_(codes)))}


def _there(work: Work, rows: list[Row]) -> dict[str, Person]:
    logins = {row.values["login"] for row in rows}
    locked = work.lock_all(select(Person).where(Person.login.in_(logins)).order_by(Person.id))
    return {person.login: person for person in locked}


def _person(done: PeopleImport, row: Row, hashes: Mapping[str, str]) -> tuple[Person, bool]:
    """The person of a line, and whether the line makes him. Raises `Invalid` (`login_taken`)."""
    login, name = row.values["login"], row.values["name"]
    if login in done.hidden:
        raise invalid([Problem("login_taken", "登录名已被使用", "/login", "this login is taken")])
    person = done.there.get(login) or done.made.get(login)
    if person is not None and not person.active:
        raise invalid([Problem("person_inactive", "该账号已停用", "/login", "the account is inactive")])
    if person is None:
        profile = Profile(login, name, row.values["email"] or "", row.values["phone"] or "")
        person = done.made[login] = new_person(profile, hashes.get(login, ""), temporary=True)
        return person, True
    if person.name != name:
        text = f"登录名属于“{person.name}”"
        raise invalid([Problem("login_taken", text, "/login", "this login is somebody else's")])
    return person, False


def _must_fit(person: Person, row: Row, caller: Caller, today: date) -> None:
    """An empty cell says nothing. Raises `Invalid`: `differs` for each contact that is another one there,
    `person_beyond_reach` for those of somebody else's people, which the caller may not even compare."""
    said = [name for name in ("email", "phone") if row.values[name]]
    if person.appointments and said and not may_administer(caller, person, today):
        text, text_en = "该人员的账号不由您维护，请留空", "not an account that you administer: leave it empty"
        raise invalid([Problem("person_beyond_reach", text, f"/{name}", text_en) for name in said])
    if wrong := [differs(name) for name in said if getattr(person, name) != row.values[name]]:
        raise invalid(wrong)


def _appoint(work: Work, person: Person, row: Row, units: Mapping[str, Organisation], caller: Caller) -> bool:
    """False when he has that role there already. Raises `Invalid` as `_must_be_held` does."""
    unit = units.get(row.values["organisation_id"])
    if unit is None:
        raise invalid([UNKNOWN])
    try:
        wanted = Wanted(unit.id, row.values["role"], row.values["positions"] or [])
        person.appointments.append(appointed(work, person, wanted, caller))
    except Conflict:
        _must_be_held(person, wanted, work.today)
        return False
    return True


def _must_be_held(person: Person, wanted: Wanted, today: date) -> None:
    """Raises `Invalid`: `already_ended` for a role that he had there once, `differs` for other positions."""
    place = wanted.organisation_id, wanted.role
    ever = [one for one in person.appointments if (one.organisation_id, one.role) == place]
    held = [one for one in ever if not one.over(today)]
    if not held:
        text = "该任职已结束，须在系统中重新任职"
        raise invalid([Problem("already_ended", text, "/role", "this appointment is over: give it anew")])
    if wanted.positions and list(dict.fromkeys(wanted.positions)) not in [one.positions for one in held]:
        raise invalid([differs("positions")])


def _publish(work: Work, done: PeopleImport) -> None:
    work.add(*done.made.values())
    work.session.flush()
    for person in done.made.values():
        work.publish(person.changed(work.today), person.contact_changed())
    for person in done.changed.values():
        person.version += 1
        work.publish(person.changed(work.today))
