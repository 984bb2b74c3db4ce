"""Making a decision, the same however it comes: over the API, in a batch, from a message."""

from __future__ import annotations

from services.approvals import deciding
from services.approvals.deciding import Decision
from services.approvals.filing import keep
from services.approvals.opinion import count_use
from services.approvals.staffing import candidates_today
from services.approvals.verbs import Situation
from shared.decision_link import Verb
from shared.store import Work


def settle(work: Work, at: Situation, verb: Verb, said: Decision) -> None:
    """Decides a slot that the rules of the verb let pass. Raises `Invalid` as `deciding` says."""
    if verb == "agree":
        deciding.agree(at.file, at.slot, said, lambda step: candidates_today(work, step))
    else:
        deciding.disagree(at.file, at.slot, said)
    count_use(work, at.caller, verb, said.opinion)
    keep(work, at.file)
