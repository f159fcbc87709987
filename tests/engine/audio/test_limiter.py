"""The limiter keeps its promise under force, is smooth, and does not hang on how it is fed."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

import sounds
from hitpoint.engine.audio.limiter import Limiter

CEILING_DB = -1.15
DRIVE_DB = 9.5


def curve(sound: sounds.Floats, blocks: list[int], drive_db: float = DRIVE_DB) -> np.ndarray:
    limiter = Limiter(10 ** (CEILING_DB / 20), 10 ** (drive_db / 20), sound.shape[1])
    out, at = [], 0
    for block in blocks:
        out.append(limiter.feed(sound[at : at + block]))
        at += block
    out += [limiter.feed(sound[at:]), limiter.end()]
    return np.concatenate(out)


def hard_material() -> dict[str, sounds.Floats]:
    time = np.arange(48_000 * 3)
    between = np.sin(2 * np.pi * 12_000 * time / 48_000 + np.pi / 4) * np.sin(2 * np.pi * time / 20_000) ** 8
    impulses = np.zeros(len(time))
    impulses[5_000::9_601] = 0.9
    impulses[5_001::9_601] = -0.9
    mix = np.sum(list(sounds.stems(3).values()), axis=0)
    clipped = np.clip(mix * 8, -1, 1)
    material = {
        "sines between samples": np.stack([between, -between], axis=1),
        "impulses": np.stack([impulses, impulses], axis=1),
        "music": mix / np.abs(mix).max(),
        "clipped music": clipped,
        "noise": sounds.noise(3),
    }
    return {kind: recorded(sound) for kind, sound in material.items()}


def recorded(sound: np.ndarray) -> sounds.Floats:
    """Up to 21 kHz, as recordings and sound fonts are: above, oversamplers do not agree what a peak is."""
    narrow = soxr.resample(sound, 48_000, 42_000, quality="VHQ")
    return soxr.resample(narrow, 42_000, 48_000, quality="VHQ").astype(np.float32)


@pytest.mark.parametrize("kind", list(hard_material()))
def test_the_ceiling_holds_at_eight_times_the_rate_after_hard_drive(kind: str) -> None:
    sound = hard_material()[kind]
    out = sound * curve(sound, [48_000] * 3)[:, None]
    over = soxr.resample(out, 48_000, 384_000, quality="VHQ")
    # Clipping is the worst there is: its edges reach to the end of the band.
    assert sounds.decibels(np.abs(over).max()) <= (-0.9 if kind == "clipped music" else -1.0)


def test_what_is_below_the_ceiling_gets_the_constant_gain_and_nothing_else() -> None:
    sound = sounds.noise(2) * np.float32(0.2)
    gain = curve(sound, [48_000, 48_000], drive_db=6)
    assert np.array_equal(gain, np.full(len(sound), 10 ** (6 / 20)))


def test_the_gain_falls_before_the_peak_and_has_come_back_after_half_a_second() -> None:
    sound = np.zeros((96_000, 2), np.float32)
    sound[40_000:40_010] = 1.0
    gain = curve(sound, [96_000], drive_db=12)
    full = 10 ** (12 / 20)
    # The pulse overshoots by a seventh between the samples.
    assert 0.8 * 10 ** (CEILING_DB / 20) < gain[40_000] <= 10 ** (CEILING_DB / 20)
    assert gain[40_000 - 600] == pytest.approx(full)
    assert gain[40_000 - 240] < full
    assert gain[40_000 + 30_000] == pytest.approx(full, rel=0.01)


def test_the_gain_has_no_corners() -> None:
    sound = hard_material()["music"]
    gain = curve(sound, [48_000] * 3)
    # The fastest possible fall crosses the whole range in the 5 ms of look-ahead, twice smoothed.
    assert np.abs(np.diff(gain, 2)).max() < gain.max() / 100**2


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 70_000), min_size=0, max_size=8))
def test_every_block_size_gives_the_same_bytes(blocks: list[int]) -> None:
    sound = np.concatenate((hard_material()["music"], np.zeros((70_000, 2), np.float32)))[:190_001]
    assert curve(sound, blocks).tobytes() == curve(sound, [len(sound)]).tobytes()
