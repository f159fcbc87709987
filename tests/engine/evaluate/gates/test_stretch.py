"""Gate 14: what fitting cost a neural take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import sounds
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.stretch import stretch
from hitpoint.engine.fit.match import Warp
from hitpoint.engine.fit.stretch import stretched
from plans import make_plan

RATE = sounds.RATE
BEAT = RATE // 2
BEATS = 20
SAMPLES = BEATS * BEAT


def music() -> sounds.Floats:
    """10 s of drums and a bass over a soft bed, a note every half second, float32 [n, 2]."""
    out = 0.05 * sounds.noise(SAMPLES / RATE)
    for beat in range(BEATS):
        sounds.put(out, sounds.drum(beat % 3, decay_s=0.04), beat / 2, 0.4 + 0.3 * (beat % 4 == 0))
        sounds.put(out, sounds.tone(82.4 * (1 + beat % 3 / 4), 0.45), beat / 2, 0.3)
    return out


def warp_of(*anchors: tuple[int, int]) -> Warp:
    """Straight lines between (source beat, samples later than its own place)."""
    return tuple((beat * BEAT, beat * BEAT + late) for beat, late in anchors)


def fitted(warp: Warp, source: sounds.Floats | None = None) -> sounds.Floats:
    source = music() if source is None else source

    def read(start: int, stop: int) -> sounds.Floats:
        out = np.zeros((stop - start, 2), np.float32)
        first, last = max(start, 0), min(stop, len(source))
        out[first - start : last - start] = source[first:last]
        return out

    return np.concatenate(list(stretched(read, warp)))


def judged(sound: sounds.Floats, warp: Warp):
    plan = make_plan((("A", 5, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
    return stretch(Piece(plan, {"music": sound}), music(), warp)


GENTLE = warp_of((0, 0), (8, 1_440), (12, 1_440), (BEATS, 0))


def test_music_fitted_gently_passes():
    loss, doubled, median = judged(fitted(GENTLE), GENTLE)
    assert loss.value is not None and loss.passed, loss.text
    assert doubled.value == 0
    assert median.value == pytest.approx(0.0075, abs=0.001) and median.passed


def test_music_at_its_own_speed_lost_nothing():
    whole = warp_of((0, 0), (BEATS, 0))
    assert [verdict.value for verdict in judged(music(), whole)] == [0, 0, 0]


def test_turned_down_and_let_go_of_it_lost_nothing():
    sound = fitted(GENTLE)
    sound *= np.interp(
        np.arange(len(sound)), (0, 3 * RATE, 4 * RATE, 8 * RATE, 10 * RATE), (0.5, 0.5, 0.1, 0.1, 0)
    )[:, None].astype(np.float32)
    loss = judged(sound, GENTLE)[0]
    assert loss.value is not None and loss.passed, loss.text


def test_smeared_onsets_fail():
    sound = fitted(GENTLE)
    faded = sound.copy()
    rise = np.linspace(0, 1, 2_880)[:, None] ** 2
    for beat in range(BEATS):
        at = round(np.interp(beat * BEAT, *zip(*GENTLE, strict=True)))
        faded[at : at + 2_880] *= rise[: len(faded[at : at + 2_880])]
    loss = judged(faded.astype(np.float32), GENTLE)[0]
    assert loss.value is not None and not loss.passed, loss.text


def test_onsets_heard_twice_fail():
    sound = fitted(GENTLE)
    late = 1_920
    twice = sound.copy()
    for beat in (4, 9, 14):
        at = round(np.interp(beat * BEAT, *zip(*GENTLE, strict=True)))
        twice[at + late : at + late + 4_800] += 0.8 * sound[at : at + 4_800]
    doubled = judged(twice, GENTLE)[1]
    assert doubled.value is not None and not doubled.passed, doubled.text


def test_flams_that_were_played_are_not_counted():
    late = 1_920
    source = music()
    for beat in (4, 9, 14):
        source[beat * BEAT + late : beat * BEAT + late + 4_800] += (
            0.8 * music()[beat * BEAT : beat * BEAT + 4_800]
        )
    plan = make_plan((("A", 5, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
    straight = warp_of((0, 0), (BEATS, 0))
    assert stretch(Piece(plan, {"music": source}), source, straight)[1].value == 0


def test_a_loop_bent_by_three_per_cent_fails():
    bent = warp_of((0, 0), (BEATS // 2, 7_200), (BEATS, 0))
    median = judged(fitted(bent), bent)[2]
    assert median.value == pytest.approx(0.03, abs=0.001) and not median.passed


def test_the_median_is_over_time_not_over_pieces():
    mostly_straight = warp_of((0, 0), (1, 960), (2, 0), (BEATS, 0))
    assert judged(music(), mostly_straight)[2].value == 0


def test_what_was_not_fitted_is_not_judged():
    plan = make_plan((("A", 5, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
    assert all(verdict.value is None for verdict in stretch(Piece(plan, {"music": music()})))


def test_the_composers_take_was_not_fitted(sketched):
    assert all(verdict.value is None for verdict in stretch(sketched("piano", 1)))


def test_the_composers_dense_music_fitted_gently_passes(sketched):
    piece = sketched("piano", 1)
    source = piece.inside(piece.mix)
    third = len(source) // 3
    warp = ((0, 0), (third, third + third // 200), (2 * third, 2 * third), (len(source), len(source)))
    fit = replace(piece, stems={"music": fitted(warp, source)}, handles=(0, 0))
    verdicts = stretch(fit, source, warp)
    assert all(verdict.passed for verdict in verdicts), [verdict.text for verdict in verdicts]
