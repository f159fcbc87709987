"""What is known of an imported sound font: the card beside its file. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

# own      the preset of that number
# named    another preset that is called so
# near     the nearest preset that the font has
# bundled  nothing near: the bundled sounds play
How = Literal["own", "named", "near", "bundled"]
Span = tuple[int, int]

_NOT_SOLD = re.compile(
    r"non[- ]?commercial|not for (commercial|resale)|no commercial|\bby-nc\b|personal use only", re.IGNORECASE
)
_LONGEST_LINE = 200


@dataclass(frozen=True, slots=True)
class Part:
    """What plays one instrument of the composer. Keys are MIDI keys in spans, both ends inclusive."""

    bank: int
    program: int
    # The preset's name in the font; empty where the bundled sounds play.
    preset: str
    how: How
    # Loudness as in `Facts.level_lufs`.
    level_lufs: float
    # Keys played by samples of others, moved by up to an octave.
    moved_keys: tuple[Span, ...] = ()
    # Keys that the bundled sounds play.
    bundled_keys: tuple[Span, ...] = ()
    # Of a held instrument: key -> attack, as in `attacks.Attacks`. Empty on cards of older versions, whose
    # notes are not played early.
    attacks_ms: Mapping[str, tuple[tuple[int, ...], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FontCard:
    """One imported sound font."""

    SCHEMA: ClassVar[str] = "hitpoint.sounds.1"

    name: str
    # Its file beside this card.
    file: str
    sha256: str
    bytes: int
    # INAM, ICOP and ICMT of the font, as they stand there.
    title: str
    copyright: str
    comment: str
    # "bank:program" -> name.
    presets: Mapping[str, str]
    # Name in INSTRUMENTS -> what plays it.
    parts: Mapping[str, Part]
    # Name of the file that was imported.
    source: str
    version: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def licence(self) -> str:
        """What the font says of it, in one line."""
        said = "; ".join(" ".join(text.split()) for text in (self.copyright, self.comment) if text.strip())
        if not said:
            return "licence not stated"
        return said if len(said) <= _LONGEST_LINE else f"{said[: _LONGEST_LINE - 3]}..."

    @property
    def notice(self) -> str:
        """All that it says of itself, to be passed on with the music."""
        lines = [f"Sound font {self.title or self.source} ({self.source}, sha256 {self.sha256})"]
        return "\n".join([*lines, *(text for text in (self.copyright, self.comment) if text.strip())]) + "\n"

    @property
    def forbids_sale(self) -> bool:
        """Whether it says that music made with it may not be sold. False says nothing."""
        return _NOT_SOLD.search(f"{self.copyright} {self.comment}") is not None
