"""A service's routes on a port of their own, with something in front that may answer in its place."""

from __future__ import annotations

import threading

import uvicorn
from fastapi import FastAPI
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send

from shared.service import Running
from shared.web import service_app


class Served:
    """While `under_maintenance` everything is answered with 200 and a page for people."""

    def __init__(self, here: Running) -> None:
        self.under_maintenance = False
        self._app = FastAPI()
        self._app.mount(f"/api/{here.name}", service_app(here))
        config = uvicorn.Config(self, port=0, log_config=None, lifespan="off")
        self._bound = config.bind_socket()
        self.url = f"http://127.0.0.1:{self._bound.getsockname()[1]}"
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._bound],), daemon=True)
        self._thread.start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = HTMLResponse("<html>系统维护中</html>")
        await (page if self.under_maintenance else self._app)(scope, receive, send)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._bound.close()
