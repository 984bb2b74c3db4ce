"""What district rules can say: one class per topic is its content, as it is written, kept and shown."""

from __future__ import annotations

from collections.abc import Mapping

from services.plans.topics.amounts import Share, Sme, Thresholds
from services.plans.topics.applying import (
    DirectApplication,
    Numbers,
    Required,
    RequiredAttachment,
    RuleText,
    When,
    Years,
)
from services.plans.topics.procedure import (
    Choices,
    Imports,
    IntentNotice,
    Revocation,
    SingleSource,
    Splitting,
)
from services.plans.topics.topic import Content, Topic

__all__ = [
    "TOPICS",
    "AnyTopic",
    "Choices",
    "Content",
    "DirectApplication",
    "Imports",
    "IntentNotice",
    "Numbers",
    "Required",
    "RequiredAttachment",
    "Revocation",
    "RuleText",
    "Share",
    "SingleSource",
    "Sme",
    "Splitting",
    "Thresholds",
    "Topic",
    "When",
    "Years",
]

AnyTopic = (
    Thresholds
    | Sme
    | IntentNotice
    | Splitting
    | Required
    | DirectApplication
    | Numbers
    | Years
    | Choices
    | SingleSource
    | Imports
    | Revocation
    | RuleText
)
"""The content of any topic."""

TOPICS: Mapping[str, type[Topic]] = {
    kind.topic: kind
    for kind in (
        *(Thresholds, Sme, IntentNotice, Splitting, Required, DirectApplication, Numbers, Years),
        *(Choices, SingleSource, Imports, Revocation, RuleText),
    )
}
