"""What plans does when others tell it something: copies of people and units, outcomes of review."""

from __future__ import annotations

from typing import Any

from services.plans.account import keep_accounts
from services.plans.announcement import review_stated
from services.plans.document import Document
from services.plans.outcomes import REVIEWS, Review
from services.plans.reached import follow_deliveries
from services.plans.review import DocumentHistory, ReaderSlot, note
from services.plans.stream import tell
from shared.events.approvals import (
    CaseApproved,
    CaseOpened,
    CaseRefused,
    CaseReturned,
    CaseTerminated,
    CaseWithdrawn,
    SlotClosed,
    SlotOpened,
)
from shared.events.case_talk import CaseMigrated
from shared.events.notify import MessageCreated
from shared.inbox import Handlers
from shared.people import PersonCopy, keep_copies
from shared.store import Work
from shared.working_days import keep_calendar

events = Handlers()
keep_copies(events)
keep_accounts(events)
keep_calendar(events)
follow_deliveries(events)

OutcomeEvent = CaseApproved | CaseReturned | CaseWithdrawn | CaseTerminated | CaseRefused
STATED: dict[type[OutcomeEvent], str] = {
    CaseApproved: "approved",
    CaseReturned: "returned",
    CaseWithdrawn: "withdrawn",
    CaseTerminated: "returned",
    CaseRefused: "returned",
}
"""What a document says of its review once it has followed an outcome."""


def _under_review(work: Work, event: OutcomeEvent) -> tuple[Document, Review] | None:
    """The document that an outcome is about, locked; nothing for older rounds, duplicates and documents of
    other services."""
    review = REVIEWS.get(event.doc_type)
    document = work.find(review.model, event.doc_id) if review else None
    if review is None or document is None or document.round != event.round:
        return None
    if not document.is_under_review or document.doc_type != event.doc_type:
        return None
    if not isinstance(event, CaseRefused):
        document.case_id = event.case_id
    return document, review


@events.on(CaseOpened)
def keep_case(work: Work, event: CaseOpened) -> None:
    """The round has begun; what of the round before goes on to hold stands in the stream."""
    review = REVIEWS.get(event.doc_type)
    document = work.find(review.model, event.doc_id) if review else None
    if document is not None and document.round == event.round:
        document.case_id = event.case_id
    if review is not None and event.carried:
        entry = DocumentHistory(
            document_id=event.doc_id,
            key=f"carried/{event.case_id}/{event.round}",
            at=work.now,
            kind="carried",
            text=f"沿用上一轮的同意：{'、'.join(event.carried)}",
            changes=[],
            data={"round": event.round, "steps": event.carried},
        )
        tell(work, review.model, entry)


@events.on(CaseApproved)
def approve(work: Work, event: CaseApproved) -> None:
    """The last step agreed."""
    if (found := _under_review(work, event)) is None:
        return
    document, review = found
    before = document.to_record()
    text = review.approve(work, document, event)
    _tell(work, found, before, text, event)


@events.on(CaseReturned)
def give_back(work: Work, event: CaseReturned) -> None:
    """A reviewer disagreed: the applicant sees his opinion, and what was reserved is free again."""
    if (found := _under_review(work, event)) is None:
        return
    document, review = found
    before = document.to_record()
    review.release(work, document)
    about = {"step": event.step_name, "actor": event.actor_name, "code": ""}
    document.give_back("reviewer", event.opinion, work.now, **about)
    text = f"{event.step_name}：{event.actor_name} 不同意，意见：{event.opinion}"
    _tell(work, found, before, text, event)


@events.on(CaseWithdrawn)
def take_back(work: Work, event: CaseWithdrawn) -> None:
    if (found := _under_review(work, event)) is None:
        return
    document, review = found
    before = document.to_record()
    review.release(work, document)
    document.withdraw(work.now)
    _tell(work, found, before, "申请人撤回", event)


@events.on(CaseRefused)
def return_refused(work: Work, event: CaseRefused) -> None:
    """It could not be routed; the round is spent."""
    if (found := _under_review(work, event)) is None:
        return
    document, review = found
    before = document.to_record()
    review.release(work, document)
    document.refuse(event.code, event.text, work.now)
    _tell(work, found, before, f"系统退回：{event.text}", event)


@events.on(CaseTerminated)
def return_terminated(work: Work, event: CaseTerminated) -> None:
    if (found := _under_review(work, event)) is None:
        return
    document, review = found
    before = document.to_record()
    review.release(work, document)
    document.give_back("system", event.text, work.now, code=event.code)
    _tell(work, found, before, f"系统退回：{event.text}", event)


def _tell(
    work: Work, found: tuple[Document, Review], before: dict[str, Any], text: str, event: OutcomeEvent
) -> None:
    document, review = found
    actor_id = None if isinstance(event, CaseRefused) else event.actor_id
    person = work.session.get(PersonCopy, actor_id) if actor_id else None
    actor = {"actor_id": actor_id, "actor_name": person.name if person else ""}
    note(work, document, document.status, text, before=before, round=document.round, **actor)
    work.publish(
        review.announce(document, str(before["status"])),
        review_stated(document, event.doc_type, STATED[type(event)]),
    )


@events.on(SlotOpened)
def let_read(work: Work, event: SlotOpened) -> None:
    """Whoever is asked to review may read the document from now on."""
    if event.doc_type in REVIEWS:
        _follow(work, event, is_open=True)


@events.on(SlotClosed)
def close_slot(work: Work, event: SlotClosed) -> None:
    if event.doc_type in REVIEWS:
        _say(work, event)
        _follow(work, event, is_open=False)


def _follow(work: Work, event: SlotOpened | SlotClosed, is_open: bool) -> None:
    slot = {
        "slot_id": event.slot_id,
        "version": event.case_version,
        "document_id": event.doc_id,
        "round": event.round,
        "holder_id": event.holder_id,
        "step_name": event.step_name,
        "open": is_open,
    }
    work.put_newest(ReaderSlot, slot)


WORDS = {"agreed": "同意", "transferred": "转办"}
"""The ends of a to-do that its document's stream tells; a disagreement comes with the return."""


def _say(work: Work, event: SlotClosed) -> None:
    """Keeps what a reviewer said with a step, for whoever may read the document."""
    if event.outcome not in WORDS:
        return
    holder = work.session.get(PersonCopy, event.holder_id)
    holder_name = holder.name if holder else ""
    actor = event.actor_name or holder_name
    instead = f"（代{holder_name}）" if event.actor_id not in (None, event.holder_id) else ""
    said = f"，意见：{event.opinion}" if event.opinion else ""
    entry = DocumentHistory(
        document_id=event.doc_id,
        key=f"slot/{event.slot_id}/{event.case_version}",
        at=work.now,
        actor_id=event.actor_id or event.holder_id,
        actor_name=actor,
        kind=event.outcome,
        text=f"{event.step_name}：{actor}{instead} {WORDS[event.outcome]}{said}",
        changes=[],
        data={
            "round": event.round,
            "step": event.step_name,
            "opinion": event.opinion,
            "holder_id": str(event.holder_id),
            "holder_name": holder_name,
        },
    )
    tell(work, REVIEWS[event.doc_type].model, entry)


@events.on(CaseMigrated)
def keep_new_route(work: Work, event: CaseMigrated) -> None:
    """Keeps that an administrator has moved the review to other steps, and why."""
    if event.doc_type not in REVIEWS:
        return
    entry = DocumentHistory(
        document_id=event.doc_id,
        key=f"migrated/{event.case_id}/{event.case_version}",
        at=work.now,
        actor_id=event.actor_id,
        actor_name=event.actor_name,
        kind="migrated",
        text=f"审核流程改用新版，当前环节：{event.step_name}，原因：{event.reason}",
        changes=[],
        data={"round": event.round, "steps": event.steps},
    )
    tell(work, REVIEWS[event.doc_type].model, entry)


@events.on(MessageCreated)
def keep_message(work: Work, event: MessageCreated) -> None:
    """Keeps who was told of a document, and on which channels."""
    model = next((kind for kind in Document.KINDS if kind.is_called(event.doc_type)), None)
    if model is None or event.doc_id is None:
        return
    entry = DocumentHistory(
        document_id=event.doc_id,
        key=f"message/{event.message_id}",
        at=work.now,
        kind="message",
        text=f"通知{event.person_name}：{event.title}",
        changes=[],
        data={
            "person_id": str(event.person_id),
            "person_name": event.person_name,
            "message": event.kind,
            "channels": event.channels,
            "about": event.event_type,
            "doc_type": event.doc_type,
        },
    )
    tell(work, model, entry)
