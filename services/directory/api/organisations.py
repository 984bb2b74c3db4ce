"""Organisations: kept by district administrators in their district and below."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from services.directory import queries
from services.directory.organisation import (
    Kind,
    Organisation,
    check_superior,
    kind_refused,
    new_organisation,
    place_for_new,
    uscc_problem,
    uscc_taken,
)
from services.directory.permissions import Verb, covers, require
from services.directory.queries import OrganisationsAsked
from services.directory.schemas.organisations import (
    NewOrganisation,
    OrganisationChange,
    OrganisationCounts,
    OrganisationShape,
    organisation_shape,
)
from services.directory.tables import take_turn
from shared.errors import Forbidden, Problem, invalid
from shared.http import DoOnce, IfMatch, Page, Paged, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller
from shared.store import Look, Work

router = APIRouter(tags=["organisations"])
Id = Annotated[UUID, Path()]


def asked_for(  # noqa: PLR0913 - each filter is a parameter of the request
    kind: Annotated[Kind | None, Query()] = None,
    district_code: Annotated[str, Query(max_length=6, pattern="^[0-9]*$")] = "",
    below: Annotated[str, Query(max_length=6, pattern="^[0-9]*$", description="区划及下级 (and below)")] = "",
    superior_id: Annotated[UUID | None, Query()] = None,
    active: Annotated[bool | None, Query()] = None,
    q: Annotated[str, Query(max_length=50, description="名称或代码开头 (name or start of the code)")] = "",
) -> OrganisationsAsked:
    return OrganisationsAsked(kind, district_code, below, superior_id, active, q)


Filters = Annotated[OrganisationsAsked, Depends(asked_for)]


@router.get("/organisations", operation_id="list_organisations", summary="单位列表 (organisations)")
def list_organisations(
    caller: SignedIn, store: StoreHere, filters: Filters, asked: Paged
) -> Page[OrganisationShape]:
    """Newest first, within the caller's scope."""
    with store.read() as look:
        rows, following = page_of(look, queries.organisations(caller, filters), (Organisation.id,), asked)
        return Page(items=[organisation_shape(row, caller) for row in rows], next=following)


@router.get("/organisations/counts", operation_id="count_organisations", summary="单位数量 (counts)")
def count_organisations(caller: SignedIn, store: StoreHere, filters: Filters) -> OrganisationCounts:
    """How many organisations the list holds with the same filters."""
    with store.read() as look:
        by_kind = queries.count_by(look, queries.organisations(caller, filters), "kind")
    return OrganisationCounts(
        total=sum(by_kind.values()), by_kind={str(kind): count for kind, count in by_kind.items()}
    )


@router.get(
    "/organisations/{organisation_id}",
    operation_id="read_organisation",
    summary="单位 (an organisation)",
    response_model=OrganisationShape,
)
def read_organisation(organisation_id: Id, caller: SignedIn, store: StoreHere) -> Response:
    with store.read() as look:
        organisation = look.get(Organisation, organisation_id, seen_by=caller)
        return shown(organisation_shape(organisation, caller), etag(organisation.version))


@router.post(
    "/organisations",
    operation_id="create_organisation",
    summary="新增单位 (add an organisation)",
    status_code=201,
    response_model=OrganisationShape,
)
def create_organisation(body: NewOrganisation, caller: SignedIn, store: StoreHere, once: DoOnce) -> Response:
    """An organisation in the caller's district or below; a platform administrator makes only the bodies
    that a district starts with (finance, supervising)."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        require(caller, Verb.WRITE_ORGANISATIONS)
        refuse_kind(caller, body.kind)
        organisation = _made(work, body, caller)
        work.add(organisation)
        work.publish(organisation.changed())
        return once.answer(work, organisation_shape(organisation, caller), 201, etag(organisation.version))


@router.patch(
    "/organisations/{organisation_id}",
    operation_id="change_organisation",
    summary="修改单位 (change an organisation)",
    response_model=OrganisationShape,
)
def change_organisation(
    organisation_id: Id, body: OrganisationChange, caller: SignedIn, store: StoreHere, expected: IfMatch
) -> Response:
    """Changes the given fields; with `active: false` nobody can act for it any more. 409 `superior_cycle`."""
    with store.work(actor=caller.actor) as work:
        if body.superior_id is not None:
            take_turn(work, "superiors")
        organisation = work.get(Organisation, organisation_id, seen_by=caller)
        refuse_writing(caller, organisation)
        refuse_kind(caller, Kind(organisation.kind))
        values = body.model_dump(exclude_unset=True)
        if "kind" in values:
            refuse_kind(caller, body.kind)
        expected.check(etag(organisation.version))
        _check_change(work, body, organisation, caller)
        work.publish(organisation.change(**values))
        answer = shown(organisation_shape(organisation, caller), etag(organisation.version))
    return answer


def refuse_writing(caller: Caller, organisation: Organisation) -> None:
    """Raises `Forbidden` when the caller sees the organisation but may not change it."""
    require(caller, Verb.WRITE_ORGANISATIONS)
    if not covers(caller, Verb.WRITE_ORGANISATIONS, organisation.id, organisation.district.path):
        raise Forbidden("organisation_beyond_reach", "您不能维护该单位", "you do not keep this organisation")


def refuse_kind(caller: Caller, kind: Kind) -> None:
    if reason := kind_refused(caller, kind):
        raise Forbidden("kind_beyond_reach", reason, "organisations of this kind are kept by others")


def _made(work: Work, body: NewOrganisation, caller: Caller) -> Organisation:
    problems = [uscc_problem(body.uscc, "/uscc")]
    if uscc_taken(work, [body.uscc]):
        problems.append(Problem("uscc_taken", "该代码的单位已存在", "/uscc", "this code is taken"))
    district = place_for_new(work, body.district_code, caller)
    problems += [
        district if isinstance(district, Problem) else None,
        _superior_problem(work, body.superior_id),
    ]
    found = [problem for problem in problems if problem]
    if found or isinstance(district, Problem):
        raise invalid(found)
    organisation = new_organisation(body.uscc, body.name, body.kind, district)
    organisation.superior_id, organisation.import_exempt_class = body.superior_id, body.import_exempt_class
    return organisation


def _check_change(work: Work, body: OrganisationChange, organisation: Organisation, caller: Caller) -> None:
    if body.superior_id is not None:
        if problem := _superior_problem(work, body.superior_id):
            raise invalid([problem])
        check_superior(work, organisation.id, body.superior_id)
    if "active" in body.model_fields_set and not body.active and organisation.id == caller.organisation_id:
        raise Forbidden("own_organisation", "不能停用您正在代表的单位", "you act for this organisation")


def _superior_problem(look: Look, superior_id: UUID | None) -> Problem | None:
    if superior_id is None or look.session.get(Organisation, superior_id) is not None:
        return None
    return Problem("organisation_unknown", "主管单位不存在", "/superior_id", "no such organisation")
