"""The tables that only this service owns."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from shared.database import metadata


class Base(DeclarativeBase):
    """What plans keeps: plans, budgets, rules of districts, attachments."""

    metadata = metadata()
