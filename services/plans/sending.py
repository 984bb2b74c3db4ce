"""Sending a plan into review: judged, reserved, numbered, frozen and told in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.plans.announcement import review_stated, status_changed
from services.plans.district import next_number
from services.plans.document import Document
from services.plans.imports.coverage import cover_of
from services.plans.judging import Verdict
from services.plans.plan import Plan
from services.plans.reservation import hold, lock_lines
from services.plans.review import Round, note
from services.plans.rules import Rules, rules_for
from services.plans.submission import build
from services.plans.topics import Numbers
from shared.errors import Problem, invalid
from shared.events.documents import DocumentSubmitted, Submission
from shared.people import Caller
from shared.store import Work


@dataclass(frozen=True)
class Sent:
    """What a submission was judged by, and what was said to it."""

    rules: Rules
    verdict: Verdict


def send(work: Work, plan: Plan, by: Caller, picks: list[UUID]) -> Sent:
    """Submits a plan to the chosen reviewers.

    Raises `Invalid` with every problem of the form, or `Conflict` (`insufficient_budget`) when nothing but
    money is missing.
    """
    cover_of(work, plan)  # locked before the lines, as everywhere
    lines = lock_lines(work, plan)
    rules = rules_for(work, plan, lines)
    submission, verdict = build(plan, rules)
    _refuse(verdict.problems)
    before = plan.to_record()
    plan.submit(work.now)
    with work.session.no_autoflush:  # one UPDATE of the plan, not one before each statement
        hold(work, plan, lines, by.person_id)
        if plan.application_number is None:
            pattern = rules.policy.get(Numbers).application
            plan.application_number = next_number(
                work, plan.district_code, plan.fiscal_year, "application", pattern
            )
        numbered = submission.model_copy(update={"number": plan.application_number})
        freeze(work, plan, numbered, verdict.to_json(rules), picks)
    note(
        work, plan, "submitted", f"第 {plan.round} 次提交审核", by=by, before=before, digest=submission.digest
    )
    work.publish(status_changed(plan, str(before["status"])))
    return Sent(rules, verdict)


def _refuse(problems: Sequence[Problem]) -> None:
    # a form that lacks nothing but money is refused by the reservation, with what is available
    if any(problem.code != "insufficient_budget" for problem in problems):
        raise invalid(problems)


def freeze(
    work: Work, document: Document, submission: Submission, rules: dict[str, Any], picks: list[UUID]
) -> None:
    """Keeps the round that has just begun as it was sent, and tells approvals to route it. `rules` are the
    versions of the rules that judged it, and the warnings that they gave."""
    work.add(
        Round(
            document_id=document.id,
            n=document.round,
            doc_type=submission.doc_type,
            content=submission.content,
            digest=submission.digest,
            facts=submission.facts,
            rules=rules,
            picks=[str(pick) for pick in picks],
            submitted_by=document.applicant_id,
            submitted_at=document.changed_at,
        )
    )
    work.publish(
        DocumentSubmitted(
            submission=submission, round=document.round, revision=document.version, picks=picks
        ),
        review_stated(document, submission.doc_type, "under_review"),
    )
