"""A picture as the encoder wants it: CLIP's published preprocessing, to the last rounding.

torchvision's Resize (bicubic on uint8), CenterCrop, ToTensor and Normalize, as openai/CLIP `clip.py` chains
them. Rounding to uint8 between resizing and normalising is part of the published result.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

# Part of every cache key: rows made by another transform are other rows.
VERSION = "clip.1"
MEAN = np.array((0.48145466, 0.4578275, 0.40821073), np.float32)
DEVIATION = np.array((0.26862954, 0.26130258, 0.27577711), np.float32)


def prepare(picture: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.float32]:
    """uint8 RGB [height, width, 3] to float32 [3, size, size]: shorter side `size`, then the middle of it."""
    scaled = (middle_square(picture, size).astype(np.float32) / np.float32(255) - MEAN) / DEVIATION
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def middle_square(picture: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.uint8]:
    """The picture resized and cropped, uint8 [size, size, 3], before it is normalised."""
    height, width = picture.shape[:2]
    short, long = min(height, width), max(height, width)
    resized = size, max(size, size * long // short)
    image = Image.fromarray(picture)
    if short != size:
        image = image.resize(resized if width <= height else resized[::-1], Image.Resampling.BICUBIC)
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return np.asarray(image.crop((left, top, left + size, top + size)))
