"""Pads hold the chords, common tones tied; above them, where the music is full, one counter-line."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from .form import TICKS, Form, Part
from .harmony import Span
from .instruments import INSTRUMENTS, fit
from .notes import Event, clamp

# Ties longer than this are struck anew: strings change the bow.
_LONGEST = 8 * TICKS


def write_pads(
    form: Form, spans: Sequence[Span], voicings: Sequence[tuple[int, ...]], part_name: str
) -> list[Event]:
    events: list[Event] = []
    own = form.style.part("pads", part_name)
    accented = {accent.tick for accent in form.accents}
    for part in form.parts:
        if "pads" not in part.stems:
            continue
        chosen = [
            (span, voicing)
            for span, voicing in zip(spans, voicings, strict=True)
            if part.start_bar <= span.bar < part.end_bar_exclusive and span.tick < form.ending_tick
        ]
        for rank, voice in enumerate(voice for voice, level in own.voices if level <= part.level):
            held: dict[int, Event] = {}
            for span, voicing in chosen:
                pitches = _chosen_notes(voicing, rank, part)
                # What a high voice would have to play an octave up, over the melody, it leaves out.
                sounding = {fit(voice, pitch) for pitch in pitches if fit(voice, pitch) <= voicing[-1]}
                tied: dict[int, Event] = {}
                for pitch in sorted(sounding):
                    before = held.get(pitch)
                    if (
                        before is not None
                        and span.tick not in accented
                        and span.end - before.tick <= _LONGEST
                    ):
                        before.ticks = span.end - before.tick
                        tied[pitch] = before
                        continue
                    velocity = _velocity(form, span.bar) - 5 * rank
                    event = Event("pads", voice, span.tick, span.end - span.tick, pitch, clamp(velocity))
                    events.append(event)
                    tied[pitch] = event
                held = tied
    return events


def _chosen_notes(voicing: Sequence[int], rank: int, part: Part) -> Sequence[int]:
    """Thin sections hold three notes; a second voice takes the upper three."""
    if rank > 0:
        return voicing[1:]
    return voicing[: pads_reach(part)]


def pads_reach(part: Part) -> int:
    """How many of the four upper voices the pads hold in a section, from below."""
    if "pads" not in part.stems:
        return 0
    return 3 if part.level == 0 else 4


def _velocity(form: Form, bar: int) -> float:
    softest, loudest = form.style.velocity
    # Where little else plays the pads carry the music.
    bare = (15, 9, 3, 0, 0)[form.part_at(bar).level]
    velocity = softest + (loudest - softest - 16) * form.force[bar] + bare
    return velocity - 8 if form.spoken[bar] else velocity


def write_counter(
    form: Form, spans: Sequence[Span], ceilings: Sequence[int], melody: Sequence[Event], voice: str
) -> list[Event]:
    """A slow line of chord tones that moves against the melody and keeps out of its way."""
    facts = INSTRUMENTS[voice]
    low, high = max(facts.low, 52), min(facts.high, 67)
    sung = sorted({(event.tick, event.end, event.pitch) for event in melody})
    first_ticks = [first for first, _, _ in sung]
    events: list[Event] = []
    last = 59
    for span in spans:
        part = form.part_at(span.bar)
        if part.level < form.style.counter_from or span.tick >= form.ending_tick or form.spoken[span.bar]:
            continue
        if "pads" not in part.stems:
            continue
        half = (span.end - span.tick) // 2 // TICKS * TICKS
        starts = [span.tick, span.tick + half] if half >= 2 * TICKS else [span.tick]
        for position, start in enumerate(starts):
            end = starts[position + 1] if position + 1 < len(starts) else span.end
            # No melody note is longer than four bars.
            around = sung[bisect_left(first_ticks, start - 16 * TICKS) : bisect_left(first_ticks, end)]
            above = [pitch for _, until, pitch in around if until > start]
            before = [pitch for first, _, pitch in around if start - 4 * TICKS <= first < start]
            rising = bool(above and before and above[0] > before[-1])
            top = min([high, *(pitch - 2 for pitch in above)])
            choices = [p for p in range(low, top + 1) if p % 12 in span.chord.pcs]
            if not choices:
                continue

            def price(
                pitch: int,
                sounding: Sequence[int] = above,
                up: bool = rising,
                root: int = span.chord.root,
                came_from: int = last,
            ) -> tuple[float, int]:
                move = pitch - came_from
                cost = (
                    float(abs(move))
                    + (4 if move == 0 else 0)
                    + (3 if pitch % 12 in {p % 12 for p in sounding} else 0)
                )
                cost += (2 if (move > 0) == up and sounding else 0) + (1.5 if pitch % 12 == root else 0)
                return cost, pitch

            last = min(choices, key=price)
            softest, loudest = form.style.velocity
            velocity = softest + (loudest - softest - 8) * form.force[span.bar]
            events.append(Event("pads", voice, start, end - start, last, clamp(velocity)))
    return events
