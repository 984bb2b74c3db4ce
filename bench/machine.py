"""What a run was measured on, and how much of the machine others took meanwhile."""

from __future__ import annotations

import os
import platform
import re
import time
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import create_engine, text

from bench.servers import POSTGRES, amqp_connection

PACKAGES = ("sqlalchemy", "psycopg", "kombu", "amqp", "celery", "fastapi", "pydantic", "uvicorn")
SERVERS = re.compile(r"^(postgres|beam\.smp|redis-server|erl_child_setup)")
TICKS = os.sysconf("SC_CLK_TCK")


def described() -> list[str]:
    """Machine and versions, a line each."""
    model = re.search(r"(?m)^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    engine = create_engine(POSTGRES)
    with engine.connect() as connection:
        postgres = connection.execute(text("SHOW server_version")).scalar_one()
    engine.dispose()
    with amqp_connection() as connection:
        rabbit = connection.server_properties["version"]
    return [
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}; clients, servers and load share the cores",
        f"PostgreSQL {postgres}, RabbitMQ {rabbit}, Python {platform.python_version()}",
        ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    ]


class Others:
    """Cores that neither the bench nor the servers used, from its making until `cores` is asked."""

    def __init__(self) -> None:
        self._at, self._busy, self._ours = time.monotonic(), _busy(), _ours()

    def cores(self) -> float:
        spent = (_busy() - self._busy) - (_ours() - self._ours)
        return max(0.0, spent / TICKS / (time.monotonic() - self._at))


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(ticks) for ticks in fields[11:13]) / TICKS


def resident_mib(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _busy() -> int:
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4]


def _ours() -> int:
    """Ticks of this process's tree and of the servers, ended children included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    roots = {os.getpid()}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            name, rest = (folder / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        fields, pid = rest.split(), int(folder.name)
        parents[pid], ticks[pid] = int(fields[1]), sum(int(field) for field in fields[11:15])
        if SERVERS.match(name):
            roots.add(pid)
    return sum(spent for pid, spent in ticks.items() if _below(pid, roots, parents))


def _below(pid: int, roots: set[int], parents: dict[int, int]) -> bool:
    while pid in parents and pid not in roots:
        pid = parents[pid]
    return pid in roots
