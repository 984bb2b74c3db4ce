"""Districts: everybody reads them, platform administrators keep them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.directory import queries
from services.directory.district import District, new_district
from services.directory.permissions import Verb, require
from services.directory.schemas.districts import (
    DistrictChange,
    DistrictCode,
    DistrictShape,
    Level,
    NewDistrict,
    district_shape,
)
from services.directory.tables import take_turn
from shared.errors import Problem, invalid
from shared.http import DoOnce, IfMatch, Page, Paged, SignedIn, StoreHere, etag, shown
from shared.store import Work

router = APIRouter(tags=["districts"])
Code = Annotated[DistrictCode, Path(examples=["140100"])]


@router.get("/districts", operation_id="list_districts", summary="区划列表 (districts)")
def list_districts(  # noqa: PLR0913 - each filter is a parameter of the request
    caller: SignedIn,
    store: StoreHere,
    asked: Paged,
    parent: Annotated[str, Query(max_length=6, pattern="^[0-9]*$")] = "",
    level: Annotated[Level | None, Query()] = None,
    selectable: Annotated[bool | None, Query()] = None,
    q: Annotated[str, Query(max_length=50, description="名称或代码 (name or code)")] = "",
) -> Page[DistrictShape]:
    """In the order of their codes; `next` is the code to go on after."""
    with store.read() as look:
        found = queries.districts(parent, level or "", q, selectable).where(District.code > asked.cursor)
        rows = look.all(found.order_by(District.code).limit(asked.limit + 1))
    page = rows[: asked.limit]
    following = page[-1].code if len(rows) > asked.limit else None
    return Page(items=[district_shape(row, caller) for row in page], next=following)


@router.get(
    "/districts/{code}",
    operation_id="read_district",
    summary="区划 (a district)",
    response_model=DistrictShape,
)
def read_district(code: Code, caller: SignedIn, store: StoreHere) -> Response:
    with store.read() as look:
        district = look.get(District, code, seen_by=caller)
    return shown(district_shape(district, caller), etag(district.version))


@router.post(
    "/districts",
    operation_id="create_district",
    summary="新增区划 (add a district)",
    status_code=201,
    response_model=DistrictShape,
)
def create_district(body: NewDistrict, caller: SignedIn, store: StoreHere, once: DoOnce) -> Response:
    """A district below another (platform administrators)."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        require(caller, Verb.WRITE_DISTRICTS)
        district = _made(work, body)
        work.add(district)
        work.publish(district.changed())
        return once.answer(work, district_shape(district, caller), 201, etag(district.version))


@router.patch(
    "/districts/{code}",
    operation_id="change_district",
    summary="修改区划 (change a district)",
    response_model=DistrictShape,
)
def change_district(
    code: Code, body: DistrictChange, caller: SignedIn, store: StoreHere, expected: IfMatch
) -> Response:
    """Name and whether organisations can be in it (platform administrators)."""
    with store.work(actor=caller.actor) as work:
        district = work.get(District, code, seen_by=caller)
        require(caller, Verb.WRITE_DISTRICTS)
        expected.check(etag(district.version))
        values = {"name": district.name, "name_en": district.name_en, "selectable": district.selectable}
        work.publish(district.change(**{**values, **body.model_dump(exclude_unset=True)}))
        answer = shown(district_shape(district, caller), etag(district.version))
    return answer


def _made(work: Work, body: NewDistrict) -> District:
    take_turn(work, "districts")
    problems = []
    parent = work.find(District, body.parent_code) if body.parent_code else None
    if body.parent_code and parent is None:
        problems.append(Problem("district_unknown", "上级区划不存在", "/parent_code", "no such district"))
    if work.find(District, body.code) is not None:
        problems.append(Problem("code_taken", "区划代码已存在", "/code", "this code is taken"))
    if problems:
        raise invalid(problems)
    district = new_district(body.code, body.name, body.level, parent)
    district.name_en, district.selectable = body.name_en, body.selectable
    return district
