"""Receipts: what a provider says later about a letter that it took. Asked for, or pushed to us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from services.notify.answer import Answer, Outcome, redacted
from services.notify.choosing import Keeps, chain_of
from services.notify.delivery import Delivery, State
from services.notify.moments.letter import take_along
from services.notify.notice import SEND
from services.notify.unreached import look_for_another_way
from shared.jobs import later
from shared.store import Work

ASK = "notify.ask"
ASK_AFTER = (60, 300, 1800, 7200, 43200)
"""Seconds after which a provider is asked, each counted from the time before; then it stays `accepted`."""
WINDOW = timedelta(minutes=5)
"""How long a lost answer is given for its receipt before the letter is sent once more."""


@dataclass(frozen=True)
class Sent:
    """A letter that a provider has, or may have: ours by `delivery_id`, by `reference` what it calls it."""

    delivery_id: UUID
    to: str
    reference: str
    at: datetime


@dataclass(frozen=True)
class Receipt:
    """The letter has arrived, or never will for the reason of `code`."""

    arrived: bool
    code: str
    text: str = ""

    @property
    def answer(self) -> Answer:
        """What it says, as an answer to what was sent before."""
        outcome = Outcome.ACCEPTED if self.arrived else Outcome.FAILED
        return Answer(outcome, self.code, self.text, asked=False)


@runtime_checkable
class Asked(Protocol):
    """A sender that can be asked what became of a letter."""

    def ask(self, sent: Sent) -> Receipt | None:
        """The receipt, if there is one yet. Whatever it raises counts as none."""
        ...


def ask_later(work: Work, delivery: Delivery, times: int) -> None:
    """Has the provider asked after a while; no more when it was asked often enough."""
    if times == len(ASK_AFTER):
        delivery.sent_to = ""
    else:
        due = work.now + timedelta(seconds=ASK_AFTER[times])
        later(work, ASK, due, delivery_id=str(delivery.id), attempt=delivery.attempts, times=times)


def settle(work: Work, delivery: Delivery, receipt: Receipt, keeps: Keeps) -> None:
    """Takes over what the provider of a delivery says of it, be it before its answer has come, or after
    that was lost. What has not arrived goes to a provider that is left; a second receipt changes nothing."""
    if receipt.arrived:
        _arrive(work, delivery, receipt.answer)
    elif _is_with_its_provider(delivery):
        answer = receipt.answer
        turn = delivery.come_back(answer, work.now)
        if chain_of(work, delivery, keeps):
            later(work, SEND, delivery_id=str(delivery.id), turn=turn)
        else:
            work.publish(delivery.fail(answer.code, redacted(answer.text), work.now))
            take_along(work, delivery)
            look_for_another_way(work, delivery)


def _arrive(work: Work, delivery: Delivery, answer: Answer) -> None:
    if delivery.state in (State.DELIVERED, State.SUPPRESSED):
        return
    if delivery.state != State.ACCEPTED:  # only its answer has not come, or has come to nothing
        work.publish(delivery.accept(answer, work.now))
    work.publish(delivery.confirm(work.now))
    take_along(work, delivery)


def _is_with_its_provider(delivery: Delivery) -> bool:
    """Whether the provider has it, or may have it."""
    may_be_there = delivery.waits and delivery.bound_to == delivery.provider_id
    return delivery.state in (State.ACCEPTED, State.SENDING) or may_be_there
