"""The base of the directory's own tables."""

from sqlalchemy import text
from sqlalchemy.orm import DeclarativeBase

from shared.database import metadata
from shared.store import Work


class Directory(DeclarativeBase):
    """The tables that only this service reads and writes."""

    metadata = metadata()


def take_turn(work: Work, what: str) -> None:
    """Waits until no other transaction holds the turn `what`; held until the end of this one.

    For rules that look at more rows than can be locked in a fixed order. SQLite has one writer anyway.
    """
    if work.session.get_bind().dialect.name == "postgresql":
        work.execute(text("SELECT pg_advisory_xact_lock(hashtext(:what))"), {"what": f"directory.{what}"})
