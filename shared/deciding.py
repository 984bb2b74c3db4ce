"""What every route that decides asks for, besides its subject and body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from shared.http import DoOnce, Expected, IfMatch, Once, SignedIn, StoreHere
from shared.people import Caller
from shared.store import Store


@dataclass(frozen=True)
class Asked:
    """Who asks, in which store, under which key, and which version he has seen."""

    store: Store
    caller: Caller
    once: Once
    expected: Expected


def deciding(store: StoreHere, caller: SignedIn, once: DoOnce, expected: IfMatch) -> Asked:
    return Asked(store, caller, once, expected)


Deciding = Annotated[Asked, Depends(deciding)]
