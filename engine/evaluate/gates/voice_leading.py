"""Gate 1, voice leading: what every textbook of harmony forbids, judged on the notes.

The textbook's words are about voices; an arrangement has stems. The bass is the lowest note of the stem
"bass"; the top is the melody, and where it rests the highest of the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise, product

from ...types import Bar, Note, Section
from .piece import Chord, Piece
from .verdict import Verdict

GATE = "voice leading"

# Of the changes of the bass. Both scores entered by hand have none.
MOST_PARALLELS = 0.02
# A composer's freedom to let a suspension or a passing note stand on a strong beat.
LEAST_CHORD_TONES = 0.75
# Styles whose guitars or brass move in fifths and octaves on purpose.
POWER_CHORDS = frozenset({"rock", "trailer"})

C3 = 48
# Players stray from the beat by 12 ms; notes within 20 ms are struck together.
_NEAR = 960
# A melody that rested longer than this before a change is not heard to move there.
_REST = 24_000
# What sounds together for half a beat passes, in Bach's bass lines too; what leaves by step resolves.
_PASSING_BEATS = 0.5
_UNPITCHED = ("drums", "hits")

_TONIC, _DOMINANT, _LEADING, _SUBTONIC, _PHRYGIAN = 0, 7, 11, 10, 1
_BEFORE_THE_TONIC = (_DOMINANT, _LEADING, _SUBTONIC, _PHRYGIAN, 5, 2)


def voice_leading(piece: Piece) -> tuple[Verdict, ...]:
    """Parallels of bass and top, crossings, thirds below C3, minor ninths over the bass, chord tones on
    strong beats, cadences at the ends of sections. Without notes or chords nothing applies."""
    notes = [note for note in piece.notes if note.stem not in _UNPITCHED]
    known = bool(notes) and bool(piece.chords)
    moments = list(_moments(notes, piece.chords)) if known else []
    free = piece.style in POWER_CHORDS
    return (
        Verdict(
            GATE,
            "parallel fifths and octaves of bass and top",
            _parallels(notes, piece.chords) if known and not free else None,
            None,
            MOST_PARALLELS,
            "of changes",
        ),
        Verdict(GATE, "crossings", _count(map(_crosses, moments), known), None, 0, "moments"),
        Verdict(
            GATE, "thirds below C3", float(len(_thirds(moments, piece))) if known else None, None, 0, "thirds"
        ),
        Verdict(
            GATE,
            "minor ninths over the bass",
            float(len(_ninths(moments, notes, piece))) if known else None,
            None,
            0,
            "notes",
        ),
        Verdict(
            GATE,
            "chord tones on strong beats",
            _chord_tones(piece, notes) if known else None,
            LEAST_CHORD_TONES,
            None,
            "of notes",
        ),
        Verdict(
            GATE,
            "sections that end with a cadence",
            _cadences(piece) if piece.chords and piece.tonic is not None else None,
            1.0,
            None,
            "of sections",
        ),
    )


@dataclass(frozen=True, slots=True)
class _Moment:
    """What sounds when something new is struck, and the pitch that the ear takes for the bass: the deepest
    that the stem has struck since the chord began, though a figure may have left it for its octave."""

    sounding: tuple[Note, ...]
    bass: int | None


def _count(faults: Iterable[bool], known: bool) -> float | None:
    return float(sum(faults)) if known else None


def _moments(notes: Sequence[Note], chords: Sequence[Chord]) -> Iterator[_Moment]:
    ordered = sorted(notes, key=lambda note: note.start_sample)
    starts = [chord.start_sample for chord in chords]
    active: list[Note] = []
    bass: tuple[int, int] | None = None
    for index, note in enumerate(ordered):
        active.append(note)
        if note.stem == "bass":
            chord = bisect_right(starts, note.start_sample + _NEAR)
            deeper = bass is None or bass[0] != chord or note.pitch < bass[1]
            bass = (chord, note.pitch) if deeper else bass
        following = ordered[index + 1].start_sample if index + 1 < len(ordered) else None
        if following is not None and following - note.start_sample <= _NEAR:
            continue
        now = note.start_sample + _NEAR
        active = [held for held in active if held.start_sample + held.samples > now]
        played = any(held.stem == "bass" for held in active)
        yield _Moment(tuple(active), bass[1] if bass is not None and played else None)


def _crosses(moment: _Moment) -> bool:
    """Whether a note lies under the bass, or a held chord over the melody that it should carry. Inner voices
    may cross, as Bach's do."""
    if moment.bass is not None and any(note.pitch < moment.bass for note in moment.sounding):
        return True
    sung = [note.pitch for note in moment.sounding if note.stem == "melody"]
    held = [note.pitch for note in moment.sounding if note.stem == "pads"]
    return bool(sung) and bool(held) and max(held) > max(sung)


def _together(first: Note, second: Note) -> tuple[int, int]:
    """From which sample two notes sound together, and for how many."""
    start = max(first.start_sample, second.start_sample)
    end = min(first.start_sample + first.samples, second.start_sample + second.samples)
    return start, end - start


def _stands(piece: Piece, first: Note, second: Note) -> bool:
    """Whether two notes sound together for longer than a passing note."""
    start, samples = _together(first, second)
    return samples > _PASSING_BEATS * _beat_at(piece, start) + _NEAR


def _thirds(moments: Sequence[_Moment], piece: Piece) -> set[tuple[int, int]]:
    """Thirds of which both notes lie below C3, as the samples at which their notes begin."""
    return {
        (first.start_sample, second.start_sample)
        for moment in moments
        for first, second in combinations([note for note in moment.sounding if note.pitch < C3], 2)
        if abs(first.pitch - second.pitch) in (3, 4) and _stands(piece, first, second)
    }


def _ninths(moments: Sequence[_Moment], notes: Sequence[Note], piece: Piece) -> set[tuple[str, int, int]]:
    """Notes that stand a minor ninth over the bass and neither pass nor resolve."""
    found: set[tuple[str, int, int]] = set()
    for moment in moments:
        low = [note for note in moment.sounding if note.stem == "bass"]
        for bass, note in product(low, moment.sounding):
            above = note.pitch - bass.pitch
            if above <= 12 or above % 12 != 1 or not _stands(piece, bass, note):
                continue
            if note.start_sample + _NEAR < bass.start_sample and _steps_on(note, notes):
                continue
            found.add((note.stem, note.start_sample, note.pitch))
    return found


def _steps_on(note: Note, notes: Sequence[Note]) -> bool:
    """Whether a held note leaves by a step as it ends: a suspension."""
    end = note.start_sample + note.samples
    return any(
        other.stem == note.stem
        and abs(other.start_sample - end) <= 2 * _NEAR
        and 0 < abs(other.pitch - note.pitch) <= 2
        for other in notes
    )


def _beat_at(piece: Piece, sample: int) -> float:
    """Samples of a beat at `sample`."""
    bar = _bar_at(piece.plan.bars, sample)
    return (bar.end_sample_exclusive - bar.start_sample) / bar.beats


def _bar_at(bars: Sequence[Bar], sample: int) -> Bar:
    return bars[max(0, bisect_right([bar.start_sample for bar in bars], sample) - 1)]


def _parallels(notes: Sequence[Note], chords: Sequence[Chord]) -> float | None:
    """The share of the bass's moves from chord to chord in which the top runs along in fifths or octaves,
    from the note before or from the chord before. None where the bass never moves."""
    bass = _Line([note for note in notes if note.stem == "bass"])
    melody = _Line([note for note in notes if note.stem == "melody"], top=True)
    others = _Line([note for note in notes if note.stem not in ("bass", "melody")], top=True)
    changes = parallels = 0
    for before, chord in pairwise(chords):
        start, here, end = (
            sample - _NEAR for sample in (before.start_sample, chord.start_sample, chord.end_sample_exclusive)
        )
        low, low_after = bass.extreme(start, here), bass.at(here + 2 * _NEAR)
        if low is None or low_after is None or low_after.pitch == low.pitch:
            continue
        if melody.at(here + 2 * _NEAR) is not None:
            tops = melody.across(here), melody.at(here + 2 * _NEAR)
            earlier = melody.at(start + 2 * _NEAR)
        else:
            tops = others.extreme(start, here), others.extreme(here, end)
            earlier = None
        high, high_after = tops
        if high is None or high_after is None:
            continue
        changes += 1
        pairs = [(low, high)]
        if earlier is not None:
            pairs.append((low, earlier))
        approach = bass.before(here)
        if approach is not None and abs(approach.pitch - low_after.pitch) <= 2:
            pairs.append((approach, high))
        parallels += any(_parallel(*pair, low_after, high_after) for pair in pairs)
    return parallels / changes if changes else None


def _parallel(low: Note, high: Note, low_after: Note, high_after: Note) -> bool:
    down, up = low_after.pitch - low.pitch, high_after.pitch - high.pitch
    first, second = (high.pitch - low.pitch) % 12, (high_after.pitch - low_after.pitch) % 12
    return down * up > 0 and first == second and first in (0, 7)


class _Line:
    """One voice: of notes struck together the lowest, or with `top` the highest."""

    def __init__(self, notes: Sequence[Note], *, top: bool = False) -> None:
        self._sign = -1 if top else 1
        self._notes: list[Note] = []
        for note in sorted(notes, key=lambda note: (note.start_sample, self._sign * note.pitch)):
            last = self._notes[-1] if self._notes else None
            if last is None or note.start_sample - last.start_sample > _NEAR:
                self._notes.append(note)
            elif self._sign * note.pitch < self._sign * last.pitch:
                self._notes[-1] = note
        self._starts = [note.start_sample for note in self._notes]

    def before(self, sample: int) -> Note | None:
        """The last note struck before `sample`."""
        index = bisect_right(self._starts, sample)
        return self._notes[index - 1] if index else None

    def at(self, sample: int) -> Note | None:
        """The note that sounds at `sample`."""
        note = self.before(sample)
        return note if note is not None and note.start_sample + note.samples > sample else None

    def across(self, sample: int) -> Note | None:
        """The note before `sample`, unless the line has rested too long to be heard to move there."""
        note = self.before(sample)
        return note if note is not None and note.start_sample + note.samples > sample - _REST else None

    def extreme(self, start: int, end: int) -> Note | None:
        """The deepest (highest) note struck in `start` to `end`, or the one held on from before."""
        first, last = bisect_right(self._starts, start), bisect_right(self._starts, end)
        if first == last:
            return self.at(start + 2 * _NEAR)
        return min(self._notes[first:last], key=lambda note: self._sign * note.pitch)


def _chord_tones(piece: Piece, notes: Sequence[Note]) -> float | None:
    """The share of the notes struck on strong beats by the melody (by all, where nobody sings) that belong to
    the chord."""
    sung = [note for note in notes if note.stem == "melody"] or list(notes)
    starts = [note.start_sample for note in sorted(sung, key=lambda note: note.start_sample)]
    ordered = sorted(sung, key=lambda note: note.start_sample)
    chord_starts = [chord.start_sample for chord in piece.chords]
    belongs = total = 0
    for bar in piece.plan.bars:
        for beat in strong_beats(bar):
            sample = bar.sample(beat)
            first, last = bisect_right(starts, sample - _NEAR), bisect_right(starts, sample + _NEAR)
            chord = piece.chords[max(0, bisect_right(chord_starts, sample + _NEAR) - 1)]
            for note in ordered[first:last]:
                total += 1
                belongs += note.pitch % 12 in chord.pcs
    return belongs / total if total else None


def strong_beats(bar: Bar) -> tuple[int, ...]:
    """The first beat, and the third where there is one."""
    return (0, 2) if bar.beats > 2 else (0,)


def _cadences(piece: Piece) -> float | None:
    """The share of sections that end with a cadence: full, half, plagal, off the subtonic or Phrygian, in
    the piece's key or another's."""
    ends = [_ends_well(piece, section) for section in piece.plan.sections]
    known = [end for end in ends if end is not None]
    return sum(known) / len(known) if known else None


def _ends_well(piece: Piece, section: Section) -> bool | None:
    """None for a section in which no chord begins."""
    bars = piece.plan.bars[section.start_bar : section.end_bar_exclusive]
    start, end = bars[0].start_sample, bars[-1].end_sample_exclusive
    inside = [chord for chord in piece.chords if start <= chord.start_sample < end]
    if not inside:
        return None
    after = next((chord for chord in piece.chords if chord.start_sample >= end), None)
    # A pick-up may follow the close: the last strong beat and the very end both may be it.
    strong = bars[-1].sample(strong_beats(bars[-1])[-1]) + _NEAR
    closes = {len(inside) - 1, max([i for i, chord in enumerate(inside) if chord.start_sample <= strong])}
    return any(_closes(piece, inside[: close + 1], after) for close in closes)


def _closes(piece: Piece, chords: Sequence[Chord], after: Chord | None) -> bool:
    assert piece.tonic is not None
    last = (chords[-1].pcs[0] - piece.tonic) % 12
    if last in (_DOMINANT, _LEADING, _SUBTONIC):
        return True
    if last in _BEFORE_THE_TONIC and after is not None and after.pcs[0] == piece.tonic:
        return True
    if len(chords) < 2:
        return False
    from_root = chords[-2].pcs[0]
    before = (from_root - piece.tonic) % 12
    if last == _TONIC:
        return before in _BEFORE_THE_TONIC
    # A close in another key, off its own dominant; what the tonic does to its subdominant is none.
    third = (from_root + 4) % 12 in chords[-2].pcs
    return third and before != _TONIC and (from_root - chords[-1].pcs[0]) % 12 == _DOMINANT
