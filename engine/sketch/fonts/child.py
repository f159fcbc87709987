"""The child process in which a foreign sound font is read, checked and heard."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...killable import answer
from ...serial import to_json
from .. import soundfont as sf
from ..attacks import keys_to_measure, measure
from ..instruments import INSTRUMENTS
from ..sampler import Sampler
from ..voices import Voice
from .card import Part
from .casting import Role, cast, wanted_keys
from .levels import level
from .whole import WholeFont, plain

# Decoded, at 16 bit: the samples that the composer's instruments need.
_MOST_BYTES = 4 << 30
_BLOCK = 1 << 20


def look(request: dict[str, Any]) -> dict[str, Any]:
    """What the card says of the font `request["path"]`. InputError with the sentence why it is refused."""
    path = Path(request["path"])
    try:
        return _look(path)
    except MemoryError as error:
        raise InputError(
            f"'{path.name}' asks for more memory than its size explains: take another"
        ) from error
    except (ArithmeticError, IndexError, ValueError) as error:
        # Tables may be wrong in more ways than a reader can name; none of them is our fault.
        raise InputError(f"'{path.name}' is no usable sound font ({error}): take another") from error


def _look(path: Path) -> dict[str, Any]:
    font = WholeFont(path)
    roles = cast(font)
    _decode(font, {role.preset for role in roles.values() if role.preset is not None})
    parts = {name: _part(font, name, role) for name, role in roles.items()}
    if all(part.how == "bundled" for part in parts.values()):
        raise InputError(
            f"'{path.name}' has no preset that the composer can use: take a General MIDI font, or one whose "
            "presets are named after instruments"
        )
    return {
        "sha256": font.sha256,
        "title": plain(font.info.get("INAM", "")),
        "copyright": plain(font.info.get("ICOP", "")),
        "comment": plain(font.info.get("ICMT", "")),
        "presets": {f"{bank}:{program}": name for (bank, program), name in sorted(font.names.items())},
        "parts": to_json(parts),
    }


def _part(font: WholeFont, name: str, role: Role) -> Part:
    facts = INSTRUMENTS[name]
    preset = role.preset
    lufs = None
    if preset is not None:
        lufs = level(font, preset, facts, wanted_keys(facts) & font.keys(*preset))
    if preset is None or lufs is None:
        return Part(facts.bank, facts.program, "", "bundled", facts.level_lufs)
    attacks = {} if facts.struck else _attacks(font, preset, wanted_keys(facts) & font.keys(*preset))
    return Part(*preset, font.names[preset], role.how, lufs, role.moved_keys, role.bundled_keys, attacks)


def _attacks(
    font: WholeFont, preset: tuple[int, int], keys: Iterable[int]
) -> dict[str, tuple[tuple[int, ...], ...]]:
    sampler = Sampler(font, [Voice("one", "pads", *preset, held=True)], 0)
    return measure(sampler, "one", keys_to_measure(font.zones(*preset), keys))


def _decode(font: WholeFont, presets: set[tuple[int, int]]) -> None:
    """Read every compressed sample of `presets` to its end: it must be as long as it says."""
    total = 0
    seen = {zone.wave.sample for preset in presets for zone in font.zones(*preset)}
    for index in sorted(seen):
        if not int(font.tables["shdr"][index]["type"]) & sf.VORBIS:
            continue
        said, frames, reader = font.frames(index), 0, font.open_sample(index)
        while len(block := reader.read(_BLOCK)):
            frames += len(block)
            total += 2 * len(block)
            if frames > said or total > _MOST_BYTES:
                raise InputError(f"'{font.path.name}' unpacks to more than it says: take another")
        if frames < said:
            raise InputError(
                f"sample {index} of '{font.path.name}' ends after {frames} of {said} frames: get it again"
            )


if __name__ == "__main__":
    answer(look)
