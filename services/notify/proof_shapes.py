"""How proof is shown: as answers, and as lines of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import Field

from services.notify.attempt import Attempt
from services.notify.channels import CHANNEL_LABELS, Channel
from services.notify.delivery import Delivery, State
from services.notify.event_words import DOCUMENTS, OTHER_DOCUMENT
from services.notify.kinds import KINDS
from services.notify.proof import Told
from services.notify.reasons import reason_of
from services.notify.schemas import AttemptShape
from shared.clock import SHANGHAI
from shared.http import Shape

EXPLAINED = (State.HELD, State.FAILED, State.SUPPRESSED)
BYTE_ORDER_MARK = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class WayShape(Shape):
    """What became of a message on a channel."""

    delivery_id: UUID
    channel: str = Field(examples=["sms"])
    channel_label: str = Field(examples=["短信"])
    state: State
    status_label: str = Field(examples=["已送达"])
    text: str = Field(examples=["短信已送达 09:12"])
    code: str
    collected: bool = Field(
        description="随汇总发出，发送记录为汇总的 (went out in a digest, whose tries these are)"
    )
    answers_lost: int
    at: datetime
    next_try_at: datetime | None
    tries: list[AttemptShape]


class NoticeShape(Shape):
    """Who was told of an event about a document, and what became of it on every channel."""

    message_id: UUID
    event_id: UUID
    event_type: str = Field(examples=["slot.opened"])
    kind: str = Field(examples=["slot.opened"])
    kind_label: str = Field(examples=["轮到您审核"])
    occurred_at: datetime
    doc_type: str = Field(examples=["plan"])
    doc_id: UUID | None
    organisation_id: UUID | None
    title: str = Field(examples=["轮到您审核：办公电脑采购"])
    person_id: UUID
    person_name: str = Field(examples=["王芳"])
    told_at: datetime = Field(description="进入站内信的时间 (in his inbox since)")
    read_at: datetime | None
    done_at: datetime | None
    text: str = Field(examples=["站内信 09:12，已读 09:20"])
    deliveries: list[WayShape]


def notice_shape(told: Told) -> NoticeShape:
    message = told.message
    plain = ("event_id", "event_type", "kind", "occurred_at", "doc_type", "doc_id", "organisation_id")
    names = (*plain, "title", "person_id", "person_name", "read_at", "done_at")
    return NoticeShape(
        **{name: getattr(message, name) for name in names},
        message_id=message.id,
        kind_label=KINDS[message.kind].label if message.kind in KINDS else message.kind,
        told_at=message.created_at,
        text=_in_inbox(told),
        deliveries=[_way(told, delivery, tries) for delivery, tries in told.ways],
    )


def _way(told: Told, delivery: Delivery, tries: Sequence[Attempt]) -> WayShape:
    return WayShape(
        delivery_id=delivery.id,
        channel=delivery.channel,
        channel_label=CHANNEL_LABELS[Channel(delivery.channel)],
        state=State(delivery.state),
        status_label=delivery.status_label,
        text=_outcome(told, delivery),
        code=delivery.code,
        collected=delivery.digest_id is not None,
        answers_lost=delivery.lost,
        at=delivery.changed_at,
        next_try_at=delivery.next_try_at,
        tries=[AttemptShape.model_validate(attempt) for attempt in tries],
    )


def _in_inbox(told: Told) -> str:
    message = told.message
    read = f"，已读 {_hour(told, message.read_at)}" if message.read_at else ""
    return f"站内信 {_hour(told, message.created_at)}{read}"


def _outcome(told: Told, delivery: Delivery) -> str:
    why = f"（{reason_of(delivery.code)}）" if delivery.code else ""
    return f"{delivery.label} {_hour(told, delivery.changed_at)}{why if delivery.state in EXPLAINED else ''}"


def _hour(told: Told, moment: datetime) -> str:
    """Hour and minute, with the day when it is not the one of the message."""
    local, first = moment.astimezone(SHANGHAI), told.message.created_at.astimezone(SHANGHAI)
    return local.strftime("%H:%M" if local.date() == first.date() else "%m-%d %H:%M")


class Line(NamedTuple):
    """A message on one way: into the inbox (`delivery` is absent), or out over a channel."""

    told: Told
    delivery: Delivery | None = None
    tries: Sequence[Attempt] = ()

    @property
    def last(self) -> Attempt | None:
        return self.tries[-1] if self.tries else None


COLUMNS: Sequence[tuple[str, str, Callable[[Line], object]]] = (
    ("事项", "about", lambda line: KINDS[line.told.message.kind].label),
    ("事件", "event", lambda line: line.told.message.event_type),
    ("发生时间", "occurred at", lambda line: _moment(line.told.message.occurred_at)),
    ("单据类型", "document", lambda line: DOCUMENTS.get(line.told.message.doc_type, OTHER_DOCUMENT)[0]),
    ("单据标识", "document id", lambda line: line.told.message.doc_id or ""),
    ("标题", "title", lambda line: line.told.message.title),
    ("被通知人", "person", lambda line: line.told.message.person_name),
    (
        "渠道",
        "channel",
        lambda line: CHANNEL_LABELS[Channel(line.delivery.channel)] if line.delivery else "站内信",
    ),
    ("状态", "state", lambda line: _state(line)),
    ("状态时间", "since", lambda line: _moment(_since(line))),
    (
        "原因",
        "reason",
        lambda line: reason_of(line.delivery.code) if line.delivery else "",
    ),
    ("收件处", "receiver", lambda line: line.last.to if line.last else ""),
    ("尝试次数", "tries", lambda line: line.delivery.attempts if line.delivery else ""),
    ("应答丢失", "answers lost", lambda line: line.delivery.lost if line.delivery else ""),
    ("应答", "answer", lambda line: f"{line.last.code} {line.last.answer}".strip() if line.last else ""),
)
"""Header in Chinese and in English, and what stands under it."""


def csv_lines(found: Iterable[Told], english: bool) -> Iterator[str]:
    """A table with a line for every way on which somebody was told; UTF-8 with a byte order mark, for Excel.
    Times are those of Asia/Shanghai."""
    yield BYTE_ORDER_MARK + _csv([in_english if english else header for header, in_english, _ in COLUMNS])
    for told in found:
        for line in (Line(told), *(Line(told, delivery, tries) for delivery, tries in told.ways)):
            yield _csv([_harmless(str(value(line))) for _, _, value in COLUMNS])


def json_lines(found: Iterable[Told]) -> Iterator[str]:
    """The same as one JSON array, a line for each message."""
    before = "[\n"
    for told in found:
        yield before + notice_shape(told).model_dump_json()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _csv(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _harmless(cell: str) -> str:
    """A cell that no program takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _state(line: Line) -> str:
    if line.delivery is not None:
        return line.delivery.status_label
    return "已读" if line.told.message.read_at else "未读"


def _since(line: Line) -> datetime:
    if line.delivery is not None:
        return line.delivery.changed_at
    return line.told.message.read_at or line.told.message.created_at


def _moment(moment: datetime) -> str:
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
