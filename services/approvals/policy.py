"""What a district decides about all routes below it."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.step import Repeat
from services.approvals.tables import Approvals


@dataclass(frozen=True)
class Policy:
    """What holds for a unit: whether it may go without a chain of its own, and what happens with people who
    have agreed in a round when another of its steps finds them again, and whether slots may be decided from
    the link in a message."""

    unit_segment_optional: bool = False
    repeat: Repeat = "never"
    by_message: bool = True


class DistrictPolicy(Approvals):
    """A district without a row of its own follows the nearest one above it that has one."""

    __tablename__ = "district_policy"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    unit_segment_optional: Mapped[bool]
    repeat: Mapped[str] = mapped_column(String(20), default="never")
    by_message: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    @property
    def rules(self) -> Policy:
        return Policy(**{rule.name: getattr(self, rule.name) for rule in fields(Policy)})
