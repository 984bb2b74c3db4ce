"""Lists and counts, each with one predicate, so that their numbers are always equal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from services.approvals.case import Case
from services.approvals.cc import Cc
from services.approvals.chains.chain import Chain
from services.approvals.deadline import Level, TimeState
from services.approvals.slot import PENDING, Slot, SlotState
from services.approvals.standing_in import in_hand_of
from services.approvals.step import KEY
from services.approvals.substitution import Substitution
from shared.people import Caller, Role, in_scope
from shared.store import Look


class Filters(BaseModel):
    """What narrows a list: type of document, and text in title, number, unit or applicant."""

    doc_type: str = Field("", pattern=rf"^$|{KEY}")
    q: str = Field("", max_length=100)


class Listing(Filters):
    """Filters with the page asked for."""

    limit: int = Field(50, ge=1, le=100)
    cursor: str = Field("", max_length=400, description="上一页返回的 next")


class DoneListing(Listing):
    """What was decided by the caller, or by a deputy for him."""

    by: str = Field("me", pattern=r"^(me|deputy)$", description="deputy：代理人代我办理的 (by my deputies)")


class CaseListing(Listing):
    """Cases also by state, and by whether they need an administrator."""

    state: str = Field("", pattern=r"^$|^(reviewing|approved|returned|withdrawn|terminated)$")
    attention: bool | None = Field(
        None, description="需要关注；管理员只看到本级应处理的 (for administrators: of steps that are theirs)"
    )


class CcListing(Listing):
    """Copies, all or those not read yet."""

    unread: bool = False


class TodoListing(Listing):
    """To-dos also by how they stand with their time, newest first or the most urgent first."""

    time: str = Field("", pattern=r"^$|^(due_soon|overdue)$", description="按办理时限筛选 (by time state)")
    sort: str = Field("opened", pattern=r"^(opened|due)$", description="due：最急的在前 (most urgent first)")


ADMINISTRATORS = (Role.UNIT_ADMINISTRATOR, Role.DISTRICT_ADMINISTRATOR)
TODO_ORDER: list[Any] = [Slot.opened_at, Slot.id]
URGENT_ORDER: list[Any] = [Slot.due_order, Slot.id]
DONE_ORDER: list[Any] = [Slot.closed_at, Slot.id]
CC_ORDER: list[Any] = [Cc.copied_at, Cc.id]
CASE_ORDER: list[Any] = [Case.submitted_at, Case.id]
CHAIN_ORDER: list[Any] = [Chain.created_at, Chain.id]


def todo(person: UUID, asked: Filters, standing_in: Sequence[Substitution] = ()) -> Select[Any]:
    """What waits for a person, and for those for whom he stands in now."""
    mine = in_hand_of(person, standing_in)
    return select(Slot).where(mine, Slot.state == SlotState.OPEN, *_narrow(Slot, asked))


def held_by(person: UUID, caller: Caller) -> Select[Any]:
    """What a person has not decided yet, in the cases of a caller's unit or district; vacant where he has
    left."""
    scope = in_scope(caller, Case.organisation_id, Case.district_path)
    cases = select(Case.id).where(Case.id == Slot.case_id, scope).exists()
    return select(Slot).where(Slot.holder_id == person, Slot.state.in_(PENDING), cases)


def count_todo(look: Look, waiting: Select[Any]) -> tuple[int, int, int]:
    """How many to-dos there are, are due soon, and are overdue."""
    soon, over = (and_(*standing(time, look.now)) for time in (TimeState.DUE_SOON, TimeState.OVERDUE))
    counted = waiting.with_only_columns(func.count(), func.count().filter(soon), func.count().filter(over))
    found: Any = look.execute(counted).one()
    return found[0], found[1], found[2]


def standing(time: str, now: datetime) -> list[ColumnElement[bool]]:
    """To-dos by how they stand with their time: what `deadline.time_state` says of each."""
    warned = or_(Slot.alarm != Level.DUE_SOON, Slot.alarm_at <= now)
    if time == TimeState.OVERDUE:
        return [Slot.due_at <= now]
    return [Slot.due_at > now, warned] if time == TimeState.DUE_SOON else []


def done(person: UUID, asked: Filters) -> Select[Any]:
    """What a person has decided, each decision once however many rounds it holds for."""
    decided = and_(Slot.acted_by == person, Slot.carried_round.is_(None))
    return select(Slot).where(decided, *_narrow(Slot, asked))


def represented(person: UUID, asked: Filters) -> Select[Any]:
    """What others have decided on behalf of a person."""
    decided = and_(Slot.on_behalf_of == person, Slot.carried_round.is_(None))
    return select(Slot).where(decided, *_narrow(Slot, asked))


def copies(person: UUID, asked: Filters, unread: bool = False) -> Select[Any]:
    """Cases that were copied to a person."""
    found = select(Cc).where(Cc.person_id == person, *_narrow(Cc, asked))
    return found.where(Cc.read_at.is_(None)) if unread else found


def cases(caller: Caller, asked: CaseListing) -> Select[Any]:
    """Cases that a caller may see."""
    found = select(Case).where(Case.visible_to(caller), *_narrow(Case, asked))
    if asked.state:
        found = found.where(Case.state == asked.state)
    if asked.attention is not None:
        found = found.where(Case.attention != "" if asked.attention else Case.attention == "")
    if asked.attention and caller.has(*ADMINISTRATORS):
        found = found.where(Case.administered_by(caller))
    return found


def attention(caller: Caller) -> Select[Any]:
    """Stuck cases, for those who administer them."""
    if not caller.has(*ADMINISTRATORS):
        return select(Case).where(false())
    return cases(caller, CaseListing(attention=True, limit=50, cursor="", state="", doc_type="", q=""))


def count(look: Look, listed: Select[Any]) -> int:
    """How many rows a list has."""
    return look.session.scalar(select(func.count()).select_from(listed.subquery())) or 0


def _narrow(kind: type[Slot] | type[Case] | type[Cc], asked: Filters) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if asked.doc_type:
        wanted.append(kind.doc_type == asked.doc_type)
    if asked.q:
        texts = (kind.title, kind.number, kind.organisation_name, kind.applicant_name)
        wanted.append(or_(*(column.icontains(asked.q, autoescape=True) for column in texts)))
    return wanted
