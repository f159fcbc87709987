"""Timelines packed with their media: .otioz, a zip.

Only `content.otio` and the media that the timeline shows are unpacked, within caps, into the cache: a small
zip can claim to hold everything.
"""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from pathlib import Path
from urllib.parse import unquote

from ...engine.errors import InputError
from ...engine.names import slug
from ...engine.paths import cache_dir
from ...engine.store.durable import durable_file
from .precheck import MAX_BYTES

CONTENT = "content.otio"
# Text with many equal keys packs well, media hardly at all; bombs begin at about 1000.
_MAX_RATIO = 200
_MAX_MEDIA_BYTES = 256 << 30
_BLOCK = 1 << 20


class ZipBundle:
    """An .otioz file. Media are unpacked once and kept in the cache under the zip's own hash."""

    def __init__(self, path: Path, sha256: str) -> None:
        self._path = path
        self._folder = cache_dir() / "otioz" / sha256
        self._unpacked = 0
        try:
            with zipfile.ZipFile(path) as archive:
                # Of two members with one name the last one counts, as for every unpacker.
                self._members = {
                    info.filename: (number, info) for number, info in enumerate(archive.infolist())
                }
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise InputError(f"'{path.name}' is not an .otioz bundle ({error}): export it again") from None

    def content(self) -> bytes:
        """The timeline's bytes. InputError when there is none, or it unpacks to too much."""
        _, info = self._members.get(CONTENT, (0, None))
        if info is None:
            raise InputError(
                f"'{self._path.name}' holds no {CONTENT}: it is not an .otioz bundle; export it again"
            )
        self._check(info, MAX_BYTES)
        try:
            with zipfile.ZipFile(self._path) as archive, archive.open(info) as member:
                return member.read(MAX_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError) as error:
            raise InputError(f"'{self._path.name}' is damaged ({error}): export it again") from None

    def fetch(self, url: str) -> Path | None:
        """The unpacked file of a relative url, None for what is not packed. UserError when it cannot be
        unpacked.
        """
        number, info = self._members.get(url) or self._members.get(unquote(url)) or (0, None)
        if info is None or info.is_dir():
            return None
        suffix = Path(info.filename).suffix
        target = self._folder / (
            slug(f"{number}-{Path(info.filename).stem}") + (slug(suffix) and f".{slug(suffix)}")
        )
        if target.is_file() and target.stat().st_size == info.file_size:
            os.utime(target)  # used again: not the first to go
            return target
        self._check(info, _MAX_MEDIA_BYTES - self._unpacked)
        self._check_room(info.file_size)
        try:
            with (
                zipfile.ZipFile(self._path) as archive,
                archive.open(info) as member,
                durable_file(target) as out,
            ):
                shutil.copyfileobj(member, out, _BLOCK)
        except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError) as error:
            raise InputError(f"'{info.filename}' in '{self._path.name}' is damaged ({error})") from None
        self._unpacked += info.file_size
        return target

    def _check(self, info: zipfile.ZipInfo, most: int) -> None:
        ratio = info.file_size / max(1, info.compress_size)
        if info.file_size > most or (ratio > _MAX_RATIO and info.file_size > _BLOCK):
            raise InputError(
                f"'{info.filename}' in '{self._path.name}' unpacks to {info.file_size:,} bytes from "
                f"{info.compress_size:,}: that is no timeline or medium; export it again"
            )

    def _check_room(self, size: int) -> None:
        folder = self._folder
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        if free < size + size // 2:
            raise InputError(f"there is no room to unpack {size:,} bytes under '{folder}'")
