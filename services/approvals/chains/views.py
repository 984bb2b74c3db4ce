"""Answers made from chains and policies."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from services.approvals.actions import action
from services.approvals.chains.chain import Chain, ChainVersion
from services.approvals.chains.floor import breaches, floors_on
from services.approvals.chains.schemas import ChainItem, ChainShape, ChainVersionShape
from services.approvals.schemas import ObstacleShape
from services.approvals.step import Segment, Step
from services.approvals.views import problem_items
from shared.digest import digest
from shared.people import Caller
from shared.store import Look

STATUS_LABELS = {
    "draft": "未发布",
    "published": "已发布",
    "changed": "已发布，草稿有改动",
    "retired": "已停用",
}
FIELDS = (
    "id",
    "level",
    "owner",
    "owner_name",
    "doc_type",
    "name",
    "published",
    "newest",
    "version",
    "changed_at",
)


def chain_item(chain: Chain) -> ChainItem:
    """A chain in a list."""
    status = chain_status(chain)
    columns = {name: getattr(chain, name) for name in FIELDS}
    return ChainItem(**columns, status=status, status_label=STATUS_LABELS[status])


def chain_shape(look: Look, chain: Chain, caller: Caller) -> ChainShape:
    """A chain with its draft, its versions (newest first), and what the caller may do with it."""
    versions = look.all(
        select(ChainVersion).where(ChainVersion.chain_id == chain.id).order_by(ChainVersion.n.desc())
    )
    may_edit, url = chain.may_edit(caller), f"/chains/{chain.id}"
    refused = "只有该级管理员可以维护审核链"
    changed = chain_status(chain) != "published"
    return ChainShape(
        **chain_item(chain).model_dump(),
        steps=chain.steps,
        floor_problems=_floor_problems(look, chain, versions),
        retired_at=chain.retired_at,
        retired_reason=chain.retired_reason,
        versions=[ChainVersionShape.model_validate(version) for version in versions],
        available_actions=[
            action("edit", may_edit, refused, f"{url}/draft", "PUT"),
            action("lint", may_edit, refused, f"{url}/lint"),
            action(
                "publish",
                may_edit and changed,
                "草稿与已发布版本相同" if may_edit else refused,
                f"{url}/publish",
            ),
            action(
                "retire",
                may_edit and chain.published > 0,
                "没有生效的版本" if may_edit else refused,
                f"{url}/retire",
            ),
            action(
                "migrate",
                may_edit and chain.published > 0,
                "没有生效的版本" if may_edit else refused,
                f"{url}/migrate",
            ),
        ],
    )


def _floor_problems(look: Look, chain: Chain, versions: Sequence[ChainVersion]) -> list[ObstacleShape]:
    in_force = next((version for version in versions if version.n == chain.published), None)
    if in_force is None or chain.level != Segment.UNIT:
        return []
    steps = [Step.model_validate(step) for step in in_force.steps]
    floors = floors_on(look, chain.district_path, chain.doc_type, look.today)
    return problem_items(breaches(floors, chain.district_path, steps))


def chain_status(chain: Chain) -> str:
    """draft, published, changed since it was published, or retired."""
    if not chain.published:
        return "retired" if chain.retired_at else "draft"
    return "published" if digest({"steps": chain.draft}) == chain.published_digest else "changed"
