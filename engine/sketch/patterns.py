"""Which pattern text a section of a stem plays, and by whom: shared by bass and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from ..style import Part as Orchestration
from ..style import Pattern
from .form import Form, Part, stream

T = TypeVar("T")
# Far from all seeds that people choose.
_SALT = 0x9E37_79B9_7F4A_7C15


def patterned(
    form: Form,
    stem: str,
    own: Orchestration,
    patterns: Sequence[Pattern],
    seed: int,
    purpose: str,
    again: int = 0,
) -> Iterator[tuple[Part, str, list[str]]]:
    """Every section that has the stem, with its pattern and the voices that play at its level."""
    for part in form.parts:
        if stem in part.stems:
            voices = [voice for voice, level in own.voices if level <= part.level]
            yield part, draw_pattern(patterns, part, seed, form.plan.cue, purpose, again), voices


def played_bars(form: Form, part: Part) -> range:
    """The bars of a section before the last chord."""
    return range(part.start_bar, min(part.end_bar_exclusive, form.ending_bar))


def draw_pattern(
    patterns: Sequence[Pattern], part: Part, seed: int, cue: str, purpose: str, again: int = 0
) -> str:
    """The pattern of a section: the same whenever its label comes back at the same level; another each time
    that it is written `again`."""
    fitting = [pattern for pattern in patterns if pattern.low <= part.level <= pattern.high]
    if not fitting:
        nearest = min(patterns, key=lambda pattern: abs(pattern.low - part.level))
        fitting = [nearest]
    rng = stream(seed, cue, purpose, part.section.label, part.level)
    index = int(rng.integers(len(fitting)))
    if not again:
        return fitting[index].text
    others = sorted(patterns, key=lambda pattern: abs(pattern.low - part.level))
    texts = [pattern.text for pattern in (*fitting[index:], *fitting[:index], *others)]
    return another(tuple(dict.fromkeys(texts)), again)


def another(choices: Sequence[T], again: int) -> T:
    """Of choices, the usual one first, that of the `again`-th time; never the usual one where there are
    others."""
    return choices[(again - 1) % (len(choices) - 1) + 1] if again and len(choices) > 1 else choices[0]


def salted(seed: int, again: int) -> int:
    """The seed of the `again`-th time; the first one's is itself."""
    return seed + again * _SALT
