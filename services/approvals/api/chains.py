"""Routes of administrators: chains of their unit or district, and the district's policy."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from services.approvals.chains.chain import Chain
from services.approvals.chains.check import check
from services.approvals.chains.facts import unknown_facts
from services.approvals.chains.judged import read_judged
from services.approvals.chains.schemas import ChainBody, ChainItem, ChainShape, DraftBody, LintShape
from services.approvals.chains.views import chain_item, chain_shape
from services.approvals.queries import CHAIN_ORDER
from services.approvals.views import problem_items
from shared.database import new_id
from shared.deciding import Deciding
from shared.errors import Conflict, Forbidden, Problem, invalid
from shared.http import DoOnce, IfMatch, Page, Paged, SignedIn, StoreHere, etag, page_of, shown
from shared.people import Caller, DistrictCopy, Role
from shared.store import Look, Store, Work

router = APIRouter(tags=["chains"])
DocTypeFilter = Annotated[str, Query(max_length=40, description="单据类型 (type of document)")]


@router.post(
    "/chains",
    operation_id="create_chain",
    summary="新建审核链 (create a chain)",
    response_model=ChainShape,
    status_code=201,
)
def create_chain(store: StoreHere, caller: SignedIn, once: DoOnce, body: ChainBody) -> Response:
    """A chain of the caller's unit (unit administrators) or of a district (its administrators, or those of a
    district above). One per owner and type of document: 409 `chain_exists`."""
    with store.work(actor=caller.actor) as work:
        if (before := once.before(work)) is not None:
            return before
        chain = _new_chain(work, caller, body)
        chain.require_editor(caller)
        same = select(Chain).where(
            Chain.level == chain.level, Chain.owner == chain.owner, Chain.doc_type == chain.doc_type
        )
        if (there := work.first(same)) is not None:
            facts = {"chain_id": str(there.id)}
            raise Conflict("chain_exists", "该类单据的审核链已存在", "there is a chain already", facts)
        work.add(chain)
        try:
            work.session.flush()
        except IntegrityError:
            raise Conflict("chain_exists", "该类单据的审核链已存在", "there is a chain already") from None
        return once.answer(work, chain_shape(work, chain, caller), 201, etag(chain.version))


@router.get("/chains", operation_id="list_chains", summary="审核链 (chains)", response_model=Page[ChainItem])
def list_chains(store: StoreHere, caller: SignedIn, page: Paged, doc_type: DocTypeFilter = "") -> Response:
    """Chains of the caller's unit, of the districts above it, and for roles of a district all below it."""
    wanted = select(Chain).where(Chain.visible_to(caller))
    if doc_type:
        wanted = wanted.where(Chain.doc_type == doc_type)
    with store.read() as look:
        rows, after = page_of(look, wanted, CHAIN_ORDER, page)
    return shown(Page(items=[chain_item(row) for row in rows], next=after))


@router.get(
    "/chains/{chain_id}",
    operation_id="get_chain",
    summary="一条审核链 (one chain)",
    response_model=ChainShape,
)
def get_chain(store: StoreHere, caller: SignedIn, chain_id: UUID) -> Response:
    """A chain with its draft and all published versions."""
    with store.read() as look:
        chain = look.get(Chain, chain_id, seen_by=caller)
        return shown(chain_shape(look, chain, caller), etag(chain.version))


@router.put(
    "/chains/{chain_id}/draft",
    operation_id="edit_chain",
    summary="修改草稿 (edit the draft)",
    response_model=ChainShape,
)
def edit_chain(
    store: StoreHere, caller: SignedIn, expected: IfMatch, chain_id: UUID, body: DraftBody
) -> Response:
    """Replaces the draft; what is published stays in force."""
    with store.work(actor=caller.actor) as work:
        chain = work.get(Chain, chain_id, seen_by=caller)
        chain.require_editor(caller)
        expected.check(etag(chain.version))
        chain.edit(body.name, body.steps, work.now)
        shape = chain_shape(work, chain, caller)
    return shown(shape, etag(shape.version))


@router.post(
    "/chains/{chain_id}/lint", operation_id="lint_chain", summary="检查草稿 (what is wrong with the draft)"
)
def lint_chain(store: StoreHere, caller: SignedIn, chain_id: UUID) -> LintShape:
    """Every problem of the draft at once, and what may be meant otherwise: conditions over a fact that no
    document has (`unknown_fact`). Changes nothing."""
    problems = _problems_of(store, caller, chain_id)
    warnings: list[Problem] = []
    if not any("/condition" in problem.pointer for problem in problems):
        with store.read() as look:
            warnings += unknown_facts(look, look.get(Chain, chain_id, seen_by=caller))
    return LintShape(problems=problem_items(problems), warnings=problem_items(warnings))


@router.post(
    "/chains/{chain_id}/publish",
    operation_id="publish_chain",
    summary="发布审核链 (publish the draft as a new version)",
    response_model=ChainShape,
)
def publish_chain(asked: Deciding, chain_id: UUID) -> Response:
    """Puts the draft in force for rounds that begin from now on; running rounds keep their route.

    422 with every problem that the check finds.
    """
    problems = _problems_of(asked.store, asked.caller, chain_id)
    with asked.store.work(actor=asked.caller.actor) as work:
        if (before := asked.once.before(work)) is not None:
            return before
        chain = work.get(Chain, chain_id, seen_by=asked.caller)
        chain.require_editor(asked.caller)
        asked.expected.check(etag(chain.version))  # the draft that was judged
        if problems:
            raise invalid(problems)
        version, published = chain.publish(asked.caller.person_id, work.now)
        work.add(version)
        work.publish(published)
        work.session.flush()
        return asked.once.answer(work, chain_shape(work, chain, asked.caller), etag=etag(chain.version))


def _problems_of(store: Store, caller: Caller, chain_id: UUID) -> list[Problem]:
    """What stands against publishing a draft; judged when reading is over, as a large district takes a
    while."""
    with store.read() as look:
        chain = look.get(Chain, chain_id, seen_by=caller)
        chain.require_editor(caller)
        judged = read_judged(look, chain)
    return check(chain, judged)


def _new_chain(work: Work, caller: Caller, body: ChainBody) -> Chain:
    chain = Chain(
        id=new_id(),
        level=body.level,
        doc_type=body.doc_type,
        name=body.name,
        draft=[step.to_json() for step in body.steps],
        owner=str(caller.organisation_id),
        owner_name=caller.organisation_name,
        organisation_id=caller.organisation_id,
        district_path=caller.district_path,
        published=0,
        newest=0,
        published_digest="",
        retired_reason="",
        version=1,
        created_at=work.now,
        changed_at=work.now,
    )
    if body.level == "district":
        district = find_district(work, caller, body.district_code or caller.district_code)
        chain.owner, chain.owner_name, chain.district_path = district.code, district.name, district.path
        chain.organisation_id = None
    elif body.district_code is not None:
        text_en = "only for level=district"
        raise invalid([Problem("district_not_allowed", "单位审核链不填区划代码", "/district_code", text_en)])
    return chain


def find_district(look: Look, caller: Caller, code: str) -> DistrictCopy:
    """A district that the caller administers. Raises `Forbidden` (`not_chain_administrator`), and `Invalid`
    (`unknown_district`) when there is none of that code."""
    caller.require(Role.DISTRICT_ADMINISTRATOR)
    district = look.session.get(DistrictCopy, code)
    if district is None:
        raise invalid([Problem("unknown_district", "区划不存在", "/district_code", "no such district")])
    if not district.path.startswith(caller.district_path):
        raise Forbidden("not_chain_administrator", "不在您管理的区划内", "outside your district")
    return district
