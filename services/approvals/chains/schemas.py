"""The shapes of requests and answers over HTTP: chains, policies, previews."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr, field_validator

from services.approvals.schemas import (
    Action,
    DocType,
    ObstacleShape,
    PersonShape,
    Reason,
    RouteStepShape,
)
from services.approvals.step import Repeat, Step
from shared.digest import canonical
from shared.http import Body, Shape

BigInt = Annotated[StrictInt, Field(ge=-(2**53) + 1, lt=2**53)]


class ChainBody(Body):
    """A new chain: of the caller's unit, or of a district."""

    level: Literal["unit", "district"]
    district_code: str | None = Field(
        None, pattern=r"^[0-9]{6}$", description="level=district 时：区划代码；不填则为本人所在区划"
    )
    doc_type: DocType
    name: str = Field(min_length=1, max_length=100, examples=["采购计划审核链"])
    steps: list[Step] = Field(max_length=30)


class DraftBody(Body):
    """The draft of a chain, whole."""

    name: str = Field(min_length=1, max_length=100)
    steps: list[Step] = Field(max_length=30)


class ChainVersionShape(Shape):
    """A published version."""

    n: int
    steps: list[Step]
    digest: str
    published_by: UUID
    published_at: datetime


class ChainItem(Shape):
    """A chain in a list. `published` is the version in force, 0 for none; `newest` the last one made."""

    id: UUID
    level: str
    owner: str
    owner_name: str
    doc_type: str
    name: str
    published: int
    newest: int
    version: int
    changed_at: datetime
    status: str
    status_label: str


class ChainShape(ChainItem):
    """A chain with its draft, why it was retired if it was, and where the version in force does not satisfy
    the floors that hold today (it stays in force until the next one is published)."""

    steps: list[Step]
    floor_problems: list[ObstacleShape]
    retired_at: datetime | None
    retired_reason: str
    versions: list[ChainVersionShape]
    available_actions: list[Action]


class RetireBody(Body):
    """Why a chain goes out of force."""

    reason: Reason


class FieldChangeShape(Shape):
    """A field of a step, before and after."""

    field: str
    before: Any
    after: Any


class StepChangeShape(Shape):
    """What became of a step: added, removed, moved or changed; its positions count from 1."""

    key: str
    name: str
    change: Literal["added", "removed", "moved", "changed"]
    position_before: int | None
    position_after: int | None
    fields: list[FieldChangeShape]


class DiffShape(Shape):
    """What differs between two versions of a chain; 0 is the draft."""

    before: int
    after: int
    changes: list[StepChangeShape]


class LintShape(Shape):
    """What is wrong with a draft: it can be published without problems, with warnings too."""

    problems: list[ObstacleShape]
    warnings: list[ObstacleShape]


class PolicyBody(Body):
    """Whether units of the district may submit without a chain of their own, and what happens when a step
    finds people who have agreed in the round already: others review, or it is skipped. Without `by_message`
    no link in a message decides anything, at once."""

    unit_segment_optional: bool
    repeat: Repeat = "never"
    by_message: bool = Field(True, description="是否允许从消息中的链接直接审核")


class PolicyShape(Shape):
    """The policy of a district; inherited when `source` is another one above it."""

    district_code: str
    unit_segment_optional: bool
    repeat: Repeat
    by_message: bool
    source: str | None
    available_actions: list[Action]


class PreviewBody(Body):
    """A submission as the document's own service gives it; nothing is trimmed, as it is not at submission."""

    model_config = ConfigDict(str_strip_whitespace=False)

    doc_type: DocType
    doc_id: UUID
    number: str = Field("", max_length=100)
    title: str = Field(max_length=300)
    organisation_id: UUID
    applicant_id: UUID
    applicant_name: str = Field(max_length=100)
    facts: dict[str, StrictBool | BigInt | Annotated[StrictStr, Field(max_length=300)] | None] = Field(
        max_length=100
    )
    content: dict[str, Any]
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    labels: dict[str, Annotated[str, Field(max_length=100)]] = Field({}, max_length=500)

    @field_validator("content")
    @classmethod
    def _canonical(cls, content: dict[str, Any]) -> dict[str, Any]:
        canonical(content)
        return content


class CarriedShape(PersonShape):
    """An agreement of an earlier round that goes on to hold: whose (and who gave it for him), when, in which
    round."""

    step_key: str
    acted_name: str
    round: int
    agreed_at: datetime | None


class PreviewShape(Shape):
    """The route that submit would freeze now; with problems it would be refused. `carried` is what it would
    take over from the round before."""

    route: list[RouteStepShape]
    first_step: str | None
    asks_pick: bool
    candidates: list[PersonShape]
    carried: list[CarriedShape]
    problems: list[ObstacleShape]
