from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hitpoint.engine.evaluate.matching import beat_iou
from hitpoint.engine.evaluate.transitions import transitions


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(24000, 1001), Fraction(30)])
def test_cuts_are_found_at_the_first_picture_of_the_new_shot(fps: Fraction) -> None:
    colours = np.array([(230, 90, 80), (20, 20, 60), (220, 240, 200), (40, 90, 40)], np.uint8)
    shot = np.repeat(np.arange(4), 40)
    random = np.random.Generator(np.random.PCG64(0))
    film = [colours[index] + random.integers(0, 8, (36, 64, 3), np.uint8) for index in shot]
    found = transitions(film, fps)
    assert found == pytest.approx(np.array([40, 80, 120]) / float(fps))
    assert beat_iou(found, found + 0.4, 0.5) == 1 and beat_iou(found, found + 0.6, 0.5) == 0


def test_a_film_without_pictures_or_without_cuts_has_no_transitions() -> None:
    assert len(transitions([], 24)) == 0
    assert len(transitions(np.full((50, 36, 64, 3), 90, np.uint8), 24)) == 0
