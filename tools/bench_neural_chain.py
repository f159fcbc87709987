"""GVMGen small, random weights: 30 s of pictures to a placed WAV, beside the published way of computing it.

The published way encodes 2 x 30 frames in one fp32 batch, projects the cross-attention's keys and values at
every step, and decodes with audiocraft's fp32 loop. It is measured in parts and added up: a whole run takes
too long here.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hitpoint.engine.models.config import SMALL, CodecConfig, ModelConfig, VisualConfig

from . import neural_runs

SECONDS = 30
_SMALL = ModelConfig("gvmgen", SMALL, CodecConfig(), VisualConfig())


def rows() -> Iterable[tuple[str, str, str]]:
    neural_runs.installed("random-small", _SMALL)
    with tempfile.TemporaryDirectory() as folder:
        options = ("--model", "random-small", "--candidates", 1, "--handles", 0, "--seed", 1)
        film = neural_runs.film(SECONDS)
        first = neural_runs.score(film, Path(folder) / "first", *options)
        again = neural_runs.score(film, Path(folder) / "again", *options)
    published = _published()
    ratio = sum(published.values()) / first.wall_s
    yield f"{SECONDS} s, GVMGen small int8: pictures to WAV, all", f"{first.wall_s:.1f} s", ""
    yield "  the published way: all, added up", f"{sum(published.values()):.0f} s", ""
    for name, seconds in published.items():
        yield f"    {name}", f"{seconds:.0f} s", ""
    yield "  published way / ours", f"{ratio:.1f} x", ">= 15 x"
    yield "  a second run: pictures from the cache", f"{again.wall_s:.1f} s", ""
    yield "  peak memory, whole job", f"{first.peak_mb:.0f} MB", "< 2000 MB"
    for stage, seconds in first.report["timings_s"].items():
        yield f"    {stage}", f"{seconds:.1f} s", ""


def _published() -> dict[str, float]:
    import torch

    from hitpoint.engine.models.generate.audiocraft_step import AudiocraftDecoder
    from hitpoint.engine.models.net.visual import load_visual
    from hitpoint.engine.models.state import decoder_shapes, model_shapes, random_state
    from hitpoint.engine.models.step import Condition

    shapes = model_shapes(_SMALL)
    encoder = load_visual(_SMALL, random_state(shapes, 0))
    frames = torch.zeros(1, 4, 3, 336, 336)
    with torch.inference_mode():
        encoder(frames)
        start = time.perf_counter()
        encoder(frames)
    frame_s = (time.perf_counter() - start) / 4
    del encoder
    decoder = AudiocraftDecoder(SMALL, random_state(decoder_shapes(SMALL), 0))
    memory = np.random.default_rng(0).standard_normal((1, SECONDS, SMALL.dim)).astype(np.float32)
    steps = SECONDS * 50 + 3
    decoder.begin(Condition(memory=memory), candidates=1, guided=True, length=steps)
    half = np.zeros((1, 4, steps // 2), np.int64)
    decoder.feed(half)
    times = []
    for _ in range(12):
        start = time.perf_counter()
        decoder.feed(half[..., :1])
        times.append(time.perf_counter() - start)
    decoder.close()
    return {
        "60 frames encoded in fp32": 2 * SECONDS * frame_s,
        "1503 steps, as at half the length": steps * statistics.median(times),
    }
