"""Routes of the catalogue of procurement items: everybody searches it, the platform imports it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Query, UploadFile
from sqlalchemy import or_, select

from services.plans.api.budget_files import ImportShape, told
from services.plans.catalogue import CatalogueItem, import_catalogue
from shared.csvfile import SIZE_LIMIT
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
    store: StoreHere,
    caller: SignedIn,
    file: Annotated[UploadFile, File(description="CSV（UTF-8 或 GBK）")],
    preview: Annotated[bool, Query(description="只检查，不写入 (check only)")] = True,
) -> ImportShape:
    """All or nothing; importing the same file again changes nothing."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    rows, problems = import_catalogue(store, file.file.read(SIZE_LIMIT + 1), preview)
    created = 0 if preview or problems else rows
    return ImportShape(preview=preview, rows=rows, created=created, problems=told(problems))
