"""Who may stand in for whom: the rules that a new substitution has to pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import or_, select

from services.approvals.substitution import Substitution
from shared.errors import Problem
from shared.people import AppointmentCopy, Caller, PersonCopy, Role
from shared.store import Look

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Asked:
    """A substitution that somebody wants, with those that already bind one of the two people."""

    wanted: Substitution
    by: Caller
    deputy_in_unit: bool
    existing: Sequence[Substitution]


Rule = Callable[[Asked], Iterator[Problem]]


def window_is_sound(asked: Asked) -> Iterator[Problem]:
    wanted = asked.wanted
    if wanted.ends_at <= wanted.starts_at:
        yield Problem("window_empty", "结束时间须晚于开始时间", "/ends_at", "it ends before it starts")
    elif wanted.ends_at - wanted.starts_at > LONGEST:
        yield Problem("window_too_long", "代理期限最长一年", "/ends_at", "at most a year")


def deputy_is_another(asked: Asked) -> Iterator[Problem]:
    if asked.wanted.deputy_id == asked.wanted.principal_id:
        yield Problem("deputy_is_principal", "不能由本人代理本人", "/deputy_id", "nobody is his own deputy")
    elif asked.wanted.deputy_id == asked.by.person_id:
        text = "管理员不能指定自己为代理人"
        yield Problem("not_to_yourself", text, "/deputy_id", "an administrator does not appoint himself")


def deputy_is_of_the_unit(asked: Asked) -> Iterator[Problem]:
    if not asked.deputy_in_unit:
        text = "代理人须为本单位在任人员"
        yield Problem("deputy_not_in_unit", text, "/deputy_id", "the deputy must be appointed in the unit")


def deputy_is_there(asked: Asked) -> Iterator[Problem]:
    """A deputy who is away himself decides nothing; and as the last grant of a circle always meets one, there
    are no circles."""
    own = [one for one in asked.existing if one.principal_id == asked.wanted.deputy_id]
    if any(one.overlaps(asked.wanted) for one in own):
        text = "代理人在此期间已委托他人代理"
        yield Problem("deputy_away", text, "/deputy_id", "the deputy is away himself in this time")


def is_not_granted_yet(asked: Asked) -> Iterator[Problem]:
    wanted = asked.wanted
    same = [
        one
        for one in asked.existing
        if (one.principal_id, one.deputy_id, one.organisation_id)
        == (wanted.principal_id, wanted.deputy_id, wanted.organisation_id)
    ]
    if any(one.overlaps(wanted) for one in same):
        text_en = "he stands in for him already in this time"
        yield Problem("already_granted", "该代理人在此期间已有相同的代理", "/deputy_id", text_en)


RULES: Sequence[Rule] = (
    window_is_sound,
    deputy_is_another,
    deputy_is_of_the_unit,
    deputy_is_there,
    is_not_granted_yet,
)


def problems(asked: Asked) -> list[Problem]:
    """Everything that stands against a substitution."""
    return [problem for rule in RULES for problem in rule(asked)]


def warnings(asked: Asked) -> list[Problem]:
    """What its principal should know: work that he does for others does not go on to his deputy."""
    others = [
        one
        for one in asked.existing
        if one.deputy_id == asked.wanted.principal_id and one.overlaps(asked.wanted)
    ]
    return [
        Problem(
            "principal_is_deputy",
            f"您在此期间代理的 {one.principal_name} 的待办不会转给您的代理人",
            "/starts_at",
            f"what you do for {one.principal_name} does not go on to your deputy",
        )
        for one in others
    ]


def binding(look: Look, people: Sequence[UUID]) -> list[Substitution]:
    """Substitutions of these people, in either part, that are in force or still to come."""
    involved = or_(Substitution.principal_id.in_(people), Substitution.deputy_id.in_(people))
    return look.all(
        select(Substitution)
        .where(involved, Substitution.ended_at.is_(None), Substitution.ends_at > look.now)
        .order_by(Substitution.starts_at, Substitution.id)
    )


def people_of_unit(look: Look, organisation_id: UUID) -> list[PersonCopy]:
    """Who can be a principal or a deputy in a unit today, by name."""
    return look.all(
        select(PersonCopy)
        .join(AppointmentCopy, AppointmentCopy.person_id == PersonCopy.person_id)
        .where(AppointmentCopy.organisation_id == organisation_id, AppointmentCopy.on(look.today))
        .where(AppointmentCopy.role != Role.PLATFORM_ADMINISTRATOR, PersonCopy.active)
        .distinct()
        .order_by(PersonCopy.name, PersonCopy.person_id)
    )
