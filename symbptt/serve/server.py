"""The server: a page, its assets, and tasks as JSON, for browsers on this machine only.

Other sites cannot reach it: a request must name 127.0.0.1 or localhost (so that a name that
resolves to it does not do), come from its own page, and be JSON. Nothing is logged.
"""

from __future__ import annotations

import json
import select
import socket
import socketserver
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from symbptt.core.errors import SymbpttError

from . import tasks
from .assets import Asset, assets
from .limits import Limits
from .page import languages, page
from .questions import TASKS, Refused, question
from .worker import Lost, Worker

HOST = "127.0.0.1"
_NAMES = (HOST, "localhost")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "style-src-attr 'unsafe-inline'; font-src data:; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_STATUS = {
    "busy": HTTPStatus.SERVICE_UNAVAILABLE,
    "time": HTTPStatus.GATEWAY_TIMEOUT,
    "memory": HTTPStatus.INSUFFICIENT_STORAGE,
    "died": HTTPStatus.BAD_GATEWAY,
}


class Page(ThreadingHTTPServer):
    """The page on a port of 127.0.0.1, 0 for any; SymbpttError where the port is taken."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            what = f"cannot listen on {HOST}:{port}: {error.strerror or error}"
            raise SymbpttError(what, hint="--port 0 takes any that is free") from None
        self.port = int(self.server_address[1])
        self.hosts = frozenset(f"{name}:{self.port}" for name in _NAMES)
        self.assets = assets()
        self.worker = Worker(tasks.answer, tasks.warm, self.limits)

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.port}/"

    def server_bind(self) -> None:
        """Without the look-up of a host name that http.server does."""
        socketserver.TCPServer.server_bind(self)

    def server_close(self) -> None:
        """Ends the worker too."""
        super().server_close()
        if hasattr(self, "worker"):
            self.worker.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error; any other is for the terminal, without its input."""
        import sys

        kind = sys.exc_info()[0]
        if kind is not None and not issubclass(kind, OSError):
            print(f"error: a request failed with {kind.__name__}", file=sys.stderr)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Page
    protocol_version = "HTTP/1.1"
    server_version = "symbptt"
    sys_version = ""
    disable_nagle_algorithm = True  # header and body are two writes

    def setup(self) -> None:
        super().setup()
        self.connection.settimeout(self.server.limits.idle)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""

    def do_GET(self) -> None:
        """The page in a language, or an asset."""
        if not self._ours():
            return
        url = urlsplit(self.path)
        if url.path == "/":
            wanted = parse_qs(url.query).get("lang", [])
            lang = languages([*wanted, self.headers.get("Accept-Language", "")])
            self._send(HTTPStatus.OK, page(lang), "text/html; charset=utf-8")
            return
        asset = self.server.assets.get(url.path)
        if asset is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")
        elif self.headers.get("If-None-Match") == asset.tag:
            self._send(HTTPStatus.NOT_MODIFIED, asset=asset)
        else:
            self._send(HTTPStatus.OK, asset.data, asset.type, asset)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """A task: JSON in, JSON out."""
        if not self._ours():
            return
        task = self.path.removeprefix("/api/")
        if not self.path.startswith("/api/") or task not in TASKS:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such task")
            return
        if self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "application/json is expected")
            return
        body = self._body()
        if body is None:
            return
        try:
            asked = question(task, json.loads(body))
        except (ValueError, RecursionError) as error:
            said = str(error) if isinstance(error, Refused) else "this is not JSON"
            self._refuse(HTTPStatus.BAD_REQUEST, said)
            return
        try:
            found = self.server.worker.ask(asked, self._is_gone)
        except Lost as lost:
            if lost.why == "gone":
                self.close_connection = True
                return
            self._json(_STATUS[lost.why], {"ok": False, "lost": lost.why})
            return
        self._json(HTTPStatus.OK, found)

    # ------------------------------------------------------------ what comes in

    def _ours(self) -> bool:
        """Whether the request is from the page or typed by a person; it is refused otherwise."""
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site")
        fine = self.headers.get("Host", "") in self.server.hosts
        fine = fine and (origin is None or origin.removeprefix("http://") in self.server.hosts)
        strange = site == "cross-site" or site == "same-site"
        if not fine or (strange and (self.command == "POST" or self.path != "/")):
            self._refuse(HTTPStatus.FORBIDDEN, "this page is for this machine only")
            return False
        return True

    def _body(self) -> bytes | None:
        """The body of a request; None where it is refused."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._refuse(HTTPStatus.LENGTH_REQUIRED, "the length is missing")
        elif int(length) > self.server.limits.body:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "this is too long")
        else:
            return self.rfile.read(int(length))
        return None

    def _is_gone(self) -> bool:
        """Whether the browser has closed the connection."""
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    # ------------------------------------------------------------ what goes out

    def _json(self, status: HTTPStatus, data: dict[str, Any]) -> None:
        self._send(status, json.dumps(data, ensure_ascii=False), "application/json")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        """An answer that ends the connection: the rest of the request is not read."""
        self.close_connection = True
        self._json(status, {"ok": False, "refused": message})

    def _send(
        self,
        status: HTTPStatus,
        body: str | bytes = b"",
        kind: str = "",
        asset: Asset | None = None,
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Cache-Control", "no-cache" if asset else "no-store")
        if asset:
            self.send_header("ETag", asset.tag)
        if kind:
            self.send_header("Content-Type", kind)
        if status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
