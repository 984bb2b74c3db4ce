"""Handing over (移交): a document whose applicant has left goes on in the hands of another handler."""

from __future__ import annotations

from uuid import UUID

from services.plans.assignment import candidate
from services.plans.document import Document
from services.plans.review import note
from shared.events.documents import DocumentHandedOver
from shared.people import Caller
from shared.store import Work


def hand_over(work: Work, document: Document, to: UUID, by: Caller, reason: str) -> None:
    """Gives a document whose applicant has left, as far as was looked up, to another handler of its unit.

    Raises `Conflict`: `wrong_state` where it does not wait for its applicant, `applicant_there`; `Invalid`
    for anybody who is no active handler of the unit.
    """
    chosen = candidate(work, document.organisation_id, to, "移交")
    before, why = document.to_record(), reason or document.applicant_gone
    previous_id, previous_name = document.applicant_id, document.applicant_name
    document.hand_over(chosen, work.now)
    said = f"由{previous_name}移交给{document.applicant_name}：{why}"
    note(work, document, "handed_over", said, by=by, before=before)
    work.publish(
        DocumentHandedOver(
            doc_type=document.whole_type,
            doc_id=document.id,
            revision=document.version,
            title=document.title,
            status_label=document.status_label,
            organisation_id=document.organisation_id,
            applicant_id=document.applicant_id,
            applicant_name=document.applicant_name,
            previous_id=previous_id,
            previous_name=previous_name,
            actor_id=by.person_id,
            actor_name=by.name,
            reason=why,
        )
    )
