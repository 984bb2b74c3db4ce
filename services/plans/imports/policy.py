"""Where the public notice of an import approval may stand: what a district chooses from."""

from __future__ import annotations

from enum import StrEnum

SHORTEST_NOTICE = 5
"""Working days; a district may want more."""


class NoticeOrder(StrEnum):
    """Where the public notice stands."""

    AFTER_FIRST_REVIEW = "after_first_review"
    BEFORE_FIRST_REVIEW = "before_first_review"
    NONE = "none"
