"""Reviewer chains: a draft that administrators edit, and immutable published versions of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, Uuid, and_, event, or_
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from services.approvals import condition
from services.approvals.step import PeopleSelector, RoleSelector, Segment, Step
from services.approvals.tables import Approvals
from shared.database import Json, UtcDateTime, new_id
from shared.digest import digest
from shared.errors import Conflict, Forbidden, Problem
from shared.events.approvals import ChainPublished
from shared.people import Caller, Role

MAX_STEPS = 30


class Chain(Approvals):
    """The chain of a unit or a district for one type of document. `owner` is an organisation id or a district
    code; `district_path` that of the owner. Rounds follow published versions only."""

    __tablename__ = "chain"
    __table_args__ = (
        UniqueConstraint("level", "owner", "doc_type"),
        Index("ix_chain_created_at", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    level: Mapped[str] = mapped_column(String(10))
    owner: Mapped[str] = mapped_column(String(36))
    owner_name: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    district_path: Mapped[str] = mapped_column(String(60), index=True)
    doc_type: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(100))
    draft: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    published: Mapped[int] = mapped_column(default=0)
    published_digest: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, caller: Caller) -> ColumnElement[bool]:
        """The chain of one's unit; those of the districts above it; all below for roles of a district."""
        above = [code for code in caller.district_path.split("/") if code]
        wanted: list[ColumnElement[bool]] = []
        if caller.roles - {Role.PLATFORM_ADMINISTRATOR}:
            wanted.append(cls.organisation_id == caller.organisation_id)
            wanted.append(and_(cls.level == Segment.DISTRICT, cls.owner.in_(above)))
        if caller.has(Role.DISTRICT_ADMINISTRATOR, Role.FINANCE, Role.AUDITOR):
            wanted.append(cls.district_path.startswith(caller.district_path, autoescape=True))
        return or_(cls.id.is_(None), *wanted)

    def may_edit(self, caller: Caller) -> bool:
        """Unit administrators of the unit; district administrators of the district or of one above it."""
        if self.level == Segment.UNIT:
            return caller.has(Role.UNIT_ADMINISTRATOR) and caller.organisation_id == self.organisation_id
        return caller.has(Role.DISTRICT_ADMINISTRATOR) and self.district_path.startswith(caller.district_path)

    def require_editor(self, caller: Caller) -> None:
        """Raises `Forbidden` (`not_chain_administrator`)."""
        if not self.may_edit(caller):
            raise Forbidden(
                "not_chain_administrator", "只有该级管理员可以维护审核链", "only administrators of its level"
            )

    @property
    def steps(self) -> list[Step]:
        return [Step.model_validate(step) for step in self.draft]

    def edit(self, name: str, steps: Sequence[Step], at: datetime) -> None:
        self.name, self.draft = name, [step.to_json() for step in steps]
        self.version, self.changed_at = self.version + 1, at

    def publish(self, by: UUID, at: datetime) -> tuple[ChainVersion, ChainPublished]:
        """Freezes the draft as the next version. Raises `Conflict` (`nothing_to_publish`) when it is in force
        already."""
        frozen = digest({"steps": self.draft})
        if frozen == self.published_digest:
            raise Conflict("nothing_to_publish", "草稿与已发布版本相同", "the draft is in force already")
        self.published, self.published_digest = self.published + 1, frozen
        self.version, self.changed_at = self.version + 1, at
        version = ChainVersion(
            chain_id=self.id,
            n=self.published,
            steps=self.draft,
            digest=frozen,
            published_by=by,
            published_at=at,
        )
        return version, ChainPublished(
            chain_id=self.id,
            version=self.published,
            level=self.level,
            owner=self.owner,
            doc_type=self.doc_type,
            digest=frozen,
        )


class ChainVersion(Approvals):
    """What was published; rounds that began under it keep it."""

    __tablename__ = "chain_version"

    chain_id: Mapped[UUID] = mapped_column(ForeignKey(Chain.id), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    digest: Mapped[str] = mapped_column(String(64))
    published_by: Mapped[UUID] = mapped_column(Uuid)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


def lint(level: str, steps: Sequence[Step]) -> list[Problem]:
    """What can be judged from the chain alone; who is there to review is judged by the route."""
    found: list[Problem] = []
    if not steps and level == Segment.UNIT:
        found.append(Problem("no_steps", "至少需要一个环节", "/steps", "a chain needs a step"))
    keys = [step.key for step in steps]
    for index, step in enumerate(steps):
        pointer = f"/steps/{index}"
        if step.key in keys[:index]:
            found.append(
                Problem("duplicate_key", f"环节标识重复：{step.key}", f"{pointer}/key", "used twice")
            )
        if step.condition is not None:
            found += condition.lint(step.condition, f"{pointer}/condition")
        found += _lint_selector(step.selector, f"{pointer}/selector")
        found += _lint_pick(step, index, level, f"{pointer}/pick")
        found += _lint_superior(step, f"{pointer}/self_review")
    return found


def _lint_selector(selector: RoleSelector | PeopleSelector, pointer: str) -> Iterator[Problem]:
    if isinstance(selector, PeopleSelector):
        if len(set(selector.people)) < len(selector.people):
            yield Problem("duplicate_person", "人员重复", f"{pointer}/people", "a person is named twice")
        return
    if selector.role == Role.PLATFORM_ADMINISTRATOR:
        text_en = "platform administrators never review"
        yield Problem("role_not_allowed", "平台管理员不参与审核", f"{pointer}/role", text_en)
    if selector.place == "district_body" and selector.kind is None:
        yield Problem("kind_required", "须指明区划机构类别", f"{pointer}/kind", "which kind of body")
    if selector.place != "district_body" and (selector.kind or selector.level):
        text_en = "only for district_body"
        yield Problem("kind_not_allowed", "类别和级别只用于区划机构", f"{pointer}/kind", text_en)


def _lint_pick(step: Step, index: int, level: str, pointer: str) -> Iterator[Problem]:
    if isinstance(step.selector, PeopleSelector) and step.pick != "none":
        yield Problem("pick_not_allowed", "指定人员的环节无需选择", pointer, "named people need no pick")
    if step.pick == "submitter" and level == Segment.DISTRICT:
        text_en = "the submitter picks in his unit's chain only"
        yield Problem("pick_not_allowed", "区划环节不由申请人选择审核人", pointer, text_en)


def _lint_superior(step: Step, pointer: str) -> Iterator[Problem]:
    named = isinstance(step.selector, PeopleSelector) or step.selector.place != "own_unit"
    if step.self_review == "superior" and named:
        text = "只有本单位人员的环节可以改由主管单位审核"
        yield Problem("superior_not_allowed", text, pointer, "only for people of the own unit")


@event.listens_for(ChainVersion, "before_update")
@event.listens_for(ChainVersion, "before_delete")
def _refuse_change(_mapper: Mapper[Any], _connection: Connection, _version: ChainVersion) -> None:
    raise TypeError("a published version is immutable")
