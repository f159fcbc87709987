"""Made effects end or begin on the very sample, grow with velocity, survive a mono speaker, do not hurt."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hitpoint.engine.errors import EngineFault
from hitpoint.engine.sketch.effects import make_effect

RATE = 48_000
NAMES = ("fx:riser", "fx:impact", "fx:swell", "fx:downer")
Array = npt.NDArray[np.float32]


def rms(sound: Array) -> float:
    return float(np.sqrt(np.mean(sound.astype(float) ** 2)))


@settings(max_examples=20, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    samples=st.integers(1, 150_000),
    pitch=st.integers(0, 127),
    velocity=st.integers(1, 127),
    seed=st.integers(0, 2**70),
)
def test_any_effect_is_finite_stereo_and_of_its_length(
    name: str, samples: int, pitch: int, velocity: int, seed: int
) -> None:
    sound = make_effect(name, samples, pitch, velocity, seed)
    assert sound.dtype == np.float32
    assert sound.shape[1] == 2
    assert np.all(np.isfinite(sound))
    assert np.max(np.abs(sound)) < 2.5
    if name != "fx:impact":
        assert len(sound) == samples


@pytest.mark.parametrize("name", ["fx:riser", "fx:swell"])
@pytest.mark.parametrize("seconds", [0.5, 1.6, 3.0])
def test_a_riser_and_a_swell_are_loudest_right_before_their_end(name: str, seconds: float) -> None:
    samples = round(seconds * RATE)
    sound = make_effect(name, samples, 50, 110, 1)
    tenths = [rms(part) for part in np.array_split(sound[:-240], 10)]
    assert int(np.argmax(tenths)) >= 8
    assert tenths[0] < 0.15 * tenths[9]
    assert np.max(np.abs(sound[-1])) < 1e-6, "it must be over where the hit begins"
    assert rms(sound[-2400:-240]) > 0.1


def test_an_impact_is_there_at_once_and_without_a_step() -> None:
    for seed in range(5):
        sound = make_effect("fx:impact", 1000, 50, 120, seed)
        assert not sound[0].any() and np.abs(sound[:96]).max() > 0.2, "within two milliseconds, with no step"
        assert np.abs(sound[1]).max() < 0.05
        assert rms(sound[:960]) > 0.5 * max(rms(sound[at : at + 960]) for at in range(0, 20_000, 960))
        assert np.max(np.abs(sound[-100:])) < 1e-3
        spectrum = np.abs(np.fft.rfft(sound.sum(axis=1)[: RATE // 2]))
        assert int(np.argmax(spectrum)) * 2 < 120, "the boom is low"


def test_a_downer_falls_in_pitch_and_level() -> None:
    sound = make_effect("fx:downer", 2 * RATE, 57, 110, 4)
    quarters = [rms(part) for part in np.array_split(sound[2400:], 4)]
    assert quarters == sorted(quarters, reverse=True)
    centroids = []
    for part in np.array_split(sound[:, 0], 4)[:3]:
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
        centroids.append(np.sum(np.arange(len(spectrum)) * spectrum) / np.sum(spectrum))
    assert centroids == sorted(centroids, reverse=True)
    assert np.max(np.abs(sound[-1])) < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_velocity_is_size(name: str) -> None:
    levels = [rms(make_effect(name, RATE, 50, velocity, 1)) for velocity in (30, 60, 90, 127)]
    assert levels == sorted(levels)
    assert levels[3] > 4 * levels[0]


@pytest.mark.parametrize("name", NAMES)
def test_seeds_differ_and_repeat(name: str) -> None:
    a, b, c = (make_effect(name, RATE, 50, 100, seed) for seed in (1, 1, 2))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)


@pytest.mark.parametrize("name", NAMES)
def test_mono_keeps_the_effect(name: str) -> None:
    sound = make_effect(name, RATE, 50, 110, 1)
    assert 20 * np.log10(rms(sound.mean(axis=1)) / rms(sound)) > -3


@pytest.mark.parametrize("name", NAMES)
def test_little_of_it_is_shrill(name: str) -> None:
    power = np.abs(np.fft.rfft(make_effect(name, 2 * RATE, 50, 120, 1).sum(axis=1))) ** 2
    hertz = np.linspace(0, RATE / 2, len(power))
    assert np.sum(power[hertz > 8000]) < 0.12 * np.sum(power)


def test_an_unknown_effect_is_named() -> None:
    with pytest.raises(EngineFault, match="fx:laser"):
        make_effect("fx:laser", 100, 60, 100, 1)
