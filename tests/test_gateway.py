"""Whom the gateway takes for the client: who connects, or whom a proxy of ours names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from services.front import ADDRESSES
from tests.processes.process import free_port

DEPLOY = Path(__file__).parent.parent / "deploy" / "nginx"
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CLAIMED = "203.0.113.9"


def rendered(trusted: str) -> str:
    """The configuration as the nginx image makes it from the template."""
    template = (DEPLOY / "default.conf.template").read_text()
    assert "${TRUSTED_PROXY}" in template
    return template.replace("${TRUSTED_PROXY}", trusted)


def test_every_value_of_the_template_is_set_in_the_compose_file() -> None:
    compose = (DEPLOY.parent.parent / "docker-compose.yml").read_text()
    for name in re.findall(r"\$\{(\w+)\}", (DEPLOY / "default.conf.template").read_text()):
        assert f"{name}: ${{{name}:-" in compose


def test_what_messages_lead_to_goes_through_the_gateway() -> None:
    template = (DEPLOY / "default.conf.template").read_text()
    (pages,) = re.findall(r"location ~ (\^/\(\$.*\)) \{", template)
    for address in ADDRESSES:
        assert re.match(pages, re.sub(r"\{.*\}", "x", address)), address


class Echo(BaseHTTPRequestHandler):
    """A web process that answers with the address that it was told."""

    def do_GET(self) -> None:
        said = self.headers["X-Forwarded-For"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Nobody asks."""


@contextmanager
def echo() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def gateway(tmp_path: Path, trusted: str) -> Iterator[str]:
    """The gateway in front of an `Echo`, with this machine as its client."""
    port = free_port()
    with echo() as behind:
        server = rendered(trusted).replace("http://$service-web:8000", behind)
        server = server.replace("listen 8080", f"listen 127.0.0.1:{port}")
        paths = "".join(
            f"{kind}_temp_path {tmp_path / kind};" for kind in ("proxy", "fastcgi", "uwsgi", "scgi")
        )
        log = f"access_log off; client_body_temp_path {tmp_path / 'body'}; {paths}"
        main = f"daemon off; master_process off; pid {tmp_path / 'pid'}; error_log stderr; events {{}}"
        (tmp_path / "nginx.conf").write_text(f"{main} http {{ {log} {server} }}")
        assert NGINX
        process = subprocess.Popen([NGINX, "-p", tmp_path, "-c", tmp_path / "nginx.conf"])
        try:
            with httpx.Client(
                trust_env=False, transport=httpx.HTTPTransport(retries=8), base_url=f"http://127.0.0.1:{port}"
            ) as client:
                client.get("/health")
            yield f"http://127.0.0.1:{port}/api/plans/public"
        finally:
            process.terminate()
            process.wait()


@pytest.mark.skipif(NGINX is None, reason="no nginx on this machine")
@pytest.mark.parametrize(
    ("trusted", "claimed", "seen"),
    [
        ("unix:", CLAIMED, "127.0.0.1"),
        ("10.0.0.0/8", CLAIMED, "127.0.0.1"),
        ("127.0.0.1", CLAIMED, CLAIMED),
        ("127.0.0.0/8", f"{CLAIMED}, 127.1.2.3", CLAIMED),
        ("127.0.0.1", f"192.0.2.66, {CLAIMED}", CLAIMED),
    ],
)
def test_only_proxies_of_ours_say_who_asks(tmp_path: Path, trusted: str, claimed: str, seen: str) -> None:
    with gateway(tmp_path, trusted) as url:
        answer = httpx.get(url, headers={"X-Forwarded-For": claimed}, trust_env=False)
    assert (answer.status_code, answer.text) == (200, seen)
