"""The outer voices after they are written: where bass and melody run in fifths or octaves from one chord to
the next, one of them takes another way.

The bass's approach is moved first, then the melody's note before the change, then the note on it, and at last
the bass takes the new chord in another octave. Every way is weighed by what it bends, and none is taken that
leaves as many parallels as before.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from ..timebase import SAMPLE_RATE
from .form import SIXTEENTH, TICKS, Form
from .harmony import Chord, Span
from .instruments import INSTRUMENTS, fit
from .melody import LOWEST
from .notes import Event
from .voicing import Arrival

# A melody that rested for longer before a change is not heard to move there.
_REST_SAMPLES = SAMPLE_RATE // 2
_STEP = 2
_LINES = ("bass", "melody")
# The bass stays under the upper voices.
_BASS_HIGHEST = 49
_LEAP = 7


@dataclass(slots=True)
class _Struck:
    """What a stem strikes at one tick: the pitch that is heard of it, and all events that make it."""

    tick: int
    end: int
    pitch: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """One way out: these notes move by as many semitones, for this price."""

    price: float
    moves: tuple[tuple[_Struck, int], ...]
    # The chord whose whole bass moves.
    chord: int | None = None


class Line:
    """One stem as one line: of notes struck together the lowest, or with `top` the highest."""

    def __init__(self, events: Sequence[Event], *, top: bool = False) -> None:
        at: dict[int, list[Event]] = {}
        for event in events:
            at.setdefault(event.tick, []).append(event)
        self._sign = -1 if top else 1
        self.struck = [
            _Struck(
                tick,
                max(e.end for e in here),
                min((e.pitch for e in here), key=lambda pitch: self._sign * pitch),
                tuple(here),
            )
            for tick, here in sorted(at.items())
        ]
        self._ticks = [struck.tick for struck in self.struck]

    def before(self, tick: int) -> _Struck | None:
        """The last note struck before `tick`."""
        index = bisect_left(self._ticks, tick)
        return self.struck[index - 1] if index else None

    def after(self, tick: int) -> _Struck | None:
        index = bisect_right(self._ticks, tick)
        return self.struck[index] if index < len(self.struck) else None

    def at(self, tick: int) -> _Struck | None:
        """The note that sounds at `tick`."""
        found = self.before(tick + 1)
        return found if found is not None and found.end > tick else None

    def between(self, start: int, end: int) -> list[_Struck]:
        return self.struck[bisect_left(self._ticks, start) : bisect_left(self._ticks, end)]

    def extreme(self, start: int, end: int) -> _Struck | None:
        """The lowest (highest) note struck in `start` to `end`, or the one held from before."""
        inside = self.between(start, end)
        return min(inside, key=lambda struck: self._sign * struck.pitch) if inside else self.at(start)


def in_parallel(low: int, high: int, low_after: int, high_after: int) -> bool:
    """Whether two voices move the same way from a fifth or octave into another of the kind."""
    first, second = (high - low) % 12, (high_after - low_after) % 12
    return (low_after - low) * (high_after - high) > 0 and first == second and first in (0, 7)


def arrivals(bass: Sequence[Event], spans: Sequence[Span]) -> tuple[Arrival | None, ...]:
    """For each chord the bass notes from which its own is heard to come (the deepest of the chord before, and
    an approach by step), and that note. None where the bass rests or stays."""
    line = Line(bass)
    out: list[Arrival | None] = [None]
    for index in range(1, len(spans)):
        lows, new = _comes_from(line, spans, index)
        out.append((tuple(low.pitch for low in lows), new.pitch) if new is not None and lows else None)
    return tuple(out)


def _comes_from(line: Line, spans: Sequence[Span], index: int) -> tuple[list[_Struck], _Struck | None]:
    here = spans[index].tick
    new, low = line.at(here), line.extreme(spans[index - 1].tick, here)
    if new is None or low is None or low.pitch == new.pitch:
        return [], None
    lows = [low]
    approach = line.before(here)
    if approach is not None and approach is not low and abs(approach.pitch - new.pitch) <= _STEP:
        lows.append(approach)
    return lows, new


def mend_lines(
    form: Form,
    spans: Sequence[Span],
    pitches: Sequence[int],
    bass: Sequence[Event],
    melody: Sequence[Event],
    letters: Sequence[Sequence[int]],
    home: int | None,
) -> tuple[int, ...]:
    """Bends bass and melody where they run in parallel, which power chords may, and clears minor ninths; the
    bass pitch of each chord afterwards.

    `pitches` are those of before, `letters` the steps of the scale that the melody sings in each bar, `home`
    the melody's last note on the last chord, None where it is silent.
    """
    end = form.ending_tick
    last = [Event("bass", e.voice, end, TICKS, fit(e.voice, pitches[-1]), 1) for e in bass[-1:]]
    sung = [Event("melody", e.voice, end, TICKS, home, 1) for e in melody[-1:] if home is not None]
    outer = _Outer(form, spans, Line([*bass, *last]), Line([*melody, *sung], top=True), None, letters)
    outer.clear_ninths()
    if form.style.harmony.thirds:
        outer.mend()
    return tuple(pitch + moved for pitch, moved in zip(pitches, outer.moved, strict=True))


def mend_bass(form: Form, spans: Sequence[Span], events: Sequence[Event]) -> None:
    """Bends bass and figures where the bass runs in parallel with what is on top of all that is written."""
    if not form.style.harmony.thirds:
        return
    bass = [event for event in events if event.stem == "bass"]
    melody = [event for event in events if event.stem == "melody"]
    others = [event for event in events if event.stem in ("harmony", "pads")]
    _Outer(form, spans, Line(bass), Line(melody, top=True), Line(others, top=True), ()).mend()


# Stems, and the ticks from and up to which they may be bent.
Bendable = tuple[Collection[str], tuple[int, int]]


def mend_wished(
    form: Form,
    spans: Sequence[Span],
    events: Sequence[Event],
    letters: Sequence[Sequence[int]],
    bendable: Sequence[Bendable],
) -> None:
    """Bends what was written in another way, where it runs in parallel or into a minor ninth with what
    stands; nothing else."""

    def may(note: _Struck) -> bool:
        return any(
            start <= note.tick < end and all(event.stem in stems for event in note.events)
            for stems, (start, end) in bendable
        )

    bass, melody = (Line([e for e in events if e.stem == stem], top=stem == "melody") for stem in _LINES)
    others = Line([event for event in events if event.stem in ("harmony", "pads")], top=True)
    outer = _Outer(form, spans, bass, melody, None, letters, may)
    outer.clear_ninths()
    if form.style.harmony.thirds:
        outer.mend()
        _Outer(form, spans, bass, melody, others, letters, may).mend()


class _Outer:
    """Bass and melody of one cue. With `others` the melody stands: bass and figures give way, also where they
    are on top because the melody rests. What `may` not be bent stands."""

    def __init__(
        self,
        form: Form,
        spans: Sequence[Span],
        bass: Line,
        melody: Line,
        others: Line | None,
        letters: Sequence[Sequence[int]],
        may: Callable[[_Struck], bool] | None = None,
    ) -> None:
        self.form, self.spans, self.letters = form, spans, letters
        self.may = may
        self.bass, self.melody, self.others = bass, melody, others
        self._starts = [span.tick for span in spans]
        # By how much each chord's bass was moved.
        self.moved = [0] * len(spans)

    def mend(self) -> None:
        for index in range(1, len(self.spans)):
            if not self._faults(index):
                continue
            near = range(max(1, index - 2), min(len(self.spans), index + 3))
            now = sum(map(self._faults, near))
            best: tuple[int, float, _Way] | None = None
            for way in filter(self._may, self._ways(index)):
                _move(way)
                left = sum(map(self._faults, near))
                _move(way, back=True)
                if left < now and (best is None or (left, way.price) < best[:2]):
                    best = left, way.price, way
            if best is not None:
                _move(best[2])
                if best[2].chord is not None:
                    self.moved[best[2].chord] += best[2].moves[0][1]

    def clear_ninths(self) -> None:
        """Where a melody note stands a minor ninth over the bass for longer than it takes to pass, the bass
        goes back to its chord's own note, or the melody turns, or lets go where the bass comes in."""
        for note in self.melody.struck:
            for low in (*self.bass.between(note.tick + 1, note.end), *self._under(note.tick)):
                if _ninth(note, low) and not self._resolves(note, low):
                    self._clear(note, low)

    def _may(self, way: _Way) -> bool:
        return all(self._free(note) for note, _ in way.moves)

    def _free(self, note: _Struck) -> bool:
        return self.may is None or self.may(note)

    def _under(self, tick: int) -> list[_Struck]:
        low = self.bass.at(tick)
        return [low] if low is not None else []

    def _resolves(self, note: _Struck, low: _Struck) -> bool:
        """Whether a note held from before the bass leaves by a step as it ends: a suspension."""
        after = self.melody.after(note.tick)
        return (
            note.tick < low.tick
            and after is not None
            and after.tick - note.end < SIXTEENTH // 2
            and 0 < abs(after.pitch - note.pitch) <= _STEP
        )

    def _clear(self, note: _Struck, low: _Struck) -> None:
        span = self.spans[self._chord_at(low.tick)]
        own = self.bass.at(span.tick)
        mine = own is not None and low.tick > span.tick and (note.pitch - own.pitch) % 12 != 1
        if own is not None and mine and self._free(low):
            _move(_Way(0, ((low, own.pitch - low.pitch),)))
        elif not self._free(note):
            return
        elif note.tick < low.tick:
            _cut(note, low.tick)
        elif note.tick < self.form.ending_tick:
            chord = self.spans[self._chord_at(note.tick)].chord
            ways = sorted(self._sung(note, chord, 0.0), key=lambda way: way.price)
            for way in ways[:1]:
                _move(way)

    def _chord_at(self, tick: int) -> int:
        return max(0, bisect_right(self._starts, tick) - 1)

    def _faults(self, index: int) -> int:
        """How many of the ways in which the change to chord `index` may be heard are parallel."""
        here = self.spans[index].tick
        lows, new = _comes_from(self.bass, self.spans, index)
        if new is None:
            return 0
        start = self.spans[index - 1].tick
        top, last = self.melody.at(here), self.melody.before(here)
        early: _Struck | None = None
        if top is not None:
            early = self.melody.at(start)
            if last is not None and self._rested(last, here):
                last = None
        elif self.others is not None:
            last = self.others.extreme(start, here)
            top = self.others.extreme(here, self.spans[index].end)
        if top is None:
            return 0
        pairs = [(low, last) for low in lows] if last is not None else []
        if early is not None:
            head = self.bass.at(start)
            pairs += [(low, early) for low in (lows[0], head) if low is not None]
        return sum(in_parallel(low.pitch, high.pitch, new.pitch, top.pitch) for low, high in pairs)

    def _rested(self, last: _Struck, here: int) -> bool:
        return self.form.clock.sample(here) - self.form.clock.sample(last.end) > _REST_SAMPLES

    def _ways(self, index: int) -> Iterator[_Way]:
        start, here = self.spans[index - 1].tick, self.spans[index].tick
        before = self.spans[index - 1].chord
        approach, new = self.bass.before(here), self.bass.at(here)
        if approach is not None and new is not None and approach.tick > start:
            yield from self._approaches(approach, new.pitch, before)
        if self.others is None:
            yield from self._other_melody(index)
        else:
            for chord in (index - 1, index):
                yield from self._figures(self.others, chord)
        for chord in (index - 1, index):
            if self.spans[chord].tick < self.form.ending_tick:
                yield from self._octaves(chord)

    def _other_melody(self, index: int) -> Iterator[_Way]:
        start, here = self.spans[index - 1].tick, self.spans[index].tick
        before, chord = self.spans[index - 1].chord, self.spans[index].chord
        top, last, early = self.melody.at(here), self.melody.before(here), self.melody.at(start)
        if last is not None and last.tick >= start:
            yield from self._sung(last, before, 1.0)
        if early is not None and early is not last and early.tick >= start:
            yield from self._sung(early, before, 2.0)
        if top is not None and top.tick == here and here < self.form.ending_tick:
            yield from self._sung(top, chord, 2.0)

    def _approaches(self, approach: _Struck, goal: int, chord: Chord) -> Iterator[_Way]:
        """Another step of the scale beside the goal, else a tone of the chord that is left."""
        for pitch in range(goal - 9, goal + 10):
            step = 0 < abs(pitch - goal) <= _STEP and pitch % 12 in chord.scale
            # What stays longer than a passing note must not lie a semitone under a tone of the chord.
            if approach.end - approach.tick > TICKS // 2 and (pitch + 1) % 12 in chord.pcs:
                continue
            if pitch == approach.pitch or not (step or pitch % 12 in chord.pcs):
                continue
            semitones = pitch - approach.pitch
            if all(_reaches(e, e.pitch + semitones) for e in approach.events):
                price = 0.1 * abs(semitones) + (0.0 if step else 0.8)
                yield _Way(price, ((approach, semitones),))

    def _sung(self, note: _Struck, chord: Chord, price: float) -> Iterator[_Way]:
        """Another tone of the chord near by; on weak beats also a step between its neighbours."""
        bar = self.form.clock.bar_at(note.tick)
        inside = note.tick - self.form.clock.starts[bar]
        weak = inside % (2 * TICKS) != 0 and note.end - note.tick <= TICKS
        sung = {chord.scale[letter] for letter in self.letters[bar]}
        low = self.bass.at(note.tick)
        neighbours = [
            other
            for other in (self.melody.before(note.tick), self.melody.after(note.tick))
            if other is not None
        ]
        for semitones in (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5):
            pitch = note.pitch + semitones
            intervals = [abs(pitch - other.pitch) for other in neighbours]
            passing = weak and all(0 < interval <= _STEP for interval in intervals)
            if pitch % 12 not in sung or not (passing or pitch % 12 in chord.pcs):
                continue
            if low is not None and (pitch - low.pitch) % 12 == 1:
                continue
            if pitch < LOWEST or not all(_reaches(e, e.pitch + semitones) for e in note.events):
                continue
            leaps = 0.5 * sum(max(0, interval - _LEAP) for interval in intervals)
            still = sum(interval == 0 for interval in intervals)
            yield _Way(price + 0.3 * abs(semitones) + leaps + 0.6 * still, ((note, semitones),))

    def _figures(self, others: Line, chord: int) -> Iterator[_Way]:
        """The figure's top turns a tone of the chord lower, wherever it is struck alone."""
        span = self.spans[chord]
        notes = others.between(span.tick, span.end)
        top = max((note.pitch for note in notes), default=0)
        highest = [note for note in notes if note.pitch == top]
        alone = all(e.stem == "harmony" and e.pitch == top for note in highest for e in note.events)
        lower = [by for by in (-3, -4, -5) if (top + by) % 12 in span.chord.pcs and top + by > _BASS_HIGHEST]
        if highest and alone and lower:
            yield _Way(1.5, tuple((note, lower[0]) for note in highest))

    def _octaves(self, chord: int) -> Iterator[_Way]:
        """The bass takes a chord an octave off."""
        span = self.spans[chord]
        notes = self.bass.between(span.tick, span.end)
        if not notes or notes[0].tick != span.tick:
            return
        above = self.others.between(span.tick, span.end) if self.others is not None else []
        highest = min([_BASS_HIGHEST, *(event.pitch for note in above for event in note.events)])
        for semitones in (-12, 12):
            # Notes that the figure has put an octave off already may stay where they are.
            moved = [note for note in notes if all(_reaches(e, e.pitch + semitones) for e in note.events)]
            if moved and moved[0] is notes[0] and moved[0].pitch + semitones <= highest:
                yield _Way(3.0, tuple((note, semitones) for note in moved), chord)


def _move(way: _Way, *, back: bool = False) -> None:
    for note, semitones in way.moves:
        by = -semitones if back else semitones
        note.pitch += by
        for event in note.events:
            event.pitch += by


def _ninth(note: _Struck, low: _Struck) -> bool:
    """Whether two notes stand a minor ninth apart, or its octaves, for longer than a passing note."""
    together = min(note.end, low.end) - max(note.tick, low.tick)
    above = note.pitch - low.pitch
    return together > TICKS // 2 and above > 12 and above % 12 == 1


def _cut(note: _Struck, tick: int) -> None:
    note.end = tick
    for event in note.events:
        event.ticks = min(event.ticks, tick - event.tick)


def _reaches(event: Event, pitch: int) -> bool:
    facts = INSTRUMENTS[event.voice]
    return facts.low <= pitch <= facts.high
