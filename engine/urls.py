"""Media urls of timelines to paths and back.

The library's own functions stop at `#`, lose the drive of `C:\\x.wav` and leave spaces unquoted (measured
with 0.18.1), so these are ours. A url is foreign data: only plain local paths come out, everything else is
refused with the reason. Whether the path is a regular file is asked later, where it is opened.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes, urlsplit

_DRIVE = re.compile(r"/*([A-Za-z])[:|](?=[/\\]|$)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters at least: one letter is a drive
# Folders of the system whose "files" are devices, or the process itself.
_DEVICE_FOLDERS = ("/dev", "/proc", "/sys")
_WINDOWS_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class RefusedUrl(ValueError):
    """The text continues a sentence that names the url: "is a network address"."""


def path_of_url(url: str, folder: Path) -> Path:
    """The local path that `url` means in a timeline that lies in `folder`. RefusedUrl when it means anything
    else.
    """
    text = url.strip()
    if not text:
        raise RefusedUrl("is empty")
    scheme = _SCHEME.match(text)
    if scheme is not None and _DRIVE.match(text) is None:
        if scheme[1].lower() != "file":
            raise RefusedUrl(f"is a {scheme[1].lower()} address, and only local files are opened")
        text = _path_of_file_url(text)
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise RefusedUrl("holds a control character")
    if text.startswith(("\\\\", "//")):
        raise RefusedUrl(
            "is on another computer: copy the file here, or mount the share and use its local path"
        )
    drive = _DRIVE.match(text)
    if drive is not None:
        # On another system the path of a drive cannot exist, but its file name is what relinking looks for.
        path = Path(f"{drive[1]}:{text[drive.end() :]}".replace("\\", "/") if os.name != "nt" else text)
    else:
        path = Path(text)
        if not path.is_absolute():
            path = folder / path
    # `..` is resolved as text: it names the same file for every host, whatever links lie on the way.
    path = Path(os.path.normpath(path))
    check_local(path)
    return path


def check_local(path: Path) -> None:
    """RefusedUrl for devices and the like, by name."""
    text = path.as_posix()
    if any(text == folder or text.startswith(folder + "/") for folder in _DEVICE_FOLDERS):
        raise RefusedUrl("is a device or a system file, not media")
    if os.name == "nt" and any(_WINDOWS_DEVICE.fullmatch(part) for part in path.parts):
        raise RefusedUrl("is a device, not media")


def _path_of_file_url(url: str) -> str:
    # Everything after the host belongs to the path: editors write `#` and `?` of file names unquoted.
    rest = url.split(":", 1)[1]
    if not rest.startswith("//"):
        return _unquoted(rest)
    host, slash, path = rest[2:].partition("/")
    if _DRIVE.match(host):  # file://C:/x, as some editors write
        return _unquoted(f"{host}/{path}")
    if host.lower() not in ("", "localhost", "127.0.0.1"):
        raise RefusedUrl(f"is on another computer ({host}): copy the file here, or use its local path")
    path = _unquoted(slash + path)
    drive = _DRIVE.match(path)
    return f"{drive[1]}:{path[drive.end() :]}" if drive else path


def _unquoted(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedUrl("is not quoted as UTF-8") from None


def name_of_url(url: str) -> str:
    """The file name at the end of any url or path, of whichever system: what relinking looks for."""
    text = url
    scheme = _SCHEME.match(url)
    if scheme is not None and _DRIVE.match(url) is None:
        try:
            path = urlsplit(url).path if scheme[1].lower() != "file" else url
        except ValueError:  # a malformed host, such as "http://[x"
            path = url
        text = unquote_to_bytes(path).decode("utf-8", errors="replace")
    return re.split(r"[/\\]", text.rstrip("/\\"))[-1]


def url_of_path(path: Path | str, *, as_file_url: bool = False) -> str:
    """The absolute path as it is (what Resolve and Kdenlive read), or as a quoted `file://` url (GES and
    others).
    """
    text = str(path)
    if not as_file_url:
        return text
    if _DRIVE.match(text):
        return "file:///" + quote(text.replace("\\", "/"), safe="/:")
    return "file://" + quote(text)


def is_relative(url: str) -> bool:
    """Whether `url` is a path that counts from the timeline's own folder."""
    return bool(url) and not url.startswith(("/", "\\")) and not _DRIVE.match(url) and not _SCHEME.match(url)
