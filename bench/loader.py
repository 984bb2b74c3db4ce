"""A load generator in its own process: prepared requests over kept connections, each once or in turn."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Any


@dataclass(frozen=True)
class Load:
    """`requests` are raw HTTP/1.1 texts; with `again` they are sent in turn until the time is up."""

    port: int
    requests: Sequence[str]
    seconds: float
    connections: int = 32
    again: bool = False


@dataclass
class Answers:
    """How long each answer took (ms), the statuses with their numbers, the whole time (seconds), and
    the first answer that was no success."""

    delays: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    elapsed: float = 0.0
    refused: str = ""

    @property
    def per_second(self) -> float:
        """Raises `RuntimeError` unless every answer was a good one."""
        if self.refused:
            raise RuntimeError(f"not every answer is a success: {self.statuses}, first {self.refused}")
        return len(self.delays) / self.elapsed


def request(method: str, path: str, headers: Mapping[str, str], body: Any = None) -> str:
    """The text of a request; `body` goes as JSON."""
    payload = "" if body is None else json.dumps(body)
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {headers[name]}" for name in headers),
    ]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(payload.encode())}"]
    return "\r\n".join(lines) + "\r\n\r\n" + payload


def send(load: Load) -> Answers:
    """Sends a load from a process of its own."""
    command = [sys.executable, "-m", "bench.loader"]
    done = subprocess.run(command, input=json.dumps(asdict(load)), capture_output=True, text=True, check=True)
    return Answers(**json.loads(done.stdout))


async def _send_all(load: Load) -> Answers:
    found = Answers()
    left = iter(cycle(load.requests) if load.again else load.requests)
    started = time.perf_counter()
    lanes = (_lane(load, left, started + load.seconds, found) for _ in range(load.connections))
    await asyncio.gather(*lanes)
    found.elapsed = time.perf_counter() - started
    return found


async def _lane(load: Load, left: Iterator[str], until: float, found: Answers) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    for text in left:
        asked = time.perf_counter()
        if asked >= until:
            break
        writer.write(text.encode())
        status, body = await _answer(reader)
        found.delays.append((time.perf_counter() - asked) * 1000)
        if not status.startswith("2"):
            found.refused = found.refused or body.decode()
        found.statuses[status] = found.statuses.get(status, 0) + 1
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.split("content-length:", 1)[1].split("\r\n", 1)[0]
    return head.split(" ", 2)[1], await reader.readexactly(int(length))


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_send_all(Load(**json.load(sys.stdin)))))))
