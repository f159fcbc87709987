"""The sound fonts on this machine: DATA/sounds/SHA256.sf2 (or .sf3), a card SHA256.json beside each.

A font without a card is none: the card is written last.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import InputError, OptionError
from ...killable import ask
from ...manifest import version
from ...names import slug
from ...paths import data_dir
from ...progress import Cancel, Progress, Step, silent
from ...serial import from_json, pretty
from ...store.durable import durable_file, durable_write
from ...store.identity import sha256_file
from ..voices import bundled_font
from .card import FontCard

BUNDLED = "bundled"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
# Names with another meaning after --sounds, and the bundled font's own in credits.
_TAKEN = (BUNDLED, bundled_font().stem)
_SUFFIXES = (".sf2", ".sf3")
# RIFF counts bytes in 32 bits.
_MOST_BYTES = (1 << 32) - 1
_MOST_CARD_BYTES = 8 << 20
_ARCHIVES = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"sfArk", b"sfpk")
_BLOCK_BYTES = 1 << 22
# What numpy and scipy map on import, and what is measured.
_MEMORY_BYTES = 4 << 30
_WALL_S = 120
_SLOWEST_BYTES_S = 4 << 20


@dataclass(frozen=True, slots=True)
class Imported:
    card: FontCard
    path: Path


def sounds_dir() -> Path:
    return data_dir() / "sounds"


def imported() -> tuple[Imported, ...]:
    """Every whole font, by name. Those whose card or file is damaged are left out: `broken` names them."""
    found = [font for path in _cards() if (font := _read(path)) is not None]
    return tuple(sorted(found, key=lambda font: font.card.name))


def broken() -> tuple[str, ...]:
    """File names of cards that cannot be read, or whose font is missing or cut short."""
    return tuple(path.name for path in _cards() if _read(path) is None)


def find(name: str) -> Imported | None:
    """The font of that name, None for the bundled one. OptionError names those that there are."""
    if name == BUNDLED:
        return None
    fonts = imported()
    for font in fonts:
        if font.card.name == name:
            return font
    there = ", ".join([BUNDLED, *(font.card.name for font in fonts)])
    raise OptionError(
        f"there are no sounds called '{name}': on this machine are {there}, and hitpoint sounds import FILE "
        "adds others"
    )


def by_hash(sha256: str, *, cancel: Cancel | None = None) -> Imported:
    """The font with these bytes, compared with its card. InputError when it is not there, or has changed."""
    found = _read(sounds_dir() / f"{sha256}.json")
    if found is None:
        raise InputError(f"the sound font {sha256[:12]}... is not on this machine any more: import it again")
    if sha256_file(found.path, cancel=cancel) != sha256:
        raise InputError(
            f"the sound font '{found.card.name}' has changed since it was imported: import it again"
        )
    return found


def notices(sounds: Mapping[str, str]) -> list[str]:
    """What goes with music made of `Provenance.sounds`: the licence texts of fonts, as these ask."""
    cards = {font.card.sha256: font.card for font in imported()} if sounds else {}
    out = []
    for name, text in sounds.items():
        card = cards.get(text.split(" ", 1)[0])
        if card is not None:
            out.append(card.notice)
        elif name == bundled_font().name:
            out.append(bundled_font().with_name("NOTICE.txt").read_text(encoding="utf-8"))
    return out


def import_font(
    source: Path, name: str | None = None, *, progress: Progress = silent, cancel: Cancel | None = None
) -> tuple[FontCard, bool]:
    """Check a sound font, hear it, and copy it into the data folder; whether it is new there.

    It is read in a killable child. InputError says why a file is refused, OptionError that a name cannot be
    used, OutputError that the disk refuses; then nothing was written.
    """
    cancel = cancel or Cancel()
    size = _size(source)
    if name is not None:
        _checked(name)
    progress(Step("import", 0, 3, f"{source.name}: reading and listening"))
    told = _ask(source, size, cancel)
    sha256 = str(told["sha256"])
    same = next((font for font in imported() if font.card.sha256 == sha256), None)
    if name is None:
        name = same.card.name if same is not None else _name_of(source)
    named = next((font for font in imported() if font.card.name == name), None)
    if named is not None and named.card.sha256 != sha256:
        raise OptionError(f"there are sounds called '{name}' already: give these another --name")
    suffix = source.suffix.lower() if source.suffix.lower() in _SUFFIXES else _SUFFIXES[0]
    data: dict[str, Any] = {
        **told,
        "schema": FontCard.SCHEMA,
        "name": name,
        "file": same.card.file if same is not None else f"{sha256}{suffix}",
        "bytes": size,
        "source": source.name,
        "version": version(),
    }
    card = from_json(FontCard, data)
    target = sounds_dir() / card.file
    if same is None:
        progress(Step("import", 1, 3, f"{source.name}: copying"))
        _copy(source, target, sha256, cancel)
    progress(Step("import", 2, 3, name))
    durable_write(target.with_suffix(".json"), pretty(card))
    progress(Step("import", 3, 3, name))
    return card, same is None


def _size(source: Path) -> int:
    """Bytes of a file that could be a sound font, else InputError: before anything is read of it."""
    try:
        status = source.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"'{source}' is not a plain file: give an SF2 or SF3 file")
        if status.st_size > _MOST_BYTES:
            raise InputError(f"'{source.name}' is larger than a sound font can be: give an SF2 or SF3 file")
        with source.open("rb") as file:
            start = file.read(12)
    except (OSError, ValueError, RuntimeError) as error:
        # A link that leads to itself is an OSError, and before Python 3.13 a RuntimeError.
        raise InputError(f"'{source}' cannot be read ({_reason(error)}): check the name") from error
    if start.startswith(_ARCHIVES):
        raise InputError(f"'{source.name}' is packed: unpack it, and give the SF2 or SF3 file that was in it")
    if start[:4] != b"RIFF" or start[8:] != b"sfbk":
        raise InputError(f"'{source.name}' is no sound font: give an SF2 or SF3 file")
    return status.st_size


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _ask(source: Path, size: int, cancel: Cancel) -> dict[str, Any]:
    return ask(
        f"{__package__}.child",
        {"path": str(source.resolve())},
        name=source.name,
        memory_bytes=_MEMORY_BYTES + size,
        wall_s=_WALL_S + size // _SLOWEST_BYTES_S,
        cancel=cancel,
    )


def _copy(source: Path, target: Path, sha256: str, cancel: Cancel) -> None:
    digest = hashlib.sha256()
    with source.open("rb") as read, durable_file(target) as write:
        while block := read.read(_BLOCK_BYTES):
            cancel.check()
            digest.update(block)
            write.write(block)
        if digest.hexdigest() != sha256:
            raise InputError(f"'{source.name}' changed while it was read: import it again")


def _name_of(source: Path) -> str:
    name = slug(source.stem.lower(), fallback="sounds").lower()[:64].lstrip("._-").rstrip(".")
    return _checked(name)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or name in _TAKEN or name.endswith("."):
        raise OptionError(
            f"sounds cannot be called '{name}': use small letters, digits, dots and hyphens, at most 64, and "
            f"not {' or '.join(_TAKEN)} (--name gives a name)"
        )
    return name


def _cards() -> list[Path]:
    try:
        return sorted(
            path for path in sounds_dir().iterdir() if path.suffix == ".json" and path.name[0] != "."
        )
    except OSError:
        return []


def _read(path: Path) -> Imported | None:
    """The font of a card; None where either is damaged."""
    try:
        if path.stat().st_size > _MOST_CARD_BYTES:
            return None
        card = from_json(FontCard, json.loads(path.read_bytes()))
        font = path.with_name(card.file)
        whole = Path(card.file).name == card.file and font.stem == path.stem == card.sha256
        return Imported(card, font) if whole and font.stat().st_size == card.bytes else None
    except (OSError, ValueError, RecursionError, InputError):
        return None
