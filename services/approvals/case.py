"""A case: the review of one document over its rounds, and what each round froze."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    event,
    exists,
    false,
    func,
    or_,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, deferred, mapped_column

from services.approvals.cc import Cc
from services.approvals.slot import Slot, in_hand_of_deputy
from services.approvals.step import RouteStep
from services.approvals.tables import Approvals
from shared.database import Json, UtcDateTime, new_id
from shared.errors import Conflict
from shared.events.documents import Submission
from shared.people import Caller, Role, in_scope


class CaseState(StrEnum):
    """The states of a case; `approved` and `terminated` are final."""

    REVIEWING = "reviewing"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"


CASE_LABELS = {
    CaseState.REVIEWING: "审核中",
    CaseState.APPROVED: "审核通过",
    CaseState.RETURNED: "已退回",
    CaseState.WITHDRAWN: "已撤回",
    CaseState.TERMINATED: "已终止",
}
MOVES: Mapping[CaseState, frozenset[CaseState]] = {
    CaseState.REVIEWING: frozenset(
        {CaseState.APPROVED, CaseState.RETURNED, CaseState.WITHDRAWN, CaseState.TERMINATED}
    ),
    CaseState.RETURNED: frozenset({CaseState.REVIEWING, CaseState.TERMINATED}),
    CaseState.WITHDRAWN: frozenset({CaseState.REVIEWING, CaseState.TERMINATED}),
    CaseState.APPROVED: frozenset(),
    CaseState.TERMINATED: frozenset(),
}
LIVE = "state IN ('reviewing', 'returned', 'withdrawn')"
UNSETTLED = "unsettled_since IS NOT NULL"


class Case(Approvals):
    """At most one live case per document. The row serialises its commands: every act locks it first.

    `event_seq` and `event_hash` are the head of its event chain; `version` grows with each published change.
    `attention` says why it needs an administrator, `attention_path` of which district where the step is of a
    district's chain. `stated` is what the document has said of its review since the state changed,
    `unsettled_since` since when it has not followed. `route` is that of the newest round once it was moved to
    another version of a chain, absent while the round goes by what it froze.
    """

    __tablename__ = "case"
    UNWRITTEN = frozenset({"stated", "unsettled_since"})
    """What documents say without an act of review: no part of the evidence."""

    __table_args__ = (
        Index(
            "uq_case_live",
            "doc_type",
            "doc_id",
            unique=True,
            postgresql_where=text(LIVE),
            sqlite_where=text(LIVE),
        ),
        Index("ix_case_document", "doc_type", "doc_id", "opened_at"),
        Index("ix_case_organisation_id", "organisation_id", "submitted_at", "id"),
        Index("ix_case_submitted_at", "submitted_at", "id"),
        Index("ix_case_applicant_id", "applicant_id", "submitted_at", "id"),
        Index(
            "ix_case_unsettled",
            "unsettled_since",
            "id",
            postgresql_where=text(UNSETTLED),
            sqlite_where=text(UNSETTLED),
        ),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    doc_type: Mapped[str] = mapped_column(String(40))
    doc_id: Mapped[UUID] = mapped_column(Uuid)
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    organisation_name: Mapped[str] = mapped_column(String(200))
    district_path: Mapped[str] = mapped_column(String(60))
    applicant_id: Mapped[UUID] = mapped_column(Uuid)
    applicant_name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(300), default="")
    number: Mapped[str] = mapped_column(String(100), default="")
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(20), default=CaseState.REVIEWING)
    round: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    step_index: Mapped[int] = mapped_column(default=0)
    attention: Mapped[str] = mapped_column(String(40), default="")
    attention_path: Mapped[str] = mapped_column(String(60), default="")
    previous_case: Mapped[UUID | None] = mapped_column(Uuid)
    version: Mapped[int] = mapped_column(default=0)
    event_seq: Mapped[int] = mapped_column(default=0)
    event_hash: Mapped[str] = mapped_column(String(64), default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stated: Mapped[str] = mapped_column(String(20), default="")
    unsettled_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    route: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """The applicant, present and past holders, those who stand in for a present one or once did, who has
        a copy, the unit, and the roles of its districts (design §6)."""
        part = or_(Slot.holder_id == caller.person_id, Slot.acted_by == caller.person_id)
        held = exists().where(Slot.case_id == cls.id, part)
        scope = in_scope(caller, cls.organisation_id, cls.district_path)
        stood_in = cls.id.in_(in_hand_of_deputy(Slot.case_id, caller))
        copied = exists().where(Cc.case_id == cls.id, Cc.person_id == caller.person_id)
        return or_(cls.applicant_id == caller.person_id, scope, held, stood_in, copied)

    @classmethod
    def administered_by(cls, caller: Caller) -> ColumnElement[bool]:
        """Cases whose step that needs attention the caller administers (see `judge.is_administrator`)."""
        found: list[ColumnElement[bool]] = []
        if caller.has(Role.DISTRICT_ADMINISTRATOR):
            path = func.coalesce(func.nullif(cls.attention_path, ""), cls.district_path)
            found.append(path.startswith(caller.district_path, autoescape=True))
        if caller.has(Role.UNIT_ADMINISTRATOR):
            own = cls.organisation_id == caller.organisation_id
            found.append(and_(own, cls.attention_path == ""))
        return or_(*found) if found else false()

    @classmethod
    def begin(cls, doc_type: str, doc_id: UUID, at: datetime, previous: UUID | None) -> Case:
        """A case without a round yet."""
        return cls(
            id=new_id(),
            doc_type=doc_type,
            doc_id=doc_id,
            state=CaseState.REVIEWING,
            round=0,
            step_index=0,
            attention="",
            attention_path="",
            version=0,
            event_seq=0,
            event_hash="",
            previous_case=previous,
            opened_at=at,
            submitted_at=at,
            stated="",
            unsettled_since=at,
        )

    def describe(self, document: Submission, unit_name: str, district_path: str) -> None:
        """Copies what lists show from the document of the newest round."""
        amount = document.facts.get("amount_fen")
        self.organisation_id, self.organisation_name = document.organisation_id, unit_name
        self.district_path = district_path
        self.applicant_id, self.applicant_name = document.applicant_id, document.applicant_name[:100]
        self.title, self.number = document.title[:300], document.number[:100]
        self.amount_fen = amount if type(amount) is int and abs(amount) < 2**63 else None

    @property
    def label(self) -> str:
        return CASE_LABELS[CaseState(self.state)]

    @property
    def final(self) -> bool:
        return not MOVES[CaseState(self.state)]

    def move(self, state: CaseState, at: datetime) -> None:
        """The only writer of `state`. Raises `Conflict` (`wrong_state`)."""
        if state not in MOVES[CaseState(self.state)]:
            raise Conflict(
                "wrong_state",
                f"{self.label}的事项不能这样处理",
                f"the case is {self.state}",
                {"state": self.state},
            )
        self.state = state
        self.closed_at = at if self.final else None
        self.stated, self.unsettled_since = "", self.unsettled_since or at


class CaseRound(Approvals):
    """What one submission froze: content with what people call its fields, facts and route. Never changed."""

    __tablename__ = "case_round"
    __table_args__ = (UniqueConstraint("doc_type", "doc_id", "n"),)

    case_id: Mapped[UUID] = mapped_column(ForeignKey(Case.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    doc_type: Mapped[str] = mapped_column(String(40))
    doc_id: Mapped[UUID] = mapped_column(Uuid)
    revision: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    route: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    content: Mapped[dict[str, Any]] = deferred(mapped_column(Json))
    labels: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def steps(self) -> list[RouteStep]:
        return [RouteStep.model_validate(step) for step in self.route]


class RefusedRound(Approvals):
    """A submission that could not be routed; kept so that it is refused once, and can be told to who asks."""

    __tablename__ = "refused_round"

    doc_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    doc_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


@event.listens_for(CaseRound, "before_update")
@event.listens_for(CaseRound, "before_delete")
def _refuse_change(_mapper: Mapper[Any], _connection: Connection, _round: CaseRound) -> None:
    raise TypeError("a round is immutable")
