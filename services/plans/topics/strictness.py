"""When a rule is as strict as another one: what districts below a binding version may still set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

STRENGTHS = ("off", "warn", "block")


def at_most(own: Any, above: Any) -> bool:
    """Lower is stricter; an amount that is not there is the laxest."""
    return above is None or (own is not None and own <= above)


def at_least(own: Any, above: Any) -> bool:
    """Higher is stricter."""
    return bool(own >= above)


def within(own: Any, above: Any) -> bool:
    """Fewer choices are stricter; no list is every choice."""
    return above is None or (own is not None and set(own) <= set(above))


def as_strong(own: str, above: str) -> bool:
    """Refusing is stricter than warning, warning than silence."""
    return STRENGTHS.index(own) >= STRENGTHS.index(above)


Stricter = Mapping[str, Callable[[Any, Any], bool]]
"""Per field, whether its value is as strict as the one above."""


def looser(own: object, above: object, stricter: Stricter, pointer: str = "") -> Iterator[str]:
    """The fields (JSON pointers) that are looser than above."""
    for name, holds in stricter.items():
        if not holds(getattr(own, name), getattr(above, name)):
            yield f"{pointer}/{name}"
