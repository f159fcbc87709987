"""Why a window sees the pictures of its own time: how the answer follows them, and at what cost.

The published way shows every window all pictures of the film, and the attention cannot know their order. Here
the pictures of one window's own time are swapped for others, and the change of the logits is measured; beside
it the same number of pictures elsewhere in the film. Random weights: read the ratios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable

import numpy as np
import torch

from hitpoint.engine.models.config import DecoderConfig
from hitpoint.engine.models.gvmgen import ANCHORS
from hitpoint.engine.models.net.decoder import MusicDecoder, load_decoder
from hitpoint.engine.models.state import decoder_shapes, random_state

_CONFIG = DecoderConfig(dim=512, heads=8, layers=8)
_WINDOW_S = 30
_POSITIONS = 64


def rows() -> Iterable[tuple[str, str, str]]:
    decoder = load_decoder(_CONFIG, random_state(decoder_shapes(_CONFIG), 0))
    random = np.random.Generator(np.random.Philox(1))
    codes = torch.from_numpy(random.integers(0, 2048, (1, 4, _POSITIONS)))
    for minutes in (2, 10):
        count = 60 * minutes
        film = random.standard_normal((count, _CONFIG.dim)).astype(np.float32)
        own = np.arange(count // 2, count // 2 + _WINDOW_S)
        other = np.arange(0, _WINDOW_S)
        anchors = np.round((np.arange(ANCHORS) + 0.5) * count / ANCHORS - 0.5).astype(int)
        scopes = {"window": np.concatenate([own, anchors]), "whole": np.arange(count)}
        for name, seen in scopes.items():
            first, seconds = _logits(decoder, codes, film[seen])
            follows = _change(decoder, codes, film, seen, own, first, random)
            elsewhere = _change(decoder, codes, film, seen, other, first, random)
            yield f"{minutes} min film, scope {name}: pictures attended to", f"{len(seen)}", ""
            yield "  logits change when its own pictures are swapped", f"{100 * follows:.2f} %", ""
            yield "  when as many others are", f"{100 * elsewhere:.2f} %", ""
            yield f"  {_POSITIONS} positions, no cache", f"{1000 * seconds:.0f} ms", ""


def _change(
    decoder: MusicDecoder,
    codes: torch.Tensor,
    film: np.ndarray,
    seen: np.ndarray,
    swapped: np.ndarray,
    before: np.ndarray,
    random: np.random.Generator,
) -> float:
    """RMS of the change of the logits over their own RMS, with the pictures `swapped` replaced."""
    other = film.copy()
    other[swapped] = random.standard_normal((len(swapped), film.shape[1]))
    after, _ = _logits(decoder, codes, other[seen])
    return float(np.sqrt(((after - before) ** 2).mean() / (before**2).mean()))


def _logits(decoder: MusicDecoder, codes: torch.Tensor, memory: np.ndarray) -> tuple[np.ndarray, float]:
    times = []
    with torch.inference_mode():
        for _ in range(3):
            start = time.perf_counter()
            out = decoder(codes, torch.from_numpy(memory[None]))
            times.append(time.perf_counter() - start)
    return out.numpy(), statistics.median(times)
