"""The published unit chains of a district that do not satisfy its floors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, tuple_

from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.chains.floor import Floors, breaches
from services.approvals.queries import CHAIN_ORDER
from services.approvals.step import Segment, Step
from shared.cursor import cursor_of, open_cursor
from shared.errors import Problem
from shared.http import PageAsked
from shared.people import DistrictCopy, OrganisationCopy
from shared.store import Look

TOGETHER = 200
"""Chains that one statement reads."""
AT_MOST = 2000
"""Chains that one page looks at, however few of them it finds."""


@dataclass(frozen=True)
class Breach:
    """A unit's published chain and where it falls short."""

    chain: Chain
    problems: list[Problem]


def breaching(
    look: Look, district: DistrictCopy, doc_type: str, floors: Floors, asked: PageAsked
) -> tuple[list[Breach], str | None]:
    """A page of the chains at or below a district that fall short, newest first, and the next cursor. A page
    looks at a bounded number of chains, so it may be short of the limit and still have a next one."""
    found: list[Breach] = []
    for seen, (chain, steps, path) in enumerate(_chains(look, district, doc_type, asked.cursor), 1):
        if problems := breaches(floors, path, [Step.model_validate(step) for step in steps]):
            found.append(Breach(chain, problems))
        if len(found) == asked.limit or seen == AT_MOST:
            return found, cursor_of([chain.created_at, chain.id])
    return found, None


def _chains(
    look: Look, district: DistrictCopy, doc_type: str, cursor: str
) -> Iterator[tuple[Chain, Any, str]]:
    """Published unit chains after a cursor with their steps and the district they are in now."""
    statement = (
        select(Chain, ChainVersion.steps, DistrictCopy.path)
        .join(ChainVersion, and_(ChainVersion.chain_id == Chain.id, ChainVersion.n == Chain.published))
        .join(OrganisationCopy, OrganisationCopy.organisation_id == Chain.organisation_id)
        .join(DistrictCopy, DistrictCopy.code == OrganisationCopy.district_code)
        .where(Chain.level == Segment.UNIT, Chain.doc_type == doc_type, OrganisationCopy.active)
        .where(DistrictCopy.path.startswith(district.path, autoescape=True))
        .order_by(*(column.desc() for column in CHAIN_ORDER))
        .limit(TOGETHER)
    )
    types = [column.type for column in CHAIN_ORDER]
    after = open_cursor(cursor, CHAIN_ORDER) if cursor else None
    while True:
        page = statement
        if after is not None:
            page = page.where(tuple_(*CHAIN_ORDER) < tuple_(*after, types=types))
        rows: Any = look.execute(page).all()
        yield from rows
        if len(rows) < TOGETHER:
            return
        after = [rows[-1][0].created_at, rows[-1][0].id]
