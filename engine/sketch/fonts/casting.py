"""Which preset of a sound font plays which instrument of the composer: its own, one like it, or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from ..instruments import INSTRUMENTS, TIMPANI, Facts
from ..voices import EFFECTS_BANK, PRESETS
from .card import How, Span
from .whole import PERCUSSION, WholeFont

Preset = tuple[int, int]
# A preset that sounds on fewer of an instrument's keys is not used for it.
_LEAST_KEYS = 0.5


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One preset of General MIDI. `words`: what it is called; `kin`: what a preset of its number may also be
    called; `near`: programs that can stand in for it, best first.
    """

    words: tuple[str, ...] = ()
    kin: tuple[str, ...] = ()
    near: tuple[int, ...] = ()


_WANTED: Mapping[Preset, _Wanted] = {
    (0, 0): _Wanted(("grand piano", "piano"), (), (1, 2, 3)),
    (0, 4): _Wanted(("electric piano", "e.piano", "e-piano", "rhodes"), ("piano", "ep"), (5, 2)),
    (0, 8): _Wanted(("celesta", "celeste"), (), (10, 9, 14)),
    (0, 11): _Wanted(("vibraphone", "vibes"), (), (12, 8)),
    (0, 24): _Wanted(("nylon guitar", "classical guitar", "guitar"), (), (25, 26, 27)),
    (0, 32): _Wanted(("acoustic bass", "upright bass"), ("bass",), (33, 35, 34, 43)),
    (0, 33): _Wanted(("fingered bass", "finger bass", "electric bass"), ("bass",), (34, 35, 36, 32)),
    (0, 38): _Wanted(("synth bass",), ("bass", "synth"), (39, 33, 34)),
    (0, 42): _Wanted(("cello", "violoncello", "celli"), (), (41, 43, 48, 49, 40)),
    (0, 43): _Wanted(("contrabass", "contrabasse", "double bass", "double basse"), ("bass",), (42, 48, 49)),
    (0, 44): _Wanted(("tremolo string", "tremolo"), ("string",), (48, 49)),
    (0, 45): _Wanted(("pizzicato string", "pizzicato", "pizz"), ("string",), (46, 24)),
    (0, 46): _Wanted(("harp",), (), (24, 45)),
    (0, 48): _Wanted(
        ("string ensemble", "string section", "string", "violin"), ("ensemble",), (49, 50, 51, 40)
    ),
    (0, 49): _Wanted(("slow string",), ("string", "ensemble"), (48, 50, 51)),
    (0, 52): _Wanted(("choir", "choir aah", "chorus"), ("aah", "voice", "vox"), (53, 54, 91)),
    (0, 60): _Wanted(("french horn", "horn"), (), (57, 61, 58)),
    (0, 71): _Wanted(("clarinet",), (), (68, 64, 66)),
    (0, 73): _Wanted(("flute",), (), (72, 74, 75)),
    (0, 80): _Wanted(("square", "square lead", "square wave"), ("lead",), (81, 82)),
    (0, 81): _Wanted(("saw", "sawtooth", "saw lead", "saw wave"), ("lead",), (80, 84)),
    (0, 88): _Wanted(("fantasia", "new age"), ("pad",), (98, 99, 94)),
    (0, 89): _Wanted(("warm pad", "warm"), ("pad",), (95, 94, 91, 50)),
    (128, 0): _Wanted(near=(8, 16, 32, 40, 24, 25, 26)),
    (128, 25): _Wanted(near=(24, 26, 30, 0, 8, 16)),
    # Its timpani stand on keys where other kits have toms and hats: nothing can stand in.
    (128, 48): _Wanted(),
}
# Names that hold a wanted word and mean something else.
_OTHERS = (
    "synth string", "english horn", "bass clarinet", "pan flute", "bass flute", "flugel horn", "horn section",
    "electric guitar", "distortion guitar", "overdriven guitar", "bass guitar", "guitar harmonics",
    "guitar fret", "solo violin", "violin solo", "synth choir",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Role:
    """Who plays an instrument, before it was heard. `preset` is None where the font has nobody."""

    preset: Preset | None
    how: How
    moved_keys: tuple[Span, ...] = ()
    bundled_keys: tuple[Span, ...] = ()


def cast(font: WholeFont) -> dict[str, Role]:
    """A role for every instrument that is no effect. InputError where the tables of a preset are broken."""
    return {name: _role(font, facts) for name, facts in INSTRUMENTS.items() if facts.bank != EFFECTS_BANK}


def wanted_keys(facts: Facts) -> frozenset[int]:
    """The keys that an instrument may be asked for."""
    if not facts.lanes:
        return frozenset(range(facts.low, facts.high + 1))
    keys = set(facts.lanes.values())
    if facts.program == 48:
        keys |= set(range(TIMPANI[0], TIMPANI[1] + 1))
    return frozenset(keys)


def _role(font: WholeFont, facts: Facts) -> Role:
    needed = wanted_keys(facts)
    for preset, how in _candidates(font, (facts.bank, facts.program)):
        sounding = font.keys(*preset) & needed
        if len(sounding) >= _LEAST_KEYS * len(needed):
            moved = sounding - font.own_keys(*preset)
            return Role(preset, how, spans(moved), spans(needed - sounding))
    return Role(None, "bundled")


def _candidates(font: WholeFont, wanted: Preset) -> Iterator[tuple[Preset, How]]:
    names = font.names
    unsure = not _ordered_otherwise(names)
    if wanted in names and _fits(names[wanted], wanted, unsure):
        yield wanted, "own"
    for preset in sorted(names):
        if preset != wanted and preset[0] != PERCUSSION and _called(names[preset]) == wanted:
            yield preset, "named"
    for program in _wanted(wanted).near:
        near = (wanted[0], program)
        if near in names and (_called(names[near]) == wanted or _fits(names[near], near, unsure)):
            yield near, "near"


def _ordered_otherwise(names: Mapping[Preset, str]) -> bool:
    """Whether the font's numbers are not those of General MIDI: more of its names deny them than confirm."""
    here = [(names[preset], preset) for preset in _WANTED if preset in names and preset[0] != PERCUSSION]
    denied = sum(not _fits(name, preset, True) for name, preset in here)
    return denied > sum(_fits(name, preset, False) for name, preset in here)


def _fits(name: str, preset: Preset, unsure: bool) -> bool:
    """Whether a preset may be what its number says: not when it is called like one of another number. A name
    that says nothing passes where `unsure`.
    """
    entry = _wanted(preset)
    if preset[0] == PERCUSSION or any(_says(name, word) for word in (*entry.words, *entry.kin)):
        return True
    return unsure and _called(name) is None


def _called(name: str) -> Preset | None:
    """The preset that a name means: that of the longest word in it."""
    found: list[tuple[int, Preset | None]] = [(len(word), None) for word in _OTHERS if _says(name, word)]
    for preset in (*_WANTED, *(preset for preset in PRESETS if preset not in _WANTED)):
        found += [(len(word), preset) for word in _wanted(preset).words if _says(name, word)]
    return max(found, key=lambda pair: pair[0], default=(0, None))[1]


def _wanted(preset: Preset) -> _Wanted:
    """What is known of a preset; of one that has no stand-ins, the name of the bundled font's."""
    return _WANTED.get(preset) or _Wanted((PRESETS[preset],) if preset in PRESETS else ())


@cache
def _says(name: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}s?\b", name.lower()) is not None


def spans(keys: Iterable[int]) -> tuple[Span, ...]:
    """Keys as spans, both ends inclusive."""
    out: list[Span] = []
    for key in sorted(keys):
        if out and out[-1][1] == key - 1:
            out[-1] = out[-1][0], key
        else:
            out.append((key, key))
    return tuple(out)
