"""File names made of other people's words."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

MAX_BYTES = 80
_HASH_DIGITS = 12
# Names that Windows keeps for devices, with any suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(\..*)?", re.IGNORECASE)


def slug(text: str, *, fallback: str = "unnamed") -> str:
    """`text` as a name that every file system takes: `[A-Za-z0-9._-]`, no leading dot or dash, no device
    name.

    Accents are dropped. Where more is lost than that, or the name is too long, 12 hex digits of the text's
    SHA-256 keep different texts apart; a text without any usable letter gives `fallback` and the digits.
    """
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.")
    lost = any(ord(letter) > 127 for letter in plain) or (bool(text) and not name)
    if _DEVICES.fullmatch(name):
        name = f"{name.replace('.', '-')}-file"
    if len(name) > MAX_BYTES:
        name, lost = name[:MAX_BYTES].rstrip("-."), True
    name = name or fallback
    if lost:
        digest = hashlib.sha256(
            unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass")
        ).hexdigest()
        name = f"{name}-{digest[:_HASH_DIGITS]}"
    return name


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """The names, later equal ones numbered `-2`, `-3`: file systems that ignore case count as well."""
    taken: set[str] = set()
    out: list[str] = []
    for name in names:
        candidate, number = name, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{name}-{number}"
        taken.add(candidate.casefold())
        out.append(candidate)
    return tuple(out)
