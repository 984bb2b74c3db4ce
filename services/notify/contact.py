"""How a person is reached; addresses and phone numbers are kept here and nowhere else, but the number that an
SMS went to, with its delivery while its receipt is awaited."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ColumnElement, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.channels import Channel
from services.notify.message import Base
from shared.database import UtcDateTime, new_id

if TYPE_CHECKING:
    from shared.people import Caller

EMAIL_LENGTH = 320
PHONE_LENGTH = 40
ADDRESS_LENGTH = 500


class Account(Base):
    """Where a person wants to be reached on a channel that directory knows nothing of, entered by himself."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("person_id", "channel"),)

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    channel: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    sealed: Mapped[str] = mapped_column(Text, default="", server_default="", doc="a webhook's secret")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @classmethod
    def visible_to(cls, viewer: Caller) -> ColumnElement[bool]:
        return cls.person_id == viewer.person_id


class Contact(Base):
    """A person's e-mail address and phone number, empty when there is none; a copy of directory's."""

    __tablename__ = "contact"

    person_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    phone: Mapped[str] = mapped_column(String(PHONE_LENGTH))

    def address(self, channel: Channel) -> str:
        """Where directory says the person is reached on a channel; empty when it does not."""
        return {Channel.EMAIL: self.email, Channel.SMS: self.phone}.get(channel, "")
