"""What was pushed is sent again, one event or a period; what an endpoint fails on is given up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.database import new_id
from tests.notify.fakes import Fake
from tests.notify.office import Office
from tests.notify.outside_office import entered, happened, log, pushes, settle, trade_system


@pytest.fixture
def there() -> Iterator[Fake]:
    with trade_system() as made:
        yield made


def test_what_was_taken_is_replayed_with_the_same_id_and_body(any_office: Office, there: Fake) -> None:
    office = any_office
    made = entered(office, there)
    happened(office)
    settle(office)
    (push,) = pushes(office)
    url = f"endpoints/{made['id']}/pushes/{push.id}"
    key = str(new_id())
    for _ in range(2):
        answer = office.post(office.admin, f"{url}/replay", Idempotency_Key=key)
        assert (answer.status_code, answer.json()["state"]) == (200, "queued")
    assert office.post(office.admin, f"{url}/replay").json()["code"] == "still_waiting"
    settle(office)
    first, second = there.heard
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert [one["number"] for one in log(office, made)["items"][0]["tries"]] == [1, 2]
    assert office.post(office.admin, f"{url}/skip").json()["code"] == "not_waiting"
    strange = f"endpoints/{made['id']}/pushes/{new_id()}/replay"
    assert office.post(office.admin, strange).status_code == 404
    other = entered(office, there)
    assert office.post(office.admin, f"endpoints/{other['id']}/pushes/{push.id}/replay").status_code == 404


def test_a_period_is_replayed_in_its_order_before_what_waits(any_office: Office, there: Fake) -> None:
    office = any_office
    made = entered(office, there)
    events = []
    for _ in range(4):
        events.append(happened(office))
        settle(office)
        office.clock.move(hours=1)
    there.heard.clear()
    period = {"from": "2026-11-23T02:00:00Z", "to": "2026-11-23T04:00:00Z"}
    waiting = happened(office)
    answer = office.post(office.admin, f"endpoints/{made['id']}/replay", period)
    assert answer.json() == {"replayed": 2}
    settle(office)
    assert [heard.headers["webhook-id"] for heard in there.heard] == [*events[1:3], waiting]


@pytest.mark.parametrize(
    ("period", "code"),
    [
        ({"from": "2026-11-23T02:00:00Z", "to": "2026-11-23T02:00:00Z"}, "period_invalid"),
        ({"from": "2026-01-23T02:00:00Z", "to": "2026-11-23T02:00:00Z"}, "period_too_long"),
        ({"from": "2026-11-23T02:00:00", "to": "2026-11-23T04:00:00Z"}, "timezone_aware"),
        ({"from": "2026-11-23T02:00:00Z"}, "missing"),
        ({"from": "0001-01-01T00:00:00+08:00", "to": "0001-01-02T00:00:00+08:00"}, "greater_than_equal"),
        ({"from": "2026-11-23T02:00:00Z", "to": "9999-12-31T23:00:00-08:00"}, "less_than"),
    ],
)
def test_what_is_no_period_is_not_replayed(office: Office, there: Fake, period: Any, code: str) -> None:
    made = entered(office, there)
    answer = office.post(office.admin, f"endpoints/{made['id']}/replay", period)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, code)


def test_more_than_can_be_replayed_at_once_is_refused(
    office: Office, there: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notify.outside.replaying.MOST", 1)
    made = entered(office, there)
    for _ in range(2):
        happened(office)
    settle(office)
    period = {"from": "2026-11-23T00:00:00Z", "to": "2026-11-24T00:00:00Z"}
    answer = office.post(office.admin, f"endpoints/{made['id']}/replay", period)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many")


def test_one_that_an_endpoint_fails_on_is_skipped(office: Office, there: Fake) -> None:
    made = entered(office, there)
    there.answers += [(500, {})]
    happened(office)
    next_one = happened(office)
    settle(office)
    first = pushes(office)[0]
    answer = office.post(office.admin, f"endpoints/{made['id']}/pushes/{first.id}/skip").json()
    assert (answer["state"], answer["code"]) == ("failed", "skipped")
    settle(office)
    assert there.heard[-1].headers["webhook-id"] == next_one
