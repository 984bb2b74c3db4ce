"""Somebody who acts on a case."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Actor:
    """A person who acts, for himself or as the deputy of somebody who is away."""

    person_id: UUID
    name: str
    on_behalf_of: UUID | None = None
    on_behalf_name: str = ""

    @property
    def people(self) -> set[UUID]:
        """Both: neither of them decides again in the round."""
        return {self.person_id} | ({self.on_behalf_of} if self.on_behalf_of else set())
