"""The local server: what a site holds, to this machine only, with the headers that isolate the page and keep it at home."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from .site import Content, content

_TEXT = "{}; charset=utf-8"
TYPES = {
    **dict.fromkeys(("", ".html", ".htm"), _TEXT.format("text/html")),
    **dict.fromkeys((".js", ".mjs"), _TEXT.format("text/javascript")),
    **dict.fromkeys((".py", ".txt"), _TEXT.format("text/plain")),
    **dict.fromkeys((".zip", ".whl"), "application/zip"),
    ".css": _TEXT.format("text/css"),
    ".csv": _TEXT.format("text/csv"),
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}


def policy(origin: str = "", inline: bool = False) -> str:
    """Return the content security policy: the page speaks to its own origin, and to that of Pyodide where it comes from elsewhere.

    `inline` allows scripts and styles within the page, as users write them; ours has none.
    """
    own, inlined = f"'self' {origin}".strip(), " 'unsafe-inline'" if inline else ""
    rules = {
        "default-src": "'none'",
        # WebAssembly, and the player and its worker, which Python starts from its own files
        "script-src": f"{own} blob: 'wasm-unsafe-eval' 'unsafe-eval'{inlined}",
        "worker-src": "'self' blob:",
        "connect-src": f"{own} blob: data:",
        "img-src": "'self' blob: data:",
        "media-src": "'self' blob: data:",
        "style-src": f"'self'{inlined}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class Server(ThreadingHTTPServer):
    """Serves a site at `url`, on the loopback interface; `log` holds (status, method, path) of each request if `keep_log`."""

    daemon_threads = True

    def __init__(self, site: dict[str, Content], port: int = 0, pyodide: Path | str = "", isolated: bool = True, keep_log: bool = False):
        super().__init__(("127.0.0.1", port), _Handler)
        self.site, self.keep_log = site, keep_log
        self.log: list[tuple[int, str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost")}
        elsewhere = urlsplit(pyodide if isinstance(pyodide, str) else "")
        origin = f"{elsewhere.scheme}://{elsewhere.netloc}" if elsewhere.netloc else ""
        self.headers = {
            "Content-Security-Policy": policy(origin, inline="site.json" not in site),
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }
        if isolated:  # then the page may share memory between threads, and its clocks are fine
            self.headers |= {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that hangs up; show the rest."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "TensorWeb", ""
    timeout = 60

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        if self.headers.get("Host") not in self.server.hosts:  # another name that leads here could read the page from elsewhere
            return self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        path = unquote(urlsplit(self.path).path).removeprefix("/")
        entry = self.server.site.get(path)
        if entry is None:
            return self.send_error(HTTPStatus.NOT_FOUND)
        try:
            body = content(entry)
        except OSError:
            return self.send_error(HTTPStatus.NOT_FOUND)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", TYPES.get(PurePosixPath(path).suffix, "application/octet-stream"))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.server.keep_log:
            self.server.log.append((int(code), self.command, self.path))

    def log_message(self, format: str, *args: object) -> None:
        pass
