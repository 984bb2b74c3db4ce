"""Routes of attachments: upload first, name them in an act, download by the visibility of its case."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, File, Response, UploadFile
from fastapi.responses import FileResponse

from services.approvals.attachment import Attachment
from services.approvals.evidence.attachments_check import is_as_named
from services.approvals.mark_schemas import AttachmentShape
from shared import uploads
from shared.errors import Conflict
from shared.http import DoOnce, Here, SignedIn, StoreHere
from shared.people import DISTRICT_ROLES, UNIT_ROLES

router = APIRouter(tags=["attachments"])


@router.post(
    "/attachments",
    operation_id="upload_opinion_attachment",
    summary="上传意见附件 (upload)",
    status_code=201,
    response_model=AttachmentShape,
)
def upload(
    here: Here,
    store: StoreHere,
    caller: SignedIn,
    once: DoOnce,
    file: Annotated[UploadFile, File(description="不超过 20 MB (20 MiB at most)")],
) -> Response:
    """Keeps the file; only its uploader sees it until a decision or a comment names it."""
    caller.require(*sorted(UNIT_ROLES | DISTRICT_ROLES))
    kept = uploads.files(here).put(file.file, file.filename or "")
    with store.work(actor=caller.actor) as work:
        if (answered := once.before(work, kept.sha256)) is not None:
            return answered
        about = {"name": kept.name, "size": kept.size, "sha256": kept.sha256, "media_type": kept.media_type}
        row = Attachment.uploaded(caller, work.now, **about)
        work.add(row)
        return once.answer(work, AttachmentShape.model_validate(row), 201)


@router.get(
    "/attachments/{attachment_id}",
    operation_id="download_opinion_attachment",
    summary="下载意见附件 (download)",
    response_class=FileResponse,
)
def download(attachment_id: UUID, here: Here, store: StoreHere, caller: SignedIn) -> FileResponse:
    """The file, always offered for saving and never shown in the page; the door adds `nosniff`. 409
    `attachment_changed` where it is not the file that its act names."""
    with store.read() as look:
        row = look.get(Attachment, attachment_id, seen_by=caller)
        as_named = is_as_named(look, row)
    if not as_named or not uploads.files(here).is_whole(row.sha256):
        text_en = "not the file that its act names; tell the administrator"
        raise Conflict("attachment_changed", "附件与审核记录不符，请联系管理员", text_en)
    return uploads.download(here, row.sha256, row.name, row.media_type)
