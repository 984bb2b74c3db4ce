"""Which chains and which policy hold for a unit: its own chain, and what the nearest district says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select

from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.policy import DistrictPolicy, Policy
from services.approvals.route import InForce
from services.approvals.staffing import Unit
from services.approvals.step import Segment
from shared.store import Look


def in_force(look: Look, unit: Unit, doc_type: str) -> InForce:
    """The published chains for a unit: its own, and that of the nearest district at or above it."""
    return in_force_of(look, [unit], doc_type)[unit.id]


def in_force_of(look: Look, units: Sequence[Unit], doc_type: str) -> dict[UUID, InForce]:
    """The same for many units, in two statements."""
    codes = {code for unit in units for code in unit.districts}
    owners = or_(
        and_(Chain.level == Segment.UNIT, Chain.owner.in_([str(unit.id) for unit in units])),
        and_(Chain.level == Segment.DISTRICT, Chain.owner.in_(codes)),
    )
    rows: Sequence[Any] = look.execute(
        select(Chain, ChainVersion)
        .join(ChainVersion, and_(ChainVersion.chain_id == Chain.id, ChainVersion.n == Chain.published))
        .where(Chain.doc_type == doc_type, owners)
    ).all()
    by_owner = {(chain.level, chain.owner): (chain, version) for chain, version in rows}
    policies = look.all(select(DistrictPolicy).where(DistrictPolicy.district_code.in_(codes)))
    found = {}
    for unit in units:
        above = (by_owner.get((Segment.DISTRICT, code)) for code in unit.districts)
        nearest = next((pair for pair in above if pair is not None), None)
        own = by_owner.get((Segment.UNIT, str(unit.id)))
        found[unit.id] = InForce(own, nearest, nearest_policy(policies, unit))
    return found


def policy_at(look: Look, district_path: str) -> Policy:
    """What holds in a district now."""
    codes = [code for code in district_path.split("/") if code]
    rows = look.all(select(DistrictPolicy).where(DistrictPolicy.district_code.in_(codes)))
    nearest = max(rows, key=lambda row: codes.index(row.district_code), default=None)
    return Policy() if nearest is None else nearest.rules


def nearest_policy(policies: Sequence[DistrictPolicy], unit: Unit) -> Policy:
    """What holds for a unit of these policies."""
    above = [one for one in policies if one.district_code in unit.districts]
    nearest = min(above, key=lambda one: unit.districts.index(one.district_code), default=None)
    return Policy() if nearest is None else nearest.rules
