"""What failed for good and waits for an operator: parked events, unreadable bytes and parked jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import select
from structlog import get_logger

from shared import jobs
from shared.errors import Conflict, NotFound
from shared.http import DoOnce, SignedIn, StoreHere
from shared.inbox import Checkpoint, InboxRow, Unreadable
from shared.people import Role
from shared.store import Store, Work

log = get_logger(__name__)


class ParkedItem(BaseModel):
    """A parked event or job, or bytes that are no event; `key` names it in `replay` and `skip`."""

    kind: Literal["event", "job", "bytes"]
    key: str
    what: str
    subject: str
    attempts: int
    error: str
    since: datetime


class Parked(BaseModel):
    """Everything parked in one service, oldest first."""

    items: list[ParkedItem]


def parked(store: Store, limit: int = 200) -> list[ParkedItem]:
    """What waits for an operator in this service."""
    with store.read() as look:
        events = look.all(
            select(InboxRow)
            .where(InboxRow.state == "parked")
            .order_by(InboxRow.publisher, InboxRow.position)
            .limit(limit)
        )
        failed = look.all(
            select(jobs.Job).where(jobs.Job.state == "parked").order_by(jobs.Job.finished_at).limit(limit)
        )
        unreadable = look.all(select(Unreadable).order_by(Unreadable.id).limit(limit))
    return [
        *(
            ParkedItem(
                kind="event",
                key=f"{row.publisher}:{row.position}",
                what=row.envelope["type"],
                subject=row.subject,
                attempts=row.attempts,
                error=row.error,
                since=row.received_at,
            )
            for row in events
        ),
        *(
            ParkedItem(
                kind="job",
                key=str(job.id),
                what=job.task,
                subject=str(job.arguments),
                attempts=job.attempts,
                error=job.error,
                since=job.finished_at or job.due_at,
            )
            for job in failed
        ),
        *(
            ParkedItem(
                kind="bytes",
                key=str(row.id),
                what=f"{len(row.body)} bytes from {row.publisher}",
                subject="",
                attempts=1,
                error=row.error,
                since=row.received_at,
            )
            for row in unreadable
        ),
    ]


def replay(store: Store, key: str) -> None:
    """Tries a parked event or job again. Raises `NotFound` when nothing parked has this key, `Conflict` for
    bytes: they are no event, and whatever their publisher has published comes by its feed."""
    if _is_number(key):
        raise Conflict(
            "unreadable", "无法重新处理不可读的数据，请跳过", "bytes cannot be replayed: skip them"
        )
    if _is_job(key):
        if not jobs.revive(store, UUID(key)):
            raise _not_parked(key)
        return
    publisher, position = _event(key)
    with store.work() as work:
        work.find(Checkpoint, publisher)
        row = work.session.get(InboxRow, (publisher, position))
        if row is None or row.state != "parked":
            raise _not_parked(key)
        row.state, row.attempts, row.next_attempt_at = "waiting", 0, work.now


def skip(store: Store, key: str) -> None:
    """Gives up a parked event, so that later ones of its subject go on, or a parked job, or unreadable bytes.

    Raises `NotFound` when nothing parked has this key.
    """
    given_up: jobs.Job | Unreadable | InboxRow | None
    with store.work() as work:
        if _is_job(key):
            job = work.find(jobs.Job, UUID(key))
            given_up = job if job is not None and job.state == "parked" else None
        elif _is_number(key):
            given_up = work.find(Unreadable, int(key))
        else:
            given_up = _leave_event(work, *_event(key))
        if given_up is None:
            raise _not_parked(key)
        work.session.delete(given_up)
    log.warning("skipped", service=store.service, key=key)


def _leave_event(work: Work, publisher: str, position: int) -> InboxRow | None:
    at = work.find(Checkpoint, publisher)
    row = work.session.get(InboxRow, (publisher, position))
    if at is None or row is None or row.state != "parked":
        return None
    at.waiting -= 1
    return row


def _is_job(key: str) -> bool:
    try:
        return bool(UUID(key))
    except ValueError:
        return False


def _is_number(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= 18


def _event(key: str) -> tuple[str, int]:
    publisher, _, position = key.partition(":")
    if not _is_number(position):
        raise _not_parked(key)
    return publisher, int(position)


def _not_parked(key: str) -> NotFound:
    return NotFound("not_parked", f"没有暂停的项目 {key}", f"nothing parked under {key}")


router = APIRouter(prefix="/parked", tags=["operations"])
Key = Annotated[str, Path(max_length=80, examples=["plans:17"])]


@router.get("", summary="暂停的事件和任务 (parked events and jobs)", operation_id="list_parked")
def show_parked(caller: SignedIn, store: StoreHere) -> Parked:
    """For platform administrators."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    return Parked(items=parked(store))


@router.post("/{key}/replay", summary="重新处理 (replay)", operation_id="replay_parked")
def replay_parked(key: Key, caller: SignedIn, store: StoreHere, _once: DoOnce) -> Parked:
    """Tries it again; repeating is harmless."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    replay(store, key)
    return Parked(items=parked(store))


@router.post("/{key}/skip", summary="跳过 (skip)", operation_id="skip_parked")
def skip_parked(key: Key, caller: SignedIn, store: StoreHere, _once: DoOnce) -> Parked:
    """Gives an event, a job or unreadable bytes up; later events of the same subject go on."""
    caller.require(Role.PLATFORM_ADMINISTRATOR)
    skip(store, key)
    return Parked(items=parked(store))
