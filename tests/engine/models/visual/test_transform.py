from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hitpoint.engine.models.visual.transform import DEVIATION, MEAN, prepare


def _noise(height: int, width: int) -> np.ndarray:
    random = np.random.Generator(np.random.PCG64(3))
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(90, 160), (160, 90), (336, 336), (1080, 1919), (337, 700)])
def test_a_picture_is_resized_cropped_and_normalised_as_published(shape: tuple[int, int]) -> None:
    picture = _noise(*shape)
    # The published rule, written down a second time: longer side int(336 * long / short), crop from
    # int(round((size - 336) / 2)), uint8 in between.
    height, width = shape
    longer = int(336 * max(shape) / min(shape))
    size = (336, longer) if width <= height else (longer, 336)
    image = Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC)
    left, top = round((image.width - 336) / 2), round((image.height - 336) / 2)
    wanted = np.asarray(image.crop((left, top, left + 336, top + 336)), np.float64) / 255
    wanted = (wanted - MEAN) / DEVIATION
    found = prepare(picture, 336)
    assert found.shape == (3, 336, 336) and found.dtype == np.float32
    assert np.abs(found - wanted.transpose(2, 0, 1)).max() < 1e-5


def test_what_comes_back_is_on_the_grid_of_bytes() -> None:
    found = prepare(_noise(90, 160), 64).astype(np.float64)
    in_bytes = (found.transpose(1, 2, 0) * DEVIATION + MEAN) * 255
    assert np.abs(in_bytes - np.rint(in_bytes)).max() < 1e-3


def test_a_single_colour_stays_that_colour() -> None:
    found = prepare(np.full((50, 70, 3), (255, 0, 128), np.uint8), 32)
    assert np.allclose(found[:, 5, 5], (np.array((1, 0, 128 / 255)) - MEAN) / DEVIATION, atol=1e-6)
