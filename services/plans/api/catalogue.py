"""Routes of the catalogue of procurement items: everybody searches it, the platform imports it."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import or_, select

from services.plans.api.budget_files import ImportProblem, Uploaded, told
from services.plans.catalogue import SHOWN, CatalogueFile, CatalogueItem, read_catalogue
from shared.errors import invalid
from shared.http import Shape, SignedIn, StoreHere
from shared.people import Role

router = APIRouter(tags=["form"])


class CatalogueShape(Shape):
    """A code of the catalogue."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    parent_code: str
    selectable: bool


class CatalogueImportShape(BaseModel):
    """What an import did, or would do (`preview`); problems are those of a preview."""

    preview: bool
    rows: int = Field(examples=[4120])
    deselected: int = Field(description="不能再选的品目数 (no longer selectable)", examples=[12])
    deselected_codes: list[str] = Field(
        description="其中前 20 个 (the first of them)", examples=[["A02010108"]]
    )
    problems: list[ImportProblem]

    @classmethod
    def of(cls, found: CatalogueFile, gone: list[str], preview: bool) -> CatalogueImportShape:
        return cls(
            preview=preview,
            rows=found.rows,
            deselected=len(gone),
            deselected_codes=gone[:SHOWN],
            problems=told(found.problems),
        )


@router.get("/catalogue", operation_id="search_catalogue", summary="采购品目 (catalogue codes)")
def catalogue(
    store: StoreHere,
    _caller: SignedIn,
    q: Annotated[str, Query(max_length=100, description="名称或编码前缀 (name or start of the code)")] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    parent: Annotated[str, Query(max_length=9)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[CatalogueShape]:
    """Codes by name or beginning, or the children of a code; in the order of the codes."""
    statement = select(CatalogueItem).order_by(CatalogueItem.code).limit(limit)
    if q:
        names = (CatalogueItem.name_zh, CatalogueItem.name_en)
        found = [name.icontains(q, autoescape=True) for name in names]
        statement = statement.where(or_(CatalogueItem.code.startswith(q, autoescape=True), *found))
    if kind:
        statement = statement.where(CatalogueItem.kind == kind)
    if parent:
        statement = statement.where(CatalogueItem.parent_code == parent)
    with store.read() as look:
        return [CatalogueShape.model_validate(row) for row in look.all(statement)]


@router.post(
    "/catalogue/imports",
    operation_id="import_catalogue",
    summary="导入采购品目 (import the whole catalogue)",
    tags=["form"],
)
def import_codes(
    asked: Uploaded,
    deselecting: Annotated[
        int,
        Query(ge=0, le=100_000, description="确认将不能再选的品目数 (as the preview tells)", examples=[0]),
    ] = 0,
) -> CatalogueImportShape:
    """All or nothing; importing the same file again changes nothing. Codes that are not in the file can no
    longer be selected: a preview tells how many become so, and the file is kept only with that number as
    `deselecting` (409 `deselection_unconfirmed`). 422 `csv_empty` for a file without codes.
    """
    asked.caller.require(Role.PLATFORM_ADMINISTRATOR)
    found = read_catalogue(asked.data)
    if asked.preview:
        with asked.store.read() as look:
            gone = [] if found.problems else found.deselected(look)
        return CatalogueImportShape.of(found, gone, preview=True)
    if found.problems:
        raise invalid(found.problems)
    with asked.store.work(actor=asked.caller.actor) as work:
        before = asked.once.before(work, hashlib.sha256(b"%d " % deselecting + asked.data).hexdigest())
        if before is not None:
            return CatalogueImportShape.model_validate_json(bytes(before.body))
        done = CatalogueImportShape.of(found, found.take_over(work, deselecting), preview=False)
        asked.once.answer(work, done)
    return done
