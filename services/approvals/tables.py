"""The tables that this service owns, besides those that every service has."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from shared.database import metadata


class Approvals(DeclarativeBase):
    """Chains, cases and what belongs to them."""

    metadata = metadata()
