"""`chroma_cos`: whether music moves through the pitches that its reference moves through.

audiocraft's `ChromaCosineSimilarityMetric` on one-hot chroma, which makes the cosine of a frame 1 or 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..models.config import MelodyConfig
from ..models.runtime.chroma import chroma

CONFIG = MelodyConfig()


def chroma_cos(sound: npt.NDArray[np.float32], reference: npt.NDArray[np.float32]) -> float:
    """Mean cosine of frames (window 16,384, hop 4,096) of two mono float32 [n] at 32 kHz, of one length.

    InputError when the lengths differ.
    """
    if sound.shape != reference.shape or sound.ndim != 1 or not len(sound):
        raise InputError(
            f"sounds of shapes {sound.shape} and {reference.shape} cannot be compared: cut both to one length"
        )
    return float((chroma(sound, CONFIG) * chroma(reference, CONFIG)).sum(axis=1).mean())
