"""Requests to providers and webhooks: where they may go, how long they take, and what a broken one means."""

from __future__ import annotations

import ipaddress
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from time import monotonic
from typing import Any

import httpx

from services.notify.answer import Answer, Outcome
from shared.settings import Settings

TIMEOUT = 10.0
"""Seconds for a whole request; far below the lease of its job."""
LONGEST_ANSWER = 64 * 1024
LONGEST_PAUSE = 6 * 3600
Network = IPv4Network | IPv6Network


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
            return judge(self._send("POST", url, request))
        except Forbidden as error:
            return Answer(Outcome.CONFIG_ERROR, "address_not_allowed", str(error))
        except httpx.InvalidURL:
            return Answer(Outcome.CONFIG_ERROR, "bad_url")
        except (httpx.ConnectError, httpx.ConnectTimeout, socket.gaierror) as error:
            return Answer(Outcome.RETRY, "no_connection", type(error).__name__)
        except (httpx.TransportError, TimeoutError) as error:
            timed_out = isinstance(error, (httpx.TimeoutException, TimeoutError))
            return Answer(Outcome.UNKNOWN, "timeout" if timed_out else "broken_off", type(error).__name__)

    def reply(self, method: str, url: str, **request: Any) -> Reply:
        """The reply itself. Raises `Forbidden`, `httpx.HTTPError` and OSError."""
        return self._send(method, url, request)

    def _send(self, method: str, url: str, request: dict[str, Any]) -> Reply:
        target, until = httpx.URL(url), monotonic() + self.timeout
        if target.scheme not in ("http", "https") or not target.host:
            raise Forbidden("http or https only")
        extensions: dict[str, Any] = {}
        headers = {"User-Agent": "procurement-plans", **request.pop("headers", {})}
        if self.guarded:
            headers["Host"] = target.netloc.decode("ascii")
            extensions = {"sni_hostname": target.host}
            target = target.copy_with(host=self._checked_address(target))
        with (
            httpx.Client(trust_env=False, timeout=self.timeout, follow_redirects=False) as client,
            client.stream(method, target, headers=headers, extensions=extensions, **request) as answer,
        ):
            return _reply(answer, until)

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


def _reply(answer: httpx.Response, until: float) -> Reply:
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if monotonic() > until:
            raise TimeoutError
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
