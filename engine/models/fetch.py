"""One file over HTTP: resumed where it was cut, checked against every sum that is known of it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any

from ..errors import InputError, OptionError, OutputError
from ..manifest import version
from ..progress import Cancel
from ..store.identity import sha256_file
from ..store.partial import PartialFile
from .card import FileFact

HUB = "https://huggingface.co"
VARIABLE = "HITPOINT_HUB_URL"
_TIMEOUT_S = 30.0
_BLOCK_BYTES = 1 << 20
# Cuts in a row without a single byte between them.
_TRIES = 3
_PAUSE_S = 0.5
_LOCAL = ("localhost", "127.0.0.1", "::1")
_SHA256 = re.compile(r"[0-9a-f]{64}")

Told = Callable[[int], None]


class NotThere(InputError):
    """The hub has no such file."""


class _Cut(Exception):
    """The connection ended early; the text says how."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What the hub says of a file before it is fetched; None where it says nothing."""

    bytes: int | None
    sha256: str | None


class Hub:
    """A place that serves `REPOSITORY/resolve/main/FILE` as Hugging Face does.

    `base` or HITPOINT_HUB_URL names another one: https, or http on this very machine. OptionError otherwise.
    """

    def __init__(self, base: str | None = None) -> None:
        self.base = (base or os.environ.get(VARIABLE) or HUB).rstrip("/")
        parts = urllib.parse.urlsplit(self.base)
        self._local = parts.scheme == "http" and parts.hostname in _LOCAL
        if parts.scheme != "https" and not self._local:
            raise OptionError(
                f"{VARIABLE} cannot be '{self.base}': give an https address, or http on this machine"
            )
        handlers: list[urllib.request.BaseHandler] = [_Redirects(self._local)]
        if self._local:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def announced(self, repository: str, name: str) -> Announced:
        """Size and sum before a byte of the file is fetched. NotThere, or InputError when the hub is away."""
        try:
            with self._open(repository, name, method="HEAD") as answer:
                headers = answer.headers
        except _Cut as error:
            raise _away(self.base, str(error)) from error
        size = headers.get("X-Linked-Size") or headers.get("Content-Length") or ""
        return Announced(int(size) if size.isdigit() else None, _linked_sum(headers))

    def fetch(
        self,
        repository: str,
        name: str,
        path: Path,
        *,
        size: int | None,
        sha256: str | None,
        told: Told,
        cancel: Cancel,
    ) -> FileFact:
        """The file as `path`, whole and of that `size` and `sha256` where these are known.

        `told` gets the bytes that are there so far. A part of an earlier attempt is continued. InputError
        when the hub or the file fails, OutputError when the disk does; what has come is then kept, unless it
        is wrong. Cancelled between blocks.
        """
        part = PartialFile(path)
        if path.is_file() and not part.size():
            found = FileFact(sha256_file(path, cancel=cancel), path.stat().st_size)
            if size in (None, found.bytes) and sha256 in (None, found.sha256):
                told(found.bytes)
                return found
        tries = 0
        while True:
            before = part.size()
            try:
                self._transfer(repository, name, part, size, told, cancel)
                break
            except _Cut as error:
                tries = tries + 1 if part.size() <= before else 1
                if tries >= _TRIES:
                    raise _away(
                        self.base, f"{error} after {part.size() / 1e6:,.1f} MB of '{name}'"
                    ) from error
                cancel.check()
                time.sleep(_PAUSE_S * tries)
        return _checked(part, size, sha256, cancel)

    def _transfer(
        self, repository: str, name: str, part: PartialFile, size: int | None, told: Told, cancel: Cancel
    ) -> None:
        offset = part.size()
        mark = part.note().get("etag")
        resumed = {"Range": f"bytes={offset}-", "If-Range": mark} if offset and isinstance(mark, str) else {}
        with self._open(repository, name, headers=resumed) as answer:
            if answer.status == 416:
                if _total(answer.headers) == offset:
                    return
                part.forget()
                raise _Cut("the part on this machine did not fit the file")
            if answer.status == 206:
                if not _starts_at(answer.headers, offset):
                    part.forget()
                    raise _Cut("the hub sent another part of the file")
                total = _total(answer.headers)
            else:
                offset = 0
                length = answer.headers.get("Content-Length") or ""
                total = int(length) if length.isdigit() else None
            _expect(name, total, size)
            _need_space(part.path, (total or 0) - offset)
            etag = answer.headers.get("ETag") or ""
            # A weak tag promises no equal bytes: such a part is not continued.
            part.write_note({"etag": etag} if etag and not etag.startswith("W/") else {})
            self._receive(answer, part, offset, total, told, cancel)

    def _receive(
        self, answer: Any, part: PartialFile, offset: int, total: int | None, told: Told, cancel: Cancel
    ) -> None:
        with part.append(offset) as file:
            told(offset)
            while True:
                cancel.check()
                try:
                    block = answer.read(_BLOCK_BYTES)
                except (OSError, http.client.HTTPException) as error:
                    raise _Cut(f"the connection broke off ({type(error).__name__})") from error
                if not block:
                    break
                part.write(file, block)
                offset += len(block)
                told(offset)
        if total is not None and offset != total:
            raise _Cut("the connection broke off")

    def _open(
        self, repository: str, name: str, *, method: str = "GET", headers: Mapping[str, str] | None = None
    ) -> Any:
        address = f"{self.base}/{urllib.parse.quote(repository)}/resolve/main/{urllib.parse.quote(name)}"
        request = urllib.request.Request(
            address,
            method=method,
            # Compressed in transit, sizes and ranges would mean other bytes.
            headers={"User-Agent": f"hitpoint/{version()}", "Accept-Encoding": "identity", **(headers or {})},
        )
        try:
            return self._opener.open(request, timeout=_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            return _refused(error, self.base, repository, name)
        except urllib.error.URLError as error:
            reason = getattr(error.reason, "strerror", None) or str(error.reason)
            raise _away(self.base, reason) from error
        except (OSError, http.client.HTTPException) as error:
            raise _Cut(f"the connection broke off ({type(error).__name__})") from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to https (and on this machine, where the hub is there), and keeps what the hub said first."""

    def __init__(self, local: bool) -> None:
        self._may_be_local = local

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        parts = urllib.parse.urlsplit(newurl)
        local = self._may_be_local and parts.scheme == "http" and parts.hostname in _LOCAL
        if parts.scheme != "https" and not local:
            raise InputError(
                f"the hub sent us on to '{newurl[:200]}', which is not https: nothing was fetched"
            )
        # urllib would make a GET of a HEAD.
        following = urllib.request.Request(
            newurl.replace(" ", "%20"),
            headers=dict(req.headers),
            origin_req_host=req.origin_req_host,
            unverifiable=True,
            method=req.get_method(),
        )
        said = {name: headers[name] for name in ("X-Linked-Size", "X-Linked-Etag") if headers.get(name)}
        following.linked = {**getattr(req, "linked", {}), **said}  # type: ignore[attr-defined]
        return following

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:
        for name, value in getattr(request, "linked", {}).items():
            if response.headers.get(name) is None:
                response.headers[name] = value
        return response

    https_response = http_response


def _refused(error: urllib.error.HTTPError, base: str, repository: str, name: str) -> Any:
    if error.code == 416:
        return error
    error.close()
    if error.code == 404:
        raise NotThere(f"'{repository}' has no file '{name}' at {base}: it was moved or renamed")
    if error.code in (401, 403):
        raise InputError(
            f"{base} does not give out '{repository}' ({error.code}): it asks for an account there"
        )
    if error.code == 429 or error.code >= 500:
        raise _Cut(f"the hub answered {error.code}")
    raise InputError(f"{base} refused '{name}' of '{repository}' ({error.code}): try again later")


def _away(base: str, reason: str) -> InputError:
    return InputError(
        f"{base} cannot be reached ({reason}): check the network and run the same command again, "
        "what has come so far is kept"
    )


def _checked(part: PartialFile, size: int | None, sha256: str | None, cancel: Cancel) -> FileFact:
    name = part.path.name
    found = FileFact(sha256_file(part.part, cancel=cancel), part.size())
    if size is not None and found.bytes != size:
        part.forget()
        raise InputError(f"'{name}' came with {found.bytes:,} bytes and should have {size:,}: get it again")
    if sha256 is not None and found.sha256 != sha256:
        part.forget()
        raise InputError(
            f"'{name}' is not the published file (its sha256 is {found.sha256[:12]}..., "
            f"not {sha256[:12]}...): it was deleted, get it again"
        )
    part.finish()
    return found


def _expect(name: str, total: int | None, size: int | None) -> None:
    if total is not None and size is not None and total != size:
        raise InputError(
            f"the hub's '{name}' has {total:,} bytes and the published one {size:,}: it was changed, get a "
            "newer Hitpoint"
        )


def _need_space(path: Path, needed: int) -> None:
    place = path.parent
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutputError(
            f"no space left for '{path.name}' on the disk of '{place}': it needs {needed / 1e9:.1f} GB more "
            f"and {free / 1e9:.1f} GB are free"
        )


def _linked_sum(headers: Message) -> str | None:
    """Hugging Face names large files by their sha256."""
    tag = (headers.get("X-Linked-Etag") or "").strip('"')
    return tag if _SHA256.fullmatch(tag) else None


def _total(headers: Message) -> int | None:
    said = re.fullmatch(r"bytes (?:\d+-\d+|\*)/(\d+)", headers.get("Content-Range") or "")
    return int(said[1]) if said else None


def _starts_at(headers: Message, offset: int) -> bool:
    said = re.match(r"bytes (\d+)-", headers.get("Content-Range") or "")
    return said is not None and int(said[1]) == offset
