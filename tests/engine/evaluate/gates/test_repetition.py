"""Gate 7: loops of notes and of sound fail, themes lost, frozen or everybody's fail; Mozart passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.evaluate.gates.piece import Piece, Statement
from hitpoint.engine.evaluate.gates.repetition import repetition
from hitpoint.engine.evaluate.gates.verdict import Verdict
from hitpoint.engine.types import Note

from .scores import PUBLIC_DOMAIN, plan_of, variations_theme

SAME_BARS, SAME_SOUND, RETURNS, FROZEN, ALIKE, OTHERS = range(6)
BEAT = 18_000
BAR = 4 * BEAT


def judged(piece: Piece, others: Sequence[Piece] = ()) -> tuple[Verdict, ...]:
    verdicts = repetition(piece, others)
    assert len(verdicts) == 6
    return verdicts


def bar_of_sound(seed: int) -> npt.NDArray[np.float32]:
    """Eight plucked notes, float32 [bar, 2]."""
    rng = np.random.Generator(np.random.PCG64(seed))
    out = np.zeros(BAR, np.float32)
    eighth = BEAT // 2
    time = np.arange(eighth) / 48_000
    for place in range(8):
        hertz = 110 * 2 ** (rng.integers(0, 36) / 12)
        tone = sum(np.sin(2 * np.pi * hertz * k * time) / k for k in (1, 2, 3))
        out[place * eighth : (place + 1) * eighth] += (0.2 * tone * np.exp(-8 * time)).astype(np.float32)
    return np.stack([out, out], axis=1)


def sounding(bars: Sequence[int], style: str = "piano", handles: tuple[int, int] = (0, 0)) -> Piece:
    sound = np.concatenate([bar_of_sound(seed) for seed in bars])
    sound = np.pad(sound, (handles, (0, 0)))
    plan = plan_of((4,) * len(bars), (("A", len(bars)),), BEAT)
    return Piece(plan=plan, stems={"music": sound}, style=style, handles=handles)


@pytest.mark.parametrize("score", PUBLIC_DOMAIN)
def test_public_domain_scores_pass(score):
    assert [verdict.text for verdict in judged(score()) if not verdict.passed] == []


def test_a_four_bar_loop_fails_whatever_its_velocities():
    piece = variations_theme()
    four = [note for note in piece.notes if note.start_sample < piece.plan.bars[4].start_sample]
    length = piece.plan.bars[4].start_sample
    rng = np.random.Generator(np.random.PCG64(1))
    loop = [
        replace(
            note,
            start_sample=note.start_sample + turn * length + int(rng.integers(-400, 400)),
            velocity=int(rng.integers(50, 90)),
        )
        for turn in range(4)
        for note in four
    ]
    verdict = judged(replace(piece, notes=tuple(loop)))[SAME_BARS]
    assert verdict.value is not None and verdict.value >= 0.7
    assert not verdict.passed


def test_bars_that_differ_in_one_part_are_not_equal():
    piece = variations_theme()
    drone = [Note("pads", bar.start_sample, 50_000, 40 + bar.index, 60, "pads") for bar in piece.plan.bars]
    assert judged(replace(piece, notes=(*piece.notes, *drone)))[SAME_BARS].value == 0


def test_looped_sound_fails_and_music_that_goes_on_passes():
    assert not judged(sounding((1, 2, 3, 4, 1, 2, 3, 4)))[SAME_SOUND].passed
    assert judged(sounding((1, 2, 3, 4, 5, 6, 7, 8)))[SAME_SOUND].value == 0


def test_a_loop_is_found_behind_a_handle():
    assert judged(sounding((1, 2, 1, 2), handles=(50_001, 7_000)))[SAME_SOUND].value == 0.5


def test_a_loop_is_found_under_noise():
    piece = sounding((1, 2, 3, 4, 1, 2, 3, 4))
    rng = np.random.Generator(np.random.PCG64(0))
    noisy = piece.mix + 0.0005 * rng.standard_normal(piece.mix.shape).astype(np.float32)
    assert not judged(replace(piece, stems={"music": noisy}))[SAME_SOUND].passed


def test_electronic_music_may_loop_more():
    bars = (1, 2, 3, 4, 5, 1, 2, 3)
    assert judged(sounding(bars, "electronic"))[SAME_SOUND].passed
    assert not judged(sounding(bars, "folk"))[SAME_SOUND].passed
    assert not judged(sounding((1, 1, 1, 1, 2, 2, 2, 2), "electronic"))[SAME_SOUND].passed


def test_a_theme_that_does_not_return_fails():
    piece = variations_theme()
    assert not judged(replace(piece, statements=piece.statements[:1]))[RETURNS].passed


def test_a_theme_that_returns_as_it_was_fails():
    piece = variations_theme()
    melody = [note for note in piece.notes if note.stem == "melody"]
    end = piece.plan.bars[4].start_sample
    again = [replace(n, start_sample=n.start_sample + end) for n in melody if n.start_sample < end]
    others = [
        note
        for note in piece.notes
        if note.stem != "melody" or not end <= note.start_sample < piece.plan.bars[8].start_sample
    ]
    verdict = judged(replace(piece, notes=tuple(others + again)))[FROZEN]
    assert verdict.value == 1
    assert not verdict.passed


def test_statements_that_nobody_recognises_fail():
    piece = variations_theme()
    told = tuple(replace(statement, alike=0.3) for statement in piece.statements)
    assert not judged(replace(piece, statements=told))[ALIKE].passed


def tune(pitches: Sequence[int]) -> Piece:
    """Sixteen beats of melody."""
    plan = plan_of((4,) * 4, (("A", 4),), BEAT)
    notes = tuple(
        Note("melody", index * BEAT, BEAT, pitch, 70, "flute") for index, pitch in enumerate(pitches)
    )
    return Piece(plan=plan, stems={}, notes=notes, statements=(Statement(0, plan.samples, 1.0),))


def test_one_theme_for_every_seed_fails_and_themes_of_their_own_pass():
    rise = [60 + i for i in range(16)]
    own = [tune(np.random.Generator(np.random.PCG64(seed)).integers(60, 80, 16)) for seed in range(6)]
    same = [tune([pitch + seed for pitch in rise]) for seed in range(6)]
    assert judged(own[0], own[1:])[OTHERS].passed
    verdict = judged(same[0], same[1:])[OTHERS]
    assert verdict.value == pytest.approx(1.0)
    assert not verdict.passed


def test_sound_alone_is_judged_by_its_bars_only():
    verdicts = judged(sounding((1, 2, 3, 4)))
    assert [verdict.applies for verdict in verdicts] == [False, True, False, False, False, False]


def test_the_composer_repeats_itself_little(sketched):
    piece = sketched("cinematic", 1)
    verdicts = judged(piece)
    assert all(verdicts[kind].applies for kind in range(5))
    assert [verdict.text for verdict in verdicts if not verdict.passed] == []
