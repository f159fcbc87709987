"""Weights and pictures of the golden vectors: given by a formula (tests/golden/README.md), so not stored."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

GOLDEN = Path(__file__).parent / "golden"
_NAME = "a"

Arrays = dict[str, npt.NDArray[np.float32]]


def golden_arrays() -> dict[str, npt.NDArray[np.generic]]:
    """What the published code computed: `embeds`, `logits`, `mask`, `codes`, `greedy`, `config` (JSON)."""
    with np.load(GOLDEN / "gvmgen-a.npz", allow_pickle=False) as file:
        return {key: file[key] for key in file.files}


def golden_keys() -> dict[str, tuple[int, ...]]:
    """Every key of the published state dict with its shape."""
    keys = json.loads((GOLDEN / "gvmgen-a-keys.json").read_text(encoding="utf-8"))
    return {key: tuple(shape) for key, shape in keys.items()}


def golden_state(keys: Mapping[str, tuple[int, ...]]) -> Arrays:
    """The weights that the published code was given."""
    return {key: _weight(key, tuple(shape)) for key, shape in keys.items()}


def golden_video(frames: int = 4, size: int = 336) -> npt.NDArray[np.float32]:
    """Normalised frames, [1, frames, 3, size, size]."""
    return _fill("video", (frames, 3, size, size), 1.7)[None]


def golden_codes(steps: int = 12, codebooks: int = 4) -> npt.NDArray[np.int64]:
    """Input codes, [1, codebooks, steps]."""
    return (2048 * _uniform("codes", codebooks * steps)).astype(np.int64).reshape(1, codebooks, steps)


def _weight(key: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    if len(shape) <= 1:
        lowered = key.lower()
        if key.endswith("weight") and ("norm" in lowered or "ln_" in lowered):
            return _fill(key, shape, 0.2, 1.0)
        return _fill(key, shape, 0.1)
    if key.startswith("emb."):
        return _fill(key, shape, 1.0)
    fan_in = shape[0] if key.endswith("visual.proj") else int(np.prod(shape[1:]))
    return _fill(key, shape, float(np.sqrt(3 / fan_in)))


def _fill(key: str, shape: tuple[int, ...], scale: float, offset: float = 0.0) -> npt.NDArray[np.float32]:
    drawn = _uniform(key, int(np.prod(shape, dtype=np.int64)))
    return (offset + scale * (2 * drawn - 1)).astype(np.float32).reshape(shape)


def _uniform(key: str, count: int) -> npt.NDArray[np.float64]:
    return np.random.Generator(np.random.Philox(key=zlib.crc32(f"{_NAME}:{key}".encode()))).random(count)
