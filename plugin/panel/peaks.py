"""Waveforms: the least and largest value of a stem over equal stretches of its cue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...engine.audio.wav import work_blocks
from ...engine.progress import Cancel
from ...engine.store.cache import load_arrays, store_arrays

_KIND = "peaks"
# 10 ms: what no panel is wide enough to show, and small enough to keep.
_FINE = 480

Floats = npt.NDArray[np.float32]


def stem_peaks(
    stems: list[tuple[str, str, str]], head: int, samples: int, columns: int, cancel: Cancel
) -> list[dict[str, Any]]:
    """The fields of `ui.ports.Peaks` for stems (name, path, sha256) whose cue has `samples` from `head` on.

    There are never more columns than stretches of 10 ms. EngineFault when a file is gone or damaged.
    """
    out = []
    for name, path, sha256 in stems:
        low, high = _fine(Path(path), sha256, head, samples, cancel)
        edges = np.linspace(0, len(low), min(columns, len(low)) + 1).astype(np.int64)[:-1]
        shown = {
            "low": np.minimum.reduceat(low, edges) if len(low) else low,
            "high": np.maximum.reduceat(high, edges) if len(high) else high,
        }
        # Two digits of a percent are less than a pixel.
        told = {side: np.round(values.astype(np.float64), 4).tolist() for side, values in shown.items()}
        out.append({"stem": name, **told})
    return out


def _fine(path: Path, sha256: str, head: int, samples: int, cancel: Cancel) -> tuple[Floats, Floats]:
    """Every 10 ms of the cue, over both channels."""
    key = f"{sha256}-{head}-{samples}"
    known = load_arrays(_KIND, key)
    if known is not None:
        return known["low"], known["high"]
    lows, highs = [], []
    for block in work_blocks(path, start=head, stop=head + samples, block=_FINE * 100):
        cancel.check()
        starts = np.arange(0, len(block), _FINE)
        lows.append(np.minimum.reduceat(block.min(axis=1), starts))
        highs.append(np.maximum.reduceat(block.max(axis=1), starts))
    empty = np.zeros(0, np.float32)
    low = np.concatenate(lows) if lows else empty
    high = np.concatenate(highs) if highs else empty
    store_arrays(_KIND, key, {"low": low, "high": high})
    return low, high
