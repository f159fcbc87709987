"""Pairs that are truly related: what a judge can learn from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from hitpoint.engine.evaluate.judge.judge import Pair


@pytest.fixture(scope="session")
def related() -> Callable[..., list[Pair]]:
    pytest.importorskip("torch")
    return _related


def _related(count: int, frames: int, seed: int, name: str = "film") -> list[Pair]:
    """Films and musics that share one slow curve and two levels, each in its own mixture and noise."""
    from hitpoint.engine.evaluate.judge.judge import Pair

    random = np.random.Generator(np.random.PCG64(seed))
    mixtures = np.random.Generator(np.random.PCG64(99)).standard_normal((2, 3, 12))
    pairs = []
    for i in range(count):
        steps = random.standard_normal(frames + 40)
        curve = np.convolve(steps, np.ones(20) / np.sqrt(20), "same")[20:-20]
        levels = random.standard_normal(2)
        hidden = np.stack([curve, np.full(frames, levels[0]), np.full(frames, levels[1])], 1)
        video, music = (
            (hidden @ mixture + 0.3 * random.standard_normal((frames, 12))).astype(np.float32)
            for mixture in mixtures
        )
        pairs.append(Pair(video, music, f"{name} {i}"))
    return pairs
