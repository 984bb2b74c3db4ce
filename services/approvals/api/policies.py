"""Routes of a district's policy about routes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from sqlalchemy import select

from services.approvals.actions import action
from services.approvals.chains.schemas import PolicyBody, PolicyShape
from services.approvals.policy import DistrictPolicy, Policy
from shared.errors import Forbidden, NotFound
from shared.http import IfMatch, SignedIn, StoreHere, etag, shown
from shared.people import DISTRICT_ROLES, Caller, DistrictCopy, Role
from shared.store import Look

router = APIRouter(tags=["policies"])
Code = Annotated[str, Path(pattern=r"^[0-9]{6}$", description="区划代码", examples=["140105"])]


@router.get(
    "/districts/{code}/policy",
    operation_id="get_policy",
    summary="区划的审核政策 (policy of a district)",
    response_model=PolicyShape,
)
def get_policy(store: StoreHere, caller: SignedIn, code: Code) -> Response:
    """What holds in a district: its own policy, or that of the nearest district above it."""
    with store.read() as look:
        district = seen_district(look, caller, code)
        rows = _policies(look, district)
    return shown(_shape(district, rows, caller), _tag(district, rows))


@router.put(
    "/districts/{code}/policy",
    operation_id="set_policy",
    summary="设置审核政策 (set the policy, by a district administrator)",
    response_model=PolicyShape,
)
def set_policy(
    store: StoreHere, caller: SignedIn, expected: IfMatch, code: Code, body: PolicyBody
) -> Response:
    """Sets the whole policy; rounds that run keep what held when they began."""
    with store.work(actor=caller.actor) as work:
        district = seen_district(work, caller, code)
        if not may_set(caller, district):
            raise Forbidden("not_chain_administrator", "不在您管理的区划内", "outside your district")
        own = work.find(DistrictPolicy, code)
        expected.check(etag(own.version if own else 0))
        if own is None:
            own = DistrictPolicy(district_code=code, version=0)
            work.add(own)
        for rule, value in body.model_dump().items():
            setattr(own, rule, value)
        own.version += 1
    return shown(_shape(district, [own], caller), etag(own.version))


def seen_district(look: Look, caller: Caller, code: str) -> DistrictCopy:
    district = look.session.get(DistrictCopy, code)
    below = caller.has(*DISTRICT_ROLES) and district and district.path.startswith(caller.district_path)
    if district is None or not (below or caller.district_path.startswith(district.path)):
        raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
    return district


def _policies(look: Look, district: DistrictCopy) -> list[DistrictPolicy]:
    """Those that could hold, the nearest first."""
    codes = [code for code in district.path.split("/") if code]
    rows = look.all(select(DistrictPolicy).where(DistrictPolicy.district_code.in_(codes)))
    return sorted(rows, key=lambda row: -codes.index(row.district_code))


def may_set(caller: Caller, district: DistrictCopy) -> bool:
    return caller.has(Role.DISTRICT_ADMINISTRATOR) and district.path.startswith(caller.district_path)


def _tag(district: DistrictCopy, rows: list[DistrictPolicy]) -> str:
    own = rows and rows[0].district_code == district.code
    return etag(rows[0].version if own else 0)


def _shape(district: DistrictCopy, rows: list[DistrictPolicy], caller: Caller) -> PolicyShape:
    url = f"/districts/{district.code}/policy"
    return PolicyShape(
        district_code=district.code,
        **asdict(rows[0].rules if rows else Policy()),
        source=rows[0].district_code if rows else None,
        available_actions=[action("edit", may_set(caller, district), "不在您管理的区划内", url, "PUT")],
    )
