"""The melody: the theme stated, varied and brought back, phrase by phrase, fitted to the harmony.

A phrase of the form sings half of the theme (its first or its answering bars). How it is varied depends on
how often the theme came before, on the section's level and on whether the section is the theme's own.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..timebase import SAMPLE_RATE
from ..types import Theme
from . import variation
from .form import SIXTEENTH, TICKS, Form, Part, Phrase, stream
from .harmony import PENTATONIC, Chord, Span, is_bright
from .instruments import INSTRUMENTS, fit
from .notes import Event, clamp
from .patterns import salted
from .variation import Bar

_EIGHTH = TICKS // 2
# Under the melody root and third must find room above C3; single notes may dip a little below.
LOWEST = 60
_BELOW = 5
# What a phrase that is written again may do with the theme.
_OTHER_KINDS = ("ornament", "sequence", "shift", "invert", "fragment")
# Nobody waits longer for the theme.
_LONGEST_REST_S = 10.0


@dataclass(frozen=True, slots=True)
class Statement:
    """One appearance of the theme. `alike` is how like the theme's its contour is, -1..1."""

    start_bar: int
    end_bar_exclusive: int
    kind: str
    alike: float


@dataclass(slots=True)
class _Tone:
    """A note of the line before it has a voice. `degree` counts from the tonic below the register."""

    tick: int
    ticks: int
    degree: int
    strong: bool
    bar: int
    pitch: int = 0


class Singer:
    """Writes the melody of one cue; `statements` tells where the theme is. Written `again` it does other
    things with the theme."""

    def __init__(
        self,
        form: Form,
        spans: Sequence[Span],
        bass: Sequence[int],
        tonic: int,
        seed: int,
        again: int = 0,
    ) -> None:
        self.form = form
        self.spans = spans
        self.bass = bass
        self.tonic = tonic
        self.seed = salted(seed, again)
        self._usual = seed
        self.again = again
        self.statements: list[Statement] = []
        self._ticks = [span.tick for span in spans]

    def sing(self, theme: Theme, part_name: str) -> list[Event]:
        bars = variation.bars_of(theme)
        events: list[Event] = []
        told = 0
        last_rested = True
        for part in self.form.parts:
            if "melody" not in part.stems:
                last_rested = True
                continue
            home = told == 0 or part.section.label == self._home_label(part)
            sung_here = 0
            for place, phrase in enumerate(part.phrases):
                kind = self._again(self._kind(part, place, phrase, told, home, last_rested), place, phrase)
                last_rested = kind == "rest"
                if kind == "rest":
                    continue
                line = self._line(bars, kind, sung_here, told, phrase)
                events += self._phrase_events(line, kind, part, phrase, part_name, told)
                sung_here += 1
                told += 1
        return events

    def letters(self) -> tuple[tuple[int, ...], ...]:
        """For each bar the letters that the melody may sing there."""
        return tuple(self._scale(self.form.part_at(bar)) for bar in range(len(self.form.clock.bars)))

    def _last_part(self) -> int:
        """The section in which the theme comes back for the last time, and plainly."""
        return max((part.index for part in self.form.parts if "melody" in part.stems), default=-1)

    def _home_label(self, part: Part) -> str:
        for candidate in self.form.parts:
            if "melody" in candidate.stems:
                return candidate.section.label
        return part.section.label

    def _kind(self, part: Part, place: int, phrase: Phrase, told: int, home: bool, last_rested: bool) -> str:
        """What a phrase does with the theme."""
        bars = self.form.clock.bars[phrase.start_bar : phrase.end_bar_exclusive]
        if self._cannot_sing(phrase):
            return "rest"
        rng = stream(self._usual, self.form.plan.cue, "kind", phrase.start_bar)
        if told == 0:
            return "plain"
        if not last_rested and self._breathes(part, place, rng):
            # A whole phrase falls silent before a section, so that the line comes back with it; elsewhere,
            # and where bars are slow, half of it is enough.
            closes = 0 < place == len(part.phrases) - 1
            seconds = (bars[-1].end_sample_exclusive - bars[0].start_sample) / SAMPLE_RATE
            return "rest" if closes and seconds <= _LONGEST_REST_S else "fragment"
        if part.climax:
            return ("high", "high ornament")[place % 2]
        if place == 0 and part.index == self._last_part():
            return "plain ornament"
        if not home:
            return ("sequence", "ornament", "fragment", "invert")[(place + int(rng.integers(4))) % 4]
        if self.form.style.singing.pace == 1 and part.level <= 1 and phrase.bars >= 4 and rng.random() < 0.5:
            return "augment"
        if place >= 2 and place % 4 == 2:
            return "sequence"
        return ("ornament", "shift", "plain ornament")[int(rng.integers(3))]

    def _again(self, kind: str, place: int, phrase: Phrase) -> str:
        """Another kind where the phrase is written again; one too short or spoken over rests as before."""
        if not self.again or self._cannot_sing(phrase):
            return kind
        if "high" in kind:
            return "high ornament"
        options = [other for other in _OTHER_KINDS if other != kind]
        return options[(place + self.again - 1) % len(options)]

    def _cannot_sing(self, phrase: Phrase) -> bool:
        spoken = sum(self.form.spoken[phrase.start_bar : phrase.end_bar_exclusive])
        return phrase.bars < 2 or spoken * 2 > phrase.bars

    def _breathes(self, part: Part, place: int, rng: np.random.Generator) -> bool:
        """Whether a phrase leaves room: thin sections do in every second, fuller ones now and then."""
        if part.level <= 1:
            return place % 2 == 1
        if part.level == 2:
            return place % 3 == 2
        return part.level == 3 and place % 4 == 3 and rng.random() < 0.6

    def _line(
        self, bars: Sequence[Bar], kind: str, sung_here: int, told: int, phrase: Phrase
    ) -> tuple[Bar, ...]:
        """The bars this phrase sings, one for each of its bars."""
        rng = stream(self.seed, self.form.plan.cue, "line", phrase.start_bar)
        if self.form.half_time[phrase.start_bar] or self.form.style.singing.pace == 2:
            # Where beats rush by, the theme keeps its own pace; some styles sing it broadly anyway.
            bars = variation.augment(bars)
        halves = [bars[start : start + 4] for start in range(0, len(bars), 4)]
        half = halves[(sung_here + self.again) % len(halves)]
        wanted = phrase.bars
        if kind == "augment":
            line = variation.augment(bars[:2])
        elif kind == "sequence":
            line = variation.sequence(half, int(rng.choice([-2, -1, 1, 2])))
        elif kind == "invert":
            line = variation.invert(half[:2]) + tuple(half[2:])
        elif kind == "fragment":
            line = variation.fragment(half, 10)
        elif "ornament" in kind:
            line = variation.ornament(half, rng, 0.6 if kind != "plain ornament" else 0.35)
        elif kind == "shift":
            line = tuple(half[:1]) + variation.ornament(half[1:], rng, 0.3)
        elif told > 0:
            line = variation.ornament(half, rng, 0.25)
        else:
            line = tuple(half)
        # A short phrase keeps the beginning and closes with the last bar; a long one echoes its motif.
        if wanted < len(line):
            line = line[: wanted - 1] + line[-1:] if wanted >= 3 else line[:wanted]
        while len(line) < wanted:
            line += variation.fragment(half[: wanted - len(line)], 6)
        return line

    def _phrase_events(
        self, line: Sequence[Bar], kind: str, part: Part, phrase: Phrase, part_name: str, told: int
    ) -> list[Event]:
        tones = self._tones(line, phrase)
        if not tones:
            return []
        own = self.form.style.part("melody", part_name)
        register = own.register + (5 if "high" in kind else 0) - (3 if part.level <= 1 else 0)
        facts = INSTRUMENTS[own.voices[0][0]]
        low, high = max(facts.low, LOWEST - _BELOW), facts.high
        # Sung broadly nearly every note must fit its chord: the line moves rather than bends.
        broad = self.form.style.singing.pace == 2
        moves = broad or kind in ("sequence", "invert", "fragment", "shift")
        shift = self._best_shift(tones, may_move=moves)
        for tone in tones:
            tone.degree += shift
        self._pitch(tones, register, low, high)
        scale = self._scale(part)
        self._to_scale(tones, scale, low, high)
        self._to_harmony(tones, scale, low, high)
        before = [[variation.Sung(n.at, n.length, n.degree) for n in bar] for bar in line]
        self._record(tones, before, kind, phrase)
        return self._voiced(self._graced(tones, scale, low, high), part, part_name, kind)

    def _tones(self, line: Sequence[Bar], phrase: Phrase) -> list[_Tone]:
        """The line on the grid: odd bars cut it, spoken bars and the last breath silence it."""
        tones: list[_Tone] = []
        clock = self.form.clock
        for bar, sung in zip(range(phrase.start_bar, phrase.end_bar_exclusive), line, strict=False):
            if self.form.spoken[bar]:
                continue
            length = clock.bars[bar].beats * TICKS
            for note in sung:
                at = round(note.at * _EIGHTH)
                if at >= length:
                    continue
                ticks = round(note.length * _EIGHTH)
                strong = at % (2 * TICKS) == 0
                tones.append(_Tone(clock.starts[bar] + at, ticks, note.degree, strong, bar))
        for tone, following in pairwise(tones):
            tone.ticks = min(tone.ticks, following.tick - tone.tick)
        end = clock.bar_end(phrase.end_bar_exclusive - 1)
        if tones:
            # Breath at the end of the phrase, and room for the hit that follows it.
            tones[-1].ticks = max(_EIGHTH // 2, min(tones[-1].ticks, end - _EIGHTH - tones[-1].tick))
        return [tone for tone in tones if tone.tick < end - _EIGHTH // 2]

    def chord_at(self, tick: int) -> tuple[Chord, int]:
        index = max(0, bisect_right(self._ticks, tick) - 1)
        return self.spans[index].chord, index

    def _best_shift(self, tones: Sequence[_Tone], *, may_move: bool) -> int:
        """How many steps the whole phrase moves so that its strong notes belong to the harmony."""

        def misses(shift: int) -> float:
            wrong = 0.0
            for tone in tones:
                if tone.strong or tone.ticks >= 2 * TICKS:
                    chord, _ = self.chord_at(tone.tick)
                    wrong += (tone.degree + shift) % 7 not in chord.letters
            return wrong + abs(shift) * (0.15 if may_move else 0.7)

        return min(range(-3, 4), key=lambda shift: (misses(shift), abs(shift), shift))

    def _pitch(self, tones: Sequence[_Tone], register: int, low: int, high: int) -> None:
        """One octave for the whole phrase, so that its contour stays."""

        def pitches(octave: int) -> list[int]:
            return [self._pitch_of(tone.degree, self.chord_at(tone.tick)[0], octave) for tone in tones]

        def cost(octave: int) -> float:
            line = pitches(octave)
            outside = sum(max(0, low - p) + max(0, p - high) for p in line)
            deep = sum(max(0, LOWEST - p) for p in line)
            return abs(float(np.mean(line)) - register) + 20 * outside + 0.5 * deep

        octave = min(range(2, 8), key=lambda o: (cost(o), o))
        for tone, pitch in zip(tones, pitches(octave), strict=True):
            tone.degree += 7 * (octave - 5)
            while pitch < low:
                pitch, tone.degree = pitch + 12, tone.degree + 7
            while pitch > high:
                pitch, tone.degree = pitch - 12, tone.degree - 7
            tone.pitch = pitch

    def _pitch_of(self, degree: int, chord: Chord, octave: int) -> int:
        above = (chord.scale[degree % 7] - self.tonic) % 12
        # The leading tone below the tonic and the like stay on their side of it.
        if degree % 7 == 0 and above > 6:
            above -= 12
        return 12 * octave + self.tonic + above + 12 * (degree // 7)

    def _scale(self, part: Part) -> tuple[int, ...]:
        """The letters (steps from the tonic, 0..6) that the melody may sing in a section."""
        if self.form.style.singing.scale == "pentatonic":
            return PENTATONIC[is_bright(part.mode)]
        return tuple(range(7))

    def _to_scale(self, tones: Sequence[_Tone], scale: Sequence[int], low: int, high: int) -> None:
        """Steps that the scale lacks move on to a neighbour, rather to one that makes no repeated note."""
        before = None
        for position, tone in enumerate(tones):
            if tone.degree % 7 not in scale:
                after = tones[position + 1].degree if position + 1 < len(tones) else None
                chord, _ = self.chord_at(tone.tick)
                options = []
                for step in (1, -1):
                    degree = tone.degree + step
                    pitch = self._pitch_of(degree, chord, 5)
                    if degree % 7 in scale and low <= pitch <= high:
                        options.append(((degree == before) + (degree == after), -step, degree, pitch))
                if options:
                    _, _, tone.degree, tone.pitch = min(options)
            before = tone.degree

    def _to_harmony(self, tones: list[_Tone], scale: Sequence[int], low: int, high: int) -> None:
        """Strong and long notes become chord tones; no minor ninths over the bass."""
        previous: _Tone | None = None
        for position, tone in enumerate(tones):
            chord, span = self.chord_at(tone.tick)
            bass = self.bass[span]
            tonal = tone.pitch % 12 in chord.pcs
            harsh = (tone.pitch - bass) % 12 == 1 and tone.ticks >= _EIGHTH
            needs = (tone.strong or tone.ticks >= 2 * TICKS or self._is_leap(tones, position)) and not tonal
            if needs or harsh:
                options = []
                for step in (0, 1, -1, 2, -2, 3, -3):
                    pitch = self._pitch_of(tone.degree + step, chord, 5)
                    if not low <= pitch <= high or pitch % 12 not in chord.pcs:
                        continue
                    if (tone.degree + step) % 7 not in scale:
                        continue
                    price = float(abs(step)) + 4 * ((pitch - bass) % 12 == 1)
                    if previous is not None:
                        price += 0.15 * abs(pitch - previous.pitch) + 0.6 * (pitch == previous.pitch)
                        wanted, got = tone.pitch - previous.pitch, pitch - previous.pitch
                        # The contour is what the theme is known by.
                        price += 3.0 * (wanted * got < 0) + 0.6 * (got == 0 != wanted)
                    options.append((price, abs(step), step, pitch))
                if options:
                    _, _, step, pitch = min(options)
                    tone.degree += step
                    tone.pitch = pitch
            previous = tone

    def _is_leap(self, tones: Sequence[_Tone], position: int) -> bool:
        """Whether a weak note is left or reached by more than a third: then it must belong to the chord."""
        here = tones[position].degree
        before = abs(here - tones[position - 1].degree) if position else 0
        after = abs(here - tones[position + 1].degree) if position + 1 < len(tones) else 0
        return max(before, after) > 2

    def _record(
        self, tones: Sequence[_Tone], line: Sequence[Sequence[variation.Sung]], kind: str, phrase: Phrase
    ) -> None:
        clock = self.form.clock
        sung: list[list[variation.Sung]] = [[] for _ in range(phrase.bars)]
        for tone in tones:
            at = (tone.tick - clock.starts[tone.bar]) / _EIGHTH
            sung[tone.bar - phrase.start_bar].append(variation.Sung(at, tone.ticks / _EIGHTH, tone.degree))
        likeness = variation.alike(tuple(map(tuple, line)), tuple(map(tuple, sung)))
        self.statements.append(Statement(phrase.start_bar, phrase.end_bar_exclusive, kind, likeness))

    def _graced(self, tones: Sequence[_Tone], scale: Sequence[int], low: int, high: int) -> list[_Tone]:
        """The line with its grace notes: a sixteenth before strong or long notes, taken from what comes
        before. None repeats a note, and none is a minor ninth over the bass."""
        singing = self.form.style.singing
        if not singing.grace:
            return list(tones)
        rng = stream(self.seed, self.form.plan.cue, "grace", tones[0].tick)
        out = [tones[0]]
        for before, tone in pairwise(tones):
            wanted = rng.random() < singing.grace and (tone.strong or tone.ticks >= TICKS)
            at = tone.tick - SIXTEENTH
            chord, span = self.chord_at(at)
            if singing.grace_by == "semitone":
                pitch = tone.pitch - 1
            else:
                degree = next(tone.degree + step for step in (1, 2) if (tone.degree + step) % 7 in scale)
                pitch = self._pitch_of(degree, chord, 5)
            fits = low <= pitch <= high and pitch != before.pitch and (pitch - self.bass[span]) % 12 != 1
            if singing.grace_by == "semitone":
                # The bass may slip by a semitone as well: not in fifths or octaves.
                fits = fits and (tone.pitch - self.bass[self.chord_at(tone.tick)[1]]) % 12 not in (0, 7)
            if wanted and fits and at - before.tick >= SIXTEENTH:
                before.ticks = min(before.ticks, at - before.tick)
                out.append(_Tone(at, SIXTEENTH, tone.degree, False, before.bar, pitch))
            out.append(tone)
        return out

    def _voiced(self, tones: Sequence[_Tone], part: Part, part_name: str, kind: str) -> list[Event]:
        """Velocities along the phrase's arch, and the voices that sing it at this level."""
        own = self.form.style.part("melody", part_name)
        voices = [voice for voice, level in own.voices if level <= part.level]
        softest, loudest = self.form.style.velocity
        held = self.form.style.singing.held
        # Where hardly anybody plays, the line comes from afar.
        afar = 10 if part.level == 0 else 0
        events: list[Event] = []
        top = max(tone.pitch for tone in tones)
        lifts = [self._lift(voice, tones, part, rank) for rank, voice in enumerate(voices)]
        for position, tone in enumerate(tones):
            force = self.form.force[tone.bar]
            place = position / max(1, len(tones) - 1)
            arch = 6 * (1 - abs(2 * place - 1)) + (3 if tone.pitch == top else 0) + (2 if tone.strong else -2)
            velocity = softest + 4 + (loudest - softest - 4) * force + arch - afar
            for rank, (voice, lift) in enumerate(zip(voices, lifts, strict=True)):
                struck = INSTRUMENTS[voice].struck
                legato = tone.ticks if struck else max(6, round(tone.ticks * 0.97))
                if held < 1:
                    legato = max(6, round(legato * held))
                pitch = fit(voice, tone.pitch + lift)
                events.append(Event("melody", voice, tone.tick, legato, pitch, clamp(velocity - 6 * rank)))
        return events

    def _lift(self, voice: str, tones: Sequence[_Tone], part: Part, rank: int) -> int:
        """Semitones by which a voice lies off the line, one for a whole phrase: doubling at the climax is an
        octave up where that fits, a voice too low or too high for the line takes it to its own octave."""
        facts = INSTRUMENTS[voice]
        low, high = min(tone.pitch for tone in tones), max(tone.pitch for tone in tones)
        if rank > 0 and part.climax and high + 12 <= min(facts.high, 91):
            return 12
        if high > facts.high:
            return -12
        return 12 if low < facts.low else 0
