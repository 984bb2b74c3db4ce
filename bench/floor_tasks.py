"""The floor of notifications: a Celery task that does nothing, with the settings of a stock worker."""

from __future__ import annotations

import os
import sys
import time

from celery import Celery

MARKS = 20
app = Celery("floor", broker=os.environ.get("FLOOR_BROKER", "memory://"))
app.conf.update(
    task_ignore_result=True,
    task_default_queue=os.environ.get("FLOOR_QUEUE", "floor"),
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    worker_enable_remote_control=False,
)


@app.task  # type: ignore[untyped-decorator]
def nothing(number: int, text: str) -> None:
    """Does nothing, but notes the time now and then."""
    if number % int(os.environ["FLOOR_EVERY"]) == 0:
        with open(os.environ["FLOOR_MARKS"], "a") as marks:
            marks.write(f"{time.time()}\n")


def fill(count: int) -> None:
    for number in range(count):
        nothing.delay(number, "x" * 400)


if __name__ == "__main__":
    from bench import floor_tasks

    floor_tasks.fill(int(sys.argv[1]))
