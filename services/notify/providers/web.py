"""Requests to providers and webhooks: where they may go, how long they take, and what a broken one means."""

from __future__ import annotations

import ipaddress
import json
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import anyio
import anyio.to_thread
import httpx

from services.notify.answer import Answer, Outcome
from shared.settings import Settings

TIMEOUT = 10.0
"""Seconds for a whole request, from looking up its name to the last byte of the answer; far below the lease
of its job. Only for a request that is not guarded a name is looked up as long as the resolver takes."""
LONGEST_ANSWER = 64 * 1024
LONGEST_PAUSE = 6 * 3600
Network = IPv4Network | IPv6Network
Trace = Callable[[str, object], Awaitable[None]]


@dataclass(frozen=True)
class Reply:
    """What came back; `json` is empty when it is no JSON object."""

    status: int
    text: str
    json: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def after(self) -> timedelta | None:
        """How long we are asked to wait (`Retry-After` in seconds)."""
        seconds = self.headers.get("retry-after", "")
        return timedelta(seconds=min(int(seconds), LONGEST_PAUSE)) if seconds.isdecimal() else None


class Forbidden(Exception):
    """The address leads to where letters must not go."""


class NotSent(OSError):
    """It went wrong before anything of the request was sent."""


_HOST = re.compile(rb"[a-z0-9_.-]+|[0-9a-f:.]*:[0-9a-f:.]*")


def is_address(url: str) -> bool:
    """Whether requests may be posted there: http(s), a host that can be looked up, no name or password."""
    try:
        found = httpx.URL(url)
        found.host.encode("idna")  # as looking it up does
    except (httpx.InvalidURL, UnicodeError):
        return False
    if found.scheme not in ("http", "https") or found.userinfo:
        return False
    port_fits = found.port is None or 0 < found.port < 65536
    return port_fits and _HOST.fullmatch(found.raw_host) is not None


@dataclass(frozen=True)
class Web:
    """Sends requests. `guarded` to public addresses and the private networks of the settings only: for what
    others than the platform administrator have entered."""

    networks: tuple[Network, ...] = ()
    guarded: bool = True
    timeout: float = TIMEOUT

    @classmethod
    def of(cls, settings: Settings, guarded: bool) -> Web:
        """Raises ValueError when PRIVATE_NETWORKS holds something else than networks."""
        names = [name.strip() for name in settings.private_networks.split(",") if name.strip()]
        return cls(tuple(ipaddress.ip_network(name) for name in names), guarded)

    def post(self, url: str, judge: Callable[[Reply], Answer], **request: Any) -> Answer:
        """The answer that `judge` makes of the reply; `request` is httpx's.

        A request that broke off after it had been sent is `unknown`: it may have been heard.
        """
        try:
            reply = self.reply("POST", url, **request)
        except Forbidden as error:
            return Answer(Outcome.CONFIG_ERROR, "address_not_allowed", str(error))
        except (httpx.InvalidURL, UnicodeError):
            return Answer(Outcome.CONFIG_ERROR, "bad_url")
        except NotSent as error:
            return Answer(Outcome.RETRY, "no_connection", str(error))
        except (httpx.RequestError, OSError) as error:
            timed_out = isinstance(error, (httpx.TimeoutException, TimeoutError))
            return Answer(Outcome.UNKNOWN, "timeout" if timed_out else "broken_off", type(error).__name__)
        return judge(reply)

    def reply(self, method: str, url: str, **request: Any) -> Reply:
        """The reply itself. Raises `Forbidden`, `httpx.InvalidURL`, `httpx.HTTPError`, UnicodeError, and
        OSError (`NotSent` is one)."""
        return anyio.run(self._within_time, method, httpx.URL(url), request)

    async def _within_time(self, method: str, target: httpx.URL, request: dict[str, Any]) -> Reply:
        """Ends, and closes the connection, when the time is over, whatever it waits for."""
        sent = False

        async def trace(step: str, _about: object) -> None:
            nonlocal sent
            sent = sent or step.endswith("send_request_headers.started")

        try:
            with anyio.fail_after(self.timeout):
                return await self._sent(method, target, request, trace)
        except (httpx.TransportError, OSError) as error:
            if sent:
                raise
            raise NotSent(type(error).__name__) from error

    async def _sent(self, method: str, target: httpx.URL, request: dict[str, Any], trace: Trace) -> Reply:
        if target.scheme not in ("http", "https") or not target.host:
            raise Forbidden("http or https only")
        # an answer that is not compressed cannot become a large one
        own = {"User-Agent": "procurement-plans", "Accept-Encoding": "identity"}
        headers = own | request.pop("headers", {})
        extensions: dict[str, Any] = {"trace": trace}
        if self.guarded:
            headers["Host"] = target.netloc.decode("ascii")
            extensions["sni_hostname"] = target.host
            # a name server that does not answer is not waited for, though its thread goes on for a while
            look_up = anyio.to_thread.run_sync(self._checked_address, target, abandon_on_cancel=True)
            target = target.copy_with(host=await look_up)
        alone = httpx.AsyncClient(verify=_tls(), trust_env=False, timeout=self.timeout)
        about = {"headers": headers, "extensions": extensions, **request}
        async with alone as client, client.stream(method, target, **about) as answer:
            return await _reply(answer)

    def _checked_address(self, target: httpx.URL) -> str:
        """The address that the name has now, which the request then goes to and no other.

        Raises `Forbidden`, `socket.gaierror`.
        """
        port = target.port or (443 if target.scheme == "https" else 80)
        address = str(socket.getaddrinfo(target.host, port, type=socket.SOCK_STREAM)[0][4][0])
        found = ipaddress.ip_address(address)
        if found.is_global and not found.is_multicast:
            return address
        if any(found in network for network in self.networks):
            return address
        raise Forbidden("neither a public address nor within PRIVATE_NETWORKS")


@cache
def _tls() -> ssl.SSLContext:
    """Made once in a process: reading all certificates takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


async def _reply(answer: httpx.Response) -> Reply:
    body = b""
    if answer.headers.get("content-encoding", "identity") == "identity":  # else nobody has asked for it so
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > LONGEST_ANSWER:
                break
    text = body[:LONGEST_ANSWER].decode("utf-8", "replace")
    return Reply(answer.status_code, text, _object(text), {k.lower(): v for k, v in answer.headers.items()})


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
