"""What the routes have in common that try out whether something gets through."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import ceil
from time import monotonic

from services.notify.answer import Answer, redacted
from services.notify.channels import Channel
from services.notify.letter import Letter
from services.notify.provider_shapes import TrialAnswer
from shared.database import new_id
from shared.people import Caller
from shared.service import Running


def timed(act: Callable[[], Answer]) -> tuple[Answer, TrialAnswer]:
    """What comes of an act, and how that is shown: with its time, without anybody's address or number."""
    started = monotonic()
    answer = act()
    milliseconds = round((monotonic() - started) * 1000)
    shape = TrialAnswer(
        outcome=answer.outcome, code=answer.code, answer=redacted(answer.text), milliseconds=milliseconds
    )
    return answer, shape


def retry_after(until: datetime, now: datetime) -> dict[str, str]:
    """The header that says when there is room for another one."""
    return {"Retry-After": str(ceil((until - now).total_seconds()))}


def trial_letter(here: Running, caller: Caller, channel: Channel, to: str, sealed: str = "") -> Letter:
    """A letter that says that nothing is to be done; `sealed` is the secret of a webhook."""
    return Letter(
        delivery_id=new_id(),
        channel=channel,
        to=to,
        name=caller.name,
        title="测试消息",
        body=f"{caller.name}从采购计划系统发送的测试消息，无需处理。",
        url=here.settings.own_url(),
        composed_at=here.store.clock.now(),
        kind="trial",
        sealed=sealed,
    )
