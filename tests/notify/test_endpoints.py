"""Where outside systems hear of events: who may enter them, what they hear of, what is refused."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from services.notify.outside.endpoint import Endpoint
from services.notify.outside.events import OUTSIDE
from shared.database import new_id
from shared.jobs import Job
from tests.notify.office import Office
from tests.notify.outside_office import entered, happened, is_genuine, pushes, settle, trade_system

BODY = {"name": "省交易系统", "url": "https://trade.example.org/hooks/plans"}


@pytest.fixture
def bureau(office: Office) -> UUID:
    return office.organisation("小店区财政局", "140105", kind="finance")


@pytest.fixture
def head(office: Office, bureau: UUID) -> UUID:
    return office.person("管理", bureau, "district_administrator")


def ask(office: Office, person: UUID, unit: UUID, method: str, path: str, **more: Any) -> Any:
    headers = office.as_(person, unit, **more.pop("headers", {}))
    return office.http.request(method, path, headers=headers, **more)


def test_a_secret_is_shown_once(office: Office) -> None:
    key = str(new_id())
    first = office.post(office.admin, "endpoints", BODY, Idempotency_Key=key)
    secret = first.json()["secret"]
    assert first.status_code == 201
    assert secret.startswith("whsec_")
    again = office.post(office.admin, "endpoints", BODY, Idempotency_Key=key)
    assert (again.status_code, again.json()["id"], again.json()["secret"]) == (201, first.json()["id"], None)
    url = f"endpoints/{first.json()['id']}"
    assert secret not in office.get(office.admin, url).text + office.get(office.admin, "endpoints").text
    with office.store.read() as look:
        kept = look.session.connection().exec_driver_sql("SELECT sealed FROM endpoint").scalar_one()
        answers = look.session.connection().exec_driver_sql("SELECT body FROM answered").scalars().all()
    assert secret not in kept
    assert secret not in str(answers)


def test_only_administrators_of_districts_and_the_platform_enter_them(
    office: Office, bureau: UUID, head: UUID
) -> None:
    made = ask(office, head, bureau, "POST", "endpoints", json=BODY).json()
    assert made["district_code"] == "140105"
    for role in ("handler", "unit_administrator", "finance", "auditor"):
        person = office.person("某人", bureau, role)
        for method, path in (("POST", "endpoints"), ("GET", "endpoints"), ("GET", "endpoints/events")):
            answer = ask(office, person, bureau, method, path, json=BODY if method == "POST" else None)
            assert (answer.status_code, answer.json()["code"]) == (403, "role_required")
        for method, path in own_routes(made["id"]):
            assert ask(office, person, bureau, method, path, **request(method, path)).status_code == 404
    assert office.http.get("endpoints").status_code == 401


def own_routes(endpoint_id: str) -> list[tuple[str, str]]:
    one = f"endpoints/{endpoint_id}"
    acts = [("POST", f"{one}/{verb}") for verb in ("secret", "ping", "replay")]
    push = [("POST", f"{one}/pushes/{new_id()}/{verb}") for verb in ("replay", "skip")]
    return [("GET", one), ("PUT", one), ("DELETE", one), ("GET", f"{one}/pushes"), *acts, *push]


def request(method: str, path: str) -> dict[str, Any]:
    more: dict[str, Any] = {"headers": {"if_match": '"v1"'}}
    if method == "PUT":
        more["json"] = BODY
    if path.endswith("/replay") and "/pushes/" not in path:
        more["json"] = {"from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"}
    return more


def test_one_of_another_district_is_not_there(office: Office, bureau: UUID, head: UUID) -> None:
    office.district("140106", "迎泽区", "county", "/140000/140100/140106/", "140100")
    elsewhere = office.organisation("迎泽区财政局", "140106", kind="finance")
    other = office.person("管理", elsewhere, "district_administrator")
    made = ask(office, head, bureau, "POST", "endpoints", json=BODY).json()
    of_all = office.post(office.admin, "endpoints", BODY).json()
    assert of_all["district_code"] == ""
    for endpoint in (made, of_all):
        for method, path in own_routes(endpoint["id"]):
            assert ask(office, other, elsewhere, method, path, **request(method, path)).status_code == 404
    listed = {
        name: [row["id"] for row in ask(office, person, unit, "GET", "endpoints").json()["items"]]
        for name, person, unit in (
            ("head", head, bureau),
            ("other", other, elsewhere),
            ("platform", office.admin, office.unit),
        )
    }
    assert listed == {"head": [made["id"]], "other": [], "platform": [of_all["id"], made["id"]]}
    for more in ({"district_code": "140105"}, {"organisation_id": str(office.unit)}):
        answer = ask(office, other, elsewhere, "POST", "endpoints", json=BODY | more)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"].startswith("unknown_")


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ({"url": "ftp://x"}, ["bad_address"]),
        ({"url": "http://user:pw@host/"}, ["bad_address"]),
        ({"url": "https://a..b/"}, ["bad_address"]),
        ({"url": f"https://{'a' * 64}.example.org/"}, ["bad_address"]),
        ({"url": "https://xn--/"}, ["bad_address"]),
        ({"url": "https://a%20b/"}, ["bad_address"]),
        ({"url": "https://example.org:99999/"}, ["bad_address"]),
        ({"url": "https://[::1/"}, ["bad_address"]),
        ({"kinds": ["document.submitted"]}, ["unknown_event"]),
        ({"kinds": ["x", "person.changed"], "url": "x"}, ["bad_address", "unknown_event", "unknown_event"]),
        ({"district_code": "999999"}, ["unknown_district"]),
        ({"organisation_id": str(new_id())}, ["unknown_organisation"]),
        ({"name": ""}, ["string_too_short"]),
        ({"colour": "red"}, ["extra_forbidden"]),
    ],
)
def test_what_cannot_be_entered(office: Office, more: dict[str, Any], codes: list[str]) -> None:
    answer = office.post(office.admin, "endpoints", BODY | more)
    assert answer.status_code == 422
    assert [problem["code"] for problem in answer.json()["errors"]] == codes


def test_the_events_are_listed_with_their_names(office: Office) -> None:
    found = {row["type"]: row["label"] for row in office.get(office.admin, "endpoints/events").json()}
    assert found["plan.status_changed"] == "采购计划状态变化"
    assert set(found) == {kind.type for kind in OUTSIDE}
    assert not any(kind.startswith(("person.", "slot.", "document.submitted")) for kind in found)


def test_it_hears_of_its_district_unit_and_kinds_only(office: Office, bureau: UUID, head: UUID) -> None:
    office.district("140106", "迎泽区", "county", "/140000/140100/140106/", "140100")
    far = office.organisation("迎泽区第一中学", "140106")
    near = office.organisation("小店区第二中学", "140105")
    with trade_system() as there:
        made = {
            "all": entered(office, there),
            "district": entered(office, there, by=head, unit=bureau),
            "unit": entered(office, there, by=head, unit=bureau, organisation_id=str(near)),
            "trades": entered(office, there, kinds=["trade.awarded"]),
        }
        for unit in (office.unit, near, far):
            happened(office, organisation_id=unit)
        happened(office, organisation_id=new_id())  # of a unit that nobody knows here
    names = {UUID(endpoint["id"]): name for name, endpoint in made.items()}
    told = sorted(names[push.endpoint_id] for push in pushes(office))
    assert told == ["all"] * 4 + ["district"] * 2 + ["unit"]


def test_changes_go_by_version(office: Office) -> None:
    made = office.post(office.admin, "endpoints", BODY)
    url, tag = f"endpoints/{made.json()['id']}", made.headers["etag"]
    assert office.put(office.admin, url, BODY).status_code == 428
    changed = office.put(office.admin, url, BODY | {"name": "新系统", "active": False}, if_match=tag)
    assert (changed.json()["name"], changed.json()["status"], changed.json()["disabled_code"]) == (
        "新系统",
        "disabled",
        "by_hand",
    )
    stale = office.put(office.admin, url, BODY, if_match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")
    back = office.put(office.admin, url, BODY, if_match=changed.headers["etag"]).json()
    assert (back["status_label"], back["disabled_at"], back["disabled_code"]) == ("正常", None, "")


def test_one_that_is_switched_off_can_be_deleted_with_its_log(any_office: Office) -> None:
    office = any_office
    with trade_system() as there:
        made, other = entered(office, there), entered(office, there)
        happened(office)
        settle(office)
        url = f"endpoints/{made['id']}"
        active = office.delete(office.admin, url, If_Match='"v1"')
        assert (active.status_code, active.json()["code"]) == (409, "still_active")
        off = office.put(office.admin, url, BODY | {"active": False}, If_Match='"v1"').json()
        assert {one["action"]: one["allowed"] for one in off["available_actions"]}["delete"]
        happened(office)
        assert office.delete(office.admin, url).status_code == 428
        assert office.delete(office.admin, url, If_Match='"v1"').status_code == 412
        assert office.delete(office.admin, url, If_Match='"v2"').status_code == 204
        for path in (url, f"{url}/pushes"):
            assert office.get(office.admin, path).status_code == 404
        assert office.delete(office.admin, url, If_Match='"v2"').status_code == 404
        happened(office)
        settle(office)
        assert [(str(push.endpoint_id), push.state) for push in pushes(office)] == [
            (other["id"], "accepted")
        ] * 3
    assert [row["id"] for row in office.get(office.admin, "endpoints").json()["items"]] == [other["id"]]


def test_one_that_is_deleted_in_the_middle_of_a_request_is_gone(office: Office) -> None:
    with trade_system() as there:
        made = entered(office, there)
        url = f"endpoints/{made['id']}"

        def deleted(handler: BaseHTTPRequestHandler) -> None:
            office.put(office.admin, url, BODY | {"active": False}, If_Match='"v1"')
            assert office.delete(office.admin, url, If_Match='"v2"').status_code == 204
            handler.send_response(204)
            handler.end_headers()

        there.answers.append(deleted)
        happened(office)
        settle(office)
        assert there.answers == []
    with office.store.read() as look:
        assert {job.error for job in look.all(select(Job))} == {""}
    assert pushes(office) == []


def test_a_ping_says_what_is_answered(office: Office) -> None:
    with trade_system() as there:
        made = entered(office, there)
        there.answers.append((500, {"phone": "13800138000"}))
        url = f"endpoints/{made['id']}/ping"
        broken, fine = (office.post(office.admin, url).json() for _ in range(2))
        (heard,) = there.heard[1:]
    assert (broken["outcome"], broken["code"], fine["outcome"]) == ("retry", "500", "accepted")
    assert "13800138000" not in broken["answer"]
    assert heard.json["type"] == "endpoint.ping"
    assert is_genuine(heard, made["secret"])
    assert not is_genuine(heard, "whsec_AAAA")
    assert pushes(office) == []


def test_a_ping_leads_nowhere_inside(office: Office) -> None:
    with trade_system() as there:
        made = office.post(office.admin, "endpoints", BODY | {"url": f"{there.url}/hook"}).json()
        answer = office.post(office.admin, f"endpoints/{made['id']}/ping").json()
    assert (answer["code"], there.heard) == ("address_not_allowed", [])


def test_a_ping_of_what_could_be_entered_once_says_what_is_wrong(office: Office) -> None:
    made = office.post(office.admin, "endpoints", BODY).json()
    with office.store.work() as work:
        work.get(Endpoint, UUID(made["id"])).url = "https://a..b/"
    answer = office.post(office.admin, f"endpoints/{made['id']}/ping")
    assert (answer.status_code, answer.json()["code"]) == (200, "bad_url")


def test_for_a_day_both_secrets_sign(office: Office) -> None:
    with trade_system() as there:
        made = entered(office, there)
        url = f"endpoints/{made['id']}"
        renewed = office.post(office.admin, f"{url}/secret", if_match='"v1"').json()
        assert renewed["secret"] not in (None, made["secret"])
        happened(office)
        settle(office)
        office.clock.move(hours=25)
        happened(office)
        settle(office)
        both, one = there.heard
    genuine = [
        [is_genuine(heard, secret) for secret in (made["secret"], renewed["secret"])] for heard in (both, one)
    ]
    assert genuine == [[True, True], [False, True]]
    assert office.post(office.admin, f"{url}/secret", if_match='"v1"').status_code == 412
