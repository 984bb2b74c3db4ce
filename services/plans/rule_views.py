"""How versions of rules are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.plans import reference
from services.plans.district import District
from services.plans.finding import basis_of
from services.plans.judging import Applied, Verdict
from services.plans.rule import RuleVersion, Version, periods
from services.plans.rule_schemas import RuleShape, VersionShape
from services.plans.schemas import ActionShape, SubmissionShape
from services.plans.topics import TOPICS
from shared.errors import Conflict
from shared.events.documents import Submission
from shared.people import Caller, PersonCopy, Role
from shared.store import Look


def rule_shape(version: Version, district: District, caller: Caller) -> RuleShape:
    """A version in force, as a district sees it."""
    topic = TOPICS[version.topic]
    reason = administration(district, caller)
    url = f"/api/plans/districts/{district.code}/rules/{version.topic}/versions"
    return RuleShape.model_validate(
        {
            "topic": version.topic,
            "topic_label": topic.label,
            "law": topic.law,
            "district_code": version.district_code,
            "version": version.version,
            "effective_from": version.effective_from,
            "source": version.source,
            "is_sample": version.is_sample,
            "binding": version.binding,
            "inherited": version.district_code != district.code,
            "content": version.content,
            "available_actions": [
                ActionShape(action="publish", allowed=not reason, reason=reason, method="POST", url=url)
            ],
        }
    )


def version_shapes(
    look: Look, rows: Sequence[RuleVersion], district: District, caller: Caller
) -> list[VersionShape]:
    """All versions of a district on a topic, as given."""
    held, names = periods(rows, look.today), _names(look, rows)
    return [
        VersionShape.model_validate(
            {
                **{name: getattr(row, name) for name in _PLAIN},
                "topic_label": TOPICS[row.topic].label,
                "effective_until": held[row.version].until,
                "status": held[row.version].status,
                "status_label": reference.labels("rule_version")[held[row.version].status],
                "content": row.applied.content,
                "published_by_name": names.get(row.published_by, ""),
                "withdrawn_by_name": names.get(row.withdrawn_by, ""),
                "available_actions": [_withdrawal(row, district, caller, look.today)],
            }
        )
        for row in rows
    ]


_PLAIN = (
    *("topic", "district_code", "version", "effective_from", "source", "is_sample", "binding"),
    *("published_by", "published_at", "withdrawn_at"),
)


def _names(look: Look, rows: Iterable[RuleVersion]) -> dict[UUID | None, str]:
    """The names of those who published and withdrew versions."""
    people = {person for row in rows for person in (row.published_by, row.withdrawn_by) if person}
    known = look.all(select(PersonCopy).where(PersonCopy.person_id.in_(people))) if people else []
    return {person.person_id: person.name for person in known}


def _withdrawal(row: RuleVersion, district: District, caller: Caller, today: date) -> ActionShape:
    reason = administration(district, caller)
    try:
        row.must_be_coming(today)
    except Conflict as conflict:
        reason = reason or conflict.text
    url = f"/api/plans/districts/{row.district_code}/rules/{row.topic}/versions/{row.version}/withdraw"
    return ActionShape(action="withdraw", allowed=not reason, reason=reason, method="POST", url=url)


def administration(district: District, caller: Caller) -> str:
    """Why the caller may not set the rules of a district; empty when he may."""
    if not caller.has(Role.DISTRICT_ADMINISTRATOR):
        return "需要角色：区划管理员"
    return "" if district.path.startswith(caller.district_path) else "该区划不在您的管理范围内"


def submission_shape(sent: Submission, verdict: Verdict, rules: Applied) -> SubmissionShape:
    """What a submission would send, with everything that was found, and the rules that were applied."""
    return SubmissionShape.model_validate(
        {
            "submission": sent,
            "problems": verdict.problems,
            "warnings": verdict.warnings,
            "rules": [basis_of(version) for version in rules.applied],
        }
    )
