"""The directory's rules on plain objects: no database, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.appointment import Appointment, new_appointment
from services.directory.district import District, new_district
from services.directory.organisation import Kind, Organisation, kind_refused, new_organisation, uscc_problem
from services.directory.password import password_problems
from services.directory.permissions import GRANTS, may_grant
from services.directory.person import Person, Profile, may_administer, new_person
from shared.errors import Conflict, Invalid
from shared.people import Caller, Role

TODAY = date(2026, 11, 23)
DAYS = st.none() | st.dates(date(2026, 11, 1), date(2026, 12, 31))
PERIODS = st.tuples(DAYS, DAYS).filter(lambda one: (one[0] or date.min) <= (one[1] or date.max))


def province() -> District:
    return new_district("140000", "山西省", "province", None)


def city() -> District:
    return new_district("140100", "太原市", "prefecture", province())


def a_unit(district: District | None = None) -> Organisation:
    return new_organisation(None, "示例单位", Kind.PURCHASER, district or city())


def a_person(*appointments: Appointment) -> Person:
    person = new_person(Profile("li.hua", "李华"), "", temporary=False)
    person.appointments += list(appointments)
    return person


def a_caller(unit: Organisation, *roles: Role) -> Caller:
    district = unit.district
    return Caller(UUID(int=1), "某", unit.id, unit.name, district.code, district.path, frozenset(roles))


def test_a_path_lists_the_codes_from_the_root() -> None:
    assert new_district("140105", "小店区", "county", city()).path == "/140000/140100/140105/"


@pytest.mark.parametrize("level", ["province", "prefecture"])
def test_a_level_stands_below_a_higher_one_only(level: str) -> None:
    with pytest.raises(Invalid):
        new_district("140199", "新区", level, city())


def test_a_province_holds_its_own_budget_level_but_that_holds_no_further_one() -> None:
    own_level = new_district("149900", "山西省本级", "province", province())
    assert own_level.path == "/140000/149900/"
    with pytest.raises(Invalid):
        new_district("149901", "又一级", "province", own_level)


@pytest.mark.parametrize("uscc", ["1214010000TEXT048K", "1114010000TEXT056H"])
def test_a_right_credit_code(uscc: str) -> None:
    assert uscc_problem(uscc, "/uscc") is None


@pytest.mark.parametrize(
    "uscc", ["1214010000TEXT048L", "1214010000TEXT04", "12140100-00TEXT048K", "", "全角１２"]
)
def test_a_wrong_credit_code(uscc: str) -> None:
    problem = uscc_problem(uscc, "/uscc")
    assert problem is not None
    assert problem.code == "uscc_invalid"


@given(PERIODS, PERIODS)
def test_appointments_overlap_when_both_hold_on_some_day(
    one_period: tuple[date | None, date | None], other_period: tuple[date | None, date | None]
) -> None:
    unit = a_unit()
    one = new_appointment(unit, Role.HANDLER, [], *one_period)
    other = new_appointment(unit, Role.HANDLER, [], *other_period)
    days = [date(2026, 10, 31) + timedelta(days=number) for number in range(64)]
    assert one.overlaps(other) == any(one.holds(day) and other.holds(day) for day in days)
    assert not one.overlaps(new_appointment(unit, Role.REVIEWER, []))


def test_an_appointment_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        new_appointment(a_unit(), Role.HANDLER, [], TODAY, TODAY - timedelta(days=1))
    assert [problem.code for problem in refused.value.problems] == ["period_reversed"]


def test_an_appointment_ended_at_once_holds_no_more_and_never_becomes_longer() -> None:
    one = new_appointment(a_unit(), Role.HANDLER, [])
    one.end(None, TODAY)
    assert not one.holds(TODAY)
    one.end(date(2027, 1, 1), TODAY)
    assert not one.holds(TODAY)


def test_each_change_of_a_person_has_its_own_version_and_some_kill_tokens() -> None:
    first = new_appointment(a_unit(), Role.HANDLER, [])
    person = a_person(first)
    steps = [
        person.rename("李花", TODAY),
        person.appoint(new_appointment(a_unit(), Role.REVIEWER, []), TODAY),
        person.end_appointment(first, None, TODAY),
        person.set_password("", temporary=False, today=TODAY),
        person.set_active(False, TODAY),
    ]
    assert [(event.version, event.epoch) for event in steps] == [(2, 1), (3, 1), (4, 2), (5, 3), (6, 4)]
    with pytest.raises(Conflict):
        person.set_active(False, TODAY)


def test_nobody_grants_a_role_above_his_own() -> None:
    order = list(Role)
    for role, given_roles in GRANTS.items():
        assert max(order.index(one) for one in given_roles) <= order.index(role)


def test_a_neighbour_whose_code_begins_alike_is_not_below() -> None:
    unit = a_unit()
    caller = a_caller(unit, Role.DISTRICT_ADMINISTRATOR)
    assert may_grant(caller, Role.HANDLER, UUID(int=2), "/140000/140100/140105/")
    assert not may_grant(caller, Role.HANDLER, UUID(int=2), "/140000/1401001/")
    assert not may_grant(caller, Role.HANDLER, UUID(int=2), "/140000/")


def test_two_roles_reach_as_far_as_both() -> None:
    unit = a_unit()
    platform = a_caller(unit, Role.PLATFORM_ADMINISTRATOR)
    assert kind_refused(platform, Kind.PURCHASER)
    both = replace(platform, roles=frozenset({Role.PLATFORM_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR}))
    assert not kind_refused(both, Kind.PURCHASER)
    assert not kind_refused(both, Kind.PLATFORM)


def test_an_account_without_appointments_left_is_kept_by_those_of_before() -> None:
    unit = a_unit()
    one = new_appointment(unit, Role.REVIEWER, [])
    person = a_person(one)
    one.end(None, TODAY)
    assert may_administer(a_caller(unit, Role.UNIT_ADMINISTRATOR), person, TODAY)
    assert not may_administer(a_caller(a_unit(), Role.UNIT_ADMINISTRATOR), person, TODAY)


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("a" * 12, True),
        ("a" * 11, False),
        ("Aa1aaaaaaa", True),
        ("Aa1aaaaaa", False),
        ("密码密码密码密码密码密码", True),
    ],
)
def test_how_long_a_password_must_be(password: str, good: bool) -> None:
    assert (password_problems(password, "li.hua", "") == []) == good
