"""What operators do with parked events and jobs, from the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.processes import err, guarded, open_data_dir, out
from services.runtime import NAMES, System
from shared import parked as parking
from shared.errors import NotFound
from shared.settings import Settings
from shared.store import Store


def _store(settings: Settings, name: str) -> Store:
    open_data_dir(settings.data_dir)
    return System(settings, [name]).running[name].store


@guarded
def list_parked(settings: Settings, names: Sequence[str] = NAMES) -> int:
    """Prints what is parked."""
    found = [(name, item) for name in names for item in parking.parked(_store(settings, name))]
    for name, item in found:
        last = item.error.strip().splitlines()[-1] if item.error.strip() else ""
        out.print(f"{name}  {item.kind}  {item.key}  {item.what}  {item.subject}  {last}", markup=False)
    out.print(f"{len(found)} 项暂停 (parked)")
    return 0


@guarded
def replay(settings: Settings, name: str, key: str) -> int:
    """Tries a parked item again."""
    return _act_on_parked(
        lambda: parking.replay(_store(settings, name), key), "已重新排队 (will be tried again)"
    )


@guarded
def skip(settings: Settings, name: str, key: str) -> int:
    """Gives a parked event up."""
    return _act_on_parked(lambda: parking.skip(_store(settings, name), key), "已跳过 (skipped)")


def _act_on_parked(act: Callable[[], None], done: str) -> int:
    try:
        act()
    except NotFound as error:
        err.print(error.text)
        return 1
    out.print(done)
    return 0
