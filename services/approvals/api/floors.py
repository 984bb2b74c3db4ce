"""Routes of a district's floor: its versions, and the unit chains that do not satisfy it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from sqlalchemy import select

from services.approvals.actions import action
from services.approvals.api.policies import Code, may_set, seen_district
from services.approvals.chains.floor import Floor, Floors, FloorVersion, floors_on
from services.approvals.chains.floor_breaches import breaching
from services.approvals.chains.floor_schemas import (
    BindingFloorShape,
    BreachPage,
    BreachShape,
    FloorBody,
    FloorCheckBody,
    FloorShape,
    FloorVersionShape,
)
from services.approvals.chains.views import chain_item
from services.approvals.step import KEY
from services.approvals.time_schemas import Day
from services.approvals.views import problem_items
from shared.deciding import Deciding
from shared.errors import Forbidden, Problem, invalid
from shared.http import PageAsked, Paged, SignedIn, StoreHere, etag, shown
from shared.people import DISTRICT_ROLES, Caller, DistrictCopy
from shared.store import Look

router = APIRouter(prefix="/districts/{code}/floors", tags=["floors"])
DocType = Annotated[str, Path(pattern=KEY, examples=["plan"])]
OfDay = Annotated[Day | None, Query(description="按哪一天的底线；不填为今天 (the floors of which day)")]


@router.get(
    "/{doc_type}",
    operation_id="get_floor",
    summary="区划底线 (the floor of a district)",
    response_model=FloorShape,
)
def get_floor(store: StoreHere, caller: SignedIn, code: Code, doc_type: DocType) -> Response:
    """What unit chains in the district must satisfy today, and the versions of its own floor."""
    with store.read() as look:
        district = seen_district(look, caller, code)
        shape = _shape(look, district, doc_type, caller)
    return shown(shape, _tag(shape))


@router.post(
    "/{doc_type}",
    operation_id="publish_floor",
    summary="发布底线 (publish the next version, by a district administrator)",
    response_model=FloorShape,
)
def publish_floor(asked: Deciding, code: Code, doc_type: DocType, body: FloorBody) -> Response:
    """Unit chains that are published from the day on must satisfy it. Those in force stay, and so do running
    rounds: `breaches` lists the chains that fall short. 422 `effective_in_the_past`."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        # one administrator at a time: versions of a district are numbered
        work.lock_all(select(DistrictCopy).where(DistrictCopy.code == code))
        district = seen_district(work, asked.caller, code)
        if not may_set(asked.caller, district):
            raise Forbidden("not_chain_administrator", "不在您管理的区划内", "outside your district")
        versions = _versions(work, code, doc_type)
        newest = versions[0].n if versions else 0
        asked.expected.check(etag(newest))
        day = body.effective_from or work.today
        if day < work.today:
            text_en = "a floor holds from today or a later day"
            raise invalid(
                [Problem("effective_in_the_past", "生效日期不能早于今天", "/effective_from", text_en)]
            )
        work.add(
            FloorVersion(
                district_code=code,
                doc_type=doc_type,
                n=newest + 1,
                effective_from=day,
                rules=body.rules.to_json(),
                published_by=asked.caller.person_id,
                published_at=work.now,
            )
        )
        work.session.flush()
        shape = _shape(work, district, doc_type, asked.caller)
        return asked.once.answer(work, shape, etag=_tag(shape))


@router.get(
    "/{doc_type}/breaches",
    operation_id="list_breaches",
    summary="不符合底线的审核链 (unit chains that fall short)",
)
def list_breaches(  # noqa: PLR0913 - a district, a type, a day and a page
    store: StoreHere, caller: SignedIn, page: Paged, code: Code, doc_type: DocType, on: OfDay = None
) -> BreachPage:
    """The published unit chains at or below the district that do not satisfy the floors of a day: its own,
    those above it, and those of the districts below it that have one. For roles of the district."""
    with store.read() as look:
        district = _administered(look, caller, code)
        floors = floors_on(look, district.path, doc_type, on or look.today, below=True)
        return _page(look, district, doc_type, floors, page)


@router.post(
    "/{doc_type}/check",
    operation_id="check_floor",
    summary="试算底线 (which unit chains would fall short)",
)
def check_floor(  # noqa: PLR0913 - a district, a type, rules and a page
    store: StoreHere, caller: SignedIn, page: Paged, code: Code, doc_type: DocType, body: FloorCheckBody
) -> BreachPage:
    """The published unit chains that would fall short of these rules alone; changes nothing."""
    with store.read() as look:
        district = _administered(look, caller, code)
        tried = Floor(district_code=code, district_name=district.name, n=0, rules=body.rules)
        return _page(look, district, doc_type, {code: tried}, page)


def _administered(look: Look, caller: Caller, code: str) -> DistrictCopy:
    """A district that the caller looks after. Raises `Forbidden` (`role_required`)."""
    district = seen_district(look, caller, code)
    caller.require(*DISTRICT_ROLES)
    if not district.path.startswith(caller.district_path):
        raise Forbidden("not_chain_administrator", "不在您管理的区划内", "outside your district")
    return district


def _page(look: Look, district: DistrictCopy, doc_type: str, floors: Floors, page: PageAsked) -> BreachPage:
    found, after = breaching(look, district, doc_type, floors, page)
    items = [BreachShape(chain=chain_item(one.chain), problems=problem_items(one.problems)) for one in found]
    return BreachPage(items=items, next=after)


def _versions(look: Look, code: str, doc_type: str) -> Sequence[FloorVersion]:
    return look.all(
        select(FloorVersion)
        .where(FloorVersion.district_code == code, FloorVersion.doc_type == doc_type)
        .order_by(FloorVersion.n.desc())
    )


def _tag(shape: FloorShape) -> str:
    return etag(shape.versions[0].n if shape.versions else 0)


def _shape(look: Look, district: DistrictCopy, doc_type: str, caller: Caller) -> FloorShape:
    floors = floors_on(look, district.path, doc_type, look.today)
    url = f"/districts/{district.code}/floors/{doc_type}"
    refused = "不在您管理的区划内"
    looks_after = caller.has(*DISTRICT_ROLES) and district.path.startswith(caller.district_path)
    return FloorShape(
        district_code=district.code,
        doc_type=doc_type,
        in_force=[
            BindingFloorShape.model_validate(floors[code])
            for code in district.path.split("/")
            if code in floors
        ],
        versions=[FloorVersionShape.model_validate(row) for row in _versions(look, district.code, doc_type)],
        available_actions=[
            action("publish", may_set(caller, district), refused, url),
            action("check", looks_after, refused, f"{url}/check"),
            action("breaches", looks_after, refused, f"{url}/breaches", "GET"),
        ],
    )
