"""What GVMGen's decoder attends to: the pictures of a window's own time, and a few of the whole film.

`published` mode keeps the paper's behaviour: every frame of the cue in every window. With the guide `plan`
the decoder is also told the plan's beats, hits, energy and chords at every step.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from ..generator import TakeRequest
from ..progress import Cancel, Progress
from ..sketch.composer import chord_spans
from .backends import Backend
from .channels import plan_channels
from .config import FRAME_RATE
from .generate.windows import Window
from .library import Installed
from .neural import Floats, Timing, Told
from .step import Condition
from .visual.embed import embed_cue
from .visual.frames import frame_times
from .warm import WarmTemporal, warm_pictures

# Frames of the whole cue that every window sees beside its own, so that long music stays one piece.
ANCHORS = 4
# Times that take no positional term.
_UNTIMED = -1.0


def picture_conditioner(
    installed: Installed,
    request: TakeRequest,
    timing: Timing,
    backend: Backend,
    folder: Path,
    progress: Progress,
    cancel: Cancel,
) -> PictureConditioner:
    """Looks at the cue's frames (those never seen before), and keeps a row of memory for each.

    With the guide `plan`, of a model whose decoder takes one, the harmony is the one that sketch would write.
    """
    config = installed.card.config
    plan = None
    if request.neural.guide == "plan":
        head = request.handle_samples[0]
        plan = plan_channels(request.plan, chord_spans(request), start_sample=-head, steps=timing.steps)
    published = request.neural.mode == "published"
    seen = frame_times(request.cue, config.frame_rate, "legacy_skip" if published else "pts")
    with warm_pictures(installed, backend.encoder_precision, backend.graphs_device) as encoder:
        embedded = embed_cue(request.cue, seen, encoder, progress=progress, cancel=cancel)
    temporal = WarmTemporal(installed, backend.encoder_precision, backend.graphs_device)
    return PictureConditioner(
        embedded.rows,
        np.asarray(seen.times_s, np.float64),
        temporal,
        head_s=timing.head_s,
        whole=published,
        told=Told(
            problems=embedded.problems,
            facts=(("frames", {"used": len(embedded.rows), "distinct": embedded.encoded + embedded.cached}),),
        ),
        plan=plan,
    )


class Projection(Protocol):
    """As `runtime.encoder.Temporal`."""

    def project(self, memory: Floats, times: Floats | None = None) -> tuple[Floats, Floats]: ...


class PictureConditioner:
    """Rows of memory [N, D] at cue times [N] s, and the projection to every layer's keys and values.

    plan  columns of the plan at every step of the music, float32 [steps, C]; None: without a guide
    """

    def __init__(
        self,
        rows: Floats,
        times_s: np.ndarray[tuple[int], np.dtype[np.float64]],
        temporal: Projection,
        *,
        head_s: float,
        whole: bool,
        told: Told,
        plan: Floats | None = None,
    ) -> None:
        self._rows = rows
        self._times_s = times_s
        self._temporal = temporal
        self._head_s = head_s
        self._whole = whole
        self._told = told
        self._plan = plan

    def condition(self, window: Window) -> Condition:
        index, times_s = self.frames(window)
        memory, temporal_kv = self._temporal.project(
            self._rows[index][None], np.asarray(times_s, np.float32)[None]
        )
        plan = None if self._plan is None else self._plan[window.start : window.end]
        return Condition(temporal_kv=temporal_kv, memory=memory, plan=plan)

    def frames(self, window: Window) -> tuple[list[int], list[float]]:
        """Which rows a window attends to, and their times from its start (-1: an anchor, untimed)."""
        start_s = window.start / FRAME_RATE - self._head_s
        end_s = window.end / FRAME_RATE - self._head_s
        everything = range(len(self._rows))
        if self._whole:
            own = list(everything)
        else:
            # Handles see the cue's first and last picture, so a window never sees none.
            low = min(start_s, self._times_s[-1])
            own = [i for i in everything if low <= self._times_s[i] < end_s] or [0]
        times_s = [max(0.0, float(self._times_s[i]) - start_s) for i in own]
        if len(own) == len(self._rows):
            return own, times_s
        anchors = [round((k + 0.5) * len(self._rows) / ANCHORS - 0.5) for k in range(ANCHORS)]
        return own + anchors, times_s + [_UNTIMED] * ANCHORS

    def told(self) -> Told:
        return self._told
