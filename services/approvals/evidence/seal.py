"""Daily seals: one root over the heads of the cases that had acts on a day, each bound to the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, Uuid, and_, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from services.approvals.case_event import CaseEvent
from services.approvals.evidence.merkle import leaf_hash, proof_of, root_of
from services.approvals.evidence.written import written
from services.approvals.tables import Approvals
from shared.clock import SHANGHAI, local_date
from shared.database import UtcDateTime
from shared.digest import canonical, digest
from shared.events.approvals import AuditSealed
from shared.store import Look, Work

SETTLED = timedelta(minutes=10)
"""After midnight, until what began before it has long been committed."""
LOOKED_BACK = timedelta(hours=1)
"""What was committed after an earlier seal although it began before: sealed with the next day."""


class Seal(Approvals):
    """The seal of a day in Shanghai, for ever. `hash` covers the rest, `previous` is that of seal n - 1."""

    __tablename__ = "seal"

    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, unique=True)
    root: Mapped[str] = mapped_column(String(64))
    leaves: Mapped[int]
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SealLeaf(Approvals):
    """The head of a case at the end of a sealed day: the number and hash of its last act."""

    __tablename__ = "seal_leaf"
    __table_args__ = (Index("ix_seal_leaf_case_id", "case_id", "seal_n"),)

    seal_n: Mapped[int] = mapped_column(ForeignKey(Seal.n), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[UUID] = mapped_column(Uuid)
    seq: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))

    @property
    def hash(self) -> str:
        return hash_of_leaf(written(self))


def hash_of_leaf(leaf: Mapping[str, Any]) -> str:
    """What stands in the tree for a written leaf."""
    return leaf_hash(canonical({name: leaf[name] for name in ("case_id", "seq", "head")}))


def hash_of_seal(seal: Mapping[str, Any]) -> str:
    """The hash of a written seal: it covers every column but itself."""
    return digest({name: value for name, value in seal.items() if name != "hash"})


def due_day(look: Look) -> date | None:
    """The next day that is over and has no seal yet."""
    last = look.session.scalar(select(func.max(Seal.day)))
    if last is None:
        first = look.session.scalar(select(func.min(CaseEvent.at)))
        if first is None:
            return None
        following = local_date(first)
    else:
        following = last + timedelta(days=1)
    return following if following < local_date(look.now - SETTLED) else None


def seal_day(work: Work, day: date) -> AuditSealed | None:
    """Seals a day; nothing when somebody else has done so meanwhile."""
    before = work.first(select(Seal).order_by(Seal.n.desc()))
    leaves = _heads(work, day)
    seal = Seal(
        n=before.n + 1 if before else 1,
        day=day,
        root=root_of([leaf.hash for leaf in leaves]),
        leaves=len(leaves),
        previous=before.hash if before else "",
        hash="",
        made_at=work.now,
    )
    seal.hash = hash_of_seal(written(seal))
    if not _insert(work, seal):
        return None
    for leaf in leaves:
        leaf.seal_n = seal.n
    work.add(*leaves)
    return AuditSealed(
        n=seal.n, day=day, root=seal.root, leaves=seal.leaves, previous=seal.previous, hash=seal.hash
    )


def seals_of(look: Look, case_id: UUID) -> list[dict[str, Any]]:
    """The seals that cover a case, each with its leaf and the proof that leads from it to the root."""
    mine = look.all(select(SealLeaf).where(SealLeaf.case_id == case_id).order_by(SealLeaf.seal_n))
    return [_proven(look, leaf) for leaf in mine]


def _proven(look: Look, leaf: SealLeaf) -> dict[str, Any]:
    beside = leaves_of(look, leaf.seal_n)
    proof = proof_of([one.hash for one in beside], leaf.position)
    return {
        "seal": written(look.session.get_one(Seal, leaf.seal_n)),
        "leaf": written(leaf),
        "proof": proof,
    }


def leaves_of(look: Look, n: int) -> list[SealLeaf]:
    return look.all(select(SealLeaf).where(SealLeaf.seal_n == n).order_by(SealLeaf.position))


def _heads(look: Look, day: date) -> Sequence[SealLeaf]:
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), SHANGHAI).astimezone(UTC)
    since = end - timedelta(days=1) - LOOKED_BACK
    last = (
        select(CaseEvent.case_id, func.max(CaseEvent.seq).label("seq"))
        .where(CaseEvent.at >= since, CaseEvent.at < end)
        .group_by(CaseEvent.case_id)
        .subquery()
    )
    same = and_(CaseEvent.case_id == last.c.case_id, CaseEvent.seq == last.c.seq)
    rows = look.all(select(CaseEvent).join(last, same).order_by(CaseEvent.case_id))
    return [
        SealLeaf(position=index, case_id=one.case_id, seq=one.seq, head=one.hash)
        for index, one in enumerate(rows)
    ]


def _insert(work: Work, seal: Seal) -> bool:
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {column.key: getattr(seal, column.key) for column in Seal.__mapper__.column_attrs}
    fresh = insert(Seal).values(**values).on_conflict_do_nothing().returning(Seal.n)
    return work.execute(fresh).first() is not None


@event.listens_for(Seal, "before_update")
@event.listens_for(Seal, "before_delete")
@event.listens_for(SealLeaf, "before_update")
@event.listens_for(SealLeaf, "before_delete")
def _refuse_change(_mapper: Mapper[Any], _connection: Connection, _row: Approvals) -> None:
    raise TypeError("a seal is for ever")
