"""Harmony figures: broken chords and ostinati. Pattern characters, one a sixteenth: 0-5 a note of the chord
from the bottom, n the neighbour a semitone under the lowest, u the two upper notes, c the whole chord,
- holds, . rests."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from .form import SIXTEENTH, TICKS, Form, Part, in_tempo, stream
from .harmony import Span
from .instruments import INSTRUMENTS, fit
from .notes import Event, clamp
from .patterns import patterned, played_bars


def write_figures(
    form: Form,
    spans: Sequence[Span],
    voicings: Sequence[tuple[int, ...]],
    ceilings: Sequence[int],
    part_name: str,
    seed: int,
) -> list[Event]:
    """The harmony stem: the section's figure on every chord."""
    events: list[Event] = []
    ticks = [span.tick for span in spans]
    own = form.style.part("harmony", part_name)
    for part, pattern, voices in patterned(form, "harmony", own, form.style.figures, seed, "figure"):
        for bar in played_bars(form, part):
            signs = _signs(form, part, bar, pattern, seed)
            for at, length, sign in _steps(form, bar, signs):
                index = bisect_right(ticks, at) - 1
                cut = min(length, spans[index].end - at)
                velocity = _velocity(form, bar, at)
                for pitch in _pitches(sign, voicings[index], ceilings[index], spans[index].chord.bass):
                    for rank, voice in enumerate(voices):
                        facts = INSTRUMENTS[voice]
                        # Struck notes ring on; bowed ones are short so that the figure stays clear.
                        held = cut if facts.struck else min(cut, max(TICKS // 4, round(cut * 0.7)))
                        loud = clamp(velocity - 6 * rank)
                        events.append(Event("harmony", voice, at, held, fit(voice, pitch), loud))
    return events


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
