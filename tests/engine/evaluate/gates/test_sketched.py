"""A take of the composer becomes a piece: same clock, chords with their bass, finished stems."""

from __future__ import annotations

import numpy as np

from hitpoint.engine.sketch.attacks import MOST_S
from hitpoint.engine.timebase import SAMPLE_RATE

from .scores import PUBLIC_DOMAIN


def test_chords_and_statements_lie_on_the_clock_of_the_cue(sketched):
    piece = sketched("cinematic", 1)
    assert piece.style == "cinematic"
    starts = [chord.start_sample for chord in piece.chords]
    assert starts == sorted(starts)
    assert starts[0] == piece.plan.bars[0].start_sample
    assert all(chord.bass in chord.pcs for chord in piece.chords)
    downbeats = set(piece.plan.downbeats)
    assert piece.statements
    assert all(statement.start_sample in downbeats for statement in piece.statements)
    assert all(-1 <= statement.alike <= 1 for statement in piece.statements)


def test_stems_hold_the_cue_and_its_handles(sketched):
    piece = sketched("cinematic", 1)
    head, tail = piece.handles
    assert all(sound.shape == (head + piece.plan.samples + tail, 2) for sound in piece.stems.values())
    assert np.abs(piece.inside(piece.mix)).max() > 0.1
    # Held notes begin early by what their attack takes.
    first = min(note.start_sample for note in piece.notes) - round(MOST_S * SAMPLE_RATE)
    assert not np.abs(piece.mix[: head + first]).max() > 1e-4


def test_scores_entered_by_hand_are_whole():
    for score in PUBLIC_DOMAIN:
        piece = score()
        end = piece.plan.samples
        assert piece.chords[-1].end_sample_exclusive == end
        for stem in ("melody", "harmony", "bass"):
            last = max(note.start_sample + note.samples for note in piece.notes if note.stem == stem)
            assert end - 40_000 <= last <= end
        for chord in piece.chords:
            under = [n for n in piece.notes if n.stem == "bass" and n.pitch % 12 == chord.bass]
            assert any(n.start_sample <= chord.start_sample < n.start_sample + n.samples for n in under)
