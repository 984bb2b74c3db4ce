"""A district's floor (底线): what every unit chain below the district must satisfy, in dated versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Date, String, Uuid, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.chains.bands import group_of
from services.approvals.step import MAX_HOURS, RoleSelector, Step
from services.approvals.tables import Approvals
from services.approvals.together import together
from shared.database import Json, UtcDateTime
from shared.errors import Problem
from shared.people import ROLE_LABELS, DistrictCopy, Role
from shared.store import Look

OnEmpty = Literal["refuse", "skip", "administrator"]
SelfReview = Literal["exclude", "skip", "superior"]
Hours = Annotated[int, Field(ge=1, le=30 * MAX_HOURS)]
PLACE_LABELS = {"own_unit": "本单位", "superior_unit": "主管单位", "district_body": "区划机构"}


class RequiredStep(BaseModel):
    """A step that every document must pass: its reviewers, and those whom an overdue slot goes to, have this
    role, and the position and place if said."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
    )

    role: Role
    position: str | None = Field(None, min_length=1, max_length=60, examples=["分管领导"])
    place: Literal["own_unit", "superior_unit", "district_body"] | None = Field(None, alias="in")

    def is_met_by(self, step: Step) -> bool:
        """People who are named meet no role: they may lose it without the chain being changed."""
        return all(
            isinstance(selector, RoleSelector)
            and selector.role == self.role
            and self.position in (None, selector.position)
            and self.place in (None, selector.place)
            for selector in step.selectors
        )

    @property
    def label(self) -> str:
        place = PLACE_LABELS.get(self.place or "", "")
        return f"{place}{self.position or ''}{ROLE_LABELS[self.role]}"

    @property
    def label_en(self) -> str:
        return " ".join(filter(None, (self.place, self.position, self.role)))


class FloorRules(BaseModel):
    """The floor of one type of document; without any rule everything satisfies it.

    `min_steps`: so many steps must apply to every document: those without a condition, and one of each group
    of bands. `required`: kinds of reviewers whom every document must pass. `max_step_hours`,
    `max_total_hours`: the budgets, of a step and of all steps that can apply to one document (all there are,
    where the conditions are too many to know); with a maximum every step needs a budget. `on_empty`,
    `self_review`: what a step may say for the case that nobody can review it, or that the applicant is one
    of its reviewers. `may_carry`: whether a step may let agreement go on to hold in the next round.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_steps: int = Field(0, ge=0, le=30, examples=[2])
    required: list[RequiredStep] = Field([], max_length=20)
    max_step_hours: Hours | None = None
    max_total_hours: Hours | None = None
    on_empty: list[OnEmpty] = Field(["refuse", "skip", "administrator"], min_length=1, max_length=3)
    self_review: list[SelfReview] = Field(["exclude", "skip", "superior"], min_length=1, max_length=3)
    may_carry: bool = Field(True, description="是否允许环节沿用上一轮的同意")

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class FloorVersion(Approvals):
    """What a district set, kept for ever. In force on a day is the version with the latest `effective_from`
    that has come, of several the newest."""

    __tablename__ = "floor_version"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    doc_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    effective_from: Mapped[date] = mapped_column(Date)
    rules: Mapped[dict[str, Any]] = mapped_column(Json)
    published_by: Mapped[UUID] = mapped_column(Uuid)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Floor(BaseModel):
    """The floor of a district on a day; version 0 is one that is only tried out."""

    model_config = ConfigDict(frozen=True)

    district_code: str
    district_name: str
    n: int
    rules: FloorRules

    @property
    def label(self) -> str:
        return f"{self.district_name}底线" + (f"第 {self.n} 版" if self.n else "")


Floors = Mapping[str, Floor]
"""Floors in force by the code of their district."""


def floors_on(look: Look, district_path: str, doc_type: str, day: date, below: bool = False) -> Floors:
    """The floors in force on a day in the districts of a path, with `below` also in those below it. All of
    them hold: a district further down may ask for more, never for less."""
    codes = [code for code in district_path.split("/") if code]
    where: list[ColumnElement[bool]] = [DistrictCopy.code.in_(codes)]
    if below:
        where.append(DistrictCopy.path.startswith(district_path, autoescape=True))
    rows: Any = look.execute(
        select(FloorVersion, DistrictCopy.name)
        .join(DistrictCopy, DistrictCopy.code == FloorVersion.district_code)
        .where(or_(*where), FloorVersion.doc_type == doc_type, FloorVersion.effective_from <= day)
        .order_by(FloorVersion.district_code, FloorVersion.effective_from, FloorVersion.n)
    )
    return {
        row.district_code: Floor(
            district_code=row.district_code,
            district_name=name,
            n=row.n,
            rules=FloorRules.model_validate(row.rules),
        )
        for row, name in rows
    }


def breaches(floors: Floors, district_path: str, steps: Sequence[Step]) -> list[Problem]:
    """Where a unit's chain does not satisfy the floors that hold in its district, from the top down."""
    binding = [floors[code] for code in district_path.split("/") if code in floors]
    return [problem for floor in binding for rule in RULES for problem in rule(floor, steps)]


def _enough_steps(floor: Floor, steps: Sequence[Step]) -> Iterator[Problem]:
    wanted, certain = floor.rules.min_steps, len(_certain(steps))
    if certain < wanted:
        text = f"{floor.label}：每份单据至少经过 {wanted} 个环节，现在只有 {certain} 个必经环节"
        text_en = f"at least {wanted} steps must apply to every document, there are {certain}"
        yield Problem("floor_min_steps", text, "/steps", text_en)


def _required_steps(floor: Floor, steps: Sequence[Step]) -> Iterator[Problem]:
    certain = _certain(steps)
    for wanted in floor.rules.required:
        if not any(all(map(wanted.is_met_by, alternatives)) for alternatives in certain):
            text = f"{floor.label}：缺少必经的“{wanted.label}”环节"
            yield Problem(
                "floor_step_missing", text, "/steps", f"no such step for every document: {wanted.label_en}"
            )


def _allowed_on_empty(floor: Floor, steps: Sequence[Step]) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        if step.on_empty not in floor.rules.on_empty:
            text = f"{floor.label}：环节“{step.name}”无人审核时不允许“{ON_EMPTY_LABELS[step.on_empty]}”"
            text_en = f"on_empty {step.on_empty} is not allowed"
            yield Problem("floor_on_empty", text, f"/steps/{index}/on_empty", text_en)


def _allowed_self_review(floor: Floor, steps: Sequence[Step]) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        if step.self_review not in floor.rules.self_review:
            label = SELF_REVIEW_LABELS[step.self_review]
            text = f"{floor.label}：环节“{step.name}”申请人即审核人时不允许“{label}”"
            text_en = f"self_review {step.self_review} is not allowed"
            yield Problem("floor_self_review", text, f"/steps/{index}/self_review", text_en)


def _allowed_carrying(floor: Floor, steps: Sequence[Step]) -> Iterator[Problem]:
    for index, step in enumerate(steps):
        if step.may_carry and not floor.rules.may_carry:
            text = f"{floor.label}：环节“{step.name}”不允许沿用上一轮的同意"
            yield Problem("floor_carrying", text, f"/steps/{index}/may_carry", "agreement may not be carried")


def _step_hours(floor: Floor, steps: Sequence[Step]) -> Iterator[Problem]:
    most, total = floor.rules.max_step_hours, floor.rules.max_total_hours
    for index, step in enumerate(steps):
        pointer = f"/steps/{index}/budget_hours"
        if step.budget_hours is None and (most or total):
            text = f"{floor.label}：环节“{step.name}”须规定办理时限"
            yield Problem("floor_hours_missing", text, pointer, "the step needs a budget of hours")
        elif step.budget_hours is not None and most is not None and step.budget_hours > most:
            text = f"{floor.label}：环节“{step.name}”的办理时限不能超过 {most} 工作小时"
            yield Problem("floor_step_hours", text, pointer, f"more than {most} working hours")


def _total_hours(floor: Floor, steps: Sequence[Step]) -> Iterator[Problem]:
    most = floor.rules.max_total_hours
    if most is None:
        return
    sets = together([step.condition for step in steps])
    # what cannot be known is taken for the worst: a limit must not be lifted by many conditions
    known = sets or [frozenset(range(len(steps)))]
    longest = max(sum(steps[index].budget_hours or 0 for index in applying) for applying in known)
    if longest > most:
        counted, counted_en = ("", "") if sets else ("（条件过多，按全部环节计）", ", all steps counted")
        text = f"{floor.label}：各环节办理时限合计不能超过 {most} 工作小时，现为 {longest}{counted}"
        text_en = f"the steps take up to {longest} working hours{counted_en}, at most {most} are allowed"
        yield Problem("floor_total_hours", text, "/steps", text_en)


RULES = (
    _enough_steps,
    _required_steps,
    _allowed_on_empty,
    _allowed_self_review,
    _allowed_carrying,
    _step_hours,
    _total_hours,
)
SELF_REVIEW_LABELS = {"exclude": "由他人审核", "skip": "跳过", "superior": "由主管单位审核"}
ON_EMPTY_LABELS = {"refuse": "不予受理", "skip": "跳过", "administrator": "等待管理员"}


def _certain(steps: Sequence[Step]) -> list[list[Step]]:
    """What every document passes: each step without a condition, and of each group of bands one of its
    steps."""
    groups: dict[str, list[Step]] = {}
    for step in steps:
        if (group := group_of(step.condition)) is not None:
            groups.setdefault(group, []).append(step)
    return [*([step] for step in steps if step.condition is None), *groups.values()]
