"""Functional harmony: modes, chords from roman numerals, and a progression for every section.

Numerals count from the major scale of the tonic whatever the mode ("bVI" lies a major third below it);
capitals are major, small letters minor, "o" diminished. "/3" and "/5" put the third or fifth into the bass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..types import Theme
from .form import TICKS, Form, Part, Phrase, stream
from .patterns import another, salted

MODES: dict[str, tuple[int, ...]] = {
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "ionian": (0, 2, 4, 5, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "aeolian": (0, 2, 3, 5, 7, 8, 10),
}
# Letters without half steps between them, by whether the mode is bright: 1 2 3 5 6 (gong) and 1 3 4 5 7 (yu).
PENTATONIC = {True: (0, 1, 2, 4, 5), False: (0, 2, 3, 4, 6)}
_BRIGHT = ("lydian", "ionian", "mixolydian")
_MAJOR = MODES["ionian"]
_NUMERAL = re.compile(r"(b|#)?(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(o|sus4|7|maj7|add9)?(/[35])?")
_DOMINANT = re.compile(r"(V|v|bVII)(?![Ii])")
_DEGREES = {"i": 0, "ii": 1, "iii": 2, "iv": 3, "v": 4, "vi": 5, "vii": 6}
# What a mode makes of the stock progressions.
_FLAVOUR: dict[str, dict[str, str]] = {
    "lydian": {"ii": "II", "IV/3": "II"},
    "mixolydian": {"V": "v", "iii": "bVII", "V/3": "v/3"},
    "dorian": {"iv": "IV", "bVI": "IV", "bII": "ii", "iv/5": "IV/5", "i/3": "i/3"},
}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord in a key. Letters count scale steps from the tonic (0..6); `pcs` are pitch classes, C is 0.

    `scale` is the mode with this chord's own tones put in: the seven pitch classes a melody may use over it.
    """

    numeral: str
    letters: tuple[int, ...]
    pcs: tuple[int, ...]
    bass: int
    scale: tuple[int, ...]

    @property
    def root(self) -> int:
        return self.pcs[0]


@dataclass(frozen=True, slots=True)
class Span:
    """A chord and how long it lasts, in ticks."""

    tick: int
    end: int
    bar: int
    chord: Chord


def parse_chord(numeral: str, tonic: int, mode: str) -> Chord:
    """The chord of a numeral like "bVI", "V/3", "Vsus4". ValueError when it is none."""
    match = _NUMERAL.fullmatch(numeral)
    if match is None:
        raise ValueError(f"'{numeral}' is not a chord")
    accidental, name, kind, inversion = match.groups()
    degree = _DEGREES[name.lower()]
    root = _MAJOR[degree] + {"b": -1, "#": 1, None: 0}[accidental]
    third = 4 if name.isupper() else 3
    letters = [degree, (degree + 2) % 7, (degree + 4) % 7]
    steps = [0, third, 6 if kind == "o" else 7]
    if kind == "sus4":
        letters[1], steps[1] = (degree + 3) % 7, 5
    if kind in ("7", "maj7"):
        letters.append((degree + 6) % 7)
        steps.append(10 if kind == "7" else 11)
    if kind == "add9":
        letters.append((degree + 1) % 7)
        steps.append(2)
    pcs = tuple((tonic + root + step) % 12 for step in steps)
    scale = [(tonic + step) % 12 for step in MODES[mode]]
    for letter, pc in zip(letters, pcs, strict=True):
        scale[letter] = pc
    bass = pcs[{None: 0, "/3": 1, "/5": 2}[inversion]]
    return Chord(numeral, tuple(letters), pcs, bass, tuple(scale))


def is_bright(mode: str) -> bool:
    return mode in _BRIGHT


def harmonise(form: Form, tonic: int, theme: Theme | None, seed: int, again: int = 0) -> tuple[Span, ...]:
    """The chords of the cue: progressions by style and mode, leading chords before sections and hits. Others
    each time that they are written `again`."""
    wanted = strong_letters(theme, form.style.singing.pace) if theme is not None else ()
    spans: list[Span] = []
    before: str | None = None
    for part in form.parts:
        stock = _stock(form, part, wanted, seed, again)
        at = 0
        for phrase in part.phrases:
            numerals = _phrase_chords(form, part, phrase, stock, at, before, seed)
            at += phrase.bars
            before = numerals[-1][-1]
            for bar, names in zip(range(phrase.start_bar, phrase.end_bar_exclusive), numerals, strict=True):
                spans += _bar_spans(form, bar, names, tonic, part.mode)
    spans = _end(form, spans, tonic)
    coloured = [
        _coloured(form, span, tonic, salted(seed, again), index) for index, span in enumerate(spans[:-1])
    ]
    return (*coloured, spans[-1])


def strong_letters(theme: Theme, pace: int = 1) -> tuple[tuple[int, ...], ...]:
    """For each 4/4 bar of the theme, sung `pace` times as slow as written, the scale letters that sound on
    its first and third beat."""
    bars: dict[int, list[int]] = {}
    at = 0
    for note in theme.notes:
        eighths = round(note.beats * 2 * pace)
        if note.degree is not None and at % 4 == 0:
            bars.setdefault(at // 8, []).append(note.degree % 7)
        at += eighths
    return tuple(tuple(bars.get(bar, ())) for bar in range(-(-at // 8)))


def _stock(form: Form, part: Part, wanted: Sequence[Sequence[int]], seed: int, again: int) -> tuple[str, ...]:
    """The section's progression: one that carries the theme, drawn among the style's."""
    harmony = form.style.harmony
    choices = harmony.major if is_bright(part.mode) else harmony.minor
    rng = stream(seed, form.plan.cue, "progression", part.section.label, is_bright(part.mode))
    scores = []
    for choice in choices:
        letters = [parse_chord(name, 0, part.mode).letters for name in _flavoured(choice, part.mode)]
        hits = [letter in letters[bar % len(letters)] for bar, sung in enumerate(wanted) for letter in sung]
        scores.append((float(np.mean(hits)) if hits else 0.0) + float(rng.uniform(0, 0.35)))
    ranked = [int(index) for index in np.argsort(-np.asarray(scores), kind="stable")]
    return _flavoured(choices[another(ranked, again)], part.mode)


def _flavoured(names: Sequence[str], mode: str) -> tuple[str, ...]:
    flavour = _FLAVOUR.get(mode, {})
    return tuple(flavour.get(name, name) for name in names)


def _phrase_chords(
    form: Form, part: Part, phrase: Phrase, stock: Sequence[str], at: int, before: str | None, seed: int
) -> list[tuple[str, ...]]:
    """Numerals for each bar of a phrase; a bar may hold two. `before` is the chord that leads to it."""
    rng = stream(seed, form.plan.cue, "phrase", phrase.start_bar)
    slow = part.level == 0 and len(stock) < 8
    offset = 0 if phrase.accented or at == 0 else at
    names: list[tuple[str, ...]] = []
    for bar in range(phrase.bars):
        place = (offset + bar) // 2 if slow else offset + bar
        names.append((stock[place % len(stock)],))
    names[0] = (
        _arrival(form, part, phrase, names[0][0], before if phrase.accented or at == 0 else None, rng),
    )
    closes = phrase.end_bar_exclusive == min(part.end_bar_exclusive, form.ending_bar)
    if phrase.leads and (phrase.bars >= 2 or closes):
        names[-1] = _leading(form, part, phrase, names[-2][0] if phrase.bars > 1 else before, rng)
    return names


def _arrival(
    form: Form, part: Part, phrase: Phrase, planned: str, before: str | None, rng: np.random.Generator
) -> str:
    """The first chord of a phrase: on a hit the tonic or what deceives about it; what leads without being a
    dominant can only go home."""
    harmony = form.style.harmony
    bright = is_bright(part.mode)
    tonic = "I" if bright else "i"
    deceives = phrase.accented and rng.random() < harmony.deceptive
    if before is not None and not _is_dominant(before):
        return tonic
    if deceives:
        # In major the flat submediant belongs to styles that borrow it anyway.
        borrows = any("bVI" in choice for choice in harmony.major)
        return "bVI" if not bright or (borrows and rng.random() < 0.5) else "vi"
    if phrase.accented and planned not in (tonic, "bVI", "vi", "IV"):
        return tonic
    return planned


def _is_dominant(numeral: str) -> bool:
    """Whether a chord half closes by itself: the dominants, and the subtonic that stands for them."""
    return _DOMINANT.match(numeral) is not None


def _leading(
    form: Form, part: Part, phrase: Phrase, before: str | None, rng: np.random.Generator
) -> tuple[str, ...]:
    """The bar that leads on to a section, a hit or the ending; `before` is the chord that it follows."""
    harmony = form.style.harmony
    bright = is_bright(part.mode)
    if phrase.end_bar_exclusive == form.ending_bar:
        last = (harmony.final_major if bright else harmony.final_minor)[: 2 if part.level > 2 else None]
    else:
        last = harmony.leading_major if bright else harmony.leading_minor
    lead = last[int(rng.integers(len(last)))]
    if lead == before:
        lead = last[(last.index(lead) + 1) % len(last)]
    if lead == "Vsus4":
        return ("Vsus4", "V")
    if part.level >= 2 and lead == "V" and rng.random() < 0.5:
        subdominant = ("ii" if rng.random() < 0.5 else "IV") if bright else "iv"
        if before != subdominant:
            return (subdominant, "V")
    return (lead,)


def _bar_spans(form: Form, bar: int, names: Sequence[str], tonic: int, mode: str) -> list[Span]:
    start, end = form.clock.starts[bar], form.clock.bar_end(bar)
    chords = [parse_chord(name, tonic, mode) for name in names]
    beats = form.clock.bars[bar].beats
    if len(chords) == 1 or beats < 2:
        return [Span(start, end, bar, chords[-1])]
    middle = start + (beats - beats // 2) * TICKS
    return [Span(start, middle, bar, chords[0]), Span(middle, end, bar, chords[1])]


def _end(form: Form, spans: list[Span], tonic: int) -> list[Span]:
    """The tonic in root position from the ending's downbeat on, reached over a leading chord."""
    part = form.part_at(form.ending_bar)
    before = form.part_at(max(0, form.ending_bar - 1))
    bright = is_bright(before.mode)
    name = "I" if bright else "i"
    start = form.ending_tick
    kept = [span for span in spans if span.tick < start]
    harmony = form.style.harmony
    closing = harmony.final_major if bright else harmony.final_minor
    if kept and kept[-1].chord.numeral not in closing and form.ending_bar >= 2:
        kept[-1] = replace(kept[-1], chord=parse_chord(closing[0], tonic, before.mode))
    last = parse_chord(name, tonic, before.mode if bright == is_bright(part.mode) else part.mode)
    if last.numeral != name:
        raise AssertionError(name)
    return [*kept, Span(start, max(form.clock.end, start + TICKS), form.ending_bar, last)]


def _coloured(form: Form, span: Span, tonic: int, seed: int, index: int) -> Span:
    """Now and then a ninth or a seventh that belongs to the scale and rubs against nothing."""
    rng = stream(seed, form.plan.cue, "colour", index)
    chord = span.chord
    if rng.random() >= form.style.harmony.colour or len(chord.pcs) > 3 or "sus4" in chord.numeral:
        return span
    if span.tick in {accent.tick for accent in form.accents}:
        return span
    options = []
    for letter_step, fits in ((6, (10, 11)), (1, (2,))):
        letter = (chord.letters[0] + letter_step) % 7
        pc = chord.scale[letter]
        above_root = (pc - chord.root) % 12
        if above_root not in fits or (pc - chord.bass) % 12 in (1, 11) or pc in chord.pcs:
            continue
        if above_root == 11 and chord.numeral.startswith("V"):
            continue
        options.append((letter, pc))
    if not options:
        return span
    letter, pc = options[int(rng.integers(len(options)))]
    return replace(span, chord=replace(chord, letters=(*chord.letters, letter), pcs=(*chord.pcs, pc)))
