"""`/health` and `/metrics` of processes that serve nothing else."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from structlog import get_logger

log = get_logger(__name__)


class _Answer(BaseHTTPRequestHandler):
    registry: CollectorRegistry

    def do_GET(self) -> None:
        metrics = self.path == "/metrics"
        body = generate_latest(self.registry) if metrics else b'{"status":"ok"}'
        self.send_response(200 if metrics or self.path == "/health" else 404)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST if metrics else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Probes are not worth a line."""


def serve_health(port: int, metrics: CollectorRegistry, stopping: threading.Event) -> None:
    """Answers on a port in a thread until `stopping`; a taken port is a warning, work goes on."""
    try:
        server = ThreadingHTTPServer(("", port), type("Answer", (_Answer,), {"registry": metrics}))
    except OSError as error:
        log.warning("health_port_taken", port=port, error=str(error))
        return
    threading.Thread(target=server.serve_forever, daemon=True, name="health").start()

    def end() -> None:
        stopping.wait()
        server.shutdown()

    threading.Thread(target=end, daemon=True, name="health-end").start()
