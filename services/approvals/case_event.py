"""What happened in a case: one append-only event per act, each bound to the one before it by its hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, Uuid, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from services.approvals.case import Case
from services.approvals.evidence.written import written
from services.approvals.tables import Approvals
from shared.database import Json, UtcDateTime
from shared.digest import chain_hash, digest

ACT_LABELS = {
    "submitted": "提交审核",
    "carried": "所审要素未变，沿用同意意见",
    "agreed": "同意",
    "disagreed": "不同意，退回申请人",
    "withdrawn": "申请人撤回",
    "terminated": "终止",
    "migrated": "改用新版审核流程",
    "superseded": "被新的提交取代",
    "taken_back": "收回同意意见",
    "seen": "已查看",
    "urged": "催办",
    "cc_added": "抄送",
    "commented": "评论",
    "transferred": "转办",
    "signers_added": "加签",
    "removed": "减签",
    "reassigned": "管理员改派",
    "vacated": "审核人离任，待改派",
    "released": "审核人离任，由其他审核人办理",
    "resumed": "审核人恢复任职",
    "overdue": "办理超期",
    "escalated": "超期转办",
    "unattended": "超期未办，提请管理员关注",
}


class CaseEvent(Approvals):
    """One act. `data` holds everything that it changed: slots opened and closed, the state, the step; so
    case and slots can be computed again from the events alone."""

    __tablename__ = "case_event"
    __table_args__ = (Index("ix_case_event_at", "at"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey(Case.id), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[UUID | None] = mapped_column(Uuid)
    actor_name: Mapped[str] = mapped_column(String(100))
    on_behalf_of: Mapped[UUID | None] = mapped_column(Uuid)
    on_behalf_name: Mapped[str] = mapped_column(String(100), default="")
    type: Mapped[str] = mapped_column(String(20))
    round: Mapped[int]
    step_key: Mapped[str] = mapped_column(String(60))
    step_name: Mapped[str] = mapped_column(String(60))
    slot_id: Mapped[UUID | None] = mapped_column(Uuid)
    opinion: Mapped[str] = mapped_column(Text)
    doc_digest: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    @property
    def label(self) -> str:
        return ACT_LABELS[self.type]

    @property
    def to(self) -> list[str]:
        """The names of the people that it brought in."""
        return list(self.data.get("to", ()))

    @property
    def attachments(self) -> list[dict[str, Any]]:
        """The files that it names."""
        return list(self.data.get("attachments", ()))

    @property
    def channel(self) -> str:
        """`message` when it was decided by the link in one; empty for who was signed in."""
        return str(self.data.get("channel", ""))

    @property
    def review_anew(self) -> bool:
        """Whether it has asked that everybody reviews the document again."""
        return bool(self.data.get("review_anew"))

    @property
    def administrator(self) -> bool:
        """Whether it is the act of an administrator, who is no party of the case."""
        return bool(self.data.get("administrator"))

    def sealed(self, prev: str) -> str:
        """The hash of this event after `prev`: it covers every column."""
        return sealed_hash(prev, written(self))


SEALED = (
    *("seq", "at", "actor_id", "actor_name", "type", "round", "step_key", "step_name", "slot_id"),
    *("opinion", "doc_digest", "data"),
)
LINKS = frozenset({"case_id", "prev_hash", "hash"})
"""What the chain itself holds: the case is in its beginning."""


def sealed_hash(prev: str, columns: Mapping[str, Any]) -> str:
    """The hash of a written event after `prev`. A column that came later is left out where it says nothing,
    so that older events keep their hash."""
    later = {name: one for name, one in columns.items() if one and name not in LINKS and name not in SEALED}
    return chain_hash(prev, {**later, **{name: columns[name] for name in SEALED}})


def first_hash(case_id: UUID, doc_digest: str, route: Sequence[dict[str, Any]]) -> str:
    """Where a case's chain of hashes begins: the case, the first content, the first route."""
    return first_hash_of(str(case_id), doc_digest, route)


def first_hash_of(case_id: str, doc_digest: str, route: Sequence[dict[str, Any]]) -> str:
    """The same with the case as it is written."""
    return digest({"case": case_id, "digest": doc_digest, "route": list(route)})


def intact(events: Sequence[CaseEvent], beginning: str, head: str) -> bool:
    """Whether events (in order of seq) are the unbroken history from `beginning` to `head`: an edited,
    removed, inserted or swapped event is found."""
    prev = beginning
    for seq, entry in enumerate(events, 1):
        if entry.seq != seq or entry.prev_hash != prev or entry.hash != entry.sealed(prev):
            return False
        prev = entry.hash
    return prev == head


@event.listens_for(CaseEvent, "before_update")
@event.listens_for(CaseEvent, "before_delete")
def _refuse_change(_mapper: Mapper[Any], _connection: Connection, _entry: CaseEvent) -> None:
    raise TypeError("case events are append-only")
