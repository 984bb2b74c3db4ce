"""Why a plan came back, kept on it until the next submission."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column


class Returned:
    """Who gave it back (`reviewer`, `system`), with the code, the reason, the step and the name."""

    returned_by: Mapped[str] = mapped_column(String(20))
    returned_code: Mapped[str] = mapped_column(String(80))
    returned_reason: Mapped[str] = mapped_column(Text)
    returned_step: Mapped[str] = mapped_column(String(200))
    returned_actor: Mapped[str] = mapped_column(String(100))

    def returned(self, by: str, code: str, reason: str, step: str = "", actor: str = "") -> None:
        self.returned_by, self.returned_code, self.returned_reason = by, code, reason
        self.returned_step, self.returned_actor = step, actor


NOT_RETURNED: Mapping[str, str] = dict.fromkeys(
    ("returned_by", "returned_code", "returned_reason", "returned_step", "returned_actor"), ""
)
