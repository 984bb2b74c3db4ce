"""What every topic of rules has, and the words that topics share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self, TypeVar

from pydantic_core import PydanticCustomError

from services.plans import reference
from services.plans.topics.strictness import Stricter, looser
from shared.http import Body

Kind = Literal["goods", "works", "services"]
Enforcement = Literal["off", "warn", "block"]
"""What comes of a check that finds something: nothing, a warning, or no submission."""
OWN = "区划自行规定"
"""What a rule stands on that the law leaves to the district."""


class Topic(Body):
    """The content of a rule. `topic` is its name, `law` what it stands on."""

    topic: ClassVar[str]
    label: ClassVar[str]
    label_en: ClassVar[str]
    law: ClassVar[str]
    stricter: ClassVar[Stricter] = {}
    """Where it is known what stricter means: only such a topic can bind the districts below."""

    def looser_than(self, above: Self) -> Iterator[str]:
        """The fields (JSON pointers) that are looser than in a binding version above."""
        yield from looser(self, above, self.stricter)


Content = TypeVar("Content", bound=Topic)


def known_codes(codes: list[str], group: str) -> list[str]:
    """The codes, if a group of the reference data has each of them. Raises ValueError (`unknown_choice`)."""
    if unknown := [code for code in codes if code not in reference.choices(group)]:
        raise PydanticCustomError(
            "unknown_choice", "不是可选的值 (not one of the choices): " + unknown[0][:40]
        )
    return codes
