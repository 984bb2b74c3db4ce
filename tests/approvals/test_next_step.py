"""What a case says of the step to come is what an agreement would meet."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.approvals.desk import ids
from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_substitution import grant


def ahead(office: Office, who: str, doc_id: UUID) -> tuple[bool, list[str]]:
    """Whether somebody is asked to pick, and who could review the next step."""
    found: dict[str, Any] = office.case(who, doc_id)["next_step"]
    return found["asks_pick"], [one["name"] for one in found["candidates"]]


def test_only_who_closes_the_step_is_asked_to_pick(office: Office) -> None:
    second = step("second", pick="previous_actor", selector={"role": "unit_administrator"})
    office.publish("chen", "unit", [step("panel", quorum="all"), second])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit()
    assert ahead(office, "wang", doc_id) == (False, ["chen"])
    early = office.agree("wang", picks=ids(office, "chen"))
    assert (early.status_code, early.json()["code"]) == (422, "pick_not_asked")
    assert early.json()["errors"][0]["detail"] == "本次同意尚不结束本环节，无需选择审核人"
    assert office.agree("wang").json()["current_step"] == "环节panel"
    assert ahead(office, "zhao", doc_id) == (True, ["chen"])
    assert office.agree("zhao").json()["code"] == "pick_required"
    assert office.agree("zhao", picks=ids(office, "chen")).json()["current_holders"] == ["chen"]


def test_a_deputy_is_not_offered_himself_nor_whom_he_stands_in_for(office: Office) -> None:
    office.add("xu", office.school, "reviewer")
    office.publish("chen", "unit", [step("head", pick="submitter"), step("second", pick="previous_actor")])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(["wang"])
    grant(office, "wang", "zhao")
    assert ahead(office, "zhao", doc_id) == (True, ["xu"])
    assert ahead(office, "wang", doc_id) == (True, ["xu", "zhao"])
    assert office.agree("zhao", picks=ids(office, "zhao")).json()["code"] == "pick_not_candidate"
    assert office.agree("zhao", picks=ids(office, "xu")).json()["current_holders"] == ["xu"]
