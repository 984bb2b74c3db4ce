"""A step of a chain as its administrators write it, and as a round freezes it with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.approvals.condition import holds
from shared.digest import canonical
from shared.people import Role

Repeat = Literal["never", "skip_repeated"]
"""Somebody who has agreed in a round decides no other step of it: he is left out, or the step is skipped."""

KEY = r"^[a-z][a-z0-9_]{0,39}$"
MAX_HOURS = 2000
"""About a year of working time."""
MAX_DEPTH = 40
"""Levels of JSON in a condition: more than any has that is linted, less than JSON can be written with."""


class Segment(StrEnum):
    """The two governed parts of a route; the unit's steps come first."""

    UNIT = "unit"
    DISTRICT = "district"


def _plain_json(value: dict[str, Any]) -> dict[str, Any]:
    # Floats, NaN and numbers beyond 2**53 are refused here: no database keeps them alike.
    # Depth comes first: what is nested deeper than JSON can be written out again could not even be told.
    if _depth(value) > MAX_DEPTH:
        raise ValueError("条件嵌套过深 (the condition is nested too deeply)")
    if len(canonical(value)) > 20_000:
        raise ValueError("条件过长 (the condition is too long)")
    return value


def _depth(value: Any) -> int:
    """How deep JSON is nested; level by level, as a recursion would end at Python's own limit."""
    depth, level = 0, [value]
    while level:
        depth += 1
        parts = (one for one in level if isinstance(one, dict | list))
        level = [inner for one in parts for inner in (one.values() if isinstance(one, dict) else one)]
    return depth


PlainJson = Annotated[dict[str, Any], AfterValidator(_plain_json)]


class RoleSelector(BaseModel):
    """People with a role (and a position) in the applicant's unit, its superior unit, or a district's body.

    `district_body`: the active organisation of that `kind` in the nearest district at or above the unit's
    own; with a `level`, the nearest of that level.
    """

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        frozen=True,
    )

    role: Role
    position: str | None = Field(None, min_length=1, max_length=60)
    place: Literal["own_unit", "superior_unit", "district_body"] = Field("own_unit", alias="in")
    kind: str | None = Field(None, min_length=1, max_length=20, description="district_body 的机构类别")
    level: str | None = Field(None, min_length=1, max_length=20, description="district_body 的区划级别")


class PeopleSelector(BaseModel):
    """Named people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    people: list[UUID] = Field(min_length=1, max_length=50)


Selector = RoleSelector | PeopleSelector


class Escalation(BaseModel):
    """Who gets an overdue slot next, so many working hours after it fell due."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    selector: Selector
    after_hours: int = Field(0, ge=0, le=MAX_HOURS)


class Step(BaseModel):
    """One step of a chain.

    `quorum`: the first who agrees closes the step (any), all must agree, or a number of them (`at_least`).
    `pick`: whether the submitter, or whoever closes the step before, chooses among the candidates; for the
    first step of a route both mean the submitter. `on_empty`: what happens when nobody is left to review.
    `self_review`: what happens when the applicant is a candidate himself: he is left out, the step is
    skipped, or the people of the superior unit review in place of all. `budget_hours`: working hours
    after which a slot is overdue; nothing where no limit is set. An overdue slot goes along `escalation`,
    and at last to the attention of the administrators; nobody is agreed for. `attested`: the fields of the
    document (dotted paths, through lists too) that an agreement is about; all of it where none is named.
    `may_carry`: whether an agreement goes on to hold when the document is submitted again with these fields
    unchanged.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    key: str = Field(pattern=KEY, examples=["department_head"])
    name: str = Field(min_length=1, max_length=60, examples=["部门负责人审核"])
    selector: Selector
    quorum: Literal["any", "all", "at_least"] = "any"
    at_least: int | None = Field(None, ge=1, le=50, description="quorum=at_least 时：至少几人同意")
    condition: PlainJson | None = None
    pick: Literal["none", "submitter", "previous_actor"] = "none"
    on_empty: Literal["refuse", "skip", "administrator"] = "refuse"
    self_review: Literal["exclude", "skip", "superior"] = "exclude"
    may_transfer: bool = Field(True, description="是否允许审核人转办")
    may_add_sign: bool = Field(True, description="是否允许审核人加签")
    may_carry: bool = Field(
        False,
        description="再次提交且所审要素未变时是否沿用同意 (agreement holds while what it is about does)",
    )
    by_message: bool = Field(True, description="是否允许从消息中的链接直接审核 (decided from a message)")
    budget_hours: int | None = Field(
        None, ge=1, le=MAX_HOURS, description="办理时限，以工作小时计 (working hours that the step may take)"
    )
    escalation: list[Escalation] = Field([], max_length=5, description="超期后依次转给谁 (who gets it then)")
    attested: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        [], max_length=50, examples=[["name", "items.unit_price"]]
    )

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if (self.quorum == "at_least") != (self.at_least is not None):
            raise ValueError("at_least 与 quorum=at_least 须同时填写 (at_least goes with quorum=at_least)")
        return self

    @property
    def needed(self) -> int:
        """How many people it takes to close the step, however many it has."""
        return self.at_least or 1

    @property
    def selectors(self) -> list[Selector]:
        """Everybody it speaks of: its reviewers, and those whom an overdue slot goes to."""
        return [selector for _, selector in self.spoken_of("")]

    def spoken_of(self, pointer: str) -> Iterator[tuple[str, Selector]]:
        """The same, each with where it stands in a step that stands at `pointer`."""
        yield f"{pointer}/selector", self.selector
        for index, one in enumerate(self.escalation):
            yield f"{pointer}/escalation/{index}/selector", one.selector

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class RouteStep(Step):
    """A step of a frozen route, with its provenance: which rule of which version, and the facts it looked at.

    `key` is unique in the route (`unit.department_head`). A step that does not apply stays listed. `repeat`
    is what the district says of people who have agreed in the round already. `attested_digest` is that of the
    attested fields; `carried` says that agreement of the round before is all that the step needs.
    """

    # what a document has declared is kept to the letter, or the condition would answer otherwise later
    model_config = ConfigDict(extra="ignore", frozen=True, str_strip_whitespace=False)

    key: str = Field(max_length=60)
    segment: Segment
    chain_id: UUID
    chain_version: int
    owner: str
    owner_path: str
    facts: dict[str, str | int | bool | None]
    applies: bool
    organisation_id: UUID | None = None
    organisation_name: str = ""
    superior_id: UUID | None = None
    repeat: Repeat = "never"
    escalation_places: list[UUID | None] = []
    attested_digest: str = ""
    carried: bool = False

    def at_level(self, n: int) -> RouteStep:
        """The same step with the people of level `n` (from 0) of its escalation."""
        changed = {"selector": self.escalation[n].selector, "organisation_id": self.escalation_places[n]}
        return self.model_copy(update=changed)

    @property
    def at_superior(self) -> RouteStep:
        """The same step in the superior unit."""
        return self.model_copy(update={"organisation_id": self.superior_id})

    @property
    def reason(self) -> str:
        """Why the step is there, or is not, for people."""
        if self.condition is None:
            return "每次都需要"
        return "条件成立" if self.applies else "条件不成立，跳过"

    @property
    def explained(self) -> bool:
        """Whether the kept facts still give the kept result."""
        return self.applies == holds(self.condition, self.facts)
