"""Onset strength, against librosa."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

import sounds
from hitpoint.engine.audio.decode import audio_blocks
from hitpoint.engine.audio.onset import HOP, OnsetMeter, mel_filters, onset_curve
from judges import shared


def librosas(sound: sounds.Floats) -> np.ndarray:
    mono = soxr.resample(sound.mean(axis=1), 48_000, 24_000)
    return librosa.onset.onset_strength(y=mono, sr=24_000, hop_length=240, n_fft=1024)


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    length = min(len(a), len(b))
    return float(np.corrcoef(a[:length], b[:length])[0, 1])


@pytest.mark.parametrize("stem", ["drums", "harmony", "melody"])
@pytest.mark.parametrize("gain", [1.0, 0.02])
def test_the_strength_of_stems_is_librosas(stem: str, gain: float) -> None:
    sound = sounds.stems(12, seed=3)[stem] * np.float32(gain)
    assert correlation(onset_curve(sound).strength, librosas(sound)) > 0.95


@pytest.mark.shared
def test_the_strength_of_a_films_sound_is_librosas() -> None:
    blocks = audio_blocks(shared("footage/big_buck_bunny_0_30.webm"), samples=48_000 * 30)
    sound = np.concatenate(list(blocks))
    assert correlation(onset_curve(sound).strength, librosas(sound)) > 0.98


def test_the_finer_curve_agrees_with_librosas_default_settings() -> None:
    sound = sounds.stems(12, seed=5)["melody"]
    mono = soxr.resample(sound.mean(axis=1), 48_000, 22_050)
    default = librosa.onset.onset_strength(y=mono, sr=22_050)
    times = librosa.times_like(default, sr=22_050)
    ours = onset_curve(sound).strength
    # Both blurred to the coarser grid of 23 ms and the longer window of 93 ms.
    fine = np.convolve(ours, np.hanning(11), mode="same")
    coarse = np.convolve(default, np.hanning(5), mode="same")
    there = np.interp(times, np.arange(len(ours)) * HOP / 48_000, fine)
    assert correlation(there, coarse) > 0.8


def test_the_filters_are_librosas() -> None:
    theirs = librosa.filters.mel(sr=24_000, n_fft=1024, n_mels=128)
    np.testing.assert_allclose(mel_filters(24_000, 1024, 128).toarray(), theirs, atol=1e-6)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 70_000), max_size=6))
def test_the_curve_does_not_hang_on_the_block_size(blocks: list[int]) -> None:
    sound = sounds.stems(3)["melody"]
    meter, at = OnsetMeter(float(np.abs(sound).max())), 0
    for block in blocks:
        meter.feed(sound[at : at + block])
        at += block
    meter.feed(sound[at:])
    curve, whole = meter.curve(), onset_curve(sound)
    assert curve.strength.tobytes() == whole.strength.tobytes()
    assert curve.power.tobytes() == whole.power.tobytes()


def test_the_curve_has_a_value_every_ten_milliseconds_and_the_power_of_the_sound() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000 * 2) / 48_000)
    curve = onset_curve(tone.astype(np.float32)[:, None])
    assert len(curve.strength) == len(curve.power) == 201
    np.testing.assert_allclose(curve.power[5:195], 0.125, rtol=0.03)


def test_silence_has_no_onsets() -> None:
    assert not onset_curve(np.zeros((48_000, 2), np.float32)).strength.any()


@pytest.mark.shared
def test_a_file_read_back_gives_the_curve_of_its_samples() -> None:
    path = shared("footage/narration.flac")
    data, _ = soundfile.read(path, dtype="float32", always_2d=True)
    decoded = np.concatenate(list(audio_blocks(path, samples=len(data))))
    np.testing.assert_allclose(onset_curve(decoded).strength, onset_curve(data).strength, atol=1e-3)
