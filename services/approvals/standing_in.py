"""Who decides for whom right now: the read-time union that substitution is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from services.approvals.slot import Slot
from services.approvals.substitution import Substitution
from shared.store import Look


def in_force_for(look: Look, deputy_id: UUID) -> list[Substitution]:
    """The substitutions by which a person may decide for others now."""
    mine = select(Substitution).where(Substitution.deputy_id == deputy_id, Substitution.in_force(look.now))
    return look.all(mine.order_by(Substitution.starts_at, Substitution.id))


def in_hand_of(person_id: UUID, standing: Sequence[Substitution]) -> ColumnElement[bool]:
    """Slots that a person holds, and those of people for whom he stands in."""
    return or_(Slot.holder_id == person_id, *(_under(one) for one in standing))


def _under(one: Substitution) -> ColumnElement[bool]:
    held = and_(Slot.holder_id == one.principal_id, Slot.holder_unit_id == one.organisation_id)
    return and_(held, Slot.doc_type.in_(one.types)) if one.doc_types else held


def is_under(standing_in: Sequence[Substitution], slot: Slot) -> bool:
    """Whether one of these substitutions covers a slot."""
    return any(_matches(one, slot) for one in standing_in)


def deputies_of(look: Look, slots: Iterable[Slot]) -> dict[UUID, list[UUID]]:
    """Who may decide each of these slots for its holder now, by the id of the slot; in one statement."""
    by_id = {slot.id: slot for slot in slots}
    holders = {slot.holder_id for slot in by_id.values()}
    found = look.all(
        select(Substitution)
        .where(Substitution.principal_id.in_(holders), Substitution.in_force(look.now))
        .order_by(Substitution.starts_at, Substitution.id)
    )
    return {
        slot_id: list(dict.fromkeys(one.deputy_id for one in found if _matches(one, slot)))
        for slot_id, slot in by_id.items()
    }


def _matches(one: Substitution, slot: Slot) -> bool:
    of_unit = (one.principal_id, one.organisation_id) == (slot.holder_id, slot.holder_unit_id)
    return of_unit and one.covers(slot.doc_type)
