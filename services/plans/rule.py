"""A district's rules (区划规则): versions that never change, each in force from a day until the next one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Date, String, Uuid, event, false, func, inspect, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from services.plans.tables import Base
from services.plans.topics import TOPICS, Topic
from shared.database import UtcDateTime
from shared.errors import Conflict
from shared.people import Caller
from shared.store import Look, Work

OptionalJson = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
NATION = "000000"
"""The code under which the rules of the whole country stand; every district inherits them last."""


@dataclass(frozen=True)
class Version:
    """A version as checks apply it. Without content the district follows the one above it again."""

    topic: str
    district_code: str
    version: int
    effective_from: date
    source: str
    is_sample: bool
    content: Topic | None
    binding: bool = False

    def forbids(self, below: Topic) -> list[str]:
        """The fields (JSON pointers) of a content below that are looser than this version allows."""
        if not self.binding or self.content is None:
            return []
        return list(below.looser_than(self.content))

    def to_json(self) -> dict[str, Any]:
        """What a finding says of it."""
        return {
            "rule": self.topic,
            "district_code": self.district_code,
            "version": self.version,
            "effective_from": self.effective_from.isoformat(),
            "source": self.source,
            "is_sample": self.is_sample,
        }


class RuleVersion(Base):
    """A version that a district has published. Only its withdrawal is ever added to it."""

    __tablename__ = "rule_version"

    district_code: Mapped[str] = mapped_column(String(6), primary_key=True)
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    effective_from: Mapped[date] = mapped_column(Date)
    content: Mapped[dict[str, Any] | None] = mapped_column(OptionalJson)
    source: Mapped[str] = mapped_column(String(200))
    is_sample: Mapped[bool]
    binding: Mapped[bool] = mapped_column(server_default=false())
    published_by: Mapped[UUID | None] = mapped_column(Uuid)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[UUID | None] = mapped_column(Uuid)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def applied(self) -> Version:
        kind, content = TOPICS[self.topic], self.content
        return Version(
            topic=self.topic,
            district_code=self.district_code,
            version=self.version,
            effective_from=self.effective_from,
            source=self.source,
            is_sample=self.is_sample,
            content=None if content is None else kind.model_validate(content),
            binding=self.binding,
        )

    def withdraw(self, by: UUID, today: date, at: datetime) -> None:
        """Takes back what is not in force yet. Raises `Conflict`: `rule_in_force`, `rule_withdrawn`."""
        self.must_be_coming(today)
        self.withdrawn_by, self.withdrawn_at = by, at

    def must_be_coming(self, today: date) -> None:
        """Raises `Conflict` unless it is still to come: `rule_in_force`, `rule_withdrawn`."""
        facts = {"version": self.version, "effective_from": self.effective_from.isoformat()}
        if self.withdrawn_at is not None:
            facts["withdrawn_at"] = self.withdrawn_at.isoformat()
            raise Conflict("rule_withdrawn", "该版本已撤回", "withdrawn already", facts=facts)
        if self.effective_from <= today:
            text = "已生效的版本不能撤回，请发布新版本"
            raise Conflict("rule_in_force", text, "in force since; publish a new one", facts=facts)


@dataclass(frozen=True)
class NewVersion:
    """What somebody publishes; without content the district follows the one above it again. One that is
    binding lets the districts below be stricter only."""

    topic: str
    effective_from: date
    source: str
    content: Topic | None
    binding: bool = False


def publish(work: Work, district_code: str, new: NewVersion, by: Caller) -> RuleVersion:
    """Adds a version. The district's row must be locked, so that two of them get two numbers."""
    content = new.content
    row = RuleVersion(
        district_code=district_code,
        topic=new.topic,
        version=newest(work, district_code, new.topic) + 1,
        effective_from=new.effective_from,
        content=None if content is None else content.model_dump(mode="json"),
        source=new.source,
        is_sample=False,
        binding=new.binding,
        published_by=by.person_id,
        published_at=work.now,
    )
    work.add(row)
    return row


def newest(look: Look, district_code: str, topic: str) -> int:
    """The number of a district's newest version on a topic, 0 when it has none."""
    last = select(func.coalesce(func.max(RuleVersion.version), 0)).where(
        RuleVersion.district_code == district_code, RuleVersion.topic == topic
    )
    return int(look.execute(last).scalar_one())


@dataclass(frozen=True)
class Period:
    """When a version holds: `status` is coming, in_force, past, superseded (replaced on its first day or
    before) or withdrawn; `until` the last day, open when absent."""

    status: str
    until: date | None = None


def periods(rows: Iterable[RuleVersion], today: date) -> dict[int, Period]:
    """When each of all versions of a district on a topic holds, by its number."""
    rows = list(rows)
    found = {row.version: Period("withdrawn") for row in rows if row.withdrawn_at is not None}
    kept = sorted(
        (row for row in rows if row.withdrawn_at is None), key=lambda row: (row.effective_from, row.version)
    )
    for row, following in zip_longest(kept, kept[1:]):
        until = following.effective_from - timedelta(days=1) if following else None
        if until is not None and until < row.effective_from:
            found[row.version] = Period("superseded")
        elif row.effective_from > today:
            found[row.version] = Period("coming", until)
        else:
            found[row.version] = Period("in_force" if until is None or until >= today else "past", until)
    return found


@event.listens_for(RuleVersion, "before_update")
@event.listens_for(RuleVersion, "before_delete")
def _refuse_change(_mapper: Mapper[Any], _connection: Connection, row: RuleVersion) -> None:
    state = inspect(row)
    changed = {attribute.key for attribute in state.attrs if attribute.history.has_changes()}
    if not changed or changed - {"withdrawn_by", "withdrawn_at"}:
        raise TypeError("versions of rules never change")
