"""A round with carried agreement moves to another version of its chain: what was carried stays (I25, I40)."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.approvals.office import Office, finance_step, step
from tests.approvals.test_carrying import carried, document, unit_chain
from tests.approvals.test_migration import is_whole, migrate, row, steps

HEAD = carried("head", attested=["name"])
PANEL = carried("panel", attested=["purpose"], quorum="at_least", at_least=2)


@pytest.fixture
def resumed(office: Office) -> tuple[Office, UUID]:
    """The head has to agree again; the two of the panel who had agreed are carried."""
    for name, position in (("gao", "head"), ("ma", "panel"), ("xu", "panel"), ("hu", "checker")):
        office.add(name, office.school, "reviewer", positions=[position])
    office.publish("chen", "unit", [HEAD, PANEL])
    office.publish("zhou", "district", [finance_step()])
    doc_id, _ = office.submit(submission=document(office))
    for who in ("gao", "ma", "xu"):
        assert office.agree(who).status_code == 200
    office.disagree("qian")
    office.submit(submission=document(office, doc_id, name="别的"), n=2)
    assert [state for _, state, _ in steps(office, doc_id)] == ["current", "carried", "waiting"]
    return office, doc_id


def checker() -> dict[str, object]:
    return step("checker", selector={"role": "reviewer", "position": "checker"})


def test_what_was_carried_stays_behind_a_new_step(resumed: tuple[Office, UUID]) -> None:
    office, doc_id = resumed
    chain = unit_chain(office)
    office.republish("chen", chain, [HEAD, checker(), PANEL])
    assert row(migrate(office, "chen", chain, doc_id))["outcome"] == "moved"
    assert steps(office, doc_id) == [
        ("unit.head", "current", 1),
        ("unit.checker", "waiting", 2),
        ("unit.panel", "carried", 1),
        ("district.finance", "waiting", 1),
    ]
    assert [one["name"] for one in office.case("li", doc_id)["route"][2]["holders"]] == ["ma", "xu"]
    assert office.agree("gao").json()["current_step"] == "环节checker"
    assert office.agree("hu").json()["current_step"] == "环节finance"
    assert is_whole(office, doc_id)
    office.disagree("sun")
    office.submit(submission=document(office, doc_id, name="别的"), n=3)
    assert [state for _, state, _ in steps(office, doc_id)] == ["carried", "current", "carried", "waiting"]
    assert is_whole(office, doc_id)


def test_a_present_step_that_changes_opens_anew_before_what_was_carried(
    resumed: tuple[Office, UUID],
) -> None:
    office, doc_id = resumed
    chain = unit_chain(office)
    office.republish("chen", chain, [checker(), PANEL])
    assert row(migrate(office, "chen", chain, doc_id))["outcome"] == "moved"
    assert [(key, state) for key, state, _ in steps(office, doc_id)] == [
        ("unit.checker", "current"),
        ("unit.panel", "carried"),
        ("district.finance", "waiting"),
    ]
    assert office.agree("hu").json()["current_step"] == "环节finance"
    assert office.agree("qian").json()["case_state"] == "approved"
    assert is_whole(office, doc_id)


@pytest.mark.parametrize(
    "version",
    [
        [HEAD],
        [HEAD, {**PANEL, "attested": ["name"]}],
        [HEAD, {**PANEL, "at_least": 1}],
        [HEAD, checker(), carried("panel2", selector={"role": "reviewer", "position": "panel"})],
    ],
)
def test_a_version_without_what_was_carried_moves_nothing(
    resumed: tuple[Office, UUID], version: list[dict[str, object]]
) -> None:
    office, doc_id = resumed
    before = office.case("li", doc_id)
    chain = unit_chain(office)
    office.republish("chen", chain, version)
    found = row(migrate(office, "chen", chain, doc_id))
    assert (found["outcome"], found["code"]) == ("refused", "carried_step_changed")
    assert office.case("li", doc_id) == before
