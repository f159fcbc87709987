"""Which pattern text a section of a stem plays, and by whom: shared by bass and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..style import Part as Orchestration
from ..style import Pattern
from .form import Form, Part, stream


def patterned(
    form: Form, stem: str, own: Orchestration, patterns: Sequence[Pattern], seed: int, purpose: str
) -> Iterator[tuple[Part, str, list[str]]]:
    """Every section that has the stem, with its pattern and the voices that play at its level."""
    for part in form.parts:
        if stem in part.stems:
            voices = [voice for voice, level in own.voices if level <= part.level]
            yield part, draw_pattern(patterns, part, seed, form.plan.cue, purpose), voices


def played_bars(form: Form, part: Part) -> range:
    """The bars of a section before the last chord."""
    return range(part.start_bar, min(part.end_bar_exclusive, form.ending_bar))


def draw_pattern(patterns: Sequence[Pattern], part: Part, seed: int, cue: str, purpose: str) -> str:
    """The pattern of a section: the same whenever its label comes back at the same level."""
    fitting = [pattern for pattern in patterns if pattern.low <= part.level <= pattern.high]
    if not fitting:
        nearest = min(patterns, key=lambda pattern: abs(pattern.low - part.level))
        fitting = [nearest]
    rng = stream(seed, cue, purpose, part.section.label, part.level)
    return fitting[int(rng.integers(len(fitting)))].text
