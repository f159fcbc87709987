"""Features mean what they say: known speeds, lights and colours come out as such."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter

from hitpoint.engine.picture.features import VERSION, Features, measure

FRAME_US = np.int64(1_000_000) // 24


def _times(count: int) -> npt.NDArray[np.int64]:
    return (np.arange(count) * FRAME_US).astype(np.int64)


def _grey(luma: npt.NDArray[np.floating]) -> npt.NDArray[np.uint8]:
    """Pictures (n, 3, 54, 96) without colour."""
    out = np.full((len(luma), 3, 54, 96), 128, np.uint8)
    out[:, 0] = np.rint(np.clip(luma, 0, 255))
    return out


def _pan(pixels_a_frame: float, count: int = 12, seed: int = 1) -> npt.NDArray[np.floating]:
    """A random landscape passing by, drawn at four times the size."""
    chance = np.random.Generator(np.random.PCG64(seed))
    wide = gaussian_filter(chance.normal(size=(54 * 4, 96 * 10)), 6)
    wide = (wide - wide.min()) / (wide.max() - wide.min()) * 255
    out = []
    for index in range(count):
        shift = round(index * pixels_a_frame * 4)
        out.append(wide[:, shift : shift + 96 * 4].reshape(54, 4, 96, 4).mean(axis=(1, 3)))
    return np.array(out)


def _mean_motion(luma: npt.NDArray[np.floating]) -> float:
    return float(np.nanmean(measure(_grey(luma), _times(len(luma))).motion))


@pytest.mark.parametrize("pixels_a_frame", [0.25, 0.5, 1, 2, 4, 8])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_motion_of_a_pan_is_its_speed(pixels_a_frame: float, seed: int) -> None:
    widths_a_second = pixels_a_frame * 24 / 96
    assert _mean_motion(_pan(pixels_a_frame, seed=seed)) == pytest.approx(widths_a_second, rel=0.6)


def test_a_faster_pan_never_moves_less() -> None:
    speeds = [_mean_motion(_pan(pixels)) for pixels in (0, 0.25, 0.5, 1, 2, 4, 8)]
    assert speeds == sorted(speeds)
    assert speeds[0] == 0


def test_a_fade_and_a_flicker_are_not_motion() -> None:
    still = _pan(0)
    fade = still * np.linspace(0.2, 1, len(still))[:, None, None]
    flicker = still * 0.7 + 20 * (np.arange(len(still)) % 2)[:, None, None]
    assert _mean_motion(fade) < 0.05
    assert _mean_motion(flicker) < 0.05


def test_grain_is_hardly_motion() -> None:
    chance = np.random.Generator(np.random.PCG64(5))
    assert _mean_motion(_pan(0) + chance.normal(0, 1, (12, 54, 96))) < 0.05


def test_an_object_counts_by_its_share() -> None:
    small, large = _pan(0), _pan(0)
    for index in range(12):
        small[index, 20:30, 10 + 3 * index : 20 + 3 * index] = 250
        large[index, 5:45, 10 + 3 * index : 50 + 3 * index] = 250
    assert 0.02 < _mean_motion(small) < _mean_motion(large) < 0.75


def test_the_first_picture_of_a_source_has_no_motion() -> None:
    assert np.isnan(measure(_grey(_pan(1)), _times(12)).motion[0])


def _colour(luma: int, blue: int, red: int) -> Features:
    pixels = np.empty((1, 3, 54, 96), np.uint8)
    pixels[0] = np.array((luma, blue, red), np.uint8)[:, None, None]
    return measure(pixels, _times(1))


def test_colour_and_light() -> None:
    grey, orange, blue = _colour(51, 128, 128), _colour(150, 70, 190), _colour(90, 190, 80)
    assert grey.luminance[0] == pytest.approx(0.2, abs=1e-6)
    assert (grey.warmth[0], grey.saturation[0]) == (0.5, 0)
    assert orange.warmth[0] > 0.85
    assert blue.warmth[0] < 0.15
    assert orange.saturation[0] > 0.8
    faint = _colour(150, 126, 130)
    assert 0.5 < faint.warmth[0] < 0.65


def test_shares_of_colours_add_up() -> None:
    colours = measure(_grey(_pan(1)), _times(12)).colours
    assert colours[:, :16].sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert colours[:, 16:].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_measured_in_pieces_is_measured_at_once() -> None:
    pixels, times = _grey(_pan(1.5, 20)), _times(20)
    whole = measure(pixels, times)
    pieces = Features.merged([measure(pixels[:8], times[:8]), measure(pixels[7:], times[7:]).without_first()])
    for name, value in whole.arrays().items():
        assert np.array_equal(value, pieces.arrays()[name], equal_nan=value.dtype.kind == "f"), name


def test_features_survive_storing_and_foreign_arrays_do_not_pass() -> None:
    found = measure(_grey(_pan(1)), _times(12))
    again = Features.from_arrays(found.arrays())
    assert np.array_equal(again.motion, found.motion, equal_nan=True)
    assert len(Features.from_arrays(None).time_us) == 0
    for name, wrong in (
        ("motion", np.zeros(12)),
        ("layout", np.zeros((12, 3, 8, 16), np.uint8)),
        ("time_us", np.zeros(3, np.int64)),
    ):
        assert len(Features.from_arrays({**found.arrays(), name: wrong}).time_us) == 0


def test_the_version_is_part_of_the_promise() -> None:
    """Whoever changes a number of a feature must raise VERSION: the sums below belong to version 1."""
    found = measure(_grey(_pan(1.5)), _times(12))
    sums = [
        float(np.nansum(value, dtype=np.float64)) for value in (found.motion, found.luminance, found.warmth)
    ]
    assert VERSION == 1
    assert sums == pytest.approx([5.8363, 5.5079, 6.0], abs=5e-3)
