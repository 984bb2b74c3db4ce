"""Routes of substitution (代理): granting, listing, ending."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import Select, false, select

from services.approvals import granting
from services.approvals.actions import action
from services.approvals.granting import Asked
from services.approvals.substitution import Substitution, kept
from services.approvals.substitution_schemas import (
    DeputyShape,
    SubstitutionBody,
    SubstitutionListing,
    SubstitutionShape,
)
from services.approvals.views import problem_items
from shared.database import new_id
from shared.deciding import Deciding
from shared.errors import Forbidden, NotFound, Problem, invalid
from shared.http import DoOnce, Page, PageAsked, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller, PersonCopy, Role
from shared.store import Work

router = APIRouter(tags=["substitutions"])
ORDER = [Substitution.granted_at, Substitution.id]
LABELS = {"coming": "未开始", "in_force": "代理中", "over": "已到期", "ended": "已终止"}


@router.get(
    "/substitutions",
    operation_id="list_substitutions",
    summary="代理 (substitutions: mine, granted to me, of my unit)",
    response_model=Page[SubstitutionShape],
)
def list_substitutions(
    store: StoreHere, caller: SignedIn, asked: Annotated[SubstitutionListing, Query()]
) -> Response:
    """Newest first."""
    page = PageAsked(limit=asked.limit, cursor=asked.cursor)
    with store.read() as look:
        rows, after = page_of(look, _listed(caller, asked, look.now), ORDER, page)
        return shown(Page(items=[_shape(row, caller, look.now) for row in rows], next=after))


@router.get(
    "/substitutions/deputies",
    operation_id="list_deputies",
    summary="可选的代理人 (who of my unit could stand in)",
)
def list_deputies(store: StoreHere, caller: SignedIn) -> list[DeputyShape]:
    """People of the caller's unit, by name, without himself."""
    with store.read() as look:
        found = granting.people_of_unit(look, caller.organisation_id)
    return [DeputyShape.model_validate(one) for one in found if one.person_id != caller.person_id]


@router.post(
    "/substitutions",
    operation_id="grant_substitution",
    summary="设置代理 (grant a substitution)",
    response_model=SubstitutionShape,
    status_code=201,
)
def grant_substitution(store: StoreHere, caller: SignedIn, once: DoOnce, body: SubstitutionBody) -> Response:
    """Lets a colleague decide for somebody who is away: the caller himself, or, by an administrator of the
    unit, one of its people. 422 `deputy_away`, `deputy_not_in_unit`, `window_empty`…"""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        asked = _asked(work, caller, body)
        if found := granting.problems(asked):
            raise invalid(found)
        row = asked.wanted
        work.add(row)
        work.publish(row.granted())
        shape = _shape(row, caller, work.now, granting.warnings(asked))
        return once.answer(work, shape, 201, etag(row.version))


@router.get(
    "/substitutions/{substitution_id}",
    operation_id="get_substitution",
    summary="一项代理 (one substitution)",
    response_model=SubstitutionShape,
)
def get_substitution(store: StoreHere, caller: SignedIn, substitution_id: UUID) -> Response:
    """For both people, and administrators of the unit."""
    with store.read() as look:
        row = look.get(Substitution, substitution_id, seen_by=caller)
        return shown(_shape(row, caller, look.now), etag(row.version))


@router.post(
    "/substitutions/{substitution_id}/end",
    operation_id="end_substitution",
    summary="终止代理 (end a substitution now)",
    response_model=SubstitutionShape,
)
def end_substitution(asked: Deciding, substitution_id: UUID) -> Response:
    """By the principal or an administrator of the unit; what the deputy has decided stays decided."""
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        row = work.get(Substitution, substitution_id, seen_by=asked.caller)
        if not _may_end(row, asked.caller):
            text_en = "the principal or an administrator of the unit"
            raise Forbidden("not_your_substitution", "只有本人或单位管理员可以终止", text_en)
        told = row.end(asked.caller, work.now)
        asked.expected.check(etag(row.version - 1))
        work.publish(told)
        return asked.once.answer(work, _shape(row, asked.caller, work.now), etag=etag(row.version))


def _asked(work: Work, caller: Caller, body: SubstitutionBody) -> Asked:
    """The wish, judged under the lock of both people: two grants that would make a circle come one after the
    other. Raises `Forbidden`, `NotFound`."""
    principal_id = body.principal_id or caller.person_id
    if principal_id != caller.person_id and not caller.has(Role.UNIT_ADMINISTRATOR):
        text = "只有单位管理员可以为他人设置代理"
        raise Forbidden("role_required", text, "for others only by an administrator of the unit")
    both = {person: work.find(PersonCopy, person) for person in sorted({principal_id, body.deputy_id})}
    of_unit = {person.person_id for person in granting.people_of_unit(work, caller.organisation_id)}
    principal, deputy = both[principal_id], both[body.deputy_id]
    if principal is None or principal_id not in of_unit:
        raise NotFound("not_found", "未找到，或不在您的查看范围内", "not found, or outside your scope")
    wanted = Substitution(
        id=new_id(),
        principal_id=principal_id,
        principal_name=principal.name,
        deputy_id=body.deputy_id,
        deputy_name=deputy.name if deputy else "",
        organisation_id=caller.organisation_id,
        organisation_name=caller.organisation_name,
        doc_types=kept(body.doc_types),
        starts_at=max(body.starts_at or work.now, work.now),
        ends_at=body.ends_at,
        reason=body.reason,
        granted_by=caller.person_id,
        granted_by_name=caller.name,
        granted_at=work.now,
        version=1,
    )
    existing = granting.binding(work, [principal_id, body.deputy_id])
    return Asked(wanted, caller, body.deputy_id in of_unit, existing)


def _listed(caller: Caller, asked: SubstitutionListing, now: datetime) -> Select[Substitution]:
    found = select(Substitution)
    if asked.tab == "unit":
        unit = Substitution.organisation_id == caller.organisation_id
        found = found.where(unit if caller.has(Role.UNIT_ADMINISTRATOR) else false())
    else:
        whose = Substitution.principal_id if asked.tab == "mine" else Substitution.deputy_id
        found = found.where(whose == caller.person_id)
    if asked.current:
        found = found.where(Substitution.ended_at.is_(None), Substitution.ends_at > now)
    return found


def _may_end(row: Substitution, caller: Caller) -> bool:
    of_unit = caller.has(Role.UNIT_ADMINISTRATOR) and caller.organisation_id == row.organisation_id
    return of_unit or caller.person_id == row.principal_id


def _shape(
    row: Substitution, caller: Caller, now: datetime, warnings: list[Problem] | None = None
) -> SubstitutionShape:
    state = row.state(now)
    goes_on = state in ("coming", "in_force")
    reason = "只有本人或单位管理员可以终止" if goes_on else "该代理已结束"
    allowed = goes_on and _may_end(row, caller)
    return SubstitutionShape(
        **{name: getattr(row, name) for name in SubstitutionShape.model_fields if hasattr(row, name)}
        | {"doc_types": row.types, "state": state},
        status_label=LABELS[state],
        etag=etag(row.version),
        warnings=problem_items(warnings or []),
        available_actions=[action("end", allowed, reason, f"/substitutions/{row.id}/end")],
    )
