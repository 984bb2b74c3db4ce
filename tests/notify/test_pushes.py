"""Events pushed to outside systems: signed, in order, tried again, replayed, given up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from services.notify.delivery import RETRY_AFTER
from services.notify.jobs import push_waiting, tidy_up, wake_endpoints
from services.notify.outside.endpoint import Endpoint
from services.notify.providers.standard import Courier
from services.notify.vault import Vault
from shared.database import new_id
from shared.events.approvals import CaseApproved
from shared.events.documents import DocumentSubmitted, Submission
from tests.notify.fakes import Fake, hang_up
from tests.notify.office import DIGEST, Office
from tests.notify.outside_office import entered, happened, is_genuine, log, pushes, settle, trade_system


@pytest.fixture
def there() -> Iterator[Fake]:
    with trade_system() as made:
        yield made


def later_on(office: Office) -> None:
    """Until the next try of whatever waits."""
    office.clock.move(hours=8)
    settle(office)


def states(office: Office) -> list[tuple[str, str]]:
    return [(push.state, push.code) for push in pushes(office)]


def test_an_event_is_posted_signed_and_without_what_concerns_nobody_outside(
    any_office: Office, there: Fake
) -> None:
    office = any_office
    made = entered(office, there)
    event_id = happened(office)
    settle(office)
    (heard,) = there.heard
    assert is_genuine(heard, made["secret"])
    assert heard.headers["webhook-id"] == event_id == heard.json["id"]
    assert heard.headers["content-type"].startswith("application/cloudevents+json")
    assert (heard.json["type"], heard.json["data"]["plan_number"]) == ("plan.status_changed", "JH-1")
    assert {"knows", "traceparent", "actor"}.isdisjoint(heard.json)
    (push,) = log(office, made)["items"]
    assert (push["state"], push["status_label"], push["event_label"]) == (
        "accepted",
        "已接收",
        "采购计划状态变化",
    )
    assert [(one["outcome"], one["code"]) for one in push["tries"]] == [("accepted", "200")]
    assert made["secret"] not in json.dumps(push)


def test_an_event_that_comes_twice_is_pushed_once(office: Office, there: Fake) -> None:
    entered(office, there)
    carried = office.hear(
        CaseApproved(**CASE, case_version=3, step_name="财政", actor_id=new_id(), actor_name="吴敏")
    )
    office.hear_again(carried)
    settle(office)
    assert len(there.heard) == 1


CASE: dict[str, Any] = {
    "case_id": new_id(),
    "doc_type": "plan",
    "doc_id": new_id(),
    "round": 1,
    "revision": 1,
    "digest": DIGEST,
}


def test_a_review_is_told_to_the_district_of_its_document(office: Office, there: Fake) -> None:
    entered(office, there, district_code="140105")
    elsewhere = {"case_id": new_id(), "doc_id": new_id()}
    for unit, about in ((office.unit, {}), (new_id(), elsewhere)):
        submission = Submission(
            doc_type="plan",
            doc_id=about.get("doc_id", CASE["doc_id"]),
            title="办公电脑采购",
            organisation_id=unit,
            applicant_id=office.li,
            applicant_name="李明",
            facts={},
            content={"contact_phone": "13800138000"},
            digest=DIGEST,
        )
        office.hear(DocumentSubmitted(submission=submission, round=1, revision=1))
        decided = {"case_version": 3, "step_name": "财政", "actor_id": new_id(), "actor_name": "吴敏"}
        office.hear(CaseApproved(**CASE | about | decided))
    settle(office)
    assert [heard.json["data"]["doc_id"] for heard in there.heard] == [str(CASE["doc_id"])]


def test_events_arrive_in_order_however_often_one_is_tried(any_office: Office, there: Fake) -> None:
    office = any_office
    entered(office, there)
    there.answers += [(503, {}), hang_up, (429, {}), (404, {}), (302, {})]
    events = [happened(office) for _ in range(4)]
    settle(office)
    assert states(office) == [("queued", "503"), *[("queued", "")] * 3]
    for _ in range(4):
        later_on(office)
    later_on(office)
    taken = [heard.headers["webhook-id"] for heard in there.heard][-4:]
    assert taken == events
    assert {state for state, _ in states(office)} == {"accepted"}
    first = pushes(office)[0]
    assert (first.attempts, first.tries) == (6, 6)


def test_what_is_refused_for_good_is_given_up_at_once_and_the_next_goes_on(
    office: Office, there: Fake
) -> None:
    made = entered(office, there)
    there.answers += [(422, {"error": "wang.fang@example.org"}), (400, {}), (413, {})]
    for _ in range(4):
        happened(office)
    settle(office)
    assert states(office) == [("failed", "422"), ("failed", "400"), ("failed", "413"), ("accepted", "")]
    assert "wang.fang" not in str(log(office, made))
    failed = log(office, made, "&state=failed")["items"]
    assert len(failed) == 3
    assert log(office, made, "&event_type=trade.awarded")["items"] == []


def test_tries_grow_apart_then_it_is_given_up(office: Office, there: Fake) -> None:
    entered(office, there)
    there.answers += [(503, {})] * (len(RETRY_AFTER) + 1)
    happened(office)
    waits = []
    while office.run_jobs():
        (push,) = pushes(office)
        if push.next_try_at is None:
            break
        waits.append((push.next_try_at - office.clock.now()).total_seconds())
        office.clock.move(seconds=waits[-1] - 0.5)
        assert office.run_jobs() == 0
        office.clock.move(seconds=1)
    assert all(0.8 * due <= wait <= 1.2 * due for wait, due in zip(waits, RETRY_AFTER, strict=True))
    assert states(office) == [("failed", "503")]


def test_one_that_fails_for_days_is_switched_off_and_its_administrators_hear_of_it(
    office: Office, there: Fake
) -> None:
    bureau = office.organisation("小店区财政局", "140105", kind="finance")
    head = office.person("管理", bureau, "district_administrator")
    made = entered(office, there, by=head, unit=bureau)
    there.answers += [(503, {})] * 100
    for _ in range(20):
        happened(office)
    for _ in range(11):
        later_on(office)
    (told,) = office.http.get("messages", headers=office.as_(head, bureau)).json()["items"]
    assert told["title"] == "对外推送已停用：省交易系统"
    assert there.url.rpartition(":")[0] in told["body"]
    assert "/hook" not in told["body"]
    headers = office.as_(head, bureau)
    shown = office.http.get(f"endpoints/{made['id']}", headers=headers)
    assert (shown.json()["status"], shown.json()["disabled_code"]) == ("disabled", "failing")
    heard = len(there.heard)
    late = happened(office)
    later_on(office)
    assert len(there.heard) == heard
    there.answers.clear()
    change = {"name": "省交易系统", "url": f"{there.url}/hook"}
    tag = {"If-Match": shown.headers["etag"]}
    office.http.put(f"endpoints/{made['id']}", json=change, headers=office.as_(head, bureau) | tag)
    settle(office)
    assert there.heard[-1].headers["webhook-id"] == late
    assert {state for state, _ in states(office)} == {"accepted", "failed"}
    assert office.counts(office.admin)["unread"] == 0


def test_one_that_says_it_is_gone_is_switched_off_at_once(office: Office, there: Fake) -> None:
    made = entered(office, there)
    there.answers.append((410, {}))
    happened(office)
    settle(office)
    assert office.get(office.admin, f"endpoints/{made['id']}").json()["status"] == "disabled"
    assert states(office) == [("queued", "410")]
    assert office.counts(office.admin)["unread"] == 1


def test_a_process_that_dies_in_the_middle_makes_the_same_request_again(
    any_office: Office, there: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = any_office
    made = entered(office, there)
    happened(office)
    happened(office)

    def dies(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as broken:
        broken.setattr(Courier, "post", dies)
        with pytest.raises(SystemExit):
            push_waiting(office.here, made["id"])
    settle(office)
    assert there.heard == [], "another process may still be at it"
    office.clock.move(minutes=1)
    wake_endpoints(office.here)
    settle(office)
    assert len(there.heard) == 2
    assert [push.attempts for push in pushes(office)] == [1, 1]


def test_it_leads_nowhere_inside(office: Office, there: Fake) -> None:
    entered(office, there)
    office.here.settings = office.here.settings.model_copy(update={"private_networks": ""})
    happened(office)
    settle(office)
    assert states(office) == [("queued", "address_not_allowed")]
    assert there.heard == []


def test_a_trial_tells_nobody_outside(office: Office, there: Fake) -> None:
    entered(office, there)
    changed = {"sandbox_receivers": "*@test.example.org"}
    office.here.settings = office.here.settings.model_copy(update=changed)
    happened(office)
    settle(office)
    assert (states(office), there.heard) == ([("failed", "sandbox")], [])


def test_secrets_that_cannot_be_opened_any_more_are_said(office: Office, there: Fake) -> None:
    made = entered(office, there)
    office.here.key = "another" * 8
    happened(office)
    settle(office)
    assert states(office) == [("queued", "secret_unreadable")]
    renewed = office.post(office.admin, f"endpoints/{made['id']}/secret", if_match='"v1"').json()
    settle(office)
    (heard,) = there.heard
    assert is_genuine(heard, renewed["secret"])


@pytest.mark.parametrize("code", ["bad_url", "unexpected"])
def test_one_that_nothing_can_be_sent_to_waits_and_is_switched_off_in_the_end(
    office: Office, there: Fake, code: str
) -> None:
    made = entered(office, there)
    url = f"endpoints/{made['id']}"
    damaged = {
        "bad_url": {"url": "https://a..b/"},
        "unexpected": {"sealed": Vault(office.here.key).seal({"secret": "whsec_x"})},
    }
    with office.store.work() as work:
        work.get(Endpoint, UUID(made["id"])).change(work.now, active=True, **damaged[code])
    happened(office)
    settle(office)
    assert states(office) == [("queued", code)]
    assert office.post(office.admin, f"{url}/pushes/{pushes(office)[0].id}/skip").is_success
    happened(office)
    for _ in range(12):
        later_on(office)
        happened(office)
    assert office.get(office.admin, url).json()["disabled_code"] == "failing"
    assert [message["kind"] for message in office.messages(office.admin)] == ["endpoint.disabled"]


def test_old_ones_are_forgotten(office: Office, there: Fake) -> None:
    entered(office, there)
    happened(office)
    settle(office)
    office.clock.move(days=91)
    happened(office)
    settle(office)
    tidy_up(office.here)
    assert len(pushes(office)) == 1
