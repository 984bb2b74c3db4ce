"""How many letters a provider, or one receiver of it, takes in a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

LATE = timedelta(seconds=3)
"""How much later than its time a letter may still go without another place being taken."""
LIMIT = "limit_"
"""Begins the code of a delivery that is held by a limit; `limit_receiver`, `limit_provider`."""


class Limit(BaseModel):
    """At most `count` letters in any `seconds`, per provider or per receiver."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: Annotated[int, Field(ge=1, le=1_000_000, examples=[18])]
    seconds: Annotated[int, Field(ge=1, le=7 * 86400, examples=[60])]
    per: Literal["provider", "receiver"] = "provider"


class Limits(Protocol):
    """Counts letters. Called outside any transaction."""

    def take(self, key: str, limits: Sequence[Limit], now: datetime, waits: bool = True) -> datetime:
        """When this letter may go under all of them: `now` or later. Its place is taken from then on,
        unless it would have to wait and does not."""
        ...
