"""Events for outside systems: kept for every endpoint that wants them, then sent one after the other.

A job of an endpoint sends the first event that waits there, then the next, and leaves a job for the rest: so
order is kept, and an endpoint that does not answer gets one request at a time however much waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from sqlalchemy import select

from services.notify.answer import Answer, Outcome, redacted
from services.notify.outside.alarm import tell_of_endpoint
from services.notify.outside.endpoint import FAILING, Endpoint
from services.notify.outside.events import OUTSIDE, body_of, keep_document, unit_of
from services.notify.outside.push import CUT_OFF, OPEN, Push, PushState, PushTry
from services.notify.providers.standard import GONE, Courier
from services.notify.sandbox import SANDBOX, Sandbox
from shared.database import new_id
from shared.events import Event
from shared.events.documents import DocumentSubmitted
from shared.inbox import Handlers
from shared.jobs import later
from shared.store import Look, Store, Work

PUSH = "notify.push"
PATIENCE = 5.0
"""Seconds that one job sends; then other jobs have their turn."""


@dataclass(frozen=True)
class Going:
    """A try that is ours: what goes where, as it was then."""

    push_id: UUID
    event_id: UUID
    attempt: int
    url: str
    sealed: str
    body: str


def push_outside(events: Handlers) -> None:
    """Registers the handlers."""
    events.on(DocumentSubmitted, in_runs=True)(keep_document)
    for kind in OUTSIDE:
        events.on(kind, in_runs=True)(keep_for_endpoints)


def keep_for_endpoints(work: Work, event: Event) -> None:
    """A push for every endpoint that wants this event, active or not: what is switched off goes on later."""
    endpoints = work.all(select(Endpoint).order_by(Endpoint.id))
    if not endpoints:
        return
    assert work.cause is not None, "there is no event at hand"
    unit, cause = unit_of(work, event), work.cause
    for endpoint in endpoints:
        if not endpoint.wants(event.type, unit):
            continue
        row = {
            "id": new_id(),
            "endpoint_id": endpoint.id,
            "event_id": cause.id,
            "event_type": cause.type,
            "subject": cause.subject,
            "event_time": cause.time,
            "body": body_of(cause),
            "created_at": work.now,
            "changed_at": work.now,
        }
        fresh = work.insert(Push).values(**row).on_conflict_do_nothing()
        if work.execute(fresh.returning(Push.id)).first() is not None:
            later(work, PUSH, endpoint_id=str(endpoint.id))


def send_waiting(store: Store, courier: Courier, sandbox: Sandbox, endpoint_id: UUID) -> None:
    """Sends what waits for an endpoint, one event after the other, until nothing is due or `PATIENCE` is
    over; then the rest has a job of its own."""
    until = monotonic() + PATIENCE
    while _send_first(store, courier, sandbox, endpoint_id, until):
        pass


def _send_first(store: Store, courier: Courier, sandbox: Sandbox, endpoint_id: UUID, until: float) -> bool:
    """Makes one try of the first event that waits: claim (short transaction), send (none open), note the
    outcome (short transaction). Whether the next one is to be sent here and now."""
    going = _claim(store, sandbox, endpoint_id)
    if going is None:
        return False
    started = monotonic()
    answer = courier.post(going.url, going.sealed, going.event_id, going.body)
    milliseconds = round((monotonic() - started) * 1000)
    with store.work() as work:
        endpoint, push = work.find(Endpoint, endpoint_id), work.find(Push, going.push_id)
        if endpoint is None or push is None:
            return False  # deleted meanwhile
        work.add(_tried(going, answer, work, milliseconds))
        if push.state == PushState.SENDING and push.attempts == going.attempt:
            _note(work, endpoint, push, answer)
        following = _first(work, endpoint_id)
        here = endpoint.active and following is not None and following.is_due(work.now)
        if here and monotonic() < until:
            return True
        go_on(work, endpoint)
    return False


def go_on(work: Work, endpoint: Endpoint) -> None:
    """Leaves a job for the first event that waits, at its time; the endpoint is locked."""
    first = _first(work, endpoint.id)
    if endpoint.active and first is not None and first.state == PushState.QUEUED:
        later(work, PUSH, first.next_try_at, endpoint_id=str(endpoint.id))


def resume(work: Work, endpoint: Endpoint) -> None:
    """What waits at an endpoint is tried at once: somebody has changed something about it."""
    first = _first(work, endpoint.id)
    if first is not None:
        first.next_try_at = None
    go_on(work, endpoint)


def wake_cut_off(store: Store) -> None:
    """Jobs for endpoints at which a process died in the middle of a request."""
    with store.read() as look:
        stale = (Push.state == PushState.SENDING) & (Push.changed_at <= look.now - CUT_OFF)
        of_active = select(Push.endpoint_id).join(Endpoint).where(stale, Endpoint.active)
        found = look.all(of_active.distinct())
    for endpoint_id in found:
        with store.work() as work:
            later(work, PUSH, endpoint_id=str(endpoint_id))


def _claim(store: Store, sandbox: Sandbox, endpoint_id: UUID) -> Going | None:
    with store.work() as work:
        endpoint = work.find(Endpoint, endpoint_id)
        push = _first(work, endpoint_id)
        if endpoint is None or push is None or not endpoint.active or not push.is_due(work.now):
            return None
        if not sandbox.allows(endpoint.url):
            push.fail(SANDBOX, work.now)
            go_on(work, endpoint)
            return None
        push.start(work.now)
        return Going(push.id, push.event_id, push.attempts, endpoint.url, endpoint.sealed, push.body)


def _first(look: Look, endpoint_id: UUID) -> Push | None:
    waiting = (Push.endpoint_id == endpoint_id) & Push.state.in_(OPEN)
    return look.first(select(Push).where(waiting).order_by(Push.id))


def _note(work: Work, endpoint: Endpoint, push: Push, answer: Answer) -> None:
    if answer.outcome is Outcome.ACCEPTED:
        push.accept(work.now)
        endpoint.succeed()
    else:
        if answer.outcome is Outcome.FAILED or push.put_off(answer, work.now) is None:
            push.fail(answer.code, work.now)
        if (endpoint.fail(work.now) or answer.code == GONE) and endpoint.active:
            endpoint.switch_off(FAILING, work.now)
            tell_of_endpoint(work, endpoint, answer)


def _tried(going: Going, answer: Answer, work: Work, milliseconds: int) -> PushTry:
    return PushTry(
        push_id=going.push_id,
        number=going.attempt,
        at=work.now,
        outcome=answer.outcome,
        code=answer.code,
        answer=redacted(answer.text),
        milliseconds=milliseconds,
    )
