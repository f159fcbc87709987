"""Two public-domain scores entered by hand, as pieces without sound: what the gates of notes must let pass.

A voice is text: `C#5.3` is a note of three sixteenths, `[E4,A4].4` notes together, `r.2` a rest, `|` a bar
line for the eye. Chords are `A.4`, `E7/G#.12`: root, kind, bass, sixteenths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hitpoint.engine.evaluate.gates.piece import Chord, Piece, Statement
from hitpoint.engine.types import Note, Plan, Section, TempoSegment

SECOND = 48_000
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KINDS = {
    "": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "o": (0, 3, 6), "5": (0, 7),
}  # fmt: skip


def pitch_class(name: str) -> int:
    """C is 0; sharps and flats follow the letter."""
    return (_STEPS[name[0]] + name.count("#") - name.count("b")) % 12


def pitch(name: str) -> int:
    """MIDI pitch of a name like "C#4"; C4 is 60."""
    return 12 * (int(name[-1]) + 1) + _STEPS[name[0]] + name.count("#") - name.count("b")


def voice(text: str, stem: str, sixteenth: int, *, start: int = 0, velocity: int = 70) -> list[Note]:
    """The notes of one voice; `sixteenth` in samples."""
    notes: list[Note] = []
    at = 0
    for token in text.replace("|", " ").split():
        names, _, length = token.rpartition(".")
        for name in names.strip("[]").split(","):
            if name != "r":
                first, samples = start + at * sixteenth, int(length) * sixteenth
                notes.append(Note(stem, first, samples, pitch(name), velocity, stem))
        at += int(length)
    return notes


def chords(text: str, sixteenth: int) -> tuple[Chord, ...]:
    out: list[Chord] = []
    at = 0
    for token in text.replace("|", " ").split():
        name, _, length = token.rpartition(".")
        match = re.fullmatch(r"([A-G][#b]?)(m7|m|7|o|5)?(?:/([A-G][#b]?))?", name)
        assert match is not None, token
        root = pitch_class(match[1])
        pcs = tuple((root + step) % 12 for step in _KINDS[match[2] or ""])
        end = at + int(length)
        bass = pitch_class(match[3]) if match[3] else root
        out.append(Chord(at * sixteenth, end * sixteenth, pcs, bass))
        at = end
    return tuple(out)


def plan_of(
    beats: Sequence[int],
    sections: Sequence[tuple[str, int]],
    beat: int = SECOND // 2,
    *,
    rest: int = 0,
) -> Plan:
    """One tempo; `sections` are labels and bars, `beat` samples of a beat, `rest` samples after the last."""
    samples = sum(beats) * beat
    segment = TempoSegment(0, samples, tuple(beats))
    out: list[Section] = []
    bar = 0
    for label, bars in sections:
        out.append(Section(label, bar, bar + bars, 0.5, 0.5))
        bar += bars
    assert bar == len(beats)
    return Plan("score", samples + rest, (), (segment,), tuple(out), (0.5,) * bar, bar - 1)


def piece(
    voices: Mapping[str, Sequence[str]],
    harmony: str,
    plan: Plan,
    *,
    sixteenth: int,
    tonic: str,
    style: str = "piano",
    statements: Sequence[tuple[int, int, float]] = (),
) -> Piece:
    """A piece without sound; `statements` are first bar, bar after the last, likeness."""
    notes = [
        note for stem, lines in voices.items() for line in lines for note in voice(line, stem, sixteenth)
    ]
    notes.sort(key=lambda note: (note.start_sample, note.stem, note.pitch))
    bars = plan.bars
    return Piece(
        plan=plan,
        stems={},
        style=style,
        tonic=pitch_class(tonic),
        notes=tuple(notes),
        chords=chords(harmony, sixteenth),
        statements=tuple(
            Statement(bars[first].start_sample, bars[last - 1].end_sample_exclusive, alike)
            for first, last, alike in statements
        ),
    )


# J. S. Bach, "Ich dank dir, lieber Herre", BWV 347, without its repeat.
_SOPRANO = """
A4.4 | A4.4 A4.4 A4.4 B4.4 | G4.4 F#4.4 E4.4 B4.4 | C#5.4 B4.4 A4.4 G#4.2 F#4.2 | G#4.4 F#4.4 E4.4 E5.4 |
D5.4 C#5.4 B4.4 A4.4 | A4.2 B4.2 C#5.4 B4.4 C#5.4 | D5.4 C#5.4 B4.4 A#4.4 | B4.12 E4.4 |
A4.4 B4.4 C#5.4 D5.4 | E5.4 D5.2 C#5.2 B4.4 D5.4 | C#5.4 B4.4 E5.6 D5.2 |
C#5.2 B4.2 A4.2 B4.2 C#5.4 B4.4 | A4.12
"""
_ALTO = """
E4.4 | F#4.4 E4.4 F#4.4 F#4.4 | E4.4 D#4.4 B3.4 G#4.4 | A4.4 G#4.2 F#4.2 E4.12 D#4.4 B3.4 C#5.2 B4.2 |
A4.4 A4.4 G#4.4 A4.2 G4.2 | F#4.2 G#4.2 A4.4 G#4.4 A#4.4 | B4.2 A4.2 G4.4 F#4.2 E4.2 F#4.4 |
F#4.12 E4.2 D4.2 | C#4.4 D4.4 E4.4 F#4.2 G#4.2 | A4.8 E4.4 B4.4 | A4.2 G#4.2 F#4.4 E4.4 F#4.2 G#4.2 |
A4.8 A4.4 G#4.4 | E4.12
"""
_TENOR = """
C#4.4 | C#4.4 C#4.2 B3.2 A3.2 G#3.2 F#3.4 | B3.6 A3.2 G#3.4 E4.4 | E4.4 D#4.4 C#4.8 |
B3.6 A3.2 G#3.4 G#3.4 | A3.2 B3.2 C#4.2 D4.2 E4.4 E4.4 | D4.4 E4.4 E4.4 E4.4 |
F#4.2 B3.4 A#3.2 B3.4 C#4.4 | D4.12 G#3.4 | A3.4 G#3.2 F#3.2 E3.2 E4.2 D4.4 |
C#4.2 D4.2 E4.2 F#4.2 G#4.4 F#4.4 | F#4.2 E4.2 D4.2 C#4.2 B3.4 C#4.2 D4.2 |
E4.6 D4.2 C#4.2 F#4.2 B3.2 E4.1 D4.1 | C#4.12
"""
_BASS = """
A3.2 G#3.2 | F#3.4 C#3.4 D3.4 D#3.4 | E3.4 B2.4 E2.4 E3.4 | A3.4 B3.4 C#4.4 B3.2 A3.2 |
B3.4 B2.4 E3.4 C#3.4 | F#3.2 G#3.2 A3.4 E3.4 C#3.2 A2.2 | D3.4 C#3.2 D3.2 E3.4 C#3.4 |
B2.4 C#3.4 D3.2 G3.2 F#3.4 | B2.12 C#3.4 | F#3.4 E3.2 D3.2 C#3.4 B2.4 |
A2.2 B2.2 C#3.2 D3.2 E3.4 B2.4 | F#3.2 G#3.2 A3.4 G#3.2 E3.2 A3.6 G#3.2 F#3.4 E3.2 D3.2 E3.4 | A2.12
"""
_CHORALE_CHORDS = """
A.4 | F#m.4 A/C#.4 D.4 B/D#.4 | Em.4 B.4 E.4 E.4 | A.4 B.4 A/C#.4 C#m/B.4 | E/B.4 B7.4 E.4 C#m.4 |
D/F#.4 A.4 E.4 A/C#.4 | D.4 A/C#.4 E.4 F#7/C#.4 | Bm.4 C#o.4 Bm/D.2 Em/G.2 F#.4 | Bm.12 C#m.4 |
F#m.4 E7.4 A/C#.4 Bm.4 | A.4 A/C#.4 E.4 Bm.4 | F#m.4 Bm7/A.4 E/G#.4 F#m7/A.4 | A.4 F#m7.4 A/E.4 E.4 | A.12
"""


def chorale() -> Piece:
    """Six phrases in four voices, each with its cadence; the soprano is the melody."""
    beats = (1, *(4,) * 12, 3)
    sections = (("A", 3), ("B", 2), ("C", 2), ("D", 2), ("E", 2), ("F", 3))
    return piece(
        {"melody": (_SOPRANO,), "harmony": (_ALTO, _TENOR), "bass": (_BASS,)},
        _CHORALE_CHORDS,
        plan_of(beats, sections, 40_000),
        sixteenth=10_000,
        tonic="A",
    )


# W. A. Mozart, theme of the variations of the piano sonata in A, K. 331, without its repeats.
_OPENING = "C#5.3 D5.1 C#5.2 E5.4 E5.2 | B4.3 C#5.1 B4.2 D5.4 D5.2 |"
_OPENING_LEFT = "A3.3 B3.1 A3.2 C#4.4 C#4.2 | G#3.3 A3.1 G#3.2 B3.4 B3.2 |"
_PEDAL = "E4.4 E4.2 E4.4 E4.2 | E4.4 E4.2 E4.4 E4.2 |"
_RIGHT = f"""
{_OPENING} A4.4 A4.2 B4.4 B4.2 | C#5.4 E5.1 D5.1 C#5.4 B4.2 |
{_OPENING} A4.4 B4.2 C#5.4 D5.2 | C#5.4 B4.2 A4.4 r.2 |
E5.3 F#5.1 E5.2 F#5.4 F#5.2 | A5.3 G#5.1 F#5.2 F#5.2 E5.2 E5.2 | E5.2 C#5.2 A4.2 E5.2 D5.2 B4.2 |
E5.2 C#5.2 A4.2 C#5.4 B4.2 |
{_OPENING} A4.4 B4.2 C#5.4 D5.2 | C#5.4 B4.2 B4.4 C#5.2 |
C#5.4 D5.2 E5.4 F#5.1 A5.1 | A4.4 C#5.1 B4.1 A4.4 r.2
"""
_INNER = f"""
{_PEDAL} E4.4 E4.2 E4.4 E4.2 | E4.4 B4.2 A4.4 G#4.2 |
{_PEDAL} E4.4 E4.2 E4.4 [F#4,B4].2 | [E4,A4].4 [D4,E4,G#4].2 [C#4,E4].4 r.2 |
r.2 C#4.2 E4.2 r.2 D4.2 F#4.2 | r.2 D4.2 F#4.2 r.2 C#4.2 E4.2 | C#4.4 r.2 D4.4 r.2 | C#4.4 D#4.2 A4.4 G#4.2 |
{_PEDAL} E4.4 E4.2 E4.4 [F#4,B4].2 | [E4,A4].4 [E4,G#4].2 [E4,G#4].4 [E4,A4].2 |
[E4,A4,A3].4 [E4,G#4,B3].2 [E4,A4,C#4].4 D4.2 | C#4.4 [D4,G#4].2 C#4.4 r.2
"""
_LEFT = f"""
{_OPENING_LEFT} F#3.4 F#3.2 G#3.4 G#3.2 | A3.4 D3.2 E3.6 |
{_OPENING_LEFT} F#3.4 G#3.2 A3.4 D3.2 | E3.4 E2.2 A2.4 r.2 |
A3.2 r.4 A3.2 r.4 | A3.2 r.4 A3.2 r.4 | A3.4 r.2 G#3.4 r.2 | A3.4 F#3.2 E3.6 |
{_OPENING_LEFT} F#3.4 G#3.2 A3.4 D3.2 | E3.4 E2.2 A2.6 | A2.4 B2.2 C#3.4 D3.2 | E3.6 A3.4 r.2
"""
_THEME_CHORDS = """
A.12 | E7/G#.12 | F#m.6 E/G#.6 | A.4 Bm/D.2 A/E.4 E.2 |
A.12 | E7/G#.12 | F#m.4 E/G#.2 A.4 Bm/D.2 | A/E.4 E7.2 A.6 |
A.6 D/A.6 | D/A.6 A.6 | A.6 E7/G#.6 | A.4 D#o/F#.2 A/E.4 E.2 |
A.12 | E7/G#.12 | F#m.4 E/G#.2 A.4 Bm/D.2 | A/E.4 E.2 A.6 | A.4 E7/B.2 A/C#.4 D.2 | A/E.4 E7.2 A.6
"""


def variations_theme() -> Piece:
    """Three phrases and a coda in compound time (a beat is six sixteenths); the opening comes three times."""
    return piece(
        {"melody": (_RIGHT,), "harmony": (_INNER,), "bass": (_LEFT,)},
        _THEME_CHORDS,
        plan_of((2,) * 18, (("A", 4), ("A", 4), ("B", 4), ("A", 6)), 60_000),
        sixteenth=10_000,
        tonic="A",
        statements=((0, 4, 1.0), (4, 8, 0.95), (12, 16, 0.95)),
    )


PUBLIC_DOMAIN = (chorale, variations_theme)
