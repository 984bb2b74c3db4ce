"""Where an outside system wants to be told of events: an address, what it wants to hear, and its secret."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, Text, Uuid, false, true
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.contact import ADDRESS_LENGTH
from services.notify.message import Base
from shared.database import Json, UtcDateTime, new_id
from shared.errors import Conflict
from shared.people import Role

if TYPE_CHECKING:
    from shared.people import Caller

DISABLED_AFTER = timedelta(days=3)
"""How long an endpoint may take nothing before it is switched off."""
BY_HAND = "by_hand"
FAILING = "failing"


class Endpoint(Base):
    """Hears of events in a district and below, or in one unit; without a `district_code` in all of them.
    Without `kinds` it hears of every event that is meant for outside.

    `failing_since` is the first answer that was no success since the last one that was.
    """

    __tablename__ = "endpoint"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    kinds: Mapped[list[str]] = mapped_column(Json, default=list)
    district_code: Mapped[str] = mapped_column(String(6), default="")
    district_path: Mapped[str] = mapped_column(String(60), default="")
    organisation_id: Mapped[UUID | None] = mapped_column(Uuid)
    active: Mapped[bool] = mapped_column(default=True)
    sealed: Mapped[str] = mapped_column(Text, doc="its secrets, see vault.py")
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_code: Mapped[str] = mapped_column(String(40), default="")
    created_by: Mapped[UUID] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, viewer: Caller) -> ColumnElement[bool]:
        """All of them for the platform administrator, those below his district for that of a district."""
        if viewer.has(Role.PLATFORM_ADMINISTRATOR):
            return true()
        if viewer.has(Role.DISTRICT_ADMINISTRATOR):
            return cls.district_path.startswith(viewer.district_path, autoescape=True)
        return false()

    def wants(self, event_type: str, unit: tuple[UUID, str] | None) -> bool:
        """Whether it hears of such an event in a unit (its id and the path of its district)."""
        if self.kinds and event_type not in self.kinds:
            return False
        if not self.district_code:
            return True
        if unit is None:
            return False
        organisation_id, path = unit
        if self.organisation_id is not None:
            return self.organisation_id == organisation_id
        return path.startswith(self.district_path)

    def change(self, at: datetime, **what: Any) -> None:
        """Is called otherwise, leads elsewhere or hears of other events; whoever changes it is taken to have
        repaired it. An endpoint that becomes active goes on with what waits."""
        active = what.pop("active")
        for name, value in what.items():
            setattr(self, name, value)
        self.version, self.changed_at, self.failing_since = self.version + 1, at, None
        if active:
            self.active, self.disabled_at, self.disabled_code = True, None, ""
        elif self.active:
            self.switch_off(BY_HAND, at)

    def switch_off(self, code: str, at: datetime) -> None:
        """Nothing is sent there until somebody switches it on again; what happens meanwhile waits."""
        self.active, self.disabled_at, self.disabled_code = False, at, code

    def check_disabled(self) -> None:
        """Raises `Conflict` (`still_active`) unless it is switched off: only then it may be deleted."""
        if self.active:
            raise Conflict("still_active", "请先停用再删除", "switch it off before you delete it")

    def seal(self, sealed: str, at: datetime) -> None:
        """Has other secrets from now on."""
        self.sealed, self.version, self.changed_at = sealed, self.version + 1, at

    def fail(self, at: datetime) -> bool:
        """An answer that was no success; whether it has been failing for too long by now."""
        self.failing_since = self.failing_since or at
        return at - self.failing_since >= DISABLED_AFTER

    def succeed(self) -> None:
        self.failing_since = None
