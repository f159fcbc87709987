"""The .otioz bundle: a zip of the timeline and its media, for another computer.

Written by us, because the library packs any file that a url names (`/etc/hostname`, `../..`), and refuses
two files with one name. Only regular files that really lie below an approved folder go in; all else stays a
reference to the outside, and the answer says so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import unicodedata
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from ..engine.errors import EngineFault, Problem
from ..engine.names import slug
from ..engine.store.durable import durable_file
from ..engine.urls import RefusedUrl, check_local, path_of_url
from .nodes import Json, noun

_CONTENT = "content.otio"
_VERSION = ("version.txt", "1.0.0")
# Zip has no way to leave the date out; its first one, so that two runs make the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
# A member of the archive that is being written: the archive itself comes through the durable door.
_INSIDE: Final = "w"
_SEQUENCE = "ImageSequenceReference"
_MOST_SUFFIX = 16


class _Outside(Exception):
    """The text ends a sentence that begins with the file's name."""


@dataclass(slots=True)
class _Bundle:
    base: Path
    roots: tuple[Path, ...]
    # Real path -> name in the bundle, in the order of the timeline.
    names: dict[Path, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    # Url -> why it stays outside.
    outside: dict[str, str] = field(default_factory=dict)


def write_otioz(data: Json, path: Path, *, base: Path, roots: Sequence[Path]) -> tuple[Problem, ...]:
    """Write the bundle and read it back.

    Problems name the media that stay outside. OutputError, EngineFault.
    """
    bundle = _Bundle(base, tuple(Path(os.path.realpath(root)) for root in roots))
    content = _relinked(data, bundle)
    assert isinstance(content, dict)
    with durable_file(path) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_entry(_VERSION[0]), _VERSION[1])
            archive.writestr(_entry(_CONTENT), json.dumps(content, indent=4, allow_nan=False))
            for real, name in bundle.names.items():
                _pack(archive, real, name)
        _verify(file, path, content, bundle)
    return tuple(
        Problem("not_packed", f"'{url}' {reason}: it is not in '{path.name}'")
        for url, reason in bundle.outside.items()
    )


def _relinked(value: object, bundle: _Bundle) -> object:
    """A copy in which packed media have urls inside the bundle."""
    if isinstance(value, list):
        return [_relinked(item, bundle) for item in value]
    if not isinstance(value, dict):
        return value
    out = {key: _relinked(item, bundle) for key, item in value.items()}
    url = value.get("target_url")
    if noun(value) == "ExternalReference" and isinstance(url, str) and url:
        name = _name_in_bundle(url, bundle)
        if name is not None:
            out["target_url"] = name
    elif noun(value) == _SEQUENCE:
        folder = str(value.get("target_url_base", ""))
        bundle.outside.setdefault(folder, "is an image sequence, which an .otioz does not hold")
    return out


def _name_in_bundle(url: str, bundle: _Bundle) -> str | None:
    try:
        real = _approved(url, bundle)
    except _Outside as reason:
        bundle.outside.setdefault(url, str(reason))
        return None
    if real not in bundle.names:
        bundle.names[real] = _free_name(real.name, bundle.taken)
    return bundle.names[real]


def _approved(url: str, bundle: _Bundle) -> Path:
    """The real path of a regular file below one of the roots; _Outside otherwise."""
    try:
        path = path_of_url(url, bundle.base)
    except RefusedUrl as refused:
        raise _Outside(str(refused)) from None
    try:
        real = Path(os.path.realpath(path, strict=True))
        # What the kernel shows below /proc claims to be regular, and a root may be the whole disk.
        check_local(real)
        regular = stat.S_ISREG(real.stat().st_mode)
    except RefusedUrl as refused:
        raise _Outside(str(refused)) from None
    except (OSError, ValueError):
        raise _Outside("is missing") from None
    if not any(real.is_relative_to(root) for root in bundle.roots):
        raise _Outside("lies outside the folders of this timeline (name its folder with --media to pack it)")
    if not regular:
        raise _Outside("is no regular file")
    return real


def _free_name(name: str, taken: set[str]) -> str:
    """A name that every system can write, other than all before it, capitals not counted."""
    plain = _NOT_IN_NAMES.sub("_", unicodedata.normalize("NFC", name)).lstrip("-.") or "media"
    stem, dot, suffix = plain.rpartition(".")
    stem, suffix = (stem, (dot + suffix)[:_MOST_SUFFIX]) if stem else (plain, "")
    # Without the names that Windows keeps for devices.
    stem = slug(stem, fallback="media")
    number = 1
    while True:
        candidate = f"media/{stem}{'' if number == 1 else f'-{number}'}{suffix}"
        if candidate.lower() not in taken:
            taken.add(candidate.lower())
            return candidate
        number += 1


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = 0o644 << 16
    return entry


def _pack(archive: zipfile.ZipFile, real: Path, name: str) -> None:
    changed = EngineFault(f"'{real}' was there a moment ago and is another thing now: run again")
    # The path was resolved above: a link or a pipe on it would be a new one, put there meanwhile.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(real, flags | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise changed from error
    if Path(os.path.realpath(real)) != real or not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise changed
    with (
        os.fdopen(descriptor, "rb") as source,
        archive.open(_entry(name), _INSIDE, force_zip64=True) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)


def _verify(file: BinaryIO, path: Path, content: Json, bundle: _Bundle) -> None:
    file.flush()
    with zipfile.ZipFile(file) as archive:
        broken = archive.testzip()
        names = set(archive.namelist())
        wanted = {_VERSION[0], _CONTENT, *bundle.names.values()}
        if broken is not None or names != wanted or json.loads(archive.read(_CONTENT)) != content:
            raise EngineFault(f"'{path.name}' could not be read back as it was written")
