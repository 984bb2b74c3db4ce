"""Open pages in a process of their own: each watches its person's numbers, and notes when they come."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field


@dataclass
class Pages:
    """One page per token. Prints `open` once every page has its first numbers, and then the times (seconds
    since 1970) at which each page has got others, until its input ends."""

    port: int
    tokens: list[str]
    at_once: int = 50
    arrived: dict[int, list[float]] = field(default_factory=dict)
    opened: int = 0

    async def run(self) -> None:
        gate = asyncio.Semaphore(self.at_once)
        pages = [asyncio.create_task(self._page(n, token, gate)) for n, token in enumerate(self.tokens)]
        while self.opened < len(self.tokens):
            for page in pages:
                if page.done():
                    page.result()  # raises what went wrong there
            await asyncio.sleep(0.05)
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps({str(n): times for n, times in self.arrived.items()}), flush=True)
        for page in pages:
            page.cancel()

    async def _page(self, number: int, token: str, gate: asyncio.Semaphore) -> None:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            lines = ("GET /api/notify/stream HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}")
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            await self._numbers(reader)
            self.opened += 1
        while True:
            await self._numbers(reader)
            self.arrived.setdefault(number, []).append(time.time())

    async def _numbers(self, reader: asyncio.StreamReader) -> None:
        """Returns when an event with numbers has come. Raises `RuntimeError` for anything but a stream."""
        while line := await reader.readline():
            if line.startswith(b"HTTP/1.1 ") and b" 200 " not in line:
                raise RuntimeError(line.decode())
            if line.startswith(b"event: signed_out"):
                raise RuntimeError("signed out")
            if line.startswith(b"event: counts"):
                return
        raise RuntimeError("the stream has ended")


if __name__ == "__main__":
    asyncio.run(Pages(**json.loads(sys.stdin.readline())).run())
