"""Gate 10: clip borders that nobody hears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

import sounds
from hitpoint.engine.audio.decode import audio_blocks
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.seams import MOST_FALL_DB, abruptness, seams
from hitpoint.engine.types import Note
from judges import shared
from plans import make_plan

PLAN = make_plan((("A", 6, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
STEP, JUMP, FALL = range(3)
Floats = npt.NDArray[np.float32]
# Between two beats, where chords and melody ring.
BORDERS = (101_000, 250_500, 413_000)


@cache
def _music(seed: int) -> Floats:
    stems = sounds.stems(12, seed)
    return stems["harmony"] + stems["melody"]


def music(seed: int = 3) -> Floats:
    """12 s without drums, whose strokes would hide small faults."""
    return _music(seed).copy()


def piece(sound: Floats) -> Piece:
    return Piece(PLAN, {"music": sound})


def test_borders_inside_music_that_goes_on_pass():
    verdicts = seams(piece(music()), BORDERS)
    assert all(verdict.applies and verdict.passed for verdict in verdicts)


def test_a_step_in_the_waveform_fails():
    sound = music()
    sound[BORDERS[1] :] += np.float32(0.02)
    verdicts = seams(piece(sound), BORDERS)
    assert not verdicts[STEP].passed and verdicts[FALL].passed


def test_a_step_that_the_music_covers_is_no_seam():
    hiss = sounds.noise(12, 3) * np.float32(0.3)
    step = hiss.copy()
    step[BORDERS[1] :] += np.float32(0.005)
    assert seams(piece(step), BORDERS)[STEP].value == 0.0


def test_a_step_elsewhere_is_no_seam():
    sound = music()
    sound[200_000:] += np.float32(0.02)
    assert seams(piece(sound), BORDERS)[STEP].passed


def test_other_music_from_the_border_on_fails():
    sound = music()
    other = sounds.noise(12, 7) * np.float32(0.2)
    fade = np.clip((np.arange(len(sound)) - BORDERS[1] + 100) / 200, 0, 1).astype(np.float32)[:, None]
    assert not seams(piece(sound * (1 - fade) + other * fade), BORDERS)[JUMP].passed


def test_a_chopped_tail_fails():
    sound = music()
    sound[BORDERS[1] :] = 0
    verdict = seams(piece(sound), BORDERS)[FALL]
    assert verdict.value is not None and verdict.value > 20 and not verdict.passed


def test_a_tail_that_rings_on_passes():
    sound = music()
    time = np.arange(len(sound) - BORDERS[1]) / sounds.RATE
    # A room that takes 1.5 s for 60 dB.
    sound[BORDERS[1] :] *= (10 ** (-60 / 20 * time / 1.5)).astype(np.float32)[:, None]
    assert seams(piece(sound), BORDERS)[FALL].passed


@pytest.mark.parametrize(("level_db", "passes"), ((-55.0, False), (-85.0, True)))
def test_a_fade_may_end_in_nothing_where_nobody_hears_it_any_more(level_db: float, passes: bool):
    sound = music()
    border = BORDERS[1]
    start = border - 2 * sounds.RATE
    loud = float(20 * np.log10(np.sqrt(np.mean(np.square(sound)))))
    ramp_db = np.linspace(0, level_db - loud, border - start)
    sound[start:border] *= (10 ** (ramp_db / 20)).astype(np.float32)[:, None]
    sound[border:] = 0
    assert seams(piece(sound), [border])[JUMP].passed == passes


def test_many_borders_are_not_failed_by_chance():
    random = sounds.random(11)
    failed = 0
    for seed in range(6):
        borders = random.integers(10_000, 560_000, 8)
        failed += sum(not verdict.passed for verdict in seams(piece(music(seed)), borders)[:2])
    # Six pieces, two numbers of 5 % each: .6 are expected.
    assert failed <= 3


def notes() -> tuple[Note, ...]:
    return tuple(Note("harmony", 24_000 * step, 20_000, 60, 70, "harmony organ") for step in range(24))


def test_a_border_where_notes_begin_is_held_against_other_such_moments():
    sound = music()
    border = 24_000 * 12
    assert not seams(piece(sound), [border])[JUMP].passed or seams(piece(sound), [border])[JUMP].value > 0.5
    with_notes = replace(piece(sound), notes=notes())
    assert all(verdict.passed for verdict in seams(with_notes, [border]))


def test_a_seam_is_heard_where_notes_begin_too():
    sound = music()
    border = 24_000 * 12
    step = sound.copy()
    step[border:] += np.float32(0.05)
    assert not seams(replace(piece(step), notes=notes()), [border])[STEP].passed
    # Everything that rings into the bar is cut off, and what begins there is kept.
    cut = sound.copy()
    cut[border:] = 0
    cut[border:] += music(5)[border:] * np.float32(0.05)
    assert not seams(replace(piece(cut), notes=notes()), [border])[JUMP].passed


def test_the_step_of_a_stroke_is_its_own():
    sound = music()
    border = 24_000 * 12
    sounds.put(sound, sounds.drum(1), border / sounds.RATE, 0.8)
    stroke = Note("drums", border, 4_800, 38, 90, "drums kit")
    assert not seams(replace(piece(sound), notes=(*notes(), stroke)), [border])[STEP].applies


def test_handles_are_part_of_the_sound():
    sound = music()
    assert not any(verdict.applies for verdict in seams(piece(sound), [0, PLAN.samples]))
    moved = Piece(PLAN, {"music": sound}, handles=(48_000, 48_000))
    assert all(verdict.applies for verdict in seams(moved, [0]))
    assert seams(moved, [BORDERS[0] - 48_000]) == seams(piece(sound), [BORDERS[0]])


def test_without_borders_or_other_moments_nothing_is_judged():
    assert not any(verdict.applies for verdict in seams(piece(music()), []))
    short = piece(music()[:8_000])
    assert not any(verdict.applies for verdict in seams(short, [4_000]))


def test_silence_is_not_abrupt():
    silent = np.zeros((96_000, 2), np.float32)
    found = abruptness(silent, np.array([10_000, 50_000]))
    assert not found.step.any() and not found.jump_db.any() and not found.fall_db.any()
    assert all(verdict.passed for verdict in seams(piece(silent), [50_000]))


@pytest.mark.shared
def test_a_films_soundtrack_has_no_seams():
    path = shared("footage/big_buck_bunny_0_30.webm")
    sound = np.concatenate(list(audio_blocks(path, samples=30 * sounds.RATE)))
    verdicts = seams(piece(sound), [200_000, 333_333, 600_000, 900_000])
    assert all(verdict.applies and verdict.passed for verdict in verdicts)
    assert verdicts[FALL].high == MOST_FALL_DB


def test_the_gate_runs_on_what_the_composer_wrote(sketched: Callable[[str, int], Piece]):
    take = sketched("cinematic", 1)
    bars = take.plan.downbeats
    assert all(verdict.passed for verdict in seams(take, [bars[3], bars[7], 700_001]))
