"""The tips of peaks: rounded, taken from who makes them, and nothing else touched."""

from __future__ import annotations

import numpy as np
import pytest

import sounds
from hitpoint.engine.audio.shave import MOST_DB, Shave

CEILING = 0.875


def struck(peak: float = 1.2) -> tuple[sounds.Floats, sounds.Floats]:
    """A second of a low tone, and a stroke that begins on its crest: the mix reaches about `peak`."""
    time = np.arange(sounds.RATE) / sounds.RATE
    tone = 0.2 * np.cos(2 * np.pi * 100 * time)
    stroke = np.zeros(sounds.RATE)
    at = sounds.RATE // 2
    stroke[at : at + 2_400] = (
        (peak - 0.2) * np.cos(2 * np.pi * 180 * time[:2_400]) * np.exp(-time[:2_400] / 0.01)
    )
    return tuple(np.stack([part, part], axis=1).astype(np.float32) for part in (tone, stroke))


def test_what_lies_below_the_knee_is_the_very_same() -> None:
    tone, stroke = struck(0.7)
    shave = Shave(CEILING, 1.0)
    assert shave.mix(tone + stroke) is not None
    assert np.array_equal(shave.mix(tone + stroke), tone + stroke)
    assert shave.stems((tone, stroke)) == (tone, stroke)


def test_peaks_are_rounded_to_a_decibel_over_the_ceiling_at_most() -> None:
    tone, stroke = struck(1.2)
    out = Shave(CEILING, 1.0).mix(tone + stroke)
    assert CEILING < np.abs(out).max() <= CEILING * 10 ** (1 / 20)
    # Louder stays louder.
    order = np.argsort(np.abs(tone + stroke)[:, 0], kind="stable")
    assert np.all(np.diff(np.abs(out[order, 0])) > -1e-6)


@pytest.mark.parametrize("gain", [0.5, 3.0])
def test_the_gain_that_follows_moves_the_knee(gain: float) -> None:
    tone, stroke = struck(1.2)
    mix = (tone + stroke) / np.float32(gain)
    out = Shave(CEILING, gain).mix(mix)
    np.testing.assert_allclose(out * gain, Shave(CEILING, 1.0).mix(tone + stroke), atol=1e-6)


def test_no_sample_is_turned_down_by_more_than_three_decibels() -> None:
    tone, stroke = struck(4.0)
    mix = tone + stroke
    out = Shave(CEILING, 1.0).mix(mix)
    loud = np.abs(mix) > 1e-3
    assert (np.abs(out[loud]) / np.abs(mix[loud])).min() == pytest.approx(10 ** (-MOST_DB / 20), rel=1e-3)


def test_stems_still_add_up_and_who_sustains_is_left_alone() -> None:
    tone, stroke = struck(1.2)
    shave = Shave(CEILING, 1.0)
    kept, shaved = shave.stems((tone, stroke))
    np.testing.assert_allclose(kept + shaved, shave.mix(tone + stroke), atol=1e-6)
    assert np.abs(kept - tone).max() < 0.01 * np.abs(shaved - stroke).max() + 2e-3
    untouched = np.abs(tone + stroke) < 0.7
    assert np.array_equal(kept[untouched], tone[untouched])


def test_what_it_adds_lies_far_under_the_stroke() -> None:
    tone, stroke = struck(1.1)
    mix = tone + stroke
    change = Shave(CEILING, 1.0).mix(mix) - mix
    at = sounds.RATE // 2
    around = slice(at, at + 2_400)
    spectrum = np.abs(np.fft.rfft(change[around, 0]))
    hertz = np.fft.rfftfreq(2_400, 1 / sounds.RATE)
    stroke_energy = np.square(np.abs(np.fft.rfft(mix[around, 0]))).sum()
    assert 10 * np.log10(np.square(spectrum[hertz > 5_000]).sum() / stroke_energy) < -40
