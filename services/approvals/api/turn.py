"""What every route does that acts on a slot: it takes the case and lets the rules of the verb judge."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from services.approvals import judge
from services.approvals.case_file import CaseFile
from services.approvals.case_verbs import CASE_VERBS
from services.approvals.choosing import substitute, successor, why_not_chosen
from services.approvals.filing import came_first, situation, standing, take_by_slot
from services.approvals.staffing import Candidate
from services.approvals.verbs import Situation, why_not
from shared.errors import invalid
from shared.http import Expected
from shared.people import Caller
from shared.store import Look, Work


def take_turn(work: Work, verb: str, slot_id: UUID, caller: Caller, expected: Expected) -> Situation:
    """The case and its slot, locked, for somebody who may do this with it now.

    The state comes before the version: a late command hears which act came first (409), and only then that it
    has seen an older version (412).
    """
    file, slot = take_by_slot(work, slot_id, caller)
    found = situation(work, file, slot, caller)
    refused = why_not(verb, found)
    if refused is not None and refused.code == "slot_closed":
        raise judge.came_first(file.case, came_first(work, file.case, slot))
    if refused is not None:
        raise refused
    expected.check(slot.etag)
    return found


def require(work: Work, verb: str, file: CaseFile, caller: Caller) -> None:
    """Lets the rule of a verb on the whole case judge; a late command hears which act came first."""
    refused = CASE_VERBS[verb](standing(work, file, caller))
    if refused is not None and refused.code in ("not_withdrawable", "case_closed"):
        raise judge.came_first(file.case, came_first(work, file.case, None, file.slots))
    if refused is not None:
        raise refused


def chosen(look: Look, at: Situation, verb: str, person: UUID, pointer: str = "/to") -> Candidate:
    """Somebody whom a person chooses for a slot. Raises `Invalid` as `choosing.why_not_chosen` says."""
    file, slot = at.file, at.slot
    if verb == "transfer":
        found = successor(look, file, slot, person)
    else:
        found = substitute(look, file.case, file.route[slot.step_index], person)
    problems = why_not_chosen(file, slot, verb, person, found)
    if found is None or problems:
        raise invalid([replace(one, pointer=pointer) for one in problems])
    return found
