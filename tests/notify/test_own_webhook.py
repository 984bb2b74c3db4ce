"""A person looks after his own webhook: its log, posting again, trying it out, another address or secret."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from services.notify.channels import Channel
from services.notify.provider import Provider
from services.notify.providers.webhook import signature
from shared.database import new_id
from tests.notify.fakes import Fake, Heard, fake
from tests.notify.office import Office, slot_closed, slot_opened

LOG = "contacts/webhook/deliveries"
TRY = "contacts/webhook/try"


@pytest.fixture
def there(office: Office) -> Iterator[Fake]:
    """Where 王芳 has her webhook."""
    office.goes_by(Channel.WEBHOOK)
    office.reaches_this_machine()
    with fake(lambda heard: {}) as made:
        office.put(office.wang, "contacts/webhook", {"address": f"{made.url}/hook"})
        yield made


def told(office: Office, title: str = "办公电脑采购") -> str:
    """Tells her of a to-do; the id of its delivery."""
    office.hear(slot_opened(office.wang, title=title))
    office.run_jobs()
    return str(office.deliveries()[-1].id)


def again(office: Office, delivery_id: str) -> Any:
    return office.post(office.wang, f"{LOG}/{delivery_id}/resend")


def log(office: Office, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.get(office.wang, f"{LOG}?limit=100{query}").json()["items"]
    return found


def is_genuine(heard: Heard, secret: str) -> bool:
    right = signature(secret, heard.headers["x-plans-timestamp"], heard.body)
    return f"sha256={right}" in heard.headers["x-plans-signature"].split(" ")


def test_its_log_is_its_owners(office: Office, there: Fake) -> None:
    there.answers.append((404, {"for": "wang.fang@example.org"}))
    first, second = told(office), told(office)
    newest, oldest = log(office)
    assert (newest["id"], newest["state"], oldest["id"], oldest["state"]) == (
        second,
        "accepted",
        first,
        "failed",
    )
    ((tried,), message_id) = oldest["tries"], oldest["message_id"]
    assert (tried["code"], "wang.fang" in tried["answer"]) == ("404", False)
    assert message_id in [message["id"] for message in office.messages(office.wang)]
    assert [row["id"] for row in log(office, "&state=failed")] == [first]
    for other in (office.zhao, office.admin):
        assert office.get(other, LOG).json()["items"] == []
        assert office.post(other, f"{LOG}/{first}/resend").status_code == 404
    for method, path in (("GET", LOG), ("POST", f"{LOG}/{first}/resend"), ("POST", TRY)):
        assert office.http.request(method, path).status_code == 401


def test_what_was_taken_is_posted_again_as_it_was(office: Office, there: Fake) -> None:
    opened = slot_opened(office.wang)
    office.hear(opened)
    office.run_jobs()
    office.hear(slot_closed(opened))  # also what is done by now
    (delivery,) = log(office)
    (action,) = delivery["available_actions"]
    assert (action["allowed"], action["url"].rpartition("/contacts")[2]) == (
        True,
        f"/webhook/deliveries/{delivery['id']}/resend",
    )
    office.clock.move(hours=1)
    there.answers.append((500, {}))
    assert again(office, delivery["id"]).json()["code"] == "500"
    assert again(office, delivery["id"]).json()["outcome"] == "accepted"
    first, second = there.heard[0], there.heard[-1]
    assert (first.body, first.headers["x-plans-delivery"]) == (
        second.body,
        second.headers["x-plans-delivery"],
    )
    (posted,) = log(office)
    assert posted["state"] == "accepted"
    assert [(one["number"], one["outcome"]) for one in posted["tries"]] == [
        (1, "accepted"),
        (2, "retry"),
        (3, "accepted"),
    ]
    assert len({one["at"] for one in posted["tries"]}) == 2
    assert [event.type for event in office.outcomes()] == ["delivery.completed"]


def test_what_had_failed_and_is_taken_now_is_accepted(office: Office, there: Fake) -> None:
    there.answers += [(403, {}), (403, {})]
    failed = told(office)
    assert again(office, failed).json()["outcome"] == "failed"
    assert log(office)[0]["state"] == "failed"
    assert again(office, failed).json()["outcome"] == "accepted"
    assert log(office)[0]["state"] == "accepted"
    assert [event.type for event in office.outcomes()] == ["delivery.failed", "delivery.completed"]
    assert office.post(office.admin, f"deliveries/{failed}/resend").json()["code"] == "not_failed"


def test_what_was_not_posted_is_not_posted_again(office: Office, there: Fake) -> None:
    there.answers.append((503, {}))
    waiting = told(office)
    refused = again(office, waiting)
    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (
        409,
        "not_posted",
        "queued",
    )
    assert log(office)[0]["available_actions"][0]["reason"] == "当前为“待发送”"
    office.clock.move(minutes=1)
    office.run_jobs()
    assert log(office)[0]["state"] == "accepted", "its next try is not disturbed"
    assert again(office, str(new_id())).status_code == 404
    office.delete(office.wang, "contacts/webhook")
    assert again(office, waiting).json()["code"] == "no_webhook"


def test_a_trial_is_signed_and_nothing_of_it_is_kept(office: Office, there: Fake) -> None:
    secret = office.put(office.wang, "contacts/webhook", {"address": there.url}).json()["secret"]
    there.answers.append((401, {"phone": "13800138000"}))
    refused, taken = (office.post(office.wang, TRY).json() for _ in range(2))
    assert (refused["outcome"], refused["code"], taken["outcome"]) == ("failed", "401", "accepted")
    assert "13800138000" not in refused["answer"]
    heard = there.heard[-1]
    assert (heard.json["kind"], heard.json["title"]) == ("trial", "测试消息")
    assert is_genuine(heard, secret)
    assert log(office) == []
    assert office.post(office.zhao, TRY).json()["code"] == "no_webhook"


def test_by_hand_it_leads_no_further_than_by_itself(office: Office, there: Fake) -> None:
    delivery = told(office)
    there.heard.clear()
    settings = office.here.settings
    office.here.settings = settings.model_copy(update={"private_networks": ""})
    assert office.post(office.wang, TRY).json()["code"] == "address_not_allowed"
    office.here.settings = settings.model_copy(update={"sandbox_receivers": "*@test.example.org"})
    for answer in (office.post(office.wang, TRY), again(office, delivery)):
        assert (answer.status_code, answer.json()["code"]) == (409, "sandbox")
    office.here.settings = settings
    with office.store.work() as work:
        work.execute(update(Provider).where(Provider.channel == "webhook").values(active=False))
    assert office.post(office.wang, TRY).json()["code"] == "no_provider"
    assert there.heard == []


def test_nobody_keeps_posting_by_hand(office: Office, there: Fake) -> None:
    delivery = told(office)
    for _ in range(5):
        assert office.post(office.wang, TRY).status_code == again(office, delivery).status_code == 200
    for _ in range(10):
        refused = office.post(office.wang, TRY)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "60"
    office.put(office.zhao, "contacts/webhook", {"address": there.url})
    assert office.post(office.zhao, TRY).status_code == 200
    office.clock.move(seconds=60)
    assert office.post(office.wang, TRY).status_code == 200, "who is refused has not used up a place"


def test_for_a_day_both_secrets_sign(office: Office, there: Fake) -> None:
    secrets = [
        office.put(office.wang, "contacts/webhook", {"address": there.url}).json()["secret"] for _ in range(2)
    ]
    told(office)
    office.clock.move(hours=25)
    told(office)
    both, one = there.heard
    assert [[is_genuine(heard, secret) for secret in secrets] for heard in (both, one)] == [
        [True, True],
        [False, True],
    ]
    assert one.headers["x-plans-signature"].count("sha256=") == 1


def test_it_changes_by_what_its_owner_has_seen(office: Office) -> None:
    path, body = "contacts/feishu", {"address": "ou_1"}
    nothing = office.get(office.wang, path)
    assert (nothing.json()["address"], nothing.headers["etag"]) == ("", '"none"')
    without = office.http.put(path, json=body, headers=office.as_(office.wang, office.unit))
    assert (without.status_code, without.json()["code"]) == (428, "if_match_required")
    first = office.put(office.wang, path, body, If_Match='"none"')
    assert first.headers["etag"] == office.get(office.wang, path).headers["etag"]
    office.clock.move(seconds=1)
    for stale in ('"none"', '"v1"'):
        refused = office.put(office.wang, path, {"address": "ou_2"}, If_Match=stale)
        assert (refused.status_code, refused.json()["code"]) == (412, "changed_meanwhile")
    second = office.put(office.wang, path, {"address": "ou_2"}, If_Match=first.headers["etag"])
    assert (second.status_code, second.json()["address"]) == (200, "ou_2")
    assert office.delete(office.wang, path, If_Match=first.headers["etag"]).status_code == 412
    assert office.delete(office.wang, path, If_Match=second.headers["etag"]).status_code == 204
    assert office.delete(office.wang, path, If_Match=second.headers["etag"]).status_code == 204
    assert office.http.delete(path, headers=office.as_(office.wang, office.unit)).status_code == 428
    assert office.get(office.zhao, path).json()["address"] == ""


@pytest.mark.postgres
def test_the_first_of_many_at_once_counts(postgres_office: Office) -> None:
    office = postgres_office
    answers: list[int] = []

    def enter(number: int) -> None:
        body = {"address": f"ou_{number}"}
        answers.append(office.put(office.wang, "contacts/feishu", body, If_Match='"none"').status_code)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 412, 412, 412, 412, 412]
