"""What every service tidies up now and then."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from shared.http import forget_answers
from shared.jobs import Job
from shared.service import Running

DONE_JOBS_KEPT = timedelta(days=7)


def tidy(here: Running) -> None:
    """Deletes remembered answers older than a day and jobs that were done a week ago."""
    with here.store.work() as work:
        forget_answers(work)
        work.execute(delete(Job).where(Job.state == "done", Job.finished_at < work.now - DONE_JOBS_KEPT))
