"""Work that time brings: what is over is forgotten."""

from __future__ import annotations

from shared.jobs import Jobs
from shared.service import Running
from shared.upkeep import tidy

jobs = Jobs()


@jobs.every(seconds=3600)
def tidy_up(here: Running) -> None:
    tidy(here)
