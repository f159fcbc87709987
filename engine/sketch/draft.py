"""A draft: the whole cue in events, everything written and struck, before anybody plays it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..types import Score, Theme
from .accents import breathe, hush, spare, strike
from .bass import rearticulate, write_bass
from .drums import write_drums
from .ending import close, fade, last_chord, last_melody_pitch
from .figures import figure_rungs, write_figures
from .form import Form, stream
from .harmony import Span, harmonise
from .leads import leads
from .melody import Singer, Statement
from .notes import Event
from .outer import Line, arrivals, mend_bass, mend_lines
from .pads import pads_reach, write_counter, write_pads
from .patterns import another
from .voicing import VOICES, bass_pitches, lead_voices, power_chords

# Where the upper voices may go when no melody lies over them.
_OPEN_SKY = 76
# Of the pads when they alone are written again; then the last one comes again.
_MOST_VOICINGS = 4


@dataclass(frozen=True, slots=True)
class Again:
    """How often a draft was written anew: `chords` times as a whole, the stem `stem` so many times `more`."""

    chords: int = 0
    stem: str = ""
    more: int = 0

    def of(self, stem: str) -> int:
        return self.chords + self.own(stem)

    def own(self, stem: str) -> int:
        """How often this stem was written anew alone."""
        return self.more if stem == self.stem else 0


FIRST = Again()


@dataclass(frozen=True, slots=True)
class Draft:
    """`letters` are the steps of the scale that the melody may sing in each bar."""

    form: Form
    events: tuple[Event, ...]
    spans: tuple[Span, ...]
    statements: tuple[Statement, ...]
    letters: tuple[tuple[int, ...], ...]


def write(
    form: Form,
    score: Score,
    theme: Theme,
    palette: Mapping[str, str],
    again: Again = FIRST,
    resting: Collection[int] = frozenset(),
) -> Draft:
    """All that is played, in the palette's orchestrations; in the bars `resting` melody leads no accent."""
    style, seed, tonic = form.style, score.seed, score.tonic
    spans = harmonise(form, tonic, theme, seed, again.chords)
    bass = bass_pitches(spans, style.part("bass", palette["bass"]).register)

    singer = Singer(form, spans, bass, tonic, seed, again.of("melody"))
    melody = singer.sing(theme, palette["melody"])
    register = style.part("melody", palette["melody"]).register
    home = last_melody_pitch(form, melody, bass, tonic, register)
    written = write_bass(form, spans, bass, palette["bass"], seed, again.of("bass"))
    low = rearticulate(written, spans, bass)
    # The outer voices are judged as they are heard: after the breath before each hit.
    led = leads(form, palette, resting)
    melody, low = (breathe(close(line, form), form, led) for line in (melody, low))
    bass = mend_lines(form, spans, bass, low, melody, singer.letters(), home)

    ceilings = _ceilings(spans, melody, home)
    centre = style.part("harmony", palette["harmony"]).register
    tops = _tops(spans, melody, home)
    rungs = _rungs(form, spans, figure_rungs(form, spans, palette["harmony"], seed, again.chords))
    coming = arrivals(low, spans)
    voicings = lead_voices(spans, bass, coming, rungs, ceilings, tops, centre)
    stacks = voicings if style.harmony.thirds else power_chords(spans, bass)
    held = voicings
    shunned = [voicings]
    for _ in range(min(again.own("pads"), _MOST_VOICINGS)):
        held = lead_voices(spans, bass, coming, rungs, ceilings, tops, centre, shunned)
        shunned.append(held)

    events: list[Event] = []
    events += write_figures(form, spans, stacks, ceilings, palette["harmony"], seed, again.of("harmony"))
    events += write_pads(form, spans, held, palette["pads"])
    if style.counter:
        rng = stream(seed, "counter")
        index = int(rng.integers(len(style.counter)))
        voice = another((*style.counter[index:], *style.counter[:index]), again.of("pads"))
        events += write_counter(form, spans, ceilings, melody, voice)
    if "drums" in style.stems:
        events += write_drums(form, spans, palette["drums"], seed, again.of("drums"))

    events = [*melody, *low, *breathe(close(events, form), form, led)]
    events = strike(events, form, led, spans, bass, voicings, stacks, dict(palette))
    events = close(events, form)
    events = fade(events, form)
    events += last_chord(form, bass[-1], voicings[-1], stacks[-1], home, tonic, dict(palette))
    mend_bass(form, spans, events)
    events = hush(spare(events, form), form)
    return Draft(form, tuple(events), spans, tuple(singer.statements), singer.letters())


def _ceilings(spans: Sequence[Span], melody: Sequence[Event], home: int | None) -> tuple[int, ...]:
    """For each chord, the highest pitch that stays below the melody sung over it."""
    out = []
    lines = sorted((event.tick, event.end, event.pitch) for event in melody)
    first = 0
    for span in spans:
        while first < len(lines) and lines[first][0] < span.tick - 48 * 16:
            first += 1
        lowest = _OPEN_SKY + 1
        for tick, end, pitch in lines[first:]:
            if tick >= span.end:
                break
            if end > span.tick:
                lowest = min(lowest, pitch)
        out.append(lowest - 1)
    if home is not None:
        out[-1] = home - 1
    return tuple(out)


def _tops(spans: Sequence[Span], melody: Sequence[Event], home: int | None) -> tuple[int | None, ...]:
    """The highest melody pitch that sounds where each chord begins."""
    line = Line(melody, top=True)
    sounding = [line.at(span.tick) for span in spans[:-1]]
    return (*(struck.pitch if struck is not None else None for struck in sounding), home)


def _rungs(form: Form, spans: Sequence[Span], figure: Sequence[frozenset[int]]) -> tuple[set[int], ...]:
    """What is played of each chord's ladder, by the figure, the pads, and all of it where a hit is struck."""
    struck = {accent.tick for accent in form.accents}
    return tuple(
        {*played, *range(VOICES if span.tick in struck else pads_reach(form.part_at(span.bar)))}
        for span, played in zip(spans, figure, strict=True)
    )
