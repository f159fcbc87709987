"""Fewer or more notes at the same energy: weak places left out and what sounds there held on, or long steps
struck once more in their middle. Accents, last chords, melody and pads stay.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from .form import SIXTEENTH, TICKS, Form
from .harmony import Span
from .notes import Event, clamp
from .splice import Stretch

# Steps that a density of 1 is.
MOST_STEPS = 3
_STEMS = ("drums", "harmony", "bass")
_KINDS = ("line", "drum", "fill")
# Shortest gap that is struck into.
_SHORTEST_GAP = {"drums": 2 * SIXTEENTH, "harmony": 2 * SIXTEENTH, "bass": TICKS}
# The stroke between is softer than the one before.
_BETWEEN = 0.84
# So long before an accent nothing is added: there the music breathes.
_BREATH = TICKS
# Nine in fourteen: shares of bars come evenly.
_GOLDEN = 0.6180339887498949


def steps_of(form: Form, density: float, stretches: Sequence[tuple[range, int]]) -> tuple[int, ...]:
    """How many steps busier (above 0) or less busy each bar is played: `density` -1..1 over the whole cue,
    its fractions in so many of the bars, and (bars, steps) of stretches."""
    whole, part = divmod(abs(density) * MOST_STEPS, 1.0)
    sign = 1 if density > 0 else -1
    bars = len(form.clock.bars)
    out = [sign * (int(whole) + ((bar + 1) * _GOLDEN % 1.0 < part)) for bar in range(bars)]
    for covered, steps in stretches:
        for bar in covered:
            out[bar] += steps
    return tuple(out)


def rebusied(events: Sequence[Event], form: Form, spans: Sequence[Span], steps: Sequence[int]) -> list[Event]:
    """The events with each bar thinned or filled by its steps."""
    clock = form.clock
    out: list[Event] = []
    bars: dict[int, list[Event]] = {}
    for event in map(replace, events):
        bar = clock.bar_at(event.tick)
        if steps[bar] and event.stem in _STEMS and event.kind in _KINDS and event.tick < form.ending_tick:
            bars.setdefault(bar, []).append(event)
        else:
            out.append(event)
    for bar, here in bars.items():
        for stem in _STEMS:
            own = [event for event in here if event.stem == stem]
            if steps[bar] < 0:
                out += _thinned(own, form, spans, bar, -steps[bar])
            else:
                out += _filled(own, form, spans, bar, steps[bar])
    return out


def _thinned(events: Sequence[Event], form: Form, spans: Sequence[Span], bar: int, steps: int) -> list[Event]:
    """Without the `steps` weakest kinds of places of those that are played; one is always left."""
    changes = {span.tick for span in spans}
    weights = {event.tick: _weight(form, bar, event.tick) for event in events}
    for tick in weights:
        if tick in changes and events[0].stem != "drums":
            weights[tick] = _DOWNBEAT
    left = sorted(set(weights.values()))
    least = left[min(steps, len(left) - 1)] if left else 0
    kept = [event for event in events if weights[event.tick] >= least]
    gone = sorted((e for e in events if weights[e.tick] < least), key=lambda event: event.tick)
    if events and events[0].stem != "drums":
        for event in gone:
            before = [e for e in kept if e.voice == event.voice and e.tick < event.tick]
            for one in (e for e in before if e.tick == max(e.tick for e in before)):
                if event.tick - one.end <= SIXTEENTH:
                    one.ticks = max(one.ticks, event.end - one.tick)
    return kept


_DOWNBEAT = 4


def _weight(form: Form, bar: int, tick: int) -> int:
    """4 the downbeat, 3 every other beat, 2 beats, 1 their halves, 0 what is between."""
    beat = TICKS * (2 if form.half_time[bar] else 1)
    at = tick - form.clock.starts[bar]
    if at == 0:
        return _DOWNBEAT
    return next((3 - rank for rank, unit in enumerate((2 * beat, beat, beat // 2)) if at % unit == 0), 0)


def _filled(events: Sequence[Event], form: Form, spans: Sequence[Span], bar: int, steps: int) -> list[Event]:
    """With the longest gaps struck into, `steps` times over; of drums one at a time, first the hand that
    keeps time. Where every sixteenth is played nothing is added."""
    out = list(events)
    for _ in range(steps):
        for lane in _lanes(out):
            more = _struck_into(lane, form, spans, bar)
            out += more
            if more:
                break
    return out


def _lanes(events: Sequence[Event]) -> list[list[Event]]:
    """The drums, the one that is struck most first, of equals the highest; other stems are one lane."""
    if not events or events[0].stem != "drums":
        return [list(events)] if events else []
    lanes: dict[int, list[Event]] = {}
    for event in events:
        lanes.setdefault(event.pitch, []).append(event)
    return [lanes[key] for key in sorted(lanes, key=lambda key: (-len(lanes[key]), -key))]


def _struck_into(lane: Sequence[Event], form: Form, spans: Sequence[Span], bar: int) -> list[Event]:
    """The strokes that fill a lane's longest gaps."""
    at_tick: dict[int, list[Event]] = {}
    for event in lane:
        at_tick.setdefault(event.tick, []).append(event)
    gaps = list(pairwise([*sorted(at_tick), form.clock.bar_end(bar)]))
    longest = max(end - start for start, end in gaps)
    shortest = _SHORTEST_GAP[lane[0].stem]
    out: list[Event] = []
    for start, end in gaps:
        middle = start + (end - start) // 2 // SIXTEENTH * SIXTEENTH
        if shortest <= end - start and longest < 2 * (end - start) and not _breathes(form, middle):
            out += _between(at_tick[start], lane, spans, (start, end), middle)
    return out


def _between(
    here: Sequence[Event], lane: Sequence[Event], spans: Sequence[Span], gap: Stretch, at: int
) -> list[Event]:
    """The stroke at `at`, in the gap between the events `here` and the next ones of the lane; they are cut
    short by it."""
    start, end = gap
    starts = [span.tick for span in spans]
    chord = bisect_right(starts, at) - 1
    if bisect_right(starts, start) - 1 != chord:
        return []
    # A figure goes on with another of its own notes, of the same chord; chords and drums are struck again.
    near = [event for event in lane if bisect_right(starts, event.tick) - 1 == chord]
    single = here[0].stem == "harmony" and len({event.pitch % 12 for event in here}) == 1
    out = []
    for event in here:
        others = [e.pitch for e in near if e.voice == event.voice and e.pitch != event.pitch]
        length = event.ticks if event.stem == "drums" else min(event.ticks, end - at)
        pitch = others[0] if single and others else event.pitch
        velocity = clamp(event.velocity * _BETWEEN)
        out.append(replace(event, tick=at, ticks=length, pitch=pitch, velocity=velocity))
        if event.stem != "drums":
            event.ticks = min(event.ticks, at - event.tick)
    return out


def _breathes(form: Form, tick: int) -> bool:
    return any(0 < accent.tick - tick <= _BREATH for accent in form.accents)
