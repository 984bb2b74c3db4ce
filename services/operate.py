"""What operators do with what failed for good, from the command line: events and jobs, and deliveries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from services.notify.dead_list import ResendAsked, resend_dead
from services.notify.delivery import Delivery, State
from services.notify.providers.kinds import limits_on
from services.notify.queries import DeliveryFilter, code_counts
from services.processes import err, guarded, open_data_dir, out
from services.runtime import NAMES, System
from shared import parked as parking
from shared.clock import SHANGHAI
from shared.errors import Refusal
from shared.settings import Settings
from shared.store import Store

Asked = TypeVar("Asked", bound=DeliveryFilter)


def store_of(settings: Settings, name: str) -> Store:
    """The database of a service, for a command that ends by itself."""
    open_data_dir(settings.data_dir)
    return System(settings, [name]).running[name].store


@guarded
def list_parked(settings: Settings, names: Sequence[str] = NAMES) -> int:
    """Prints what is parked."""
    found = [(name, item) for name in names for item in parking.parked(store_of(settings, name))]
    for name, item in found:
        last = item.error.strip().splitlines()[-1] if item.error.strip() else ""
        out.print(f"{name}  {item.kind}  {item.key}  {item.what}  {item.subject}  {last}", markup=False)
    out.print(f"{len(found)} 项暂停 (parked)")
    return 0


@guarded
def replay(settings: Settings, name: str, key: str) -> int:
    """Tries a parked item again."""
    return _act_on_parked(
        lambda: parking.replay(store_of(settings, name), key), "已重新排队 (will be tried again)"
    )


@guarded
def skip(settings: Settings, name: str, key: str) -> int:
    """Gives a parked item up."""
    return _act_on_parked(lambda: parking.skip(store_of(settings, name), key), "已跳过 (skipped)")


def _act_on_parked(act: Callable[[], None], done: str) -> int:
    try:
        act()
    except Refusal as error:
        err.print(error.text)
        return 1
    out.print(done)
    return 0


@guarded
def list_failed(settings: Settings, words: Sequence[str]) -> int:
    """Prints how many deliveries have failed, by channel and code; `words` as `asked_for` takes them."""
    asked = asked_for(DeliveryFilter, words)
    if asked is None:
        return 2
    with store_of(settings, "notify").read() as look:
        found = code_counts(look, Delivery.state == State.FAILED, *asked.conditions())
    for one in found:
        out.print(f"{one.channel}  {one.code}  {one.number}", markup=False)
    out.print(f"{sum(one.number for one in found)} 条发送失败 (failed)")
    return 0


@guarded
def resend_failed(settings: Settings, words: Sequence[str]) -> int:
    """Sends failed deliveries again; `words` as `asked_for` takes them."""
    asked = asked_for(ResendAsked, words)
    if asked is None:
        return 2
    with store_of(settings, "notify").work() as work:
        done = resend_dead(work, asked, limits_on)
    until = f"，至 (until) {done.last_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if done.last_at else ""
    out.print(f"{done.queued} 条已重新排队 (queued){until}；还有 {done.left} 条 (left)")
    return 0


def asked_for(kind: type[Asked], words: Sequence[str]) -> Asked | None:
    """A filter from words like `code=550`; nothing, with a line for each mistake, when they are none."""
    said = {name: value for name, _, value in (word.partition("=") for word in words)}
    try:
        return kind.model_validate_strings(said)
    except ValidationError as error:
        for item in error.errors():
            name = ".".join(str(part) for part in item["loc"])
            err.print(f"{name}: {item['msg']}；可选 (one of) {', '.join(kind.model_fields)}", markup=False)
        return None
