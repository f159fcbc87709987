"""Gate 12: the music makes room for who speaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.signal

import sounds
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.speech import speech
from hitpoint.engine.evaluate.gates.speech_loss import speech_loss
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Picture
from plans import make_plan

RATE = sounds.RATE
SPOKEN_S = (4.0, 8.0)
HEAD = RATE // 4


def words(seconds: float, seed: int = 5) -> sounds.Floats:
    """What changes like speech: four syllables a second of a buzzing voice through moving formants, and hiss
    between, mono [n] at -20 dB."""
    rng = sounds.random(seed)
    out = np.zeros(round(seconds * RATE))
    at = 0
    while at < len(out):
        size = round(rng.uniform(0.16, 0.30) * RATE)
        time = np.arange(size) / RATE
        buzz = scipy.signal.sawtooth(2 * np.pi * rng.uniform(95, 140) * time) + 0.1 * rng.standard_normal(
            size
        )
        syllable = np.zeros(size)
        for low, high in ((300, 800), (900, 2200), (2300, 3200)):
            middle = rng.uniform(low, high)
            sections = scipy.signal.butter(
                2, (0.85 * middle, 1.15 * middle), "bandpass", fs=RATE, output="sos"
            )
            syllable += scipy.signal.sosfilt(sections, buzz)
        out[at : at + size] += (syllable * np.hanning(size))[: len(out) - at]
        at += size
    return (out * 0.1 / np.sqrt(np.square(out).mean())).astype(np.float32)


def played(*, gain_db: float = -16.0, thin_db: float = 0.0, spoken: bool = True) -> Piece:
    """12 s of noise like music, `gain_db` to the dialogue's level, whose middle of the spectrum falls by
    `thin_db` under speech."""
    spans = (SPOKEN_S,) if spoken else ()
    plan = make_plan((("A", 6, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=(), speech_s=spans)
    music = sounds.noise(12.25)
    music *= 0.1 * 10 ** (gain_db / 20) / np.sqrt(np.square(music).mean())
    middle = scipy.signal.sosfiltfilt(
        scipy.signal.butter(2, (700, 6000), "bandpass", fs=RATE, output="sos"), music, axis=0
    )
    start, end = (HEAD + round(second * RATE) for second in SPOKEN_S)
    music[start:end] += ((10 ** (-thin_db / 20) - 1) * middle[start:end]).astype(np.float32)
    dialogue = np.zeros(plan.samples, np.float32)
    dialogue[start - HEAD : end - HEAD] = words(SPOKEN_S[1] - SPOKEN_S[0])
    return Piece(plan, {"music": music}, handles=(HEAD, 0), dialogue=dialogue)


def test_music_that_is_thinned_under_speech_passes():
    fall, under = speech(played(gain_db=-24.0, thin_db=12.0))
    assert fall.value == pytest.approx(11, abs=2) and fall.passed
    assert under.value is not None and under.value > 15 and under.passed


def test_music_that_goes_on_under_speech_fails():
    fall, under = speech(played(gain_db=-6.0))
    assert fall.value == pytest.approx(0, abs=1) and not fall.passed
    assert under.value is not None and under.value < 12 and not under.passed


def test_the_level_is_that_of_loudness_meters():
    louder, softer = (speech(played(gain_db=gain))[1].value for gain in (-10.0, -20.0))
    assert louder is not None and softer is not None
    assert softer - louder == pytest.approx(10, abs=0.1)


def test_a_dialogue_known_by_its_loudness_alone_is_enough():
    piece = played(gain_db=-24.0, thin_db=12.0)
    under = speech(piece)[1].value
    curve = (0.5,) * 288
    picture = Picture(Rate(24), 0, curve, curve, curve, curve, curve, (), dialogue_lufs=-20.0)
    known = speech(replace(piece, picture=picture, dialogue=None))[1].value
    assert under is not None and known is not None and abs(known - under) < 8
    assert speech(replace(piece, dialogue=None))[1].value is None


def test_music_that_falls_silent_is_far_enough_below():
    piece = played()
    start, end = (HEAD + round(second * RATE) for second in SPOKEN_S)
    piece.stems["music"][start:end] = 0
    assert all(verdict.passed for verdict in speech(piece))


def test_without_speech_nothing_applies():
    piece = played(spoken=False)
    assert all(verdict.value is None for verdict in (*speech(piece), *speech_loss(piece)))


def test_a_cue_spoken_over_from_end_to_end_has_no_fall():
    piece = played(gain_db=-20.0)
    whole = replace(piece, plan=replace(piece.plan, speech=((0, piece.plan.samples),)))
    assert speech(whole)[0].value is None


def test_thin_music_far_below_takes_no_words():
    (loss,) = speech_loss(played(gain_db=-30.0, thin_db=12.0))
    assert loss.value is not None and 0 <= loss.value < 0.1 and loss.passed


def test_music_over_speech_takes_words():
    (loss,) = speech_loss(played(gain_db=0.0))
    assert loss.value is not None and loss.value > 0.2 and not loss.passed


def test_a_second_of_speech_says_nothing_of_intelligibility():
    piece = played()
    short = replace(piece, plan=replace(piece.plan, speech=((4 * RATE, 5 * RATE),)))
    assert speech_loss(short)[0].value is None


def test_the_composers_music_that_does_not_know_of_speech_fails(sketched):
    piece = sketched("cinematic", 1)
    start, end = 13 * RATE, 18 * RATE
    dialogue = np.zeros(piece.plan.samples, np.float32)
    dialogue[start:end] = words(5.0)
    spoken = replace(piece, plan=replace(piece.plan, speech=((start, end),)), dialogue=dialogue)
    assert not any(verdict.passed for verdict in (*speech(spoken), *speech_loss(spoken)))


@pytest.mark.judge
@pytest.mark.parametrize(("gain_db", "thin_db", "passes"), ((-22.0, 12.0, True), (-3.0, 0.0, False)))
def test_synthetic_speech_is_understood_over_thin_music_alone(gain_db: float, thin_db: float, passes: bool):
    piece = played(gain_db=gain_db, thin_db=thin_db)
    said = sounds.spoken("The old keeper climbed the stairs every evening, and looked out before the storm.")
    assert piece.dialogue is not None
    start = round(SPOKEN_S[0] * RATE)
    said = said[: round(SPOKEN_S[1] * RATE) - start]
    piece.dialogue[start:] = 0
    piece.dialogue[start : start + len(said)] = said * (0.1 / np.sqrt(np.square(said).mean()))
    (loss,) = speech_loss(piece)
    assert loss.value is not None and loss.passed == passes, loss.text
