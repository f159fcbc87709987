"""Paths as the urls that editors read, and back for what we pack.

Resolve and Kdenlive write and read bare absolute paths; GES wants quoted `file://` urls. The library's own
functions stop at `#` and leave spaces unquoted (measured with 0.18.1).
"""

from __future__ import annotations

import re
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Literal
from urllib.parse import unquote_to_bytes

from ..engine.errors import EngineFault

UrlStyle = Literal["path", "file"]
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: one letter is a drive
_DRIVE = re.compile(r"/?([A-Za-z]):(?=[/\\])")


def media_url(path: str, style: UrlStyle) -> str:
    """The url of an absolute path. EngineFault for a relative one: hosts resolve those against anything."""
    pure: PurePath = (
        PureWindowsPath(path) if _DRIVE.match(path) or path.startswith("\\\\") else PurePosixPath(path)
    )
    if not pure.is_absolute():
        raise EngineFault(f"the media path '{path}' is not absolute")
    return pure.as_uri() if style == "file" else path


def local_path(url: str, folder: Path) -> Path | None:
    """The local file that `url` means in a timeline that lies in `folder`; None when it means anything
    else.
    """
    text = url
    if _SCHEME.match(text) and not _DRIVE.match(text):
        if not text.lower().startswith("file:"):
            return None
        text = text[5:]
        if text.startswith("//"):
            host, slash, rest = text[2:].partition("/")
            if host.lower() not in ("", "localhost"):
                return None
            text = slash + rest
        try:
            text = unquote_to_bytes(text).decode("utf-8")
        except UnicodeDecodeError:
            return None
        text = _DRIVE.sub(r"\1:", text)
    if not text or any(ord(letter) < 32 for letter in text) or text.startswith(("\\\\", "//")):
        return None
    return folder / text


def is_relative(url: str) -> bool:
    """Whether `url` is a path that counts from the timeline's own folder."""
    return bool(url) and not url.startswith(("/", "\\")) and not _DRIVE.match(url) and not _SCHEME.match(url)
