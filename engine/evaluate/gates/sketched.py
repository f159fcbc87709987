"""A take of the built-in composer as the gates judge it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...generator import TakeRequest
from ...plan.asked import asked_of
from ...plan.theme import make_theme
from ...sketch.composer import Composition, on_the_clock
from ...sketch.variation import EIGHTHS, Sung, alike, augment, bars_of
from ...sketch.variation import Bar as ThemeBar
from ...types import Bar, Note, Theme
from ...wishes import wishes_of
from .piece import Chord, Piece, Sound, Statement

# Bars of a theme that are sung in one breath.
_HALF = 4


def piece_of(
    request: TakeRequest,
    composition: Composition,
    stems: Mapping[str, Sound],
    *,
    dialogue: Sound | None = None,
) -> Piece:
    """What `compose(request)` wrote, with its sound.

    `stems` are finished: float32 [handles + cue, 2] at 48 kHz, with the handles of the request. `dialogue` is
    mono float32 at 48 kHz from the cue's first sample. How like the theme a statement is, is found in its
    notes: what is sung, against the theme as it was made.
    """
    score, form = request.score, composition.form
    timed = on_the_clock(composition.spans, form)
    chords = tuple(
        Chord(on.start_sample, on.end_sample_exclusive, on.pcs, span.chord.bass)
        for on, span in zip(timed, composition.spans, strict=True)
    )
    theme = score.themes[0] if score.themes else make_theme(score.seed)
    melody = [note for note in composition.notes if note.stem == "melody"]
    statements = []
    for told in composition.statements:
        bars = form.clock.bars[told.start_bar : told.end_bar_exclusive]
        start, end = bars[0].start_sample, bars[-1].end_sample_exclusive
        statements.append(Statement(start, end, likeness(theme, _sung(melody, bars))))
    return Piece(
        plan=request.plan,
        stems=stems,
        style=form.style.name,
        tonic=asked_of(score, wishes_of(request.cue)).tonic,
        picture=request.picture,
        notes=composition.notes,
        chords=chords,
        statements=tuple(statements),
        handles=request.handle_samples,
        dialogue=dialogue,
    )


def likeness(theme: Theme, sung: Sequence[ThemeBar]) -> float:
    """How like the theme some bars are in contour, -1..1: like the half of it that they follow most, at its
    own pace or twice as slow; a short phrase may keep the beginning and the last bar."""
    return max(alike(line[: len(sung)], sung[: len(line)]) for line in _lines(theme, len(sung)))


def _lines(theme: Theme, bars: int) -> Iterator[tuple[ThemeBar, ...]]:
    plain = bars_of(theme)
    for line in (plain, augment(plain)):
        for start in range(0, len(line), _HALF):
            half = tuple(line[start : start + _HALF])
            yield half
            if 3 <= bars < len(half):
                yield (*half[: bars - 1], half[-1])


def _sung(melody: Sequence[Note], bars: Sequence[Bar]) -> tuple[ThemeBar, ...]:
    """The upper line of the melody in `bars`, its pitches in place of degrees."""
    out: list[ThemeBar] = []
    for bar in bars:
        highest: dict[int, Note] = {}
        for note in melody:
            inside = bar.start_sample <= note.start_sample < bar.end_sample_exclusive
            known = highest.get(note.start_sample)
            if inside and (known is None or note.pitch > known.pitch):
                highest[note.start_sample] = note
        eighth = (bar.end_sample_exclusive - bar.start_sample) / (2 * bar.beats)
        out.append(
            tuple(
                Sung(min((start - bar.start_sample) / eighth, EIGHTHS), note.samples / eighth, note.pitch)
                for start, note in sorted(highest.items())
            )
        )
    return tuple(out)
