"""MIDI time: the tempo and meter events of a timeline, and the tick of any of its samples.

A MIDI tempo is a whole number of microseconds a quarter note, so a long segment at one tempo drifts: half a
microsecond a beat. A segment therefore gets one tempo event while the drift at its end stays under half a
sample, else further ones, one microsecond apart, so that every beat lies within one 48 kHz sample of the
plan's. Nothing adds up from one segment to the next: each aims at its own end, from where the one before
really ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..engine.errors import EngineFault
from ..engine.timebase import SAMPLE_RATE
from ..engine.types import Plan, TempoSegment

# Ticks of a quarter note: what Logic and Pro Tools count in; a tick is half a millisecond at 120 bpm.
PPQ = 960
_US = Fraction(1_000_000, SAMPLE_RATE)
# Beside the half sample by which the plan's own beats are rounded: 8.3 us.
_CLOSE_US = _US * Fraction(2, 5)
# 16 beats of half a microsecond are 8 us.
_RUN_BEATS = 16
# Where no music is, the bars count on at about this tempo.
_FILLER_US = 500_000
_SLOWEST_US = 2**24 - 1


@dataclass(frozen=True, slots=True)
class TempoEvent:
    tick: int
    # Exact time at which the tick sounds, and its length until the next event.
    at_us: int
    us_a_beat: int


@dataclass(frozen=True, slots=True)
class MeterEvent:
    tick: int
    beats: int


@dataclass(frozen=True)
class TempoMap:
    """Tempo and meter events from tick 0, the timeline's frame 0."""

    tempi: tuple[TempoEvent, ...]
    meters: tuple[MeterEvent, ...]

    @cached_property
    def _times_us(self) -> list[int]:
        return [event.at_us for event in self.tempi]

    @cached_property
    def _ticks(self) -> list[int]:
        return [event.tick for event in self.tempi]

    def tick(self, sample: int) -> int:
        """The tick nearest to record sample `sample`; samples before 0 are 0."""
        at_us = sample * _US
        index = max(0, bisect_right(self._times_us, at_us) - 1)
        event = self.tempi[index]
        tick = event.tick + round((at_us - event.at_us) * PPQ / event.us_a_beat)
        return max(0, tick)

    def sample(self, tick: int) -> Fraction:
        """Record time of a tick in 48 kHz samples, exact."""
        index = max(0, bisect_right(self._ticks, tick) - 1)
        event = self.tempi[index]
        return (event.at_us + Fraction((tick - event.tick) * event.us_a_beat, PPQ)) / _US


class _Writer:
    def __init__(self) -> None:
        self.tempi: list[TempoEvent] = []
        self.meters: list[MeterEvent] = []
        self.beat = 0
        self.at_us = 0

    def meter(self, beat: int, beats: int) -> None:
        if not self.meters or self.meters[-1].beats != beats:
            self.meters.append(MeterEvent(beat * PPQ, beats))

    def stretch(self, start_sample: Fraction | int, end_sample: Fraction | int, beats: int) -> None:
        """`beats` even beats to `end_sample`.

        The map stands near `start_sample`, as near as its tempi allow.
        """
        start_us, end_us = start_sample * _US, end_sample * _US
        even = round((end_us - self.at_us) / beats)
        if abs(self.at_us + beats * even - end_us) <= _CLOSE_US:
            self._run(beats, even)
            return
        for done in range(0, beats, _RUN_BEATS):
            run = min(_RUN_BEATS, beats - done)
            aim = start_us + (end_us - start_us) * Fraction(done + run, beats)
            self._run(run, round((aim - self.at_us) / run))

    def _run(self, beats: int, us_a_beat: int) -> None:
        if not 1 <= us_a_beat <= _SLOWEST_US:
            raise EngineFault(f"{beats} beats in {us_a_beat * beats} us cannot be written as a MIDI tempo")
        if not self.tempi or self.tempi[-1].us_a_beat != us_a_beat:
            self.tempi.append(TempoEvent(self.beat * PPQ, self.at_us, us_a_beat))
        self.beat += beats
        self.at_us += beats * us_a_beat

    def filler(self, end_sample: Fraction | int) -> None:
        """Bars of four without music up to `end_sample`; the last bar takes what is left of the beats."""
        length_us = end_sample * _US - self.at_us
        if length_us <= _CLOSE_US:
            return
        beats = max(1, round(length_us / _FILLER_US))
        whole, rest = divmod(beats, 4)
        if whole:
            self.meter(self.beat, 4)
        if rest:
            self.meter(self.beat + 4 * whole, rest)
        self.stretch(self.at_us / _US, end_sample, beats)


def tempo_map(cues: Sequence[tuple[int, Plan]]) -> TempoMap:
    """The map of one timeline from (record sample of the cue's first sample, its plan), any order.

    A bar that begins before its cue, or ends after it where the next cue begins, is written with the beats
    that lie inside; what is left of a beat is filled like a gap. EngineFault when two cues overlap: one
    timeline has one tempo at a time.
    """
    out = _Writer()
    ordered = sorted(cues, key=lambda cue: cue[0])
    limits = [start for start, _ in ordered[1:]] + [None]
    for (start, plan), limit in zip(ordered, limits, strict=True):
        if limit is not None and start + plan.samples > limit:
            raise EngineFault(f"cue '{plan.cue}' overlaps the one after it: one tempo map cannot hold both")
        for segment in plan.segments:
            _write_segment(out, segment, start, limit)
    if not out.tempi:
        out.meter(0, 4)
        out.stretch(0, SAMPLE_RATE * 2, 4)
    return TempoMap(tuple(out.tempi), tuple(out.meters))


def _write_segment(out: _Writer, segment: TempoSegment, start: int, limit: int | None) -> None:
    """The beats of `segment` that begin at `start`, where the map stands, or later, and end at `limit` or
    before.
    """
    lines = [start + segment.beat_sample(beat) for beat in range(segment.beats + 1)]
    inside = [
        beat
        for beat, line in enumerate(lines)
        if line >= start and line * _US >= out.at_us - _US and (limit is None or line <= limit)
    ]
    if len(inside) < 2:
        return
    first, last = inside[0], inside[-1]
    length = segment.end_sample_exclusive - segment.start_sample

    def exact(beat: int) -> Fraction:
        # The plan's own samples are rounded: aiming at them would add that to our rounding.
        return start + segment.start_sample + Fraction(length * beat, segment.beats)

    out.filler(exact(first))
    origin, bar = out.beat - first, 0
    for beats in segment.beats_per_bar:
        begin, end = max(bar, first), min(bar + beats, last)
        if end > begin:
            out.meter(origin + begin, end - begin)
        bar += beats
    out.stretch(exact(first), exact(last), last - first)
