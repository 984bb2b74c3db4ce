"""A provider: who takes the letters of a channel. A row of configuration, with a breaker.

A `config_error` opens the breaker: what is wrong is ours to repair, and no try is worth anything until then.
After `PROBE_AFTER` one delivery goes through as a probe (half open); its success closes the breaker.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Text, Uuid, false, true, update
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.answer import ANSWER_LENGTH
from services.notify.channels import Channel
from services.notify.message import Base
from shared.database import Json, UtcDateTime, new_id
from shared.people import Role
from shared.store import Work

if TYPE_CHECKING:
    from shared.people import Caller

KEPT = "kept"
"""The kind that only keeps letters, for trials."""
PROBE_AFTER = timedelta(minutes=5)
MAIL_SETTING = UUID("00000000-0000-7000-8000-000000000001")
"""The provider that stands in every installation: e-mail by SMTP_URL, or kept in files."""


class Provider(Base):
    """Takes the letters of a channel: the lower the `priority`, the sooner it is asked.

    A robot belongs to the unit in whose group it speaks; what serves everybody has no `organisation_id`.
    """

    __tablename__ = "provider"
    __table_args__ = (Index("ix_provider_channel_priority", "channel", "priority"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(default=1)
    channel: Mapped[Channel] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    organisation_id: Mapped[UUID | None] = mapped_column(Uuid, index=True)
    priority: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    settings: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    limits: Mapped[list[dict[str, Any]] | None] = mapped_column(Json, doc="in place of those of its kind")
    sealed: Mapped[str] = mapped_column(Text, default="", doc="its secrets, see vault.py")
    broken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    broken_code: Mapped[str] = mapped_column(String(40), default="")
    broken_text: Mapped[str] = mapped_column(String(ANSWER_LENGTH), default="")
    probe_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, viewer: Caller) -> ColumnElement[bool]:
        """All of them for the platform administrator, a unit's robots for its administrator."""
        if viewer.has(Role.PLATFORM_ADMINISTRATOR):
            return true()
        if viewer.has(Role.UNIT_ADMINISTRATOR):
            return cls.organisation_id == viewer.organisation_id
        return false()

    @property
    def is_broken(self) -> bool:
        return self.broken_at is not None

    def usable(self, at: datetime) -> bool:
        """Whether a letter may go there now, be it as a probe."""
        return self.probe_at is None or self.probe_at <= at

    def fail(self, code: str, text: str, at: datetime) -> bool:
        """Opens the breaker; whether it was closed before."""
        fresh = not self.is_broken
        self.broken_at = self.broken_at or at
        self.broken_code, self.broken_text, self.probe_at = code, text, at + PROBE_AFTER
        return fresh

    def give_back_probe(self, at: datetime) -> None:
        """Nothing was learnt by the last probe: the next one may go now."""
        if self.is_broken:
            self.probe_at = at

    def change(self, name: str, priority: int, active: bool, at: datetime) -> None:
        """Is called and asked otherwise; whoever changes it is taken to have repaired it."""
        self.name, self.priority, self.active = name, priority, active
        self.version, self.changed_at = self.version + 1, at
        self.mend()

    def mend(self) -> None:
        """Closes the breaker."""
        self.broken_at, self.broken_code, self.broken_text, self.probe_at = None, "", "", None


def take_probe(work: Work, provider: Provider) -> bool:
    """Whether this transaction is the one that may probe; everybody else waits for the next time."""
    fresh = update(Provider).where(Provider.id == provider.id, Provider.probe_at == provider.probe_at)
    taken = work.execute(
        fresh.values(probe_at=work.now + PROBE_AFTER)
        .returning(Provider.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None
