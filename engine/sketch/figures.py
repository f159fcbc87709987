"""Harmony figures: broken chords and ostinati. Pattern characters, one a sixteenth: 0-5 a note of the chord
from the bottom, n the neighbour a semitone under the lowest, u the two upper notes, c the whole chord,
- holds, . rests."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .form import SIXTEENTH, TICKS, Form, Part, in_tempo, stream
from .harmony import Span
from .instruments import INSTRUMENTS, fit
from .notes import Event, clamp
from .patterns import patterned, played_bars, salted

# What signs that are no digit take of the ladder.
_RUNGS = {"c": {0, 1, 2, 3}, "u": {2, 3}, "n": {0}}


def write_figures(
    form: Form,
    spans: Sequence[Span],
    voicings: Sequence[tuple[int, ...]],
    ceilings: Sequence[int],
    part_name: str,
    seed: int,
    again: int = 0,
) -> list[Event]:
    """The harmony stem: the section's figure on every chord."""
    events: list[Event] = []
    for step in _played(form, spans, part_name, seed, again):
        index = step.span
        cut = min(step.ticks, spans[index].end - step.tick)
        velocity = _velocity(form, step.bar, step.tick)
        for pitch in _pitches(step.sign, voicings[index], ceilings[index], spans[index].chord.bass):
            for rank, voice in enumerate(step.voices):
                facts = INSTRUMENTS[voice]
                # Struck notes ring on; bowed ones are short so that the figure stays clear.
                held = cut if facts.struck else min(cut, max(TICKS // 4, round(cut * 0.7)))
                loud = clamp(velocity - 6 * rank)
                events.append(Event("harmony", voice, step.tick, held, fit(voice, pitch), loud))
    return events


def figure_rungs(
    form: Form, spans: Sequence[Span], part_name: str, seed: int, again: int = 0
) -> tuple[frozenset[int], ...]:
    """For each chord the rungs 0..5 of its ladder that the figure plays: four voices, two an octave up."""
    rungs: list[set[int]] = [set() for _ in spans]
    for step in _played(form, spans, part_name, seed, again):
        rungs[step.span] |= _RUNGS.get(step.sign) or {int(step.sign)}
    return tuple(map(frozenset, rungs))


@dataclass(frozen=True, slots=True)
class _Step:
    """One sign of a figure as it is played: on which chord, by which voices."""

    tick: int
    ticks: int
    sign: str
    bar: int
    span: int
    voices: tuple[str, ...]


def _played(form: Form, spans: Sequence[Span], part_name: str, seed: int, again: int) -> Iterator[_Step]:
    starts = [span.tick for span in spans]
    own = form.style.part("harmony", part_name)
    for part, pattern, voices in patterned(form, "harmony", own, form.style.figures, seed, "figure", again):
        for bar in played_bars(form, part):
            for at, length, sign in _steps(form, bar, _signs(form, part, bar, pattern, salted(seed, again))):
                yield _Step(at, length, sign, bar, bisect_right(starts, at) - 1, tuple(voices))


def _signs(form: Form, part: Part, bar: int, pattern: str, seed: int) -> str:
    beats = form.clock.bars[bar].beats
    if form.spoken[bar]:
        pattern = form.style.under_speech
    pattern = in_tempo(form, bar, pattern, "-")
    place = bar - part.start_bar
    whole = len(pattern) // 16
    text = pattern[16 * (place % whole) : 16 * (place % whole) + 16]
    rng = stream(seed, form.plan.cue, "figure", bar)
    # The fourth bar of a phrase turns: its halves change places, so that no four bars are a loop.
    if place % 4 == 3 and rng.random() < 0.7 and text[0] not in ".-" and text[8] not in ".-":
        text = text[8:] + text[:8]
    return (text * 2)[: beats * 4]


def _steps(form: Form, bar: int, signs: str) -> list[tuple[int, int, str]]:
    start = form.clock.starts[bar]
    steps = []
    for step, sign in enumerate(signs):
        if sign in "-.":
            continue
        length = 1
        while step + length < len(signs) and signs[step + length] == "-":
            length += 1
        steps.append((start + step * SIXTEENTH, length * SIXTEENTH, sign))
    return steps


def _pitches(sign: str, voicing: Sequence[int], ceiling: int, bass: int) -> tuple[int, ...]:
    if sign == "c":
        return tuple(voicing)
    if sign == "u":
        return tuple(voicing[-2:])
    if sign == "n":
        # It may rub against the chord, but never as a minor ninth over the bass.
        neighbour = voicing[0] - 1
        return (voicing[0] if (neighbour - bass) % 12 == 1 else neighbour,)
    ladder = [*voicing, voicing[0] + 12, voicing[1] + 12]
    rung = int(sign)
    pitch = ladder[rung]
    while pitch > ceiling and rung > 0:
        rung -= 1
        pitch = ladder[rung]
    return (pitch,)


def _velocity(form: Form, bar: int, tick: int) -> float:
    softest, loudest = form.style.velocity
    inside = tick - form.clock.starts[bar]
    stress = 5 if inside == 0 else 2 if inside % TICKS == 0 else -3 if inside % (TICKS // 2) == 0 else -7
    velocity = softest + (loudest - softest - 14) * form.force[bar] + stress
    velocity += (14, 6, 0, 0, 0)[form.part_at(bar).level]
    return velocity - 10 if form.spoken[bar] else velocity
