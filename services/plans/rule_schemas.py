"""The HTTP shapes of district rules: their versions, what holds, and what differs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from services.plans.schemas import ActionShape, BasisShape
from services.plans.topics import TOPICS, AnyTopic
from shared.http import Body, Shape

TopicName = Literal[
    "thresholds",
    "sme",
    "intent_notice",
    "splitting",
    "required",
    "direct_application",
    "numbers",
    "years",
    "choices",
    "single_source",
    "imports",
    "revocation",
    "text",
]
_ANY: JsonDict = {"anyOf": [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in TOPICS.values()]}


class RuleForm(Body):
    """A new version: what holds from a day on, today at the earliest, and the document that says so. Without
    content the district follows the one above it again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "effective_from": "2027-01-01",
                    "source": "市财购〔2026〕12号",
                    "content": {"enforcement": "block"},
                }
            ]
        }
    )

    effective_from: date
    source: str = Field(min_length=1, max_length=200, description="文号 (number of the document)")
    binding: bool = Field(
        False, description="约束下级：下级区划只能从严 (districts below may only be stricter)"
    )
    content: dict[str, Any] | None = Field(json_schema_extra=_ANY)


class RuleShape(Shape):
    """What holds in a district on a topic; `inherited` when it comes from above."""

    topic: str
    topic_label: str
    law: str
    district_code: str
    version: int
    effective_from: date
    source: str
    is_sample: bool
    binding: bool
    inherited: bool
    content: AnyTopic
    available_actions: list[ActionShape]


class RulesShape(Shape):
    """Everything that holds in a district on a day."""

    district_code: str
    day: date
    rules: list[RuleShape]


class VersionShape(Shape):
    """A version that a district has published; it is in force until `effective_until` (included), unless a
    binding one of a district above is stricter."""

    topic: str
    topic_label: str
    district_code: str
    version: int
    effective_from: date
    effective_until: date | None
    status: Literal["coming", "in_force", "past", "superseded", "withdrawn"]
    status_label: str
    source: str
    is_sample: bool
    binding: bool
    content: AnyTopic | None
    published_by: UUID | None
    published_by_name: str
    published_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by_name: str
    available_actions: list[ActionShape]


class ChangeShape(Shape):
    """A value that differs, by JSON pointer; absent counts as null."""

    pointer: str
    old: Any
    new: Any


class DiffShape(Shape):
    """What a version changes against another one, or against what is inherited (`old` absent)."""

    old: BasisShape
    new: BasisShape
    changes: list[ChangeShape]
