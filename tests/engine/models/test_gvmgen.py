"""Which pictures a window attends to: its own time's, a few of the whole film, and in published mode all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hitpoint.engine.models.generate.windows import Window, default_windowing
from hitpoint.engine.models.gvmgen import ANCHORS, PictureConditioner
from hitpoint.engine.models.neural import Told

Floats = npt.NDArray[np.float32]


class Passing:
    """A projection that hands on what it is given."""

    def project(self, memory: Floats, times: Floats | None = None) -> tuple[Floats, Floats]:
        assert times is not None and times.shape == memory.shape[:2]
        return memory, np.zeros((1, 2, *memory.shape), np.float32)


def conditioner(seconds: int, *, head_s: float = 0.0, whole: bool = False) -> PictureConditioner:
    """One picture a second; the row of second i is filled with i."""
    times_s = np.arange(seconds, dtype=np.float64)
    rows = np.repeat(times_s[:, None], 4, axis=1).astype(np.float32)
    return PictureConditioner(rows, times_s, Passing(), head_s=head_s, whole=whole, told=Told())


def test_a_short_film_is_seen_whole_and_once() -> None:
    index, times_s = conditioner(20, head_s=2).frames(Window(0, 0, 1200, 0))
    assert index == list(range(20))
    assert times_s == [second + 2.0 for second in range(20)]


def test_a_window_sees_its_own_time_and_a_few_pictures_of_the_whole_film() -> None:
    windows = default_windowing(30).plan(50 * 300)
    for window in windows:
        index, times_s = conditioner(300).frames(window)
        own, anchors = index[:-ANCHORS], index[-ANCHORS:]
        assert own == [i for i in range(300) if window.start / 50 <= i < window.end / 50]
        assert len(set(anchors)) == ANCHORS
        assert np.ptp(anchors) >= 200
        assert times_s[: len(own)] == [i - window.start / 50 for i in own]
        assert times_s[-ANCHORS:] == [-1.0] * ANCHORS


def test_every_picture_is_seen_by_a_window_of_its_time() -> None:
    seen: set[int] = set()
    for window in default_windowing(30).plan(50 * 127):
        seen |= set(conditioner(120, head_s=3.5).frames(window)[0][:-ANCHORS])
    assert seen == set(range(120))


def test_a_window_beyond_the_film_sees_its_last_picture() -> None:
    """The tail handle and the spare have no pictures of their own."""
    index, times_s = conditioner(60).frames(Window(3, 50 * 62, 50 * 66, 100))
    assert index[0] == 59
    assert times_s[0] == 0.0


def test_published_mode_shows_every_window_every_picture() -> None:
    for window in (Window(0, 0, 1500, 0), Window(1, 900, 2400, 600)):
        condition = conditioner(120, whole=True).condition(window)
        assert condition.memory is not None
        assert condition.memory[0, :, 0].tolist() == list(range(120))


@pytest.mark.parametrize("seconds", [31, 45, 400])
def test_what_a_window_costs_does_not_grow_with_the_film(seconds: int) -> None:
    most = max(
        len(conditioner(seconds).frames(window)[0]) for window in default_windowing(30).plan(50 * seconds)
    )
    assert most <= 30 + 1 + ANCHORS


def test_a_window_is_told_its_own_stretch_of_the_plan() -> None:
    plan = np.arange(300 * 50, dtype=np.float32)[:, None]
    times_s = np.arange(300, dtype=np.float64)
    rows = np.zeros((300, 4), np.float32)
    guided = PictureConditioner(rows, times_s, Passing(), head_s=0.0, whole=False, told=Told(), plan=plan)
    for window in default_windowing(30).plan(len(plan)):
        said = guided.condition(window).plan
        assert said is not None
        np.testing.assert_array_equal(said[:, 0], np.arange(window.start, window.end))
        assert conditioner(300).condition(window).plan is None
