"""Who is told when a turn is handed on: by its own time running out, or because somebody is away."""

from __future__ import annotations

from uuid import UUID

from services.notify.administrators import in_charge
from services.notify.channels import Channel
from services.notify.kinds import context_of
from services.notify.notice import Document, Notice, tell
from services.notify.standing_in import keep_ended, keep_granted
from shared.events.approvals import SlotEscalated
from shared.events.substitutions import SubstitutionEnded, SubstitutionGranted
from shared.inbox import Handlers
from shared.people import PersonCopy
from shared.store import Work


def tell_of_handing_on(events: Handlers) -> None:
    """Registers the handlers."""
    events.on(SlotEscalated)(tell_of_escalation)
    events.on(SubstitutionGranted)(tell_of_substitution)
    events.on(SubstitutionEnded)(tell_of_its_end)


def tell_of_escalation(work: Work, event: SlotEscalated) -> None:
    """Who had the to-do, and those in charge of him. Who has it now is told by `slot.opened` that it is his
    turn, and why."""
    people = {event.holder_id, *in_charge(work, event.holder_id, event.organisation_id, event.holder_unit_id)}
    context = context_of(event) | {"new_holder_name": _name(work, event.new_holder_id)}
    document = Document(event.doc_type, event.doc_id, event.organisation_id)
    notice = Notice("slot.escalated", context, f"/cases/{event.case_id}", document)
    for person_id in sorted(people - {event.new_holder_id}):
        tell(work, person_id, notice)


def tell_of_substitution(work: Work, event: SubstitutionGranted) -> None:
    """Principal and deputy; whoever granted it reads it in his inbox only. What waits by then is told to
    the deputy when it begins."""
    keep_granted(work, event)
    _tell_both(work, event, event.granted_by, {})


def tell_of_its_end(work: Work, event: SubstitutionEnded) -> None:
    """Principal and deputy; whoever ended it reads it in his inbox only. Its deputy has no to-dos now."""
    keep_ended(work, event)
    people = {"principal_name": event.principal_id, "deputy_name": event.deputy_id}
    names = {key: _name(work, person_id) for key, person_id in people.items()}
    _tell_both(work, event, event.ended_by, names)


def _tell_both(
    work: Work, event: SubstitutionGranted | SubstitutionEnded, actor: UUID, names: dict[str, str]
) -> None:
    context, unit = context_of(event) | names, event.organisation_id
    for person_id in sorted({event.principal_id, event.deputy_id}):
        not_by = frozenset(Channel) if person_id == actor else frozenset[Channel]()
        notice = Notice(event.type, context, "/substitutions", organisation_id=unit, not_by=not_by)
        tell(work, person_id, notice)


def _name(work: Work, person_id: UUID) -> str:
    person = work.session.get(PersonCopy, person_id)
    return person.name if person else ""
