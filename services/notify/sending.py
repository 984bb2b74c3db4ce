"""Sends a delivery: claim it (short transaction), send (none open), note the outcome (short transaction)."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, select
from structlog import get_logger

from services.notify.alarm import note_health
from services.notify.answer import Answer, Outcome, redacted
from services.notify.asking import receipt_of, sent
from services.notify.attempt import Attempt
from services.notify.channels import ROBOTS, Channel
from services.notify.choosing import BROKEN, choose, others_left, until_repaired
from services.notify.contact import Account, Contact
from services.notify.deciding import decisions_for
from services.notify.delivery import Delivery, State
from services.notify.gates import STALE, Going, Hold, Suppress, Verdict, judge
from services.notify.letter import Letter, Sender
from services.notify.masked import masked
from services.notify.message import Message, touch_inbox
from services.notify.moments.letter import take_along
from services.notify.notice import SEND
from services.notify.pacing import granted, must_wait
from services.notify.post import Claimed, Post
from services.notify.provider import Provider
from services.notify.receipt import WINDOW, Receipt, ask_later, settle
from services.notify.sandbox import SANDBOX
from services.notify.slot import SlotCopy
from services.notify.template import medium_of
from services.notify.unreached import look_for_another_way
from services.notify.unsubscribe import subscription_to
from services.notify.wishes import wishes_of
from services.notify.wording import channel_words
from shared.jobs import later
from shared.people import PersonCopy
from shared.store import Store, Work

log = get_logger(__name__)


def send(store: Store, post: Post, delivery_id: UUID, turn: int) -> None:
    """Makes one try of a delivery. A try that is over already, or not yet due, is left alone. After a lost
    answer the provider is asked what became of the letter, before it goes again."""
    claimed = claim(store, post, delivery_id, turn)
    if claimed is None or must_wait(store, post, claimed):
        return
    sender, started = post.sender_of(claimed.provider), monotonic()
    receipt = receipt_of(sender, claimed.before) if claimed.before else None
    answer = carry(sender, claimed.letter) if receipt is None else receipt.answer
    tried = Attempt.of(claimed.letter.delivery_id, claimed.attempt, sender.provider, answer)
    tried.provider_id, tried.milliseconds = claimed.provider.id, round((monotonic() - started) * 1000)
    tried.to = masked(claimed.letter.channel, claimed.letter.to, claimed.provider.name)
    if receipt is None:
        note(store, post, claimed, tried, answer)
    else:
        _note_receipt(store, post, claimed, tried, receipt)


def carry(sender: Sender, letter: Letter) -> Answer:
    """Hands a letter over, outside any transaction; nothing that goes wrong there is raised."""
    try:
        return sender.send(letter)
    except Exception as error:  # whatever else goes wrong must end in the dead list, where people look
        log.exception("sending_failed", delivery=str(letter.delivery_id))
        return Answer(Outcome.UNKNOWN, "unexpected", repr(error))


def claim(store: Store, post: Post, delivery_id: UUID, turn: int) -> Claimed | None:
    """Takes the delivery for this try; nothing when it is not due, or a gate or every breaker is closed."""
    with store.work() as work:
        found: Any = work.execute(_with_all_it_needs(delivery_id)).one_or_none()
        if found is None or not found.Delivery.is_due(turn):
            return None
        going = _going(work, found)
        if going.delivery.state == State.SENDING and not _may_send_again(work, going.delivery):
            return None
        if (verdict := judge(work, going)) is not None:
            _stop(work, going, verdict)
            return None
        chosen = choose(work, going.delivery, post.keeps)
        if chosen is None:
            _fail(work, going.delivery, Answer(Outcome.FAILED, "no_provider"))
            return None
        if not isinstance(chosen, Provider):
            _stop(work, going, chosen)
            return None
        if not post.sandbox.allows(receiver(going.address, chosen)) and not post.keeps(chosen):
            _stop(work, going, Suppress(SANDBOX))
            return None
        place = granted(going.delivery, chosen, work.now)
        before = sent(going.delivery) if going.delivery.bound_to == chosen.id else None
        going.delivery.start(chosen.id, work.now, going.address if post.asks(chosen) else "")
        letter, attempt = _letter(work, going, post), going.delivery.attempts
        return Claimed(letter, chosen, attempt, place, before)


def receiver(address: str, provider: Provider) -> str:
    """Who gets a letter, as the list of a sandbox names him: a robot by its own name."""
    return f"robot:{provider.name}" if provider.channel in ROBOTS else address


def _may_send_again(work: Work, delivery: Delivery) -> bool:
    """Its process died between sending and noting: that answer is lost, which may happen once."""
    provider = work.session.get(Provider, delivery.provider_id)
    lost = Answer(Outcome.UNKNOWN, "interrupted")
    tried = Attempt.of(delivery.id, delivery.attempts, provider.kind if provider else "", lost)
    tried.provider_id, tried.at = delivery.provider_id, work.now
    work.add(tried)
    if delivery.lose_answer():
        return True
    _fail(work, delivery, Answer(Outcome.FAILED, "answer_lost"))
    return False


def _going(work: Work, found: Any) -> Going:
    return Going(
        found.Delivery,
        found.Message,
        found.Contact,
        found.Account,
        found.PersonCopy,
        found.SlotCopy,
        wishes_of(work, found.Delivery.person_id),
    )


def _stop(work: Work, going: Going, verdict: Verdict) -> None:
    """Does what a gate has said."""
    delivery = going.delivery
    if isinstance(verdict, Hold):
        return _hold(work, delivery, verdict)
    work.publish(delivery.suppress(verdict.code, work.now))
    take_along(work, delivery)
    look_for_another_way(work, delivery)
    if verdict.code == STALE:
        work.get(Message, going.message.id).finish(work.now)
        touch_inbox(work, going.message.person_id)
    return None


def _hold(work: Work, delivery: Delivery, why: Hold) -> None:
    turn = delivery.hold(why.code, why.until, work.now)
    if why.moment is not None:
        delivery.moment = why.moment.kept()
    if why.code != BROKEN:  # those are woken when a provider works again, see `wake_held`
        later(work, SEND, why.until, delivery_id=str(delivery.id), turn=turn)


def _letter(work: Work, going: Going, post: Post) -> Letter:
    locale = going.wishes.locale
    words = channel_words(work, going.message, medium_of(going.channel), locale)
    about = subscription_to(going.message, going.channel)
    return Letter(
        delivery_id=going.delivery.id,
        channel=going.channel,
        to=going.address,
        name=going.person.name if going.person else "",
        title=words.title,
        body=words.body,
        url=post.own_url + going.message.path,
        composed_at=going.message.created_at,
        kind=going.message.kind,
        sealed=going.account.sealed if going.account else "",
        locale=locale,
        unsubscribe_url=post.unsubscribe_url(about) if about else "",
        decisions=decisions_for(going, locale, post),
    )


def _with_all_it_needs(delivery_id: UUID) -> Executable:
    """A delivery, locked, with its message, the address and name of its person, and its to-do."""
    return (
        select(Delivery, Message, Contact, Account, PersonCopy, SlotCopy)
        .join(Message, Message.id == Delivery.message_id)
        .outerjoin(Contact, Contact.person_id == Delivery.person_id)
        .outerjoin(Account, (Account.person_id == Delivery.person_id) & (Account.channel == Delivery.channel))
        .outerjoin(PersonCopy, PersonCopy.person_id == Delivery.person_id)
        .outerjoin(SlotCopy, SlotCopy.slot_id == Message.slot_id)
        .where(Delivery.id == delivery_id)
        .with_for_update(of=Delivery)
    )


def note(store: Store, post: Post, claimed: Claimed, tried: Attempt, answer: Answer) -> None:
    """Keeps the try with its outcome. When another run was first with that, it is a try only, unless the
    provider has taken the letter."""
    with store.work() as work:
        delivery = work.get(Delivery, claimed.letter.delivery_id)
        tried.at = work.now
        work.add(tried)
        note_health(work, claimed.provider, answer)
        ours = _is_ours(delivery, claimed)
        if answer.outcome is Outcome.ACCEPTED and (ours or _counts_late(delivery, claimed)):
            delivery.provider_id = claimed.provider.id
            work.publish(delivery.accept(answer, work.now))
            take_along(work, delivery)
            if post.asks(claimed.provider):
                ask_later(work, delivery, times=0)
        elif ours:
            _go_on(work, post, delivery, answer)


def _note_receipt(store: Store, post: Post, claimed: Claimed, tried: Attempt, receipt: Receipt) -> None:
    """Keeps a try that was a question only, with what the provider has said."""
    with store.work() as work:
        delivery = work.get(Delivery, claimed.letter.delivery_id)
        tried.at = work.now
        work.add(tried)
        if _is_ours(delivery, claimed):
            settle(work, delivery, receipt, post.keeps)


def _is_ours(delivery: Delivery, claimed: Claimed) -> bool:
    return delivery.state == State.SENDING and delivery.attempts == claimed.attempt


def _counts_late(delivery: Delivery, claimed: Claimed) -> bool:
    """Whether it matters that this provider has taken it, although others went on with it meanwhile."""
    came_back = str(claimed.provider.id) in delivery.not_brought
    return (delivery.waits or delivery.state == State.FAILED) and not came_back


def _go_on(work: Work, post: Post, delivery: Delivery, answer: Answer) -> None:
    """What becomes of a letter that was not taken: the next provider, a later round, or the dead list."""
    if answer.outcome is Outcome.FAILED:
        return _fail(work, delivery, answer)
    if answer.outcome is Outcome.UNKNOWN:
        # not with another provider: this one may have sent it
        lost = Answer(Outcome.FAILED, "answer_lost", answer.text)
        if delivery.channel == Channel.SMS:
            answer = replace(answer, after=WINDOW)
        return _try_later(work, delivery, answer) if delivery.lose_answer() else _fail(work, delivery, lost)
    others = others_left(work, delivery, post.keeps)
    if others.at_once:
        turn = delivery.pass_on(answer, work.now)
        later(work, SEND, delivery_id=str(delivery.id), turn=turn)
    elif others.broken_until is None:
        _try_later(work, delivery, answer)
    else:
        _hold(work, delivery, until_repaired(delivery, others.broken_until))
    return None


def _try_later(work: Work, delivery: Delivery, answer: Answer) -> None:
    again_at = delivery.put_off(answer, work.now)
    if again_at is None:
        return _fail(work, delivery, answer)
    later(work, SEND, again_at, delivery_id=str(delivery.id), turn=delivery.turn)
    return None


def _fail(work: Work, delivery: Delivery, answer: Answer) -> None:
    work.publish(delivery.fail(answer.code, redacted(answer.text), work.now))
    take_along(work, delivery)
    look_for_another_way(work, delivery)
