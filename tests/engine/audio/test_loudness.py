"""Loudness and true peak, against ffmpeg, pyloudnorm and plain oversampling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

import sounds
from hitpoint.engine.audio.loudness import Energies, KWeighting, LevelMeter, TruePeak
from hitpoint.engine.audio.oversample import AFTER, BEFORE, CHUNK, chunk_bounds, peaks_between


def measured(sound: sounds.Floats, block: int = 48_000) -> object:
    meter = LevelMeter(sound.shape[1])
    for at in range(0, len(sound), block):
        meter.feed(sound[at : at + block])
    return meter.level()


def music(seconds: float) -> sounds.Floats:
    mix = np.sum(list(sounds.stems(seconds).values()), axis=0, dtype=np.float32)
    return mix * np.float32(0.9 / np.abs(mix).max())


@pytest.mark.judge
@pytest.mark.parametrize("kind", ["music", "noise", "mostly silent"])
def test_loudness_and_true_peak_agree_with_ffmpeg(kind: str, tmp_path: Path) -> None:
    sound = {"music": music(20), "noise": sounds.noise(12) * np.float32(0.9)}.get(kind)
    if sound is None:
        sound = np.concatenate((np.zeros((48_000 * 9, 2), np.float32), music(6) * np.float32(0.1)))
    soundfile.write(tmp_path / "sound.wav", sound, 48_000, subtype="PCM_24")
    judge = sounds.ebur128(tmp_path / "sound.wav")
    level = measured(sound)
    assert level.lufs == pytest.approx(judge["I"], abs=0.1)
    assert level.true_peak_dbtp == pytest.approx(judge["Peak"], abs=0.1)
    assert level.range_lu == pytest.approx(judge["LRA"], abs=0.3)


def test_integrated_loudness_agrees_with_pyloudnorm() -> None:
    for seed in range(3):
        sound = (
            sounds.noise(9.13, seed) * np.linspace(0.05, 0.8, round(9.13 * 48_000), dtype=np.float32)[:, None]
        )
        expected = pyloudnorm.Meter(48_000).integrated_loudness(sound.astype(np.float64))
        # pyloudnorm designs its filters anew instead of taking the standard's coefficients.
        assert measured(sound).lufs == pytest.approx(expected, abs=0.06)


def test_the_reference_tone_of_ebu_3341_reads_minus_23() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(48_000 * 20) / 48_000) * 10 ** (-23 / 20)
    level = measured(np.stack([tone, tone], axis=1).astype(np.float32))
    assert level.lufs == pytest.approx(-23.0, abs=0.1)
    assert level.momentary_lufs == pytest.approx(-23.0, abs=0.1)
    assert level.short_term_lufs == pytest.approx(-23.0, abs=0.1)


def test_the_loudness_range_of_ebu_3342_is_the_step_between_two_tones() -> None:
    time = np.arange(48_000 * 20) / 48_000
    quiet, loud = (np.sin(2 * np.pi * 1000 * time) * 10 ** (db / 20) for db in (-30, -20))
    sound = np.concatenate((quiet, loud)).astype(np.float32)
    assert measured(np.stack([sound, sound], axis=1)).range_lu == pytest.approx(10, abs=1)


def test_silence_has_no_loudness_and_no_peak() -> None:
    level = measured(np.zeros((48_000, 2), np.float32))
    assert level.lufs is None and level.range_lu is None and level.true_peak_dbtp is None


def test_a_cue_shorter_than_a_gating_block_still_has_a_loudness() -> None:
    tone = (np.sin(2 * np.pi * 1000 * np.arange(9_000) / 48_000) * 10 ** (-23 / 20)).astype(np.float32)
    assert measured(np.stack([tone, tone], axis=1)).lufs == pytest.approx(-23.0, abs=0.3)


def test_a_gain_moves_the_predicted_level_as_it_moves_the_sound() -> None:
    sound = music(6)
    weighting, energies = KWeighting(), Energies()
    energies.feed(weighting.squares(sound))
    predicted = energies.level(gain=0.25)
    real = measured(sound * np.float32(0.25))
    assert predicted.lufs == pytest.approx(real.lufs, abs=1e-4)
    assert predicted.range_lu == pytest.approx(real.range_lu, abs=1e-4)


def test_energies_count_only_the_stretch_asked_for() -> None:
    sound = music(6)
    weighting = KWeighting()
    part, whole = Energies(96_001, 200_000), KWeighting()
    for at in range(0, len(sound), 7_777):
        part.feed(weighting.squares(sound[at : at + 7_777]))
    squares = whole.squares(sound)[96_001:200_000]
    expected = squares[: len(squares) // 4_800 * 4_800].reshape(-1, 4_800).sum(axis=1)
    np.testing.assert_allclose(part.hops(), expected, rtol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=6), st.integers(0, 5))
def test_the_measurement_does_not_hang_on_the_block_size(blocks: list[int], seed: int) -> None:
    sound = sounds.noise(1.5, seed)
    meter = LevelMeter()
    at = 0
    for block in blocks:
        meter.feed(sound[at : at + block])
        at += block
    meter.feed(sound[at:])
    assert meter.level() == measured(sound)


@pytest.mark.parametrize("hertz", [997, 5_000, 11_999.5, 15_000, 18_000, 20_000])
@pytest.mark.parametrize("phase", [0.0, 0.3, np.pi / 4])
def test_sines_between_the_samples_show_their_true_peak(hertz: float, phase: float) -> None:
    time = np.arange(24_000)
    fade = np.minimum(1, np.minimum(time, time[::-1]) / 4_800)
    sound = (0.5 * fade * np.sin(2 * np.pi * hertz * time / 48_000 + phase)).astype(np.float32)[:, None]
    meter = TruePeak(1)
    meter.feed(sound)
    # 4x leaves at most this much between its points at 20 kHz; BS.1770 annex 2 allows 0.55 dB.
    assert sounds.decibels(meter.end() / 0.5) == pytest.approx(0, abs=0.1)


def test_skipping_chunks_finds_the_same_peak_as_looking_everywhere() -> None:
    for seed, sound in enumerate((sounds.noise(2, 1), music(2), sounds.noise(2, 3).cumsum(axis=0) / 300)):
        sound = sound.astype(np.float32)
        meter = TruePeak()
        meter.feed(sound)
        everywhere = soxr.resample(sound.astype(np.float64), 48_000, 192_000, quality="VHQ")
        assert sounds.decibels(meter.end() / np.abs(everywhere).max()) == pytest.approx(0, abs=0.03), seed


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["white", "drift", "square"]))
def test_nothing_between_samples_exceeds_the_bound(seed: int, kind: str) -> None:
    rng = sounds.random(seed)
    length = BEFORE + 3 * CHUNK + AFTER
    sound = rng.standard_normal(length) * rng.uniform(0.01, 2)
    if kind == "drift":
        sound = np.cumsum(sound)
    if kind == "square":
        sound = np.sign(np.sin(np.arange(length) * rng.uniform(0.01, 3)))
    padded = sound.astype(np.float32)[:, None]
    peaks = peaks_between(padded, np.arange(3), np.zeros(3, np.intp)).max(axis=0)
    assert (peaks <= chunk_bounds(padded)[:, 0] * 1.00001).all()
