"""Proof of what people were told: of a document for whoever may see it, of a period for who oversees."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from services.notify.api.messages import Language, is_english
from services.notify.message import Message
from services.notify.proof import EXPORTERS, Period, begun, notices, told_in, with_deliveries
from services.notify.proof_shapes import NoticeShape, csv_lines, json_lines, notice_shape
from shared.http import Page, PageAsked, SignedIn, StoreHere, page_of

router = APIRouter(tags=["notices"])
DocType = Annotated[str, Path(max_length=40, examples=["plan"])]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))]
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class NoticesAsked(PageAsked):
    """Which notices of a document, and which page of them; of one event or message only when it is named."""

    event_id: UUID | None = None
    message_id: UUID | None = None


class ExportAsked(BaseModel):
    """Which days (Asia/Shanghai, both included), of which unit, and in what form."""

    first: Day = Field(alias="from", examples=["2026-11-01"])
    last: Day = Field(alias="to", examples=["2026-11-30"])
    organisation_id: UUID | None = Field(None, description="只要一个单位的 (of one unit only)")
    format: Literal["csv", "json"] = "csv"


@router.get(
    "/documents/{doc_type}/{doc_id}/notices",
    operation_id="list_notices",
    summary="单据的通知情况 (who was told about a document)",
)
def list_notices(
    store: StoreHere,
    caller: SignedIn,
    doc_type: DocType,
    doc_id: UUID,
    asked: Annotated[NoticesAsked, Query()],
) -> Page[NoticeShape]:
    """For every event about the document, oldest first: who was told, since when he has it and has read it,
    and over each channel what became of it, with every try and the provider's answer; addresses masked. For
    whoever may see the document; 404 for others, and while nobody has been told of it. `import_approval`
    includes both of its reviews."""
    with store.read() as look:
        wanted = notices(look, caller, doc_type, doc_id)
        if asked.event_id is not None:
            wanted = wanted.where(Message.event_id == asked.event_id)
        if asked.message_id is not None:
            wanted = wanted.where(Message.id == asked.message_id)
        rows, following = page_of(look, wanted, [Message.id], asked, ascending=True)
        found = with_deliveries(look, rows)
    return Page(items=[notice_shape(told) for told in found], next=following)


@router.get(
    "/notices/export",
    operation_id="export_notices",
    summary="导出通知情况 (export of who was told)",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}, "application/json": {}}}},
)
def export_notices(
    store: StoreHere,
    caller: SignedIn,
    asked: Annotated[ExportAsked, Query()],
    accept_language: Language = "",
) -> StreamingResponse:
    """Everything that people were told in a period about the documents of the unit (unit administrator), or
    of all units below the district (district administrator, auditor), oldest first: as CSV for Excel, a line
    for each way, or as a JSON array, an object for each message. 422 `period_invalid`, `period_too_long`."""
    caller.require(*EXPORTERS)
    period = Period(asked.first, asked.last)
    found = begun(told_in(store, caller, period, asked.organisation_id))
    lines = json_lines(found) if asked.format == "json" else csv_lines(found, is_english(accept_language))
    name = f"notices-{period.first}-{period.last}.{asked.format}"
    return StreamingResponse(
        lines,
        media_type=MEDIA[asked.format],
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )
