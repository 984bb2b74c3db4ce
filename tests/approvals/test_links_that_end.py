"""What makes a link in a message worth nothing: any change of its slot or its person, time, a switch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.decision_link import LIFETIME, DecisionLink
from tests.approvals.desk import act, ids
from tests.approvals.office import Office
from tests.approvals.test_by_message import is_dead, link, show


def decide_signed_in(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    assert office.agree("wang", slot).status_code == 200


def take_back(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    office.agree("wang", slot)
    agreed = office.case("li", doc_id)["route"][0]["holders"][0]
    assert act(office, "wang", "take-back", agreed).status_code == 200
    assert office.slot("wang")["id"] == slot["id"], "it is open again"


def transfer(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    assert act(office, "wang", "transfer", slot, to=ids(office, "zhao")[0]).status_code == 200


def let_others_sign_first(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    body = {"people": ids(office, "zhao"), "order": "before"}
    assert act(office, "wang", "add-sign", slot, **body).status_code == 200


def reassign(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    body = {"to": ids(office, "zhao")[0], "reason": "出差"}
    assert act(office, "chen", "reassign", slot, **body).status_code == 200


def withdraw(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    assert office.withdraw("li", doc_id).status_code == 200


def cancel(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    office.cancel(doc_id)


def submit_again(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    office.submit(["wang"], 2, office.submission(doc_id, amount_fen=2_000_000))


def expire(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    office.clock.move(seconds=LIFETIME.total_seconds() + 1)


def deactivate(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    office.change("wang", 2, "reviewer", active=False)
    office.change("wang", 3, "reviewer", epoch=2)  # he is back: his old links stay dead


def change_epoch(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    office.change("wang", 2, "reviewer", epoch=2)


def leave(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    office.change("wang", 2)


def switch_off(office: Office, slot: dict[str, Any], doc_id: UUID) -> None:
    policy = {"unit_segment_optional": False, "by_message": False}
    set_policy = office.send("zhou", "PUT", "districts/140105/policy", policy, If_Match='"v0"')
    assert set_policy.status_code == 200
    assert set_policy.json()["by_message"] is False


ENDS = [
    decide_signed_in,
    take_back,
    transfer,
    let_others_sign_first,
    reassign,
    withdraw,
    cancel,
    submit_again,
    expire,
    deactivate,
    change_epoch,
    leave,
    switch_off,
]


@pytest.mark.parametrize("ends", ENDS)
def test_a_link_is_dead_after(office: Office, ends: Callable[[Office, dict[str, Any], UUID], None]) -> None:
    office.usual_chains()
    doc_id, _ = office.submit(["wang"])
    slot = office.slot("wang")
    agree, disagree = link(office, "wang"), link(office, "wang", "disagree")
    assert show(office, agree).status_code == 200
    ends(office, slot, doc_id)
    office.clock.move(minutes=1)  # another window of the limit
    assert is_dead(office, agree)
    assert is_dead(office, disagree)


def test_a_forged_or_broken_token_is_dead(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    slot, token = office.slot("wang"), link(office, "wang")
    forged = [
        link(office, "wang", key="x" * 40),
        link(office, "wang", epoch=0),
        link(office, "wang", etag=""),
    ]
    elsewhere = DecisionLink(office.id("wang"), office.id("wang"), "agree", office.clock.now() + LIFETIME)
    longer = DecisionLink(UUID(slot["id"]), office.id("wang"), "agree", office.clock.now() + 2 * LIFETIME)
    signature = token[-43:]
    forged += [elsewhere.signed(slot["etag"], 1, office.here.key)]
    forged += [longer.signed(slot["etag"], 1, "x")[:-43] + signature]
    forged += [token + "=", token[:-1], token[1:], token + "AAAA", "-", "é", "x" * 299]
    forged += [link(office, "wang", "disagree")[:50] + token[50:]]
    for n, one in enumerate(forged):
        office.clock.move(seconds=30)
        assert is_dead(office, one), n
    assert show(office, token).status_code == 200


def test_a_link_ends_after_its_time_and_not_before(office: Office) -> None:
    office.usual_chains()
    office.submit(["wang"])
    token = link(office, "wang")
    office.clock.move(seconds=(LIFETIME - timedelta(seconds=1)).total_seconds())
    assert show(office, token).status_code == 200
