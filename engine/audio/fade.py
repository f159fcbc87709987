"""How sound is turned down to nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def faded(first: int, end: int, start: int, frames: int) -> npt.NDArray[np.float32]:
    """Gain of `frames` frames from `start`, (frames, 1): half a raised cosine from 1 at `first` down to 0 at
    `end`, where it arrives without a corner."""
    left = np.clip((end - np.arange(start, start + frames)) / max(end - first, 1), 0, 1)
    return np.asarray(np.sin(np.pi / 2 * left) ** 2, np.float32)[:, None]
