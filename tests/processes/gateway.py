"""One origin in front of the web processes, by the first part of the path, as a gateway is in production."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "date", "server"}


class Gateway:
    """Passes every request on; 502 while the process behind it is away."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.ports = ports
        self.client = httpx.Client(trust_env=False, timeout=30)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Passing(BaseHTTPRequestHandler):
            def pass_on(self) -> None:
                answer = gateway.send(self)
                self.send_response(answer.status_code)
                for name, value in answer.headers.multi_items():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_DELETE = pass_on

            def log_message(self, *_: object) -> None:
                """The processes behind keep their own logs."""

        return Passing

    def send(self, asked: BaseHTTPRequestHandler) -> httpx.Response:
        _, _, service, *_ = [*asked.path.split("/"), "", "", ""]
        port = self.ports.get(service.partition("?")[0])
        if port is None:
            return httpx.Response(404)
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        headers = [(name, value) for name, value in asked.headers.items() if name.lower() != "connection"]
        try:
            return self.client.request(
                asked.command, f"http://127.0.0.1:{port}{asked.path}", content=body, headers=headers
            )
        except httpx.TransportError:
            return httpx.Response(502)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.client.close()
