"""How much of a plan trades have taken: committed while one runs, consumed by its award (all in fen)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

NOTHING: Mapping[str, int] = {"amount_fen": 0, "committed_fen": 0, "consumed_fen": 0}


class Usage:
    """The money of a plan. What is neither committed nor consumed is there for further trades."""

    amount_fen: Mapped[int] = mapped_column(BigInteger)
    committed_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    consumed_fen: Mapped[int] = mapped_column(BigInteger, server_default="0")

    @property
    def unused_fen(self) -> int:
        return self.amount_fen - self.committed_fen - self.consumed_fen

    @property
    def is_unused(self) -> bool:
        return self.committed_fen == self.consumed_fen == 0

    @property
    def is_used_up(self) -> bool:
        return self.consumed_fen == self.amount_fen

    def move_money(self, committed: int, consumed: int) -> None:
        """Adds to both (negative: takes away). Raises ValueError for more than there is: that is a defect."""
        self.committed_fen += committed
        self.consumed_fen += consumed
        if min(self.unused_fen, self.committed_fen, self.consumed_fen) < 0:
            raise ValueError(f"{committed} committed and {consumed} consumed is more than the plan holds")
