"""A document that goes through review (单据): what plans, requests and import approvals have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self
from uuid import UUID

from sqlalchemy import ColumnElement, String, Uuid, exists, or_
from sqlalchemy.orm import Mapped, mapped_column

from services.plans import guards
from services.plans.returned import NOT_RETURNED, Returned
from services.plans.review import ReaderSlot
from services.plans.tables import Base
from shared.database import UtcDateTime, new_id
from shared.errors import Conflict, Forbidden
from shared.people import Caller, OrganisationCopy, PersonCopy, Role, in_scope

NOT_NOW = "，不能执行此操作"


class Act(StrEnum):
    """The moves that every document knows."""

    EDIT = "edit"
    SUBMIT = "submit"
    DELETE = "delete"
    ABANDON = "abandon"
    APPROVE = "approve"
    RETURN = "return"
    WITHDRAW = "withdraw"
    HAND_OVER = "hand_over"


class Document(Returned, Base):
    """A document with rounds of review. A concrete class is a table, and says what is in `ClassVar`s.

    `doc_types` are its reviews as approvals knows them, `noun` what people call it, `form` the data file with
    the labels of its fields. `MOVES` leads from status and action to status and is the only writer of
    `status`; `GUARDS` say what else must come first. `FINAL` are the statuses of the tab 已办结.
    `returned_…` tell of the last return until the next submission.
    """

    __abstract__ = True

    doc_types: ClassVar[tuple[str, ...]]
    noun: ClassVar[str]
    form: ClassVar[str] = "fields"
    MOVES: ClassVar[Mapping[tuple[str, str], str]]
    GUARDS: ClassVar[Mapping[str, Callable[[Any], None]]] = guards.OF_ALL
    FINAL: ClassVar[frozenset[str]]
    BACK: ClassVar[frozenset[str]] = frozenset({"returned", "withdrawn"})
    """The statuses of a submitted document in which its applicant has something to do: in his tab 待办理."""
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"deleted"})
    RELIES_ON: ClassVar[Mapping[str, str]] = {}
    """The columns that name other documents, by the tables of those."""
    KINDS: ClassVar[list[type[Document]]] = []
    """Every concrete class, for what concerns documents of any type."""
    applicant_gone = ""
    """Why its applicant can no longer go on with it, as far as that was looked up (`look_for_leavers`)."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    organisation_id: Mapped[UUID] = mapped_column(Uuid)
    organisation_name: Mapped[str] = mapped_column(String(200))
    district_code: Mapped[str] = mapped_column(String(6))
    district_path: Mapped[str] = mapped_column(String(60))
    applicant_id: Mapped[UUID] = mapped_column(Uuid)
    applicant_name: Mapped[str] = mapped_column(String(100))
    round: Mapped[int]
    case_id: Mapped[UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__tablename__" in cls.__dict__:
            Document.KINDS.append(cls)

    @classmethod
    def begun(cls, by: Caller, unit: OrganisationCopy, district: tuple[str, str], at: datetime) -> Self:
        """A new document of a unit in a district (code, path), without content."""
        code, path = district
        return cls(
            **NOT_RETURNED,
            id=new_id(),
            version=0,
            status="draft",
            organisation_id=unit.organisation_id,
            organisation_name=unit.name,
            district_code=code,
            district_path=path,
            applicant_id=by.person_id,
            applicant_name=by.name,
            round=0,
            created_at=at,
            changed_at=at,
        )

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """His unit's or district's documents, and those he was ever asked about; no deleted ones."""
        seen = or_(in_scope(caller, cls.organisation_id, cls.district_path), cls.asked_about(caller))
        return seen & cls.status.not_in(cls.HIDDEN)

    @classmethod
    def asked_about(cls, caller: Caller) -> ColumnElement[bool]:
        """The documents that he was ever asked to review, and those that such a document relies on."""
        asked = exists().where(ReaderSlot.document_id == cls.id, ReaderSlot.holder_id == caller.person_id)
        relying = [
            exists().where(getattr(kind, column) == cls.id, kind.asked_about(caller))
            for kind in Document.KINDS
            if (column := kind.RELIES_ON.get(cls.__tablename__))
        ]
        return or_(asked, *relying)

    @classmethod
    def is_called(cls, doc_type: str) -> bool:
        """Whether a document type, of a review or of the document as a whole, is of this class."""
        return doc_type in (*cls.doc_types, cls.__tablename__)

    # ---- what it says of itself

    @property
    def doc_type(self) -> str:
        """The review that it is in, or would go into."""
        return self.doc_types[0]

    @property
    def whole_type(self) -> str:
        """Its type as a whole, whatever review it is in."""
        return self.doc_type

    @property
    def is_under_review(self) -> bool:
        return (self.status, Act.WITHDRAW) in self.MOVES

    @property
    def is_being_written(self) -> bool:
        """Whether its applicant may change it."""
        return (self.status, Act.EDIT) in self.MOVES

    @property
    def waits_for_applicant(self) -> bool:
        """Whether it is the applicant who has to go on with it."""
        return (self.status, Act.HAND_OVER) in self.MOVES

    @property
    def title(self) -> str:
        """What people call it."""
        raise NotImplementedError

    @property
    def status_label(self) -> str:
        raise NotImplementedError

    @property
    def facts(self) -> dict[str, Any]:
        """What a refusal tells of it."""
        return {
            "version": self.version,
            "status_label": self.status_label,
            "round": self.round,
            "submitted_at": self.submitted_at.isoformat() if self.submitted_at else None,
            "changed_at": self.changed_at.isoformat(),
        }

    def to_record(self) -> dict[str, Any]:
        """Every field whose changes the history tells, as JSON."""
        raise NotImplementedError

    # ---- what may be done

    def must_be_own(self, caller: Caller) -> None:
        """Raises `Forbidden` unless the caller is the applicant, acting for its unit as a handler."""
        caller.require(Role.HANDLER)
        if caller.person_id != self.applicant_id or caller.organisation_id != self.organisation_id:
            raise Forbidden("applicant_only", "只有申请人可以操作", "only the applicant may do this")

    def must_be_administered(self, caller: Caller) -> None:
        """Raises `Forbidden` unless the caller administers the unit of the document."""
        caller.require(Role.UNIT_ADMINISTRATOR)
        if caller.organisation_id != self.organisation_id:
            raise Forbidden("own_unit_only", "只能处理本单位的单据", "a document of another unit")

    def must_allow(self, action: str) -> str:
        """The status that the action leads to; raises `Conflict` (`wrong_state`) with the facts."""
        following = self.MOVES.get((self.status, action))
        if following is None:
            raise self.wrong_state()
        if guard := self.GUARDS.get(action):
            guard(self)
        return following

    def wrong_state(self) -> Conflict:
        """The refusal of an action that the status does not allow, with the document's facts."""
        text = f"{self.noun}当前为“{self.status_label}”{NOT_NOW}"
        return Conflict("wrong_state", text, "not in this state", facts=self.facts)

    # ---- what changes it

    def submit(self, at: datetime) -> None:
        """A round of review begins."""
        self._move(Act.SUBMIT, at)
        self.round += 1
        self.case_id = None
        self.submitted_at = at
        self.returned("", "", "")

    def give_back(self, by: str, reason: str, at: datetime, **about: str) -> None:
        """Back to the applicant: by a reviewer with his opinion, or by the system with a code (`by`)."""
        self._move(Act.RETURN, at)
        self.returned(by, about.get("code", ""), reason, about.get("step", ""), about.get("actor", ""))

    def refuse(self, code: str, reason: str, at: datetime) -> None:
        """Its submission could not be routed; the round is spent."""
        self.give_back("system", reason, at, code=code)

    def withdraw(self, at: datetime) -> None:
        self._move(Act.WITHDRAW, at)

    def abandon(self, at: datetime) -> None:
        self._move(Act.ABANDON, at)

    def hand_over(self, to: PersonCopy, at: datetime) -> None:
        """Another handler of the unit is its applicant from now on (移交)."""
        self._move(Act.HAND_OVER, at)
        self.applicant_id, self.applicant_name, self.applicant_gone = to.person_id, to.name, ""

    def delete(self, at: datetime) -> None:
        self._move(Act.DELETE, at)

    def _move(self, action: str, at: datetime) -> None:
        self.status = self.must_allow(action)
        self._changed(at)

    def _changed(self, at: datetime) -> None:
        self.version += 1
        self.changed_at = at
