"""What goes wrong during a chaos run: every process is killed, the broker wiped, connections dropped."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from sqlalchemy import create_engine, text

from services.runtime import NAMES
from tests.conftest import server_url
from tests.processes.running import Product, wipe_jobs

KILLS = 2
"""How often each process is killed."""


class Storm:
    """A shuffled list of disasters, each with its name; the same seed gives the same list and pauses."""

    def __init__(self, product: Product, seed: int) -> None:
        self.product = product
        self.chance = random.Random(seed)
        self.happened: list[str] = []
        kills = [(f"kill {name}", self._killing(name)) for name in product.processes] * KILLS
        self.chance.shuffle(kills)
        middle = len(kills) // 2
        self.plan = [
            *kills[:middle],
            ("wipe the broker", self.wipe_broker),
            *kills[middle : middle + 2],
            ("drop connections", self.drop_connections),
            *kills[middle + 2 :],
        ]

    def rage(self) -> None:
        """Everything on the list, one after the other; what was killed is started again at once or soon."""
        for name, strike in self.plan:
            time.sleep(self.chance.uniform(0.3, 1.5))
            self.happened.append(name)
            strike()

    def _killing(self, name: str) -> Callable[[], None]:
        def strike() -> None:
            process = self.product.processes[name]
            process.kill()
            time.sleep(self.chance.choice((0, 0, 1)))
            process.start()

        return strike

    def wipe_broker(self) -> None:
        """Our queues and exchanges are gone, with everything that was in them."""
        self.product.broker.wipe(NAMES)
        wipe_jobs(self.product.broker)

    def drop_connections(self) -> None:
        """As a restart of the database server looks to those who use it."""
        engine = create_engine(server_url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE :ours"),
                {"ours": f"{self.product.databases.prefix}%"},
            )
        engine.dispose()
