"""What a delivery has to pass on its way out: each gate lets it through, holds it for a while, or ends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.notify.channels import ROBOTS, Channel
from services.notify.contact import Account, Contact
from services.notify.delivery import Delivery
from services.notify.kinds import KINDS
from services.notify.message import Message
from services.notify.moments.departure import QUIET, moment_of
from services.notify.moments.moment import Moment
from services.notify.slot import SlotCopy
from services.notify.standing_in import has_it
from services.notify.wishes import Wishes
from shared.people import PersonCopy
from shared.store import Work

STALE = "stale"
LEFT = "left"
STANDS_IN_NO_MORE = "substitution_over"


@dataclass(frozen=True)
class Going:
    """A delivery that is about to go out, with what may decide about it."""

    delivery: Delivery
    message: Message
    contact: Contact | None
    account: Account | None
    person: PersonCopy | None
    slot: SlotCopy | None
    wishes: Wishes

    @property
    def channel(self) -> Channel:
        return Channel(self.delivery.channel)

    @property
    def address(self) -> str:
        """Where it goes; on a robot's channel whom it mentions."""
        if self.account is not None:
            return self.account.address
        return self.contact.address(self.channel) if self.contact else ""


@dataclass(frozen=True)
class Suppress:
    """Not sent, and never will be."""

    code: str


@dataclass(frozen=True)
class Hold:
    """Not now: looked at again at `until`; `moment` says why where that has to be reckoned."""

    code: str
    until: datetime
    moment: Moment | None = None


Verdict = Suppress | Hold
Gate = Callable[[Work, Going], Verdict | None]


def still_to_do(work: Work, going: Going) -> Verdict | None:
    """A to-do that this person has no longer is told to nobody, nor is anything else that is done by now."""
    message, slot = going.message, going.slot
    waits = message.done_at is None and (message.slot_id is None or (slot is not None and slot.is_open))
    return None if waits else Suppress(STALE)


def is_in_his_hand(work: Work, going: Going) -> Verdict | None:
    """A to-do of somebody else is told to his deputy only while he stands in for him."""
    slot = going.slot
    return None if slot is None or has_it(work, going.message, slot) else Suppress(STANDS_IN_NO_MORE)


def is_here(work: Work, going: Going) -> Verdict | None:
    """Nobody is written to whose account was deactivated, whatever waits for him; the inbox keeps it."""
    return None if going.person is None or going.person.active else Suppress(LEFT)


def has_address(work: Work, going: Going) -> Verdict | None:
    """There must be somewhere to send it; a robot speaks to its group."""
    return None if going.address or going.channel in ROBOTS else Suppress("no_address")


def not_quiet(work: Work, going: Going) -> Verdict | None:
    """A try that has come late, or again, leaves nobody's quiet time unheeded."""
    moment = moment_of(work, going.wishes.timing, KINDS[going.message.kind])
    return Hold(QUIET, moment.at, moment) if moment.waits else None


GATES: tuple[Gate, ...] = (still_to_do, is_in_his_hand, is_here, has_address, not_quiet)


def judge(work: Work, going: Going) -> Verdict | None:
    """The verdict of the first gate that does not let it through."""
    return next((verdict for gate in GATES if (verdict := gate(work, going)) is not None), None)
