"""What a district decides about all routes below it."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.approvals.tables import Approvals


class DistrictPolicy(Approvals):
    """A district without a row of its own follows the nearest one above it that has one."""

    __tablename__ = "district_policy"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    unit_segment_optional: Mapped[bool]
    version: Mapped[int] = mapped_column(default=1)
