"""Gate 3: few accents, and those when they are seen."""

from __future__ import annotations

import numpy as np
import pytest

import sounds
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.spotting import accents, spotting
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cut, Picture
from plans import make_plan

from .scores import PUBLIC_DOMAIN

BEAT_S = 0.375
BAR_S = 4 * BEAT_S
HEAD_S = 0.5


def played(
    bars: tuple[int, ...], *, off_ms: float = 0.0, struck: tuple[int, ...] | None = None, **wanted: object
) -> Piece:
    """8 bars of soft beats with hits on some downbeats, and strokes `off_ms` beside those `struck`."""
    plan = make_plan((("A", 8, 0.5, 0.5),), bpm=160, **{"hit_bars": bars, "must_bars": (), **wanted})
    sound = np.zeros((round((8 * BAR_S + HEAD_S) * sounds.RATE), 2), np.float32)
    for beat in range(32):
        level = 0.06 + 0.02 * (beat % 4 == 0)
        sounds.put(sound, sounds.drum(beat % 3, decay_s=0.02), HEAD_S + beat * BEAT_S, level)
    for bar in bars if struck is None else struck:
        at = HEAD_S + bar * BAR_S + off_ms / 1000
        sounds.put(sound, sounds.drum(50 + bar, decay_s=0.05), at, 0.8)
        sounds.put(sound, sounds.tone(110, 1.0), at, 0.5)
    return Piece(plan, {"drums": sound}, handles=(round(HEAD_S * sounds.RATE), 0))


def test_an_accent_in_four_bars_passes():
    often, in_time = spotting(played((2, 6)))
    assert often.value == 1 and often.passed
    assert in_time.value == 1 and in_time.passed


def test_accents_at_every_other_bar_fail():
    often, in_time = spotting(played((1, 3, 5)))
    assert often.value == 2 and not often.passed
    assert in_time.passed


def test_hits_without_accents_are_no_accents():
    often, in_time = spotting(played((1, 2, 3, 4, 5), struck=()))
    assert often.value == 0 and often.passed
    assert in_time.value is None


@pytest.mark.parametrize("style", ("trailer", "comedy"))
def test_styles_that_accent_everything_may(style: str):
    piece = played((1, 3, 5))
    often, in_time = spotting(Piece(piece.plan, piece.stems, style, handles=piece.handles))
    assert often.value is None
    assert in_time.passed


def test_what_the_editor_must_have_is_not_counted():
    often, _ = spotting(played((2, 3, 4), must_bars=(3, 4)))
    assert often.value == 1 and often.passed


@pytest.mark.parametrize("off_ms", (-15.0, 0.0, 30.0))
def test_accents_on_their_cuts_pass(off_ms: float):
    piece = played((2, 6), off_ms=off_ms)
    assert spotting(piece)[1].passed
    found = accents(piece)
    assert found is not None
    assert [accent.off_ms for accent in found] == pytest.approx([off_ms, off_ms], abs=8)


@pytest.mark.parametrize("off_ms", (-60.0, -30.0, 55.0, 90.0))
def test_accents_before_or_long_after_their_cuts_fail(off_ms: float):
    _, in_time = spotting(played((2, 6), off_ms=off_ms))
    assert in_time.value == 0 and not in_time.passed


def test_an_onset_beside_a_cut_that_the_plan_does_not_strike_is_no_accent_too_late():
    piece = played((2, 6), struck=(2, 4, 6))
    rate = Rate(24)
    curve = (0.5,) * 288
    cuts = (Cut(round((4 * BAR_S - 0.1) * 24), 0.3),)
    picture = Picture(rate, 0, curve, curve, curve, curve, curve, cuts)
    found = accents(Piece(piece.plan, piece.stems, picture=picture, handles=piece.handles))
    assert found is not None and [accent.struck for accent in found] == [True, False, True]
    assert spotting(Piece(piece.plan, piece.stems, picture=picture, handles=piece.handles))[1].value == 1


def test_a_chord_that_speaks_in_two_steps_begins_with_the_first():
    piece = played((2, 6))
    sound = piece.stems["drums"].copy()
    for bar in (2, 6):
        sounds.put(sound, sounds.tone(220, 1.0), HEAD_S + bar * BAR_S + 0.045, 0.5)
    _, in_time = spotting(Piece(piece.plan, {"drums": sound}, handles=piece.handles))
    assert in_time.value == 1


def test_cuts_that_are_no_hits_count_as_seen():
    piece = played((), struck=(2, 3))
    rate = Rate(24)
    curve = (0.5,) * 288
    cuts = tuple(Cut(round(bar * BAR_S * 24), 0.3) for bar in (2, 3))
    picture = Picture(rate, 0, curve, curve, curve, curve, curve, cuts)
    assert spotting(piece)[0].value == 0
    often, in_time = spotting(Piece(piece.plan, piece.stems, picture=picture, handles=piece.handles))
    assert often.value == 2 and not often.passed
    assert in_time.passed


def test_too_little_music_says_nothing():
    plan = make_plan((("A", 2, 0.5, 0.5),), bpm=160, hit_bars=(0, 1), must_bars=())
    piece = Piece(plan, {"drums": np.zeros((plan.samples, 2), np.float32)})
    assert all(verdict.value is None for verdict in spotting(piece))


@pytest.mark.parametrize("score", PUBLIC_DOMAIN)
def test_notes_without_sound_are_not_judged(score):
    assert all(verdict.value is None for verdict in spotting(score()))


def test_the_composer_accents_in_time(sketched):
    assert spotting(sketched("cinematic", 1))[1].passed
