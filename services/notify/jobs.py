"""Work that notify does later: it sends deliveries, and forgets what nobody needs any more."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from services.notify.asking import ask
from services.notify.dead_list_told import tell_of_growth
from services.notify.failed_text import tell_who_looks_after_texts
from services.notify.following import FOLLOW, follow_unit
from services.notify.moments.digest import CLOSE, forget_closed
from services.notify.moments.letter import close_digest
from services.notify.moments.todo import plan_all
from services.notify.notice import SEND
from services.notify.outside.pushing import PUSH, send_waiting, wake_cut_off
from services.notify.outside.replaying import forget_pushes
from services.notify.post import Post
from services.notify.providers.counting import limits_of
from services.notify.providers.kinds import asks, keeps, limits_on, sender_of
from services.notify.providers.standard import Courier
from services.notify.receipt import ASK
from services.notify.sandbox import Sandbox
from services.notify.sending import send
from services.notify.snoozing import WAKE, wake
from services.notify.standing_in import FOLLOW as FOLLOW_SUBSTITUTION
from services.notify.standing_in import follow
from services.notify.unreached import REACH, reach
from services.notify.unsubscribe import Subscription, signed
from services.notify.waking import wake_held
from services.notify.wording import TEXT_FAILED
from shared.decision_link import PATH, DecisionLink
from shared.jobs import Jobs
from shared.service import Running
from shared.upkeep import tidy

jobs = Jobs()


def post_of(here: Running) -> Post:
    """How this process sends."""
    own_url = here.settings.own_url()

    def unsubscribe_url(about: Subscription) -> str:
        return f"{own_url}/api/notify/unsubscribe/{signed(about, here.key)}"

    def decision_url(link: DecisionLink, etag: str, epoch: int) -> str:
        return own_url + PATH + link.signed(etag, epoch, here.key)

    return Post(
        sender_of=partial(sender_of, here),
        keeps=partial(keeps, here),
        asks=asks,
        limits_of=limits_on,
        limits=partial(limits_of, here),
        sandbox=Sandbox.of(here.settings.sandbox_receivers),
        own_url=own_url,
        unsubscribe_url=unsubscribe_url,
        decision_url=decision_url,
    )


@jobs.task(SEND)
def send_delivery(here: Running, delivery_id: str, turn: int = 0, attempt: int = 0) -> None:
    """What was queued before there were turns carries the number of its attempt, which is the turn it has."""
    send(here.store, post_of(here), UUID(delivery_id), turn or attempt)


@jobs.task(PUSH)
def push_waiting(here: Running, endpoint_id: str) -> None:
    sandbox = Sandbox.of(here.settings.sandbox_receivers)
    send_waiting(here.store, Courier.of(here), sandbox, UUID(endpoint_id))


@jobs.task(TEXT_FAILED)
def tell_of_failed_text(here: Running, version_id: str, line: int | None, error: str) -> None:
    with here.store.work() as work:
        tell_who_looks_after_texts(work, UUID(version_id), line, error)


@jobs.task(ASK)
def ask_provider(here: Running, delivery_id: str, attempt: int, times: int) -> None:
    ask(here.store, post_of(here), UUID(delivery_id), attempt, times)


@jobs.task(CLOSE)
def send_digest(here: Running, digest_id: str) -> None:
    with here.store.work() as work:
        close_digest(work, UUID(digest_id))


@jobs.task(FOLLOW_SUBSTITUTION)
def follow_substitution(here: Running, substitution_id: str) -> None:
    with here.store.work() as work:
        follow(work, UUID(substitution_id))


@jobs.task(REACH)
def reach_otherwise(here: Running, message_id: str) -> None:
    with here.store.work() as work:
        reach(work, UUID(message_id))


@jobs.task(FOLLOW)
def follow_changed_unit(here: Running, organisation_id: str) -> None:
    follow_unit(here.store, UUID(organisation_id))


@jobs.task(WAKE)
def wake_message(here: Running, message_id: str) -> None:
    wake(here.store, UUID(message_id))


@jobs.every(seconds=60)
def plan_todo_digests(here: Running) -> None:
    plan_all(here.store)


@jobs.every(seconds=10)
def wake_deliveries(here: Running) -> None:
    """Those that waited for a provider to be repaired."""
    wake_held(here.store, partial(keeps, here))


@jobs.every(seconds=60)
def tell_of_dead_list(here: Running) -> None:
    tell_of_growth(here.store)


@jobs.every(seconds=30)
def wake_endpoints(here: Running) -> None:
    """Those at which a process died in the middle of a request."""
    wake_cut_off(here.store)


@jobs.every(seconds=3600)
def tidy_up(here: Running) -> None:
    tidy(here)
    forget_pushes(here.store)
    with here.store.work() as work:
        forget_closed(work)
