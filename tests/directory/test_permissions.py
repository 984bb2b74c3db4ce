"""Role × verb × scope: what the published matrix says is what the routes do."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from services.directory.organisation import Kind
from services.directory.permissions import GRANTS, MATRIX, Reach, Verb
from shared.people import Role
from tests.directory.bureau import CITY, COUNTY, ELSEWHERE, PASSWORD, Bureau, code

PLACES = ("own", "same_district", "below", "elsewhere")
REACHED = {
    Reach.UNIT: {"own"},
    Reach.DISTRICT: {"own", "same_district", "below"},
    Reach.EVERYWHERE: set(PLACES),
}


class Region(Bureau):
    """An office of the caller, one beside it, one below, one in another city; a person in each."""

    def settle(self, role: Role) -> None:
        # a finance office, so that the platform administrator may keep it too
        self.units = {
            place: self.unit(f"单位{place}", district, Kind.FINANCE)
            for place, district in zip(PLACES, (CITY, CITY, COUNTY, ELSEWHERE), strict=True)
        }
        self.staff = {
            place: self.someone(f"staff.{place}", unit, Role.HANDLER) for place, unit in self.units.items()
        }
        self.someone("caller", self.units["own"], role)


@pytest.fixture
def region(tmp_path: Path) -> Iterator[Region]:
    made = Region(tmp_path)
    yield made
    made.close()


def reached(role: Role, verb: Verb) -> set[str]:
    return REACHED[MATRIX[role][verb]] if verb in MATRIX[role] else set()


def listed(region: Region, path: str, known: dict[str, UUID]) -> set[str]:
    found = {item["id"] for item in region.get("caller", path).json()["items"]}
    return {place for place, row in known.items() if str(row) in found}


@pytest.mark.parametrize("role", list(Role))
def test_one_reads_exactly_what_the_matrix_says(region: Region, role: Role) -> None:
    region.settle(role)
    for noun, known, verb in (
        ("organisations", region.units, Verb.READ_ORGANISATIONS),
        ("people", region.staff, Verb.READ_PEOPLE),
    ):
        may = reached(role, verb)
        assert listed(region, f"/{noun}?limit=100", known) == may
        statuses = {place: region.get("caller", f"/{noun}/{row}").status_code for place, row in known.items()}
        assert statuses == {place: 200 if place in may else 404 for place in PLACES}
        total = len(region.get("caller", f"/{noun}?limit=100").json()["items"])
        assert region.get("caller", f"/{noun}/counts").json()["total"] == total
    assert region.get("caller", "/districts/140200").status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_one_changes_exactly_the_organisations_the_matrix_says(region: Region, role: Role) -> None:
    region.settle(role)
    seen, may = reached(role, Verb.READ_ORGANISATIONS), reached(role, Verb.WRITE_ORGANISATIONS)
    for place, unit in region.units.items():
        answer = region.change("caller", f"/organisations/{unit}", {"name": "新名称"}, at='"v1"')
        assert answer.status_code == (200 if place in may else 403 if place in seen else 404), (
            place,
            answer.text,
        )


@pytest.mark.parametrize("role", list(Role))
def test_only_the_platform_keeps_districts_and_service_accounts(region: Region, role: Role) -> None:
    region.settle(role)
    expected = 200 if role is Role.PLATFORM_ADMINISTRATOR else 403
    answers = [
        region.change("caller", "/districts/140100", {"name": "改名"}, at='"v1"'),
        region.get("caller", "/service-accounts"),
    ]
    assert [answer.status_code for answer in answers] == [expected] * 2
    district = {"code": "140199", "name": "新区", "level": "county", "parent_code": "140100"}
    account = {"name": "交易系统", "district_code": "140100"}
    for path, body in (("/districts", district), ("/service-accounts", account)):
        made = region.post("caller", path, body)
        assert made.status_code == (201 if expected == 200 else 403)


@pytest.mark.parametrize("role", list(Role))
def test_one_grants_exactly_the_roles_the_matrix_says(region: Region, role: Role) -> None:
    region.settle(role)
    seen, reach = reached(role, Verb.READ_PEOPLE), reached(role, Verb.WRITE_PEOPLE)
    platform = region.unit("平台", CITY, Kind.PLATFORM)
    for wanted, place in itertools.product(Role, PLACES):
        unit = region.units[place]
        if wanted is Role.PLATFORM_ADMINISTRATOR and role is wanted:
            unit = platform  # the only place for that role, and reached by nobody else
        body = {"organisation_id": str(unit), "role": wanted}
        answer = region.post("caller", f"/people/{region.staff['own']}/appointments", body)
        if role not in GRANTS:
            assert (answer.status_code, code(answer)) == (403, "role_required")
        elif place not in seen or (wanted is Role.PLATFORM_ADMINISTRATOR and unit != platform):
            assert answer.status_code == 422, answer.text
        elif wanted in GRANTS[role] and place in reach:
            has_it = (wanted, place) == (Role.HANDLER, "own") or (unit == platform and place != "own")
            assert answer.status_code == (409 if has_it else 201), answer.text
        else:
            assert (answer.status_code, code(answer)) == (403, "role_not_grantable")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("held", [Role.UNIT_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR])
def test_one_administers_only_who_holds_no_more_than_one_could_give(
    region: Region, role: Role, held: Role
) -> None:
    region.settle(role)
    for place, unit in region.units.items():
        person = region.someone(f"held.{place}", unit, held)
        seen, reach = reached(role, Verb.READ_PEOPLE), reached(role, Verb.WRITE_PEOPLE)
        may = place in reach and held in GRANTS.get(role, ())
        expected = 200 if may else 403 if place in seen else 404
        path = f"/people/{person}"
        assert region.change("caller", path, {"name": "改名"}, at='"v1"').status_code == expected
        acts = [
            region.post("caller", f"{path}/reset-password", {"password": PASSWORD}, If_Match='"v2"'),
            region.post("caller", f"{path}/deactivate", If_Match='"v3"'),
            region.post("caller", f"{path}/activate", If_Match='"v4"'),
        ]
        assert [answer.status_code for answer in acts] == [expected] * 3
        if expected == 200:
            assert region.get("caller", path).json()["account"]["login"] == f"held.{place}"
        elif expected == 403:
            assert region.get("caller", path).json()["account"] is None


def test_the_published_matrix_is_the_table(region: Region) -> None:
    region.settle(Role.HANDLER)
    published = {
        row["role"]: {one["verb"]: one["reach"] for one in row["permissions"]}
        for row in region.get("caller", "/permissions").json()["roles"]
    }
    assert published == {
        role: {str(verb): str(reach) for verb, reach in MATRIX[role].items()} for role in Role
    }
    grants = {row["role"]: set(row["grants"]) for row in region.get("caller", "/permissions").json()["roles"]}
    assert grants == {role: set(GRANTS.get(role, ())) for role in Role}


def test_an_appointment_beyond_ones_reach_protects_the_whole_account(region: Region) -> None:
    region.settle(Role.UNIT_ADMINISTRATOR)
    region.someone("mayor", region.units["same_district"], Role.DISTRICT_ADMINISTRATOR)
    person = region.staff["own"]
    body = {"organisation_id": str(region.units["same_district"]), "role": "reviewer"}
    assert region.post("mayor", f"/people/{person}/appointments", body).status_code == 201

    refused = region.post("caller", f"/people/{person}/reset-password", {}, If_Match='"v2"')
    assert (refused.status_code, code(refused)) == (403, "person_beyond_reach")
    seen = region.get("caller", f"/people/{person}").json()
    assert [one["role"] for one in seen["appointments"]] == ["handler"]
    ending = f"/people/{person}/appointments/{seen['appointments'][0]['id']}/end"
    assert region.post("caller", ending, If_Match='"v2"').status_code == 200


def test_every_route_wants_a_token_but_those_of_signing_in(region: Region) -> None:
    region.settle(Role.HANDLER)
    some = {
        "person_id": region.staff["own"],
        "organisation_id": region.units["own"],
        "code": CITY,
        "appointment_id": region.staff["own"],
        "account_id": region.staff["own"],
        "session_id": region.staff["own"],
        "publisher": "plans",
        "position": "1",
        "key": "1",
        "year": "2027",
    }
    open_routes = set()
    for path, methods in region.http.get("openapi.json").json()["paths"].items():
        for method in methods:
            answer = region.http.request(
                method, path.format(**some).lstrip("/"), headers={"Idempotency-Key": "k"}
            )
            if answer.status_code != 401 or code(answer) != "not_signed_in":
                open_routes.add(f"{method} {path}")
    assert open_routes == {
        "get /jwks",
        "post /session",
        "post /session/renew",
        "delete /session",
        "put /password",
        "post /service-accounts/token",
        "get /health",
        "get /ready",
    }
