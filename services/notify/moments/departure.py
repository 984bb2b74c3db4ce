"""When a delivery leaves: at once, after quiet time, or with others in a digest."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from services.notify.delivery import Delivery, State
from services.notify.kinds import Kind
from services.notify.moments.digest import Key, join
from services.notify.moments.moment import Moment, Window, hour_of, may_leave, window_of
from services.notify.moments.timing import Timing
from services.notify.preferences import Mode, Owner
from services.notify.wishes import lock_preferences
from shared.store import Look, Work
from shared.working_days import calendar_of

QUIET = "quiet"
WHY = {
    Key.DIGEST: ("按您的设置汇总发送", "collected, as you have chosen"),
    Key.THROTTLE: (
        "本小时消息已达上限，其余汇总发送",
        "as many in this hour as you want; the rest is collected",
    ),
}


def moment_of(look: Look, timing: Timing, kind: Kind) -> Moment:
    """When a message of this kind may leave by itself: now, or when it is not quiet any more."""
    if kind.urgent or not timing.rests:
        return Moment(look.now, look.now)
    return may_leave(timing, calendar_of(look), look.now)


def depart(work: Work, delivery: Delivery, kind: Kind, mode: Mode, timing: Timing) -> Moment | None:
    """Lets a new delivery leave by itself, and answers when; nothing when it leaves with others."""
    if mode is Mode.DIGEST and _collected(
        work, delivery, Key.DIGEST, window_of(timing, calendar_of(work), work.now)
    ):
        return None
    moment = moment_of(work, timing, kind)
    if timing.hourly_limit:
        delivery.leaves_at = moment.at
        if kind.counted and _had_enough(work, delivery, timing):
            hour = hour_of(timing, calendar_of(work), moment.at)
            if _collected(work, delivery, Key.THROTTLE, hour):
                return None
    if moment.waits:
        delivery.hold_until(QUIET, moment, work.now)
    return moment


def _collected(work: Work, delivery: Delivery, key: Key, window: Window) -> bool:
    """Puts it into the digest of a window; false when that has just left."""
    digest = join(work, delivery.person_id, delivery.channel, key, window)
    if digest is None:
        return False
    delivery.digest_id, delivery.leaves_at = digest.id, None
    delivery.hold(key, digest.due_at, work.now)
    delivery.moment = window.leaves.kept(*WHY[key])
    return True


def _had_enough(work: Work, delivery: Delivery, timing: Timing) -> bool:
    """Whether as many as the person wants leave before this one in its hour. One work at a time counts."""
    lock_preferences(work, delivery.person_id, Owner.PERSON)
    assert delivery.leaves_at is not None
    start = delivery.leaves_at.replace(minute=0, second=0, microsecond=0)
    before = select(func.count()).where(
        Delivery.person_id == delivery.person_id,
        Delivery.channel == delivery.channel,
        Delivery.leaves_at >= start,
        Delivery.leaves_at < start + timedelta(hours=1),
        Delivery.state != State.SUPPRESSED,
        Delivery.id != delivery.id,
    )
    return work.session.scalars(before).one() >= timing.hourly_limit
