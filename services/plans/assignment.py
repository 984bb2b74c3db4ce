"""Assignment (分派) and recall (收回): who may use a usable plan, and who has had it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Select, String, Uuid, func, select, true
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import reference
from services.plans.plan import Plan
from services.plans.review import note
from services.plans.tables import Base
from shared.database import UtcDateTime
from shared.errors import Forbidden, Problem, invalid
from shared.events.plans import PlanAssigned, PlanRecalled
from shared.people import AppointmentCopy, Caller, OrganisationCopy, PersonCopy, Role
from shared.store import Look, Work


class Kind(StrEnum):
    """How somebody came to hold a plan."""

    DEFAULT = "default"
    ASSIGNED = "assigned"
    RECALLED = "recalled"


class Assignment(Base):
    """One record per change of hands, only ever added; the one with the highest `seq` is the current one."""

    __tablename__ = "assignment"

    plan_id: Mapped[UUID] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    holder_id: Mapped[UUID] = mapped_column(Uuid)
    holder_name: Mapped[str] = mapped_column(String(100))
    by_id: Mapped[UUID | None] = mapped_column(Uuid)
    by_name: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def kind_label(self) -> str:
        return reference.labels("assignment")[self.kind]


def must_be_assigner(plan: Plan, caller: Caller) -> None:
    """Raises `Forbidden` unless the caller applied for the plan as a handler, or administers its unit."""
    own_unit = caller.organisation_id == plan.organisation_id
    applied = caller.person_id == plan.applicant_id and caller.has(Role.HANDLER)
    if not own_unit or not (applied or caller.has(Role.UNIT_ADMINISTRATOR)):
        text = "只有申请人或本单位管理员可以分派和收回"
        raise Forbidden("assigner_only", text, "only the applicant or the unit administrator may")


def handlers_of(look: Look, organisation_id: UUID, name: str = "") -> Select[PersonCopy]:
    """The active handlers of a unit today, those whose name contains `name`: the candidates of an assignment,
    and of handing over."""
    appointed = (
        select(AppointmentCopy.person_id)
        .join(OrganisationCopy, OrganisationCopy.organisation_id == AppointmentCopy.organisation_id)
        .where(
            AppointmentCopy.organisation_id == organisation_id,
            AppointmentCopy.role == Role.HANDLER,
            AppointmentCopy.on(look.today),
            OrganisationCopy.active,
        )
    )
    named = PersonCopy.name.icontains(name, autoescape=True) if name else true()
    return select(PersonCopy).where(PersonCopy.active, PersonCopy.person_id.in_(appointed), named)


def candidate(look: Look, organisation_id: UUID, person_id: UUID, verb: str) -> PersonCopy:
    """Whom a document of the unit is given to. Raises `Invalid` (`not_a_candidate`) for anybody who is no
    active handler of it."""
    found = look.first(handlers_of(look, organisation_id).where(PersonCopy.person_id == person_id))
    if found is None:
        text = f"只能{verb}给本单位在岗的经办人"
        raise invalid([Problem("not_a_candidate", text, "/to", "not an active handler of the unit")])
    return found


def open_assignment(work: Work, plan: Plan) -> None:
    """A plan has become usable: its applicant holds it until it is assigned."""
    _record(work, plan, Kind.DEFAULT, None, "")


def assign(work: Work, plan: Plan, to: UUID, by: Caller, reason: str) -> None:
    """Gives the plan to another handler of its unit. Raises `Invalid` for anybody else, `Conflict` where the
    plan does not allow it."""
    if to == plan.holder_id:
        text = f"{plan.holder_name}已是持有人"
        raise invalid([Problem("already_holder", text, "/to", "this person holds it already")])
    chosen = candidate(work, plan.organisation_id, to, "分派")
    before = plan.to_record()
    previous = plan.holder_id, plan.holder_name
    plan.assign(chosen, work.now)
    seq = _record(work, plan, Kind.ASSIGNED, by, reason)
    note(work, plan, "assigned", _said(f"分派给{plan.holder_name}", reason), by=by, before=before, seq=seq)
    work.publish(PlanAssigned(**_facts(plan, seq, previous, by), reason=reason))


def recall(work: Work, plan: Plan, by: Caller, reason: str) -> None:
    """Takes the plan back into the hands of its applicant. Raises `Conflict` where it does not allow it."""
    reason = reason or plan.holder_gone
    before = plan.to_record()
    previous = plan.holder_id, plan.holder_name
    plan.recall(work.now)
    seq = _record(work, plan, Kind.RECALLED, by, reason)
    note(work, plan, "recalled", _said(f"从{previous[1]}收回", reason), by=by, before=before, seq=seq)
    work.publish(PlanRecalled(**_facts(plan, seq, previous, by), reason=reason))


def assignments_of(look: Look, plan_id: UUID) -> list[Assignment]:
    """Every record of a plan, oldest first."""
    return look.all(select(Assignment).where(Assignment.plan_id == plan_id).order_by(Assignment.seq))


def _record(work: Work, plan: Plan, kind: Kind, by: Caller | None, reason: str) -> int:
    # the plan's row is locked, so nobody else takes this number
    last = select(func.coalesce(func.max(Assignment.seq), 0)).where(Assignment.plan_id == plan.id)
    seq: int = work.execute(last).scalar_one() + 1
    about = {"by_id": by.person_id if by else None, "by_name": by.name if by else "", "reason": reason}
    holder = {"holder_id": plan.holder_id, "holder_name": plan.holder_name}
    work.add(Assignment(plan_id=plan.id, seq=seq, kind=kind, at=work.now, **holder, **about))
    return seq


def _said(text: str, reason: str) -> str:
    return f"{text}：{reason}" if reason else text


def _facts(plan: Plan, seq: int, previous: tuple[UUID, str], by: Caller) -> dict[str, Any]:
    return {
        "plan_id": plan.id,
        "version": plan.version,
        "seq": seq,
        "name": plan.name,
        "plan_number": plan.plan_number or "",
        "fiscal_year": plan.fiscal_year,
        "amount_fen": plan.amount_fen,
        "organisation_id": plan.organisation_id,
        "applicant_id": plan.applicant_id,
        "holder_id": plan.holder_id,
        "holder_name": plan.holder_name,
        "previous_holder_id": previous[0],
        "previous_holder_name": previous[1],
        "actor_id": by.person_id,
        "actor_name": by.name,
    }
