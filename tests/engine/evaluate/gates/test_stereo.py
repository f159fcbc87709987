"""Gate 13: a middle that holds the bass, sides that open above it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import sounds
from hitpoint.engine.audio.decode import audio_blocks
from hitpoint.engine.evaluate.gates.bands import OCTAVES_HZ, spectra
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.evaluate.gates.stereo import stereo
from judges import shared
from plans import make_plan

PLAN = make_plan((("A", 4, 0.5, 0.5),), bpm=120, hit_bars=(), must_bars=())
BASS, ABOVE, LOSS, TILT = range(4)
Floats = npt.NDArray[np.float32]


def band(sound: Floats, low: float, high: float) -> Floats:
    spectrum = np.fft.rfft(sound, axis=0)
    hertz = np.fft.rfftfreq(len(sound), 1 / sounds.RATE)
    spectrum[(hertz < low) | (hertz >= high)] = 0
    return np.fft.irfft(spectrum, len(sound), axis=0).astype(np.float32)


def noise(seed: int) -> Floats:
    """Mono, falling like music, 8 s."""
    return sounds.noise(8, seed)[:, 0]


def mixed(*, bass_sides: float = 0.0, sides: float = 0.6) -> Floats:
    """A middle and a side that have nothing in common; `sides` is the side's level beside the middle's."""
    middle, side = noise(1), noise(2)
    side = bass_sides * band(side, 0, 160) + sides * band(side, 160, 24_000)
    return np.stack([middle + side, middle - side], axis=1) * np.float32(0.3)


def piece(sound: Floats) -> Piece:
    return Piece(PLAN, {"music": sound})


def test_a_mix_with_its_bass_in_the_middle_and_open_sides_passes():
    verdicts = stereo(piece(mixed()))
    assert all(verdict.applies and verdict.passed for verdict in verdicts)
    assert verdicts[ABOVE].value == pytest.approx((1 - 0.36) / (1 + 0.36), abs=0.05)


def test_bass_on_the_sides_fails():
    assert not stereo(piece(mixed(bass_sides=0.5)))[BASS].passed


def test_mono_fails_above_the_bass_and_nowhere_else():
    verdicts = stereo(piece(mixed(sides=0.0)))
    assert not verdicts[ABOVE].passed
    assert verdicts[BASS].passed and verdicts[LOSS].passed and verdicts[TILT].passed


def test_channels_with_nothing_in_common_fail():
    assert not stereo(piece(mixed(sides=1.0)))[ABOVE].passed


def test_an_octave_with_one_channel_upside_down_is_lost_in_mono():
    sound = mixed()
    octave = band(sound, 710, 1410)
    turned = sound - octave + octave * np.array([1, -1], np.float32)
    assert not stereo(piece(turned))[LOSS].passed


def test_a_mix_that_hangs_to_one_side_fails():
    assert not stereo(piece(mixed() * np.array([1.0, 0.8], np.float32)))[TILT].passed


def test_handles_are_not_judged():
    loud_mono = np.ones((sounds.RATE, 2), np.float32) * noise(5)[: sounds.RATE, None]
    sound = np.concatenate((loud_mono, mixed(), loud_mono))
    inside = stereo(Piece(PLAN, {"music": sound}, handles=(sounds.RATE, sounds.RATE)))
    assert inside == stereo(piece(mixed()))


def test_silence_and_music_without_bass_have_no_correlation_there():
    assert not any(verdict.applies for verdict in stereo(piece(np.zeros((9_000, 2), np.float32))))
    assert not stereo(piece(band(mixed(), 400, 20_000)))[BASS].applies


def test_a_piece_without_stems_has_no_width():
    assert not any(verdict.applies for verdict in stereo(Piece(PLAN, {})))


@pytest.mark.shared
def test_a_films_soundtrack_is_as_wide_as_it_shall_be_and_loses_nothing_in_mono():
    path = shared("footage/big_buck_bunny_0_30.webm")
    sound = np.concatenate(list(audio_blocks(path, samples=30 * sounds.RATE)))
    verdicts = stereo(piece(sound))
    # Its bass is a recorded orchestra's, wider than a mix for pictures has it: .76.
    assert [verdict.passed for verdict in verdicts] == [False, True, True, True]


def test_octaves_hold_the_power_that_lies_in_them():
    time = np.arange(4 * sounds.RATE) / sounds.RATE
    sine = (0.5 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)
    mean = spectra(np.stack([sine, -sine], axis=1))
    left, right, both = mean.octave(1000)
    assert left == pytest.approx(0.125, rel=0.01) and right == pytest.approx(left)
    assert both == pytest.approx(-left)
    assert sum(mean.octave(middle)[0] for middle in OCTAVES_HZ if middle != 1000) < 1e-6 * left


def test_the_gate_runs_on_what_the_composer_wrote(sketched: Callable[[str, int], Piece]):
    verdicts = stereo(sketched("cinematic", 1))
    assert all(verdict.applies and verdict.passed for verdict in verdicts)
