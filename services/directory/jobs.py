"""The directory's ticks: keys turn over, and what is over is forgotten."""

from __future__ import annotations

from services.directory.session import forget_ended_sessions
from services.directory.sign_in import forget_old_tries
from services.directory.signing_key import rotate_keys
from shared.jobs import Jobs
from shared.service import Running
from shared.upkeep import tidy

jobs = Jobs()


@jobs.every(seconds=600)
def turn_keys(here: Running) -> None:
    with here.store.work() as work:
        rotate_keys(work)


@jobs.every(seconds=600)
def tidy_up(here: Running) -> None:
    with here.store.work() as work:
        forget_ended_sessions(work)
        forget_old_tries(work)
    tidy(here)
