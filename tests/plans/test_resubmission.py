"""A document is submitted again by its applicant only, and a round follows the one before it (I22)."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.events import Event
from shared.events.approvals import CaseReturned, CaseTerminated, CaseWithdrawn
from tests.plans.town import Town

OUTCOMES: dict[str, type[Event]] = {
    "returned": CaseReturned,
    "withdrawn": CaseWithdrawn,
    "terminated": CaseTerminated,
}
WHO = st.sampled_from(["lin", "wu", "an", "shen", "he", "du"])
TURNS = st.lists(st.tuples(WHO, st.sampled_from(["", *OUTCOMES])), min_size=1, max_size=8)


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(turns=TURNS)
def test_i22_only_the_applicant_submits_again_and_the_round_grows_by_one(
    shared_town: Town, turns: list[tuple[str, str]]
) -> None:
    town = shared_town
    plan = town.submitted()
    for who, outcome in turns:
        if outcome:
            town.tell(OUTCOMES[outcome], plan)
        before = town.plan(plan)
        answer = town.submit(before, getattr(town, who))
        plan = town.plan(plan)
        may = who == "lin" and before["status"] in ("returned", "withdrawn")
        assert answer.status_code == 200 if may else answer.status_code in (403, 404, 409), answer.text
        assert plan["round"] == before["round"] + may
        assert (plan["version"] == before["version"]) != may
