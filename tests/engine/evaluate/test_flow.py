from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from hitpoint.engine.errors import InputError
from hitpoint.engine.evaluate.flow import av_align, flow, video_peaks
from hitpoint.engine.evaluate.onsets import onset_strength, onset_times

_FPS = 25
_RATE = 22_050


def _jumping(times: np.ndarray, seconds: int) -> np.ndarray:
    """A textured square that jumps to and fro by a few picture elements at each time."""
    random = np.random.Generator(np.random.PCG64(0))
    square = random.integers(0, 256, (36, 36, 3), np.uint8)
    # Smooth texture: flow follows what it can see move.
    square = np.repeat(np.repeat(square[::6, ::6], 6, axis=0), 6, axis=1)
    film = np.full((seconds * _FPS, 64, 64, 3), 40, np.uint8)
    for frame in range(len(film)):
        jumps = int(np.searchsorted(times, frame / _FPS + 1e-9, side="right"))
        x = 12 + 6 * (jumps % 2)
        film[frame, 14:50, x : x + 36] = square
    return film


def _clicks(times: np.ndarray, seconds: int) -> np.ndarray:
    random = np.random.Generator(np.random.PCG64(1))
    sound = np.zeros(seconds * _RATE, np.float32)
    for at in times:
        start = round(at * _RATE)
        sound[start : start + 1500] += (random.standard_normal(1500) * np.exp(-np.arange(1500) / 250)).astype(
            np.float32
        )
    return 0.5 * sound


def test_jumps_on_clicks_align_and_clicks_half_a_second_off_do_not() -> None:
    times = np.arange(1.0, 14.0, 1.16)
    peaks = video_peaks(flow(_jumping(times, 15)), _FPS)
    on = onset_times(onset_strength(_clicks(times, 15), _RATE))
    off = onset_times(onset_strength(_clicks(times + 0.5, 15), _RATE))
    assert av_align(on, peaks, _FPS) > 0.7
    assert av_align(off, peaks, _FPS) < 0.2


def test_a_still_film_has_no_peaks() -> None:
    still = _jumping(np.zeros(0), 2)
    assert (flow(still) < 1e-3).all() and len(video_peaks(flow(still), _FPS)) == 0


def test_peaks_are_strict_maxima_that_reach_a_tenth() -> None:
    speed = [0.0, 0.3, 0.0, 0.09, 0.0, 0.5, 0.5, 0.0, 0.1, 0.0, 0.9]
    assert video_peaks(speed, 10) == pytest.approx([0.1, 0.8])


def test_each_video_peak_is_taken_once_and_only_within_a_frame() -> None:
    assert av_align([1.0, 1.01], [1.0], 25) == pytest.approx(1 / 2)
    assert av_align([1.05], [1.0], 25) == 0
    # Exactly one frame off is not less than a frame.
    assert av_align([1.25], [1.0], 4) == 0
    assert av_align([1.24], [1.0], 4) == 1
    assert np.isnan(av_align([], [], 25))


def test_opencv_leaves_the_search_path_of_libraries_as_it_was() -> None:
    before = os.environ.get("LD_LIBRARY_PATH")
    flow(_jumping(np.zeros(0), 1)[:2])
    assert os.environ.get("LD_LIBRARY_PATH") == before
    assert Path.cwd().exists()


def test_one_picture_has_no_motion() -> None:
    with pytest.raises(InputError, match="two"):
        flow(np.zeros((1, 32, 32, 3), np.uint8))
