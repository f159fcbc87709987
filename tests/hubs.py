"""A hub on this machine, laid out as Hugging Face's, that can misbehave as asked."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


@dataclass
class Shop:
    """What the server has, and how it misbehaves."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    etag: str = '"one"'
    linked: dict[str, str] = field(default_factory=dict)
    # Answers end after so many bytes, as many times as there are numbers.
    cuts: list[int] = field(default_factory=list)
    fails: list[int] = field(default_factory=list)
    redirect: str = ""
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    shop: Shop
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: Any) -> None:
        return

    def _answer(self, *, body: bool) -> None:
        shop = self.shop
        shop.asked.append((self.command, self.path, self.headers.get("Range")))
        if body and shop.fails:
            self._empty(shop.fails.pop(0))
            return
        if shop.redirect and not self.path.startswith("/cdn"):
            target = shop.redirect.replace(
                "HERE", f"http://127.0.0.1:{self.server.server_port}/cdn{self.path}"
            )
            self._empty(302, {"Location": target, **shop.linked})
            return
        name = self.path.removeprefix("/cdn").rpartition("/resolve/main/")
        data = shop.files.get(f"{name[0].lstrip('/')}/{name[2]}")
        if data is None:
            self._empty(404)
            return
        start = self._start(len(data))
        if start > len(data):
            self._empty(416, {"Content-Range": f"bytes */{len(data)}"})
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("ETag", shop.etag)
        self.end_headers()
        if body:
            rest = data[start:]
            if shop.cuts:
                rest = rest[: shop.cuts.pop(0)]
                self.close_connection = True
            # A client may have had enough.
            with contextlib.suppress(ConnectionError):
                self.wfile.write(rest)

    def _start(self, size: int) -> int:
        said = self.headers.get("Range")
        fits = self.headers.get("If-Range") in (None, self.shop.etag)
        if not said or not self.shop.ranges or not fits:
            return 0
        start = int(said.removeprefix("bytes=").rstrip("-"))
        return start if start < size else size + 1

    def _empty(self, code: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def serving(shop: Shop) -> Iterator[str]:
    """The address of a server that has what is in `shop`."""
    handler = type("Served", (Handler,), {"shop": shop})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def serve_folder(shop: Shop, repository: str, folder: Path) -> None:
    """Every file of `folder` under `repository`."""
    for path in folder.iterdir():
        shop.files[f"{repository}/{path.name}"] = path.read_bytes()
