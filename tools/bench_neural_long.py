"""What a second of music costs in cues of 2 and 10 minutes, pictures and fit included (random weights)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from hitpoint.engine.models.config import CodecConfig, DecoderConfig, ModelConfig, VisualConfig

from . import neural_runs

_MIDDLE = ModelConfig(
    "gvmgen",
    DecoderConfig(dim=512, heads=8, layers=8),
    CodecConfig(filters=16),
    VisualConfig(width=256, layers=4, heads=4, patch=28),
)


def rows() -> Iterable[tuple[str, str, str]]:
    neural_runs.installed("random-middle", _MIDDLE)
    cost = {}
    for minutes in (2, 10):
        with tempfile.TemporaryDirectory() as folder:
            options = ("--model", "random-middle", "--candidates", 1, "--seed", 1)
            ran = neural_runs.score(neural_runs.film(60 * minutes), Path(folder) / "run", *options)
        timings = ran.report["timings_s"]
        cost[minutes] = timings["generate"] / (60 * minutes)
        yield f"{minutes} min, D 512, 8 layers: generate, a second of music", f"{cost[minutes]:.3f} s", ""
        yield "  all, a second of music", f"{sum(timings.values()) / (60 * minutes):.3f} s", ""
        yield "  peak memory", f"{ran.peak_mb:.0f} MB", ""
    yield "  growth of generate from 2 to 10 min", f"{100 * (cost[10] / cost[2] - 1):+.0f} %", "<= +10 %"
