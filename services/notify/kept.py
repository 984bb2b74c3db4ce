"""Letters that were kept instead of sent: what would have gone out, for installations without providers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, String, Text, Uuid, select, true
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.contact import ADDRESS_LENGTH
from services.notify.delivery import Delivery
from services.notify.message import Base
from services.notify.texts import TITLE_LENGTH
from shared.database import UtcDateTime
from shared.people import Caller, Role


class Kept(Base):
    """A letter as it would have gone out; a repeated one replaces itself."""

    __tablename__ = "kept"
    __table_args__ = (Index("ix_kept_at", "at"),)

    delivery_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    to: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    name: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    body: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, viewer: Caller) -> ColumnElement[bool]:
        """His own; all of them for the platform administrator, who looks after such an installation."""
        if viewer.has(Role.PLATFORM_ADMINISTRATOR):
            return true()
        return cls.delivery_id.in_(select(Delivery.id).where(Delivery.person_id == viewer.person_id))
