"""What other services tell: documents submitted and cancelled, people who came, changed or left."""

from __future__ import annotations

from sqlalchemy import select

from services.approvals import rounds
from services.approvals.actor import Actor
from services.approvals.case import Case, CaseRound, CaseState, RefusedRound
from services.approvals.case_file import CaseFile
from services.approvals.drift import Statement, note
from services.approvals.eligibility import check_holder, check_unit, look_again
from services.approvals.filing import keep, latest_case, plan_route, take, timetable_for
from services.approvals.next_step import opening
from services.approvals.route import Route
from shared.errors import Refusal
from shared.events.approvals import CaseRefused
from shared.events.directory import OrganisationChanged, PersonChanged
from shared.events.documents import DocumentCancelled, DocumentSubmitted, ReviewStated
from shared.inbox import Handlers
from shared.people import keep_copies
from shared.store import Work
from shared.working_days import keep_calendar

events = Handlers()
keep_copies(events)
keep_calendar(events)


@events.on(DocumentSubmitted)
def open_case(work: Work, event: DocumentSubmitted) -> None:
    """Opens a round of review, or refuses the submission; a round that is known already changes nothing."""
    asked = event.submission
    case = latest_case(work, asked.doc_type, asked.doc_id)
    if (case is not None and case.round >= event.round) or _was_refused(work, event):
        return
    if case is not None and case.state == CaseState.REVIEWING:
        running = take(work, case)
        rounds.supersede(running)
        keep(work, running)
    found, directory = plan_route(work, asked)
    if directory is None or found.problems:
        problem = found.problems[0]
        _refuse(work, event, problem.code, "；".join(one.text for one in found.problems))
        return
    try:
        start = opening(found, event.picks)
    except Refusal as refusal:
        _refuse(work, event, refusal.code, refusal.text)
        return
    file = _new_round(work, event, case, found)
    file.case.describe(asked, directory.unit.name, directory.unit.district_path)
    rounds.submit(file, Actor(asked.applicant_id, asked.applicant_name), start, found.chains)
    work.add(file.case)
    work.session.flush()  # the case before what refers to it
    work.add(file.round)
    keep(work, file)


def _new_round(work: Work, event: DocumentSubmitted, before: Case | None, found: Route) -> CaseFile:
    asked = event.submission
    if before is not None and not before.final:
        case = before
    else:
        case = Case.begin(asked.doc_type, asked.doc_id, work.now, before.id if before else None)
    frozen = CaseRound(
        case_id=case.id,
        n=event.round,
        doc_type=asked.doc_type,
        doc_id=asked.doc_id,
        revision=event.revision,
        digest=asked.digest,
        route=found.to_json(),
        facts=dict(asked.facts),
        content=asked.content,
        labels=asked.labels,
        submitted_at=work.now,
    )
    return CaseFile(case, frozen, [], work.now, timetable=timetable_for(work, case))


def _was_refused(work: Work, event: DocumentSubmitted) -> bool:
    refused = select(RefusedRound.n).where(
        RefusedRound.doc_type == event.submission.doc_type,
        RefusedRound.doc_id == event.submission.doc_id,
        RefusedRound.n >= event.round,
    )
    return work.first(refused) is not None


def _refuse(work: Work, event: DocumentSubmitted, code: str, text: str) -> None:
    asked = event.submission
    work.add(
        RefusedRound(
            doc_type=asked.doc_type, doc_id=asked.doc_id, n=event.round, code=code, text=text, at=work.now
        )
    )
    work.publish(
        CaseRefused(
            doc_type=asked.doc_type,
            doc_id=asked.doc_id,
            round=event.round,
            revision=event.revision,
            code=code,
            text=text,
        )
    )


@events.on(DocumentCancelled)
def terminate_case(work: Work, event: DocumentCancelled) -> None:
    """Ends the live case of a document that was abandoned or invalidated."""
    case = latest_case(work, event.doc_type, event.doc_id)
    if case is None or case.final:
        return
    file = take(work, case)
    rounds.terminate(file, None, "document_cancelled", event.reason)
    keep(work, file)
    said = Statement(event.doc_type, event.doc_id, case.round, "cancelled")
    note(work, case, said, case.organisation_id)


@events.on(ReviewStated)
def compare_with_document(work: Work, event: ReviewStated) -> None:
    """Notes whether a document has followed its case; neither is changed by what the other says here."""
    case = latest_case(work, event.doc_type, event.doc_id)
    said = Statement(event.doc_type, event.doc_id, event.round, event.review)
    note(work, case, said, event.organisation_id)


@events.on(PersonChanged)
def review_holder(work: Work, event: PersonChanged) -> None:
    """Frees what a person who left or moved can no longer decide; gives back what a returned one can."""
    check_holder(work, event.person_id)
    if event.version > 1:  # who is new here holds nothing yet
        look_again(work, person_id=event.person_id)


@events.on(OrganisationChanged)
def review_holders_of_unit(work: Work, event: OrganisationChanged) -> None:
    """A unit that was closed takes its reviewers with it; one that is there again gives them back."""
    if event.version > 1 or not event.active:  # in a new unit nobody holds anything yet
        check_unit(work, event.organisation_id)
        look_again(work, organisation_id=event.organisation_id)
