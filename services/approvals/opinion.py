"""Common opinions (常用意见): sentences that a person, or a unit for its reviewers, keeps for decisions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, Index, Select, String, Uuid, and_, exists, not_, or_, select, update
from sqlalchemy.orm import Mapped, aliased, mapped_column

from services.approvals.tables import Approvals
from shared.database import new_id
from shared.errors import Forbidden
from shared.people import Caller, Role
from shared.store import Work

MAX_PER_OWNER = 50


class CommonOpinion(Approvals):
    """kind: agree | disagree; scope: person | unit, whose id is the owner's. Listed by how often it was used,
    then by position."""

    __tablename__ = "common_opinion"
    __table_args__ = (Index("ix_common_opinion_owner_id", "owner_id", "kind", "position"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    scope: Mapped[str] = mapped_column(String(10), default="person")
    owner_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(String(500))
    position: Mapped[int] = mapped_column(default=0)
    use_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """One's own, and those of the unit that one acts for."""
        return or_(_is_own(cls, caller), _is_of_unit(cls, caller))

    def may_edit(self, caller: Caller) -> bool:
        """A person his own; the unit's administrator those of the unit."""
        if self.scope == "person":
            return self.owner_id == caller.person_id
        return self.owner_id == caller.organisation_id and caller.has(Role.UNIT_ADMINISTRATOR)

    def require_editor(self, caller: Caller) -> None:
        """Raises `Forbidden` (`not_opinion_keeper`)."""
        if not self.may_edit(caller):
            text_en = "the unit's administrator keeps the opinions of the unit"
            raise Forbidden("not_opinion_keeper", "单位的常用意见由单位管理员维护", text_en)


def opinions(caller: Caller, scope: str = "") -> Select[CommonOpinion]:
    """One list for a reviewer, the most used first: his own sentences and those of his unit, without the
    unit's that he keeps himself; or only those of one scope, all of them."""
    listed = select(CommonOpinion).order_by(
        CommonOpinion.use_count.desc(), CommonOpinion.position, CommonOpinion.id
    )
    if scope:
        is_one = _is_own if scope == "person" else _is_of_unit
        return listed.where(is_one(CommonOpinion, caller))
    own = aliased(CommonOpinion)
    kept = exists().where(
        _is_own(own, caller), own.kind == CommonOpinion.kind, own.text == CommonOpinion.text
    )
    of_unit = and_(_is_of_unit(CommonOpinion, caller), not_(kept))
    return listed.where(or_(_is_own(CommonOpinion, caller), of_unit))


def count_use(work: Work, caller: Caller, kind: str, opinion: str) -> None:
    """A sentence was used in a decision: it moves up in the list of its owner, be it the person or the
    unit."""
    if opinion:
        work.execute(
            update(CommonOpinion)
            .where(CommonOpinion.visible_to(caller))
            .where(CommonOpinion.kind == kind, CommonOpinion.text == opinion)
            .values(use_count=CommonOpinion.use_count + 1)
            .execution_options(synchronize_session=False)
        )


def _is_own(kind: type[CommonOpinion], caller: Caller) -> ColumnElement[bool]:
    return and_(kind.owner_id == caller.person_id, kind.scope == "person")


def _is_of_unit(kind: type[CommonOpinion], caller: Caller) -> ColumnElement[bool]:
    return and_(kind.owner_id == caller.organisation_id, kind.scope == "unit")
