"""Work that time brings: forgetting old answers."""

from __future__ import annotations

from shared.http import forget_answers
from shared.jobs import Jobs
from shared.service import Running

jobs = Jobs()


@jobs.every(seconds=3600)
def forget(here: Running) -> None:
    with here.store.work() as work:
        forget_answers(work)
