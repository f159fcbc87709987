"""Sketch's rendering as a guide: the same plan, played by the built-in composer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from ..audio.conform import stem_blocks
from ..generator import USUAL, TakeRequest
from ..progress import Cancel, Progress
from ..sketch.generator import SketchGenerator
from ..timebase import SAMPLE_RATE

# Chroma hears pitch: what has none only blurs it.
_UNPITCHED = ("drums", "hits")


def render_guide(
    request: TakeRequest, folder: Path, *, sample_rate: int, progress: Progress, cancel: Cancel
) -> npt.NDArray[np.float32]:
    """The pitched stems of a sketch take, mono float32 [n] at `sample_rate`, handles included."""
    take = SketchGenerator(folder).generate(replace(request, neural=USUAL), progress=progress, cancel=cancel)
    samples = request.plan.samples + sum(request.handle_samples)
    mono = np.zeros(samples, np.float32)
    for stem in take.stems:
        if stem.name not in _UNPITCHED:
            at = 0
            for block in stem_blocks(stem, samples):
                mono[at : at + len(block)] += block.mean(axis=1)
                at += len(block)
        Path(stem.path).unlink()
    return np.asarray(soxr.resample(mono, SAMPLE_RATE, sample_rate, quality="HQ"), np.float32)
