"""The outer voices: parallels and minor ninths are bent away, and nothing else is touched."""

from __future__ import annotations

import pytest

from hitpoint.engine.sketch.form import TICKS, make_form
from hitpoint.engine.sketch.harmony import Span, parse_chord
from hitpoint.engine.sketch.notes import Event
from hitpoint.engine.sketch.outer import Line, arrivals, in_parallel, mend_lines
from hitpoint.engine.style import load_style
from plans import make_plan

BAR = 4 * TICKS
LETTERS = tuple(range(7))


def spans_of(*numerals: str) -> tuple[Span, ...]:
    """One chord a bar, in C major."""
    return tuple(
        Span(bar * BAR, (bar + 1) * BAR, bar, parse_chord(name, 0, "ionian"))
        for bar, name in enumerate(numerals)
    )


def mended(style: str, numerals: tuple[str, ...], bass: list[Event], melody: list[Event]):
    form = make_form(make_plan(hit_bars=(), must_bars=()), load_style(style))
    spans = spans_of(*numerals)
    pitches = [Line(bass).at(span.tick).pitch for span in spans]
    letters = [LETTERS] * len(form.clock.bars)
    return spans, mend_lines(form, spans, pitches, bass, melody, letters, None)


def note(stem: str, tick: int, ticks: int, pitch: int) -> Event:
    return Event(stem, {"bass": "piano", "melody": "piano"}[stem], tick, ticks, pitch, 70)


def octaves() -> tuple[list[Event], list[Event]]:
    """C to F in both outer voices."""
    bass = [note("bass", 0, BAR, 36), note("bass", BAR, BAR, 41)]
    melody = [note("melody", 0, BAR, 72), note("melody", BAR, BAR, 77)]
    return bass, melody


def test_parallel_octaves_are_bent_and_both_lines_stay_in_their_chords():
    bass, melody = octaves()
    spans, _ = mended("piano", ("I", "IV"), bass, melody)
    assert not in_parallel(bass[0].pitch, melody[0].pitch, bass[1].pitch, melody[1].pitch)
    for event in (*bass, *melody):
        assert event.pitch % 12 in spans[event.tick // BAR].chord.pcs


def test_power_chords_may_run_in_octaves():
    bass, melody = octaves()
    mended("rock", ("I", "IV"), bass, melody)
    assert [event.pitch for event in (*bass, *melody)] == [36, 41, 72, 77]


def test_lines_that_lead_well_are_left_alone():
    bass = [note("bass", 0, BAR, 36), note("bass", BAR, BAR, 41)]
    melody = [note("melody", 0, BAR, 76), note("melody", BAR, BAR, 72)]
    _, pitches = mended("piano", ("I", "IV"), bass, melody)
    assert [event.pitch for event in (*bass, *melody)] == [36, 41, 76, 72]
    assert pitches == (36, 41)


def test_a_bass_that_moves_a_chord_tells_its_new_pitch():
    bass, melody = octaves()
    _, pitches = mended("piano", ("I", "IV"), bass, melody)
    assert pitches == tuple(event.pitch for event in bass)


@pytest.mark.parametrize("held", [BAR, BAR + TICKS])
def test_a_minor_ninth_over_the_bass_does_not_stand(held):
    """C over the B of the dominant's third: struck there, or held into it."""
    bass = [note("bass", 0, BAR, 36), note("bass", BAR, BAR, 35)]
    start = 0 if held > BAR else BAR
    melody = [note("melody", start, held, 72)]
    mended("piano", ("I", "V/3"), bass, melody)
    together = melody[0].end > BAR and (melody[0].pitch - bass[1].pitch) % 12 == 1
    assert not together


def test_an_approach_by_step_is_heard_beside_the_chord_before():
    bass = [
        note("bass", 0, BAR - TICKS, 36),
        note("bass", BAR - TICKS, TICKS, 40),
        note("bass", BAR, BAR, 41),
    ]
    assert arrivals(bass, spans_of("I", "IV")) == (None, ((36, 40), 41))
