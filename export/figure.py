"""fit.png and the picture of `hitpoint analyse`: what the film does and what the music does, over one time
axis.

Drawn with matplotlib's object interface and its default settings, whatever the user's matplotlibrc says;
the PNG carries neither date nor version, so the same request gives the same file on one machine.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..engine.store.durable import durable_write
from ..engine.timebase import SAMPLE_RATE
from ..engine.types import Cue, Picture, Plan
from . import figure_rows as rows
from .scored import stem_rank, timecode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Values evenly over the cue, any number of them, 0..1.
Level = npt.NDArray[np.float32]
_WIDTH_IN = 16.0
_DPI = 100
_LEFT = 0.085
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800)
_MOST_TICKS = 12
# A hit counts as met within 40 ms, here as everywhere in the product.
_MET_SAMPLES = 1920

Row = tuple[float, "Callable[[Axes], None]"]


def met_by_plan(plan: Plan) -> tuple[bool, ...]:
    """For each hit of the plan, whether one of its downbeats lies within 40 ms; avoid: whether none does."""
    downbeats = np.array(plan.downbeats)
    out = []
    for hit in plan.hits:
        near = bool(len(downbeats)) and bool(np.abs(downbeats - hit.sample).min() <= _MET_SAMPLES)
        out.append(near != (hit.kind == "avoid"))
    return tuple(out)


def draw_fit(
    path: Path,
    cue: Cue,
    picture: Picture,
    plan: Plan,
    *,
    met: Sequence[bool] | None = None,
    stems: Mapping[str, Level] | None = None,
    title: str = "",
) -> None:
    """Cuts and hits, bars and tempo, the picture's curves, the plan's energy, the stems' levels.

    `met` runs beside `plan.hits`, as measured on the sound; without it the plan's own downbeats decide.
    `stems` holds a level curve a stem. OutputError when the disk refuses.
    """
    met = met_by_plan(plan) if met is None else tuple(met)
    strong = [(hit, good) for hit, good in zip(plan.hits, met, strict=True) if hit.strong]
    count = f"{sum(good for _, good in strong)} of {len(strong)} strong hits met"
    panel: list[Row] = [
        (1.5, lambda axes: rows.hits(axes, cue, picture, plan, met)),
        (1.35, lambda axes: rows.bars(axes, cue, plan)),
        (1.35, lambda axes: rows.curves(axes, cue, picture)),
        (1.0, lambda axes: rows.energy(axes, cue, plan)),
    ]
    if stems:
        ordered = sorted(stems.items(), key=lambda item: stem_rank(item[0]))
        panel.append((0.32 * len(ordered) + 0.3, lambda axes: rows.stems(axes, cue, ordered)))
    durable_write(path, _png(cue, panel, title or cue.name, count, plan))


def draw_picture(
    path: Path, cue: Cue, picture: Picture, plan: Plan | None = None, *, title: str = ""
) -> None:
    """What the pictures do: cuts with strengths, curves, change; with a plan its bars and energy below."""
    panel: list[Row] = [
        (1.3, lambda axes: rows.cuts(axes, cue, picture)),
        (1.5, lambda axes: rows.curves(axes, cue, picture)),
        (0.8, lambda axes: rows.change(axes, cue, picture)),
    ]
    if plan is not None:
        panel.append((1.35, lambda axes: rows.bars(axes, cue, plan)))
        panel.append((1.0, lambda axes: rows.energy(axes, cue, plan)))
    count = f"{len(picture.cuts)} cuts"
    durable_write(path, _png(cue, panel, title or cue.name, count, plan))


def _png(cue: Cue, panel: Sequence[Row], title: str, note: str, plan: Plan | None) -> bytes:
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        for name, value in rows.SETTINGS.items():
            matplotlib.rcParams[name] = value  # type: ignore[index]
        inches = 1.45 + 1.42 * sum(height for height, _ in panel)
        figure = Figure(figsize=(_WIDTH_IN, inches), dpi=_DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        _fill(figure, cue, panel, inches, plan)
        start, end = timecode(cue, cue.in_frame), timecode(cue, cue.out_frame_exclusive)
        rows.text(figure, _LEFT, 1 - 0.3 / inches, title, fontsize=14, fontweight="bold", va="center")
        span = f"{start} to {end}, {float(cue.rate.fps):.3f} fps"
        rows.text(
            figure, 0.985, 1 - 0.3 / inches, f"{note}    {span}", ha="right", va="center", color=rows.GREY
        )
        buffer = io.BytesIO()
        canvas.print_figure(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def _fill(figure: Figure, cue: Cue, panel: Sequence[Row], inches: float, plan: Plan | None) -> None:
    grid = figure.add_gridspec(
        len(panel), 1, height_ratios=[height for height, _ in panel],
        left=_LEFT, right=0.985, top=1 - 0.8 / inches, bottom=0.42 / inches, hspace=0.28,
    )  # fmt: skip
    seconds = cue.samples / SAMPLE_RATE
    ticks = _ticks(cue)
    lines = [hit.sample / SAMPLE_RATE for hit in plan.hits if hit.strong] if plan is not None else []
    for index, (_, paint) in enumerate(panel):
        axes = figure.add_subplot(grid[index])
        axes.set_xlim(0, seconds)
        axes.set_xticks([at for at, _ in ticks])
        last = index == len(panel) - 1
        axes.set_xticklabels([label for _, label in ticks] if last else [])
        for at in lines:
            axes.axvline(at, color=rows.HIT, alpha=0.22, linewidth=0.9, zorder=1)
        paint(axes)


def _ticks(cue: Cue) -> list[tuple[float, str]]:
    """Seconds from the cue's start and timecode, at whole timecode seconds."""
    seconds = float(cue.rate.seconds(cue.frames))
    step_s = next((step for step in _TICKS_S if seconds / step <= _MOST_TICKS), _TICKS_S[-1])
    step = step_s * cue.rate.nominal
    if cue.frames < cue.rate.nominal:
        step = max(1, cue.frames // 4)
    first = -(-(cue.start_timecode_frame + cue.in_frame) // step) * step - cue.start_timecode_frame
    return [
        (float(cue.rate.seconds(frame - cue.in_frame)), timecode(cue, frame))
        for frame in range(first, cue.out_frame_exclusive + 1, step)
    ]
