"""One try of a delivery."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from services.notify.answer import ANSWER_LENGTH, CODE_LENGTH, Answer, Outcome, redacted
from services.notify.masked import MASKED_LENGTH
from services.notify.message import Base
from shared.database import UtcDateTime, new_id


class Attempt(Base):
    """One try and what the provider answered; append-only."""

    __tablename__ = "attempt"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("delivery.id"), index=True)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    provider: Mapped[str] = mapped_column(String(20))
    provider_id: Mapped[UUID | None] = mapped_column(Uuid)
    to: Mapped[str] = mapped_column(String(MASKED_LENGTH), default="", server_default="", doc="masked")
    outcome: Mapped[Outcome] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(CODE_LENGTH))
    answer: Mapped[str] = mapped_column(String(ANSWER_LENGTH))
    milliseconds: Mapped[int]

    @classmethod
    def of(cls, delivery_id: UUID, number: int, provider: str, answer: Answer) -> Attempt:
        """With what is known of every try: of one that was cut off neither how long it took nor where it
        went."""
        return cls(
            delivery_id=delivery_id,
            number=number,
            provider=provider,
            outcome=answer.outcome,
            code=answer.code,
            answer=redacted(answer.text),
            milliseconds=0,
        )
