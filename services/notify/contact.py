"""How a person is reached; addresses and phone numbers are kept here and nowhere else."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.channels import Channel
from services.notify.message import Base

EMAIL_LENGTH = 320
PHONE_LENGTH = 40


class Contact(Base):
    """A person's e-mail address and phone number, empty when there is none; a copy of directory's."""

    __tablename__ = "contact"

    person_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    version: Mapped[int]
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    phone: Mapped[str] = mapped_column(String(PHONE_LENGTH))

    def address(self, channel: Channel) -> str:
        """Where the person is reached on a channel; empty when he is not."""
        return {Channel.EMAIL: self.email, Channel.SMS: self.phone}.get(channel, "")
