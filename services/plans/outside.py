"""What somebody outside the scope of a document reads of it: the submissions that he was asked about, not
what its applicant writes afterwards, and nobody's phone number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import func, or_, select

from services.plans.attachment import Attachment
from services.plans.document import Document
from services.plans.review import ReaderSlot, Round, rounds
from services.plans.schemas import AttachmentShape
from shared.errors import Forbidden
from shared.http import Shape
from shared.people import Caller
from shared.store import Look

Shown = TypeVar("Shown", bound=Shape)


def is_outside(document: Document, caller: Caller) -> bool:
    """Whether he reads it only because he was asked to review it, or what relies on it."""
    return not caller.reaches(document.organisation_id, document.district_path)


def must_be_submitted(document: Document, caller: Caller) -> None:
    """Raises `Forbidden` (`outside_scope`) for what an applicant is writing, outside the caller's scope."""
    if document.is_being_written and is_outside(document, caller):
        text = "单据正在修改，您可以查看当时提交的内容"
        raise Forbidden("outside_scope", text, "being changed; read what was submitted")


def as_asked(
    look: Look, documents: Sequence[Document], shapes: Sequence[Shown], caller: Caller
) -> list[Shown]:
    """The shapes of documents as the caller reads them: those outside his scope with the content of the last
    submission that he was asked about."""
    outside = [document for document in documents if is_outside(document, caller)]
    contents = _contents(look, outside, caller)
    return [
        _overlaid(look, document, shape, contents.get(document.id)) if document in outside else shape
        for document, shape in zip(documents, shapes, strict=True)
    ]


def rounds_read(look: Look, document: Document, caller: Caller) -> list[Round]:
    """The submissions that he reads, oldest first: outside his scope those that he was asked about."""
    found = rounds(look, document.id)
    if not is_outside(document, caller):
        return found
    asked = select(ReaderSlot.round).where(
        ReaderSlot.document_id == document.id, ReaderSlot.holder_id == caller.person_id
    )
    own = set(look.all(asked)) or {document.round}
    return [one for one in found if one.n in own]


def _contents(look: Look, documents: Sequence[Document], caller: Caller) -> dict[UUID, Any]:
    """Of documents that have gone on since he was asked, what they were then. Who was asked only about what
    relies on a document reads its last submission."""
    if not documents:
        return {}
    slots = select(ReaderSlot.document_id, func.max(ReaderSlot.round)).where(
        ReaderSlot.document_id.in_([document.id for document in documents]),
        ReaderSlot.holder_id == caller.person_id,
    )
    rows: list[Any] = list(look.execute(slots.group_by(ReaderSlot.document_id)))
    asked: dict[UUID, int] = {document_id: last for document_id, last in rows}
    then = {
        document.id: n
        for document in documents
        if (n := asked.get(document.id, document.round)) != document.round or document.is_being_written
    }
    if not then:
        return {}
    wanted = or_(*((Round.document_id == key) & (Round.n == n) for key, n in then.items()))
    return {row.document_id: row.content for row in look.all(select(Round).where(wanted))}


def _overlaid(look: Look, document: Document, shape: Shown, content: Mapping[str, Any] | None) -> Shown:
    fields, update = type(shape).model_fields, dict[str, Any]()
    if content is not None:
        update = {name: value for name, value in content.items() if name in fields}
        labels = {name: f"{name.removesuffix('_label')}_name" for name in fields if name.endswith("_label")}
        update |= {label: content[name] or "" for label, name in labels.items() if name in content}
        if "attachments" in fields:
            update["attachments"] = _files(look, document, content["attachments"])
    if "contact_phone" in fields:
        update["contact_phone"] = ""
    return type(shape).model_validate({**shape.model_dump(), **update})


def _files(look: Look, document: Document, named: Sequence[Mapping[str, Any]]) -> list[AttachmentShape]:
    """The files of a submission; one that the applicant has taken off since is still kept."""
    rows = look.all(select(Attachment).where(Attachment.document_id == document.id))
    kept = {(row.sha256, row.name): row for row in rows}
    found = [(one, kept.get((one["sha256"], one["name"]))) for one in named]
    return [
        AttachmentShape.model_validate(row).model_copy(update={"kind": one["kind"]})
        for one, row in found
        if row
    ]
