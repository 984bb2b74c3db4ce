"""Which rules hold in a district on a day: one function, and what it finds."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import aliased

from services.plans import reference
from services.plans.district import District
from services.plans.rule import NATION, RuleVersion, Version
from services.plans.topics import TOPICS, Content, Thresholds
from shared.store import Look


@dataclass(frozen=True)
class Threshold:
    """The amounts that hold for one kind of procurement, in fen, and the version that says so."""

    open_tender_from_fen: int | None
    decentralised_limit_fen: int | None
    version: Version


@dataclass(frozen=True)
class Policy:
    """What holds in a district on a day: per topic the versions in force, the nearest district's first; none
    that is looser than a binding one above it."""

    chains: Mapping[str, Sequence[Version]]

    def version(self, topic: str) -> Version:
        """The version that holds."""
        return self.chains[topic][0]

    def get(self, kind: type[Content]) -> Content:
        """What the version that holds says."""
        found = self.version(kind.topic).content
        assert isinstance(found, kind)
        return found

    def threshold(self, district: District, kind: str | None) -> Threshold | None:
        """The amounts for a kind, of the nearest district that has some for the district's budget level."""
        for version in self.chains[Thresholds.topic]:
            assert isinstance(version.content, Thresholds)
            if found := version.content.of(district.budget_levels, kind):
                return Threshold(found.open_tender_from, found.decentralised_limit, version)
        return None

    @property
    def versions(self) -> list[Version]:
        """The version that holds, of every topic."""
        return [self.chains[topic][0] for topic in TOPICS if topic in self.chains]


def policy_of(look: Look, district: District, day: date | None = None) -> Policy:
    """The rules in force in a district on a day (today): per topic its own, else those of its nearest
    ancestor, else those of the whole country. What is looser than a binding version above does not hold."""
    codes, day = [*district.codes, NATION], day or look.today
    found = look.execute(_IN_FORCE, {"codes": codes, "day": day}).scalars()
    rows = [row.applied for row in found] + national(day)
    chains: dict[str, list[Version]] = defaultdict(list)
    for version in sorted(rows, key=lambda row: codes.index(row.district_code), reverse=True):
        if version.content is not None:
            chain = chains[version.topic]
            if not any(above.forbids(version.content) for above in chain):
                chain.insert(0, version)
    return Policy(chains)


def _statement() -> Select[RuleVersion]:
    """Of each district and topic the version in force on a day: that of the latest date, among those of one
    date the last published."""
    order = (RuleVersion.effective_from.desc(), RuleVersion.version.desc())
    place = func.row_number().over(
        partition_by=(RuleVersion.district_code, RuleVersion.topic), order_by=order
    )
    ranked = (
        select(RuleVersion, place.label("place"))
        .where(
            RuleVersion.district_code.in_(bindparam("codes", expanding=True)),
            RuleVersion.topic.in_(list(TOPICS)),
            RuleVersion.effective_from <= bindparam("day"),
            RuleVersion.withdrawn_at.is_(None),
        )
        .subquery()
    )
    return select(aliased(RuleVersion, ranked)).where(ranked.c.place == 1)


_IN_FORCE = _statement()
"""Made once: every check and every submission asks it."""


def versions_of(look: Look, district_code: str, topic: str) -> list[RuleVersion]:
    """Every version of a district, or of the whole country, on a topic, newest first."""
    if district_code == NATION:
        return [row for row in reversed(national_rows()) if row.topic == topic]
    own = select(RuleVersion).where(RuleVersion.district_code == district_code, RuleVersion.topic == topic)
    return look.all(own.order_by(RuleVersion.version.desc()))


def national(day: date) -> list[Version]:
    """The rules of the whole country in force on a day, one per topic. They come with the program."""
    in_force = {version.topic: version for version in _national_versions() if version.effective_from <= day}
    return list(in_force.values())


@lru_cache
def _national_versions() -> tuple[Version, ...]:
    return tuple(sorted((row.applied for row in national_rows()), key=lambda version: version.effective_from))


@lru_cache
def national_rows() -> tuple[RuleVersion, ...]:
    """Every version of the rules of the whole country, as the data file has them; never in the database."""
    return tuple(shipped("national_rules"))


def shipped(name: str) -> Iterator[RuleVersion]:
    """Versions of rules from a data file, not yet in any database."""
    for row in json.loads((reference.DATA / f"{name}.json").read_text(encoding="utf-8")):
        about = {"district_code": NATION, "version": 1, "is_sample": False, "binding": False, **row}
        yield RuleVersion(**{**about, "effective_from": date.fromisoformat(row["effective_from"])})
