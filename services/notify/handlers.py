"""What notify does about events: it tells people, and keeps its copies of people, contacts and to-dos."""

from __future__ import annotations

from services.notify.administrators import administrators
from services.notify.contact import EMAIL_LENGTH, PHONE_LENGTH, Contact
from services.notify.handing_on import tell_of_handing_on
from services.notify.imports import tell_of_imports
from services.notify.kinds import context_of
from services.notify.message import Message, touch_inbox
from services.notify.notice import Document, Notice, tell
from services.notify.outside.pushing import push_outside
from services.notify.slot import SlotCopy, finish
from services.notify.standing_in import deputies_now
from shared.events.approvals import (
    CaseAttentionCleared,
    CaseAttentionRaised,
    SlotClosed,
    SlotDueSoon,
    SlotOpened,
    SlotOverdue,
    SlotUrged,
)
from shared.events.case_talk import CaseCcAdded, CaseCommented, CaseMigrated
from shared.events.directory import PersonChanged, PersonContactChanged
from shared.events.documents import DocumentHandedOver
from shared.events.plans import (
    MethodChangeStatusChanged,
    PlanAssigned,
    PlanRecalled,
    PlanStatusChanged,
    RequestStatusChanged,
    RevocationStatusChanged,
)
from shared.inbox import Handlers
from shared.people import keep_copies
from shared.store import Work
from shared.working_days import keep_calendar

OUTCOMES = frozenset({"under_review", "withdrawn", "returned", "usable", "closed", "void"})
"""Which statuses an applicant is told of."""
REVOKED = "revoked"

events = Handlers()
keep_copies(events)
keep_calendar(events)
tell_of_imports(events)
tell_of_handing_on(events)
push_outside(events)


@events.on(PersonChanged, in_runs=True)
def wake_pages(work: Work, event: PersonChanged) -> None:
    """The open pages of somebody who may be out look at once whether they may go on."""
    touch_inbox(work, event.person_id)


@events.on(PersonContactChanged)
def keep_contact(work: Work, event: PersonContactChanged) -> None:
    """The newest address counts; one that is too long to be any counts as none."""
    known = work.find(Contact, event.person_id)
    if known is None or known.version <= event.version:
        email = event.email if len(event.email) <= EMAIL_LENGTH else ""
        phone = event.phone if len(event.phone) <= PHONE_LENGTH else ""
        contact = Contact(person_id=event.person_id, version=event.version, email=email, phone=phone)
        work.session.merge(contact)


@events.on(SlotOpened)
def tell_reviewer(work: Work, event: SlotOpened) -> None:
    """It is somebody's turn: told, and who stands in for him too, unless the to-do has vanished already."""
    slot = _follow_slot(work, event, True, event.decision_etag)
    slot.holder_unit_id = event.holder_unit_id
    if slot.is_open:
        document = Document(event.doc_type, event.doc_id, event.organisation_id)
        context, path = context_of(event), f"/cases/{event.case_id}"
        deputies = deputies_now(work, slot, event.doc_type, event.deputies)
        for person_id in sorted({event.holder_id, *deputies}):
            own = context | {"deputy_for": "" if person_id == event.holder_id else event.holder_name}
            tell(work, person_id, Notice("slot.opened", own, path, document, event.slot_id))


@events.on(SlotClosed)
def finish_todo(work: Work, event: SlotClosed) -> None:
    """A to-do has vanished: nobody is told, its messages are done, those of deputies too."""
    _follow_slot(work, event, False, "")
    finish(work, Message.slot_id == event.slot_id)


@events.on(SlotUrged)
def tell_urged(work: Work, event: SlotUrged) -> None:
    """The applicant asks for haste: told to the holder, and to who decides for him, while it waits."""
    slot = work.find(SlotCopy, event.slot_id)
    if slot is not None and not slot.is_open:
        return
    document = Document(event.doc_type, event.doc_id, event.organisation_id)
    context, path = context_of(event), f"/cases/{event.case_id}"
    for person_id in sorted({event.holder_id, *event.deputies}):
        tell(work, person_id, Notice("slot.urged", context, path, document, event.slot_id))


@events.on(SlotDueSoon)
def remind(work: Work, event: SlotDueSoon) -> None:
    """The time of a to-do is nearly used up."""
    _remind(work, event)


@events.on(SlotOverdue)
def tell_overdue(work: Work, event: SlotOverdue) -> None:
    """The time of a to-do is used up."""
    _remind(work, event)


def _remind(work: Work, event: SlotDueSoon | SlotOverdue) -> None:
    """The holder, and who decides for him, while the to-do waits."""
    slot = work.find(SlotCopy, event.slot_id)
    if slot is not None and not slot.is_open:
        return
    document = Document(event.doc_type, event.doc_id, event.organisation_id)
    notice = Notice(event.type, context_of(event), f"/cases/{event.case_id}", document, event.slot_id)
    for person_id in sorted({event.holder_id, *event.deputies}):
        tell(work, person_id, notice)


@events.on(CaseCcAdded)
def tell_readers(work: Work, event: CaseCcAdded) -> None:
    """Who has got a copy."""
    _tell_of_case(work, event)


@events.on(CaseCommented)
def tell_of_comment(work: Work, event: CaseCommented) -> None:
    """The applicant and those who have the document now, but for who says it."""
    _tell_of_case(work, event)


@events.on(CaseMigrated)
def tell_of_new_route(work: Work, event: CaseMigrated) -> None:
    """The applicant; whose turn it is now, or is not any more, hears of his slot."""
    _tell_of_case(work, event)


def _tell_of_case(work: Work, event: CaseCcAdded | CaseCommented | CaseMigrated) -> None:
    document = Document(event.doc_type, event.doc_id, event.organisation_id)
    notice = Notice(event.type, context_of(event), f"/cases/{event.case_id}", document)
    for person_id in sorted(set(event.people)):
        tell(work, person_id, notice)


@events.on(CaseAttentionRaised)
def tell_administrators(work: Work, event: CaseAttentionRaised) -> None:
    """Those who can help; where the event names nobody, the administrators of the platform."""
    document = Document(event.doc_type, event.doc_id)
    notice = Notice("case.attention_raised", context_of(event), f"/cases/{event.case_id}", document)
    for person_id in sorted(set(event.administrator_ids) or administrators(work)):
        tell(work, person_id, notice)


@events.on(CaseAttentionCleared)
def finish_attention(work: Work, event: CaseAttentionCleared) -> None:
    """Somebody has helped: nobody is told, and no administrator need look any more."""
    of_case = (Message.doc_id == event.doc_id) & (Message.subject == event.subject)
    finish(work, of_case & (Message.kind == CaseAttentionRaised.type))


@events.on(PlanStatusChanged)
def tell_applicant(work: Work, event: PlanStatusChanged) -> None:
    """The outcome for who applied. Passed over: statuses that he need not hear of; a plan that is where it
    was (a request locked it or let it go); what a request has done to it, as the request's own event tells.
    """
    if event.status not in OUTCOMES or event.status == event.previous_status or event.reason_code == REVOKED:
        return
    kind = f"plan.{event.status}"
    if event.status == "returned" and event.returned_by == "system":
        kind = "plan.returned_by_system"
    notice = Notice(kind, context_of(event), f"/plans/{event.plan_id}", _plan(event))
    # a plan that is closed ends for whoever holds it, too
    people = {event.applicant_id, event.holder_id} if event.status == "closed" else {event.applicant_id}
    for person_id in sorted(people):
        tell(work, person_id, notice)


@events.on(MethodChangeStatusChanged)
def tell_of_method_change(work: Work, event: MethodChangeStatusChanged) -> None:
    _tell_of_request(work, event)


@events.on(RevocationStatusChanged)
def tell_of_revocation(work: Work, event: RevocationStatusChanged) -> None:
    _tell_of_request(work, event)


def _tell_of_request(work: Work, event: RequestStatusChanged) -> None:
    """Whoever asked hears of every outcome; when it is agreed to, the applicant and the holder of the plan
    too."""
    done = event.status in ("approved", "completed")
    if not done and event.status not in ("under_review", "withdrawn", "returned"):
        return
    by_system = event.status == "returned" and event.returned_by == "system"
    kind = f"{event.kind}.{'returned_by_system' if by_system else event.status}"
    document = Document(event.kind, event.request_id, event.organisation_id)
    notice = Notice(kind, context_of(event), f"/requests/{event.request_id}", document)
    people = {event.applicant_id, *(event.concerned if done else ())}
    for person_id in sorted(people):
        tell(work, person_id, notice)


@events.on(PlanAssigned)
def tell_of_assignment(work: Work, event: PlanAssigned) -> None:
    """The new holder, and the one who has it no longer."""
    _tell_both(work, event, "plan.assigned", "plan.assigned_away")


@events.on(PlanRecalled)
def tell_of_recall(work: Work, event: PlanRecalled) -> None:
    """The applicant who has it back, and the one from whom it was taken."""
    _tell_both(work, event, "plan.recalled_back", "plan.recalled")


def _tell_both(work: Work, event: PlanAssigned | PlanRecalled, new: str, previous: str) -> None:
    context, path = context_of(event), f"/plans/{event.plan_id}"
    kinds = {event.previous_holder_id: previous, event.holder_id: new}
    for person_id in sorted(kinds):
        tell(work, person_id, Notice(kinds[person_id], context, path, _plan(event)))


PAGES = {"plan": "/plans", "import_approval": "/import-approvals"}


@events.on(DocumentHandedOver)
def tell_of_handing_over(work: Work, event: DocumentHandedOver) -> None:
    """Whose the document is from now on; who applied before has left."""
    path = f"{PAGES.get(event.doc_type, '/requests')}/{event.doc_id}"
    document = Document(event.doc_type, event.doc_id, event.organisation_id)
    tell(work, event.applicant_id, Notice(event.type, context_of(event), path, document))


def _follow_slot(work: Work, event: SlotOpened | SlotClosed, is_open: bool, etag: str) -> SlotCopy:
    version = event.case_version
    known = work.find(SlotCopy, event.slot_id)
    if known is None:
        known = SlotCopy(
            slot_id=event.slot_id,
            holder_id=event.holder_id,
            case_version=version,
            is_open=is_open,
            decision_etag=etag,
        )
        work.add(known)
    else:
        known.follow(event.holder_id, version, is_open, etag)
    return known


def _plan(event: PlanStatusChanged | PlanAssigned | PlanRecalled) -> Document:
    return Document("plan", event.plan_id, event.organisation_id)
