"""What a district sets for import approvals: when and how long the notice is, how long an approval holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SHORTEST_NOTICE = 5
"""Working days; a district may want more."""


class NoticeOrder(StrEnum):
    """Where the public notice stands."""

    AFTER_FIRST_REVIEW = "after_first_review"
    BEFORE_FIRST_REVIEW = "before_first_review"
    NONE = "none"


@dataclass(frozen=True)
class ImportPolicy:
    """A district's settings; `valid_months` absent: an approval holds until the end of its fiscal year."""

    district_code: str = ""
    version: int = 0
    notice_order: NoticeOrder = NoticeOrder.AFTER_FIRST_REVIEW
    notice_days: int = SHORTEST_NOTICE
    valid_months: int | None = None
