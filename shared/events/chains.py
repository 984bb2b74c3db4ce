"""What the approvals service tells of reviewer chains: which version is in force, and which no more."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from shared.events import Event


class ChainPublished(Event):
    """A new version of a reviewer chain is in force for rounds that begin from now on."""

    type: ClassVar[str] = "chain.published"
    publisher: ClassVar[str] = "approvals"

    chain_id: UUID
    version: int
    level: str
    owner: str
    doc_type: str
    digest: str

    @property
    def subject(self) -> str:
        return f"chain/{self.chain_id}"

    @property
    def subject_version(self) -> int:
        return self.version


class ChainRetired(Event):
    """A reviewer chain is in force no more: rounds that begin from now on go as if it were not there."""

    type: ClassVar[str] = "chain.retired"
    publisher: ClassVar[str] = "approvals"

    chain_id: UUID
    version: int
    level: str
    owner: str
    doc_type: str
    reason: str

    @property
    def subject(self) -> str:
        return f"chain/{self.chain_id}"

    @property
    def subject_version(self) -> int:
        return self.version
