"""The rows of our figures. Each paints one matplotlib Axes whose x is seconds from the cue's first frame."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..engine.timebase import SAMPLE_RATE
from ..engine.types import Cue, Picture, Plan, Span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GREY = "#6b7280"
LIGHT = "#e5e7eb"
INK = "#1f2937"
HIT = "#d97706"
MET = "#15803d"
MISSED = "#dc2626"
WEAK = "#9ca3af"
AVOID = "#7c3aed"
TEMPO = "#be123c"
_CURVES = (("motion", "#dc2626"), ("luminance", "#1f2937"), ("warmth", "#f59e0b"), ("saturation", "#2563eb"))
_SECTIONS = ("#60a5fa", "#f59e0b", "#34d399", "#f472b6", "#a78bfa", "#fb7185", "#22d3ee", "#a3e635")
STEMS = {
    "drums": "#dc2626", "bass": "#7c3aed", "harmony": "#2563eb", "melody": "#059669", "pads": "#0891b2",
    "hits": "#d97706",
}  # fmt: skip
SETTINGS = {
    "font.size": 9.5,
    "axes.edgecolor": "#9ca3af",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 9,
    "ytick.labelsize": 8,
    "legend.fontsize": 8.5,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "legend.borderpad": 0.25,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.2,
}
# More points than this cannot be told apart on the paper.
_POINTS = 3000
_MOST_NAMES = 24


def text(owner: Axes | Figure, x: float, y: float, words: str, **style: Any) -> None:
    """Words of the user's as they are: no formulas, and letters that the font lacks as question marks."""
    owner.text(x, y, _printable(words), parse_math=False, **style)


def _printable(words: str) -> str:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    known = get_font(findfont(FontProperties())).get_charmap()
    return "".join(letter if ord(letter) in known and letter.isprintable() else "?" for letter in words)


def _label(axes: Axes, name: str) -> None:
    axes.set_ylabel(name, rotation=0, ha="right", va="center", fontweight="bold")
    axes.yaxis.set_label_coords(-0.042, 0.5)


def _unit(axes: Axes, top: float = 1.0) -> None:
    axes.set_ylim(0, top)
    axes.set_yticks([0, 0.5, 1])
    axes.grid(axis="y", color=LIGHT, linewidth=0.6)
    axes.set_axisbelow(True)


def _legend(axes: Axes) -> None:
    """One line above the row's right end, where no data lies."""
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            loc="lower right",
            bbox_to_anchor=(1.0, 1.005),
            ncols=len(handles),
            borderaxespad=0.0,
            framealpha=0.0,
        )


def _at(cue: Cue, frame: int) -> float:
    return cue.sample(frame) / SAMPLE_RATE


def hits(axes: Axes, cue: Cue, picture: Picture, plan: Plan, met: Sequence[bool]) -> None:
    """Cuts as grey lines as high as they are strong; hits as marks, green where met, red where missed."""
    _label(axes, "cuts, hits")
    _unit(axes, 1.28)
    _cut_lines(axes, cue, picture)
    groups: dict[str, list[tuple[float, float]]] = {}
    for hit, good in zip(plan.hits, met, strict=True):
        group = (
            "avoided" if hit.kind == "avoid" else "weak" if not hit.strong else "met" if good else "missed"
        )
        if hit.kind == "avoid" and not good:
            group = "not avoided"
        groups.setdefault(group, []).append((hit.sample / SAMPLE_RATE, hit.strength))
    styles: dict[str, dict[str, Any]] = {
        "weak": {"marker": "o", "s": 16, "color": WEAK, "label": "weak hit"},
        "met": {"marker": "o", "s": 46, "color": MET, "label": "strong hit, met"},
        "missed": {"marker": "X", "s": 62, "color": MISSED, "label": "strong hit, missed"},
        "avoided": {"marker": "v", "s": 46, "color": AVOID, "label": "avoid, kept free"},
        "not avoided": {"marker": "v", "s": 46, "color": MISSED, "label": "avoid, not kept"},
    }
    for group, style in styles.items():
        if group in groups:
            x, y = zip(*groups[group], strict=True)
            axes.scatter(x, y, zorder=4, edgecolors="white", linewidths=0.8, **style)
    musts = [hit for hit in plan.hits if hit.kind == "must"]
    if musts:
        x = tuple(hit.sample / SAMPLE_RATE for hit in musts)
        y = tuple(hit.strength for hit in musts)
        axes.scatter(x, y, s=120, facecolors="none", edgecolors=INK, linewidths=1.1, zorder=4, label="must")
    for hit in musts[:_MOST_NAMES]:
        if hit.name:
            text(axes, hit.sample / SAMPLE_RATE, 1.26, f" {hit.name[:24]}", fontsize=8, va="top", zorder=5)
    _legend(axes)


def cuts(axes: Axes, cue: Cue, picture: Picture) -> None:
    """Cuts alone, by kind."""
    _label(axes, "cuts")
    _unit(axes, 1.1)
    _cut_lines(axes, cue, picture, marks=True)
    _legend(axes)


def _cut_lines(axes: Axes, cue: Cue, picture: Picture, *, marks: bool = False) -> None:
    colours = {"cut": INK, "dissolve": "#2563eb", "fade": "#0f766e"}
    for kind, colour in colours.items():
        chosen = [cut for cut in picture.cuts if cut.kind == kind]
        if not chosen:
            continue
        x = [_at(cue, cut.frame) for cut in chosen]
        y = [cut.strength for cut in chosen]
        axes.vlines(x, 0, y, color=colour, linewidth=1.6, alpha=0.55, zorder=2, label=kind)
        for cut, at in zip(chosen, x, strict=True):
            half = float(cue.rate.seconds(cut.width_frames)) / 2
            if half:
                axes.plot([at - half, at + half], [cut.strength] * 2, color=colour, linewidth=2.5, alpha=0.4)
        if marks:
            axes.scatter(x, y, s=22, color=colour, zorder=3)


def bars(axes: Axes, cue: Cue, plan: Plan) -> None:
    """Bars as stripes with their numbers, odd meters named, beats as ticks; the tempo as a line."""
    from matplotlib.collections import PolyCollection

    _label(axes, "bars\ntempo\n(bpm)")
    shown = [bar for bar in plan.bars if bar.end_sample_exclusive > 0 and bar.start_sample < plan.samples]
    if not shown:
        return
    low, high = _tempo_range(plan)
    span = high - low
    floor = low - 0.62 * span
    axes.set_ylim(floor, high + 0.15 * span)
    axes.set_yticks(sorted({round(low), round((low + high) / 2), round(high)}))
    edge = low - 0.14 * span
    stripes: dict[str, list[list[tuple[float, float]]]] = {"#dbeafe": [], "#eff6ff": [], "#fde68a": []}
    for bar in shown:
        x0, x1 = bar.start_sample / SAMPLE_RATE, bar.end_sample_exclusive / SAMPLE_RATE
        colour = "#fde68a" if bar.beats != 4 else "#dbeafe" if bar.index % 2 == 0 else "#eff6ff"
        stripes[colour].append([(x0, floor), (x1, floor), (x1, edge), (x0, edge)])
    for colour, shapes in stripes.items():
        label = "odd bar" if colour == "#fde68a" and shapes else None
        axes.add_collection(
            PolyCollection(shapes, facecolors=colour, edgecolors="none", zorder=1, label=label)
        )
    axes.vlines(
        [bar.start_sample / SAMPLE_RATE for bar in shown], floor, edge, color="#1d4ed8", linewidth=1.1
    )
    if len(shown) <= 100:
        beats = [bar.sample(beat) / SAMPLE_RATE for bar in shown for beat in range(1, bar.beats)]
        axes.vlines(beats, floor, floor + 0.3 * (edge - floor), color="#60a5fa", linewidth=0.8)
    step = next(step for step in (1, 2, 4, 8, 16, 32, 64, 10**6) if len(shown) / step <= 48)
    for bar in shown:
        first, last = max(0, bar.start_sample), min(plan.samples, bar.end_sample_exclusive)
        middle = (first + last) / 2 / SAMPLE_RATE
        wide = last - first > (bar.end_sample_exclusive - bar.start_sample) / 3
        if wide and (bar.index % step == 0 or bar.beats != 4):
            words = str(bar.index + 1) if bar.beats == 4 else f"{bar.beats}/4"
            weight = "normal" if bar.beats == 4 else "bold"
            height = floor + 0.62 * (edge - floor)
            text(axes, middle, height, words, ha="center", va="center", fontsize=7.5, fontweight=weight)
    x = [plan.segments[0].start_sample / SAMPLE_RATE]
    y = []
    for segment in plan.segments:
        x.append(segment.end_sample_exclusive / SAMPLE_RATE)
        y.append(segment.bpm)
    axes.stairs(y, x, baseline=None, color=TEMPO, linewidth=1.8, zorder=3, label="tempo")
    _legend(axes)


def _tempo_range(plan: Plan) -> tuple[float, float]:
    tempi = [segment.bpm for segment in plan.segments]
    low, high = min(tempi), max(tempi)
    # A steady tempo shall look steady: the axis never spans less than 12 bpm.
    spare = max(0.0, 12 - (high - low)) / 2
    return low - spare, high + spare


def curves(axes: Axes, cue: Cue, picture: Picture) -> None:
    """Motion, luminance, warmth, saturation; black and unseen stretches shaded, speech as a bar below."""
    _label(axes, "picture")
    _unit(axes, 1.05)
    for name, colour in _CURVES:
        x, y = _pooled(cue, picture, getattr(picture, name))
        width = 1.5 if name == "motion" else 1.1
        axes.plot(x, y, color=colour, linewidth=width, alpha=0.9, label=name, zorder=3)
    for name, spans, style in (
        ("black", picture.black, {"facecolor": "#111827", "alpha": 0.2, "linewidth": 0}),
        (
            "unseen",
            picture.unseen,
            {"facecolor": "#f3f4f6", "hatch": "////", "edgecolor": "#9ca3af", "linewidth": 0},
        ),
    ):
        _shade(axes, cue, spans, name, ymin=0.0, ymax=1.0, **style)
    _shade(
        axes, cue, picture.speech, "speech", ymin=0.0, ymax=0.055, facecolor="#db2777", linewidth=0, zorder=4
    )
    _legend(axes)


def _shade(axes: Axes, cue: Cue, spans: Sequence[Span], name: str, **style: Any) -> None:
    for index, span in enumerate(spans):
        label = name if index == 0 else None
        axes.axvspan(_at(cue, span.in_frame), _at(cue, span.out_frame_exclusive), label=label, **style)


def change(axes: Axes, cue: Cue, picture: Picture) -> None:
    """Difference of each frame to the one before."""
    _label(axes, "change")
    _unit(axes, 1.05)
    x, y = _pooled(cue, picture, picture.change, peak=True)
    axes.fill_between(x, 0, y, color="#475569", linewidth=0.6)


def _pooled(
    cue: Cue, picture: Picture, values: Sequence[float], *, peak: bool = False
) -> tuple[npt.NDArray[np.floating[Any]], npt.NDArray[np.floating[Any]]]:
    """Times and values of a curve, at most `_POINTS` of them: means, or peaks where those matter."""
    curve = np.asarray(values, np.float64)
    first = _at(cue, picture.in_frame)
    frame_s = float(cue.rate.seconds(1))
    width = max(1, -(-len(curve) // _POINTS))
    pad = np.pad(curve, (0, -len(curve) % width), mode="edge") if len(curve) else curve
    pools = pad.reshape(-1, width)
    pooled = pools.max(axis=1) if peak else pools.mean(axis=1)
    times = first + (np.arange(len(pooled)) * width + width / 2) * frame_s
    return times, pooled


def energy(axes: Axes, cue: Cue, plan: Plan) -> None:
    """Energy of each bar, coloured by section; equal letters are the same music come back."""
    _label(axes, "energy")
    _unit(axes, 1.2)
    shown = plan.bars
    if not shown or not plan.energy:
        return
    edges = [bar.start_sample / SAMPLE_RATE for bar in shown] + [shown[-1].end_sample_exclusive / SAMPLE_RATE]
    values = list(plan.energy)[: len(shown)]
    letters = list(dict.fromkeys(section.label for section in plan.sections))
    for section in plan.sections:
        first, last = section.start_bar, min(section.end_bar_exclusive, len(values))
        colour = _SECTIONS[letters.index(section.label) % len(_SECTIONS)]
        axes.stairs(
            values[first:last], edges[first : last + 1], fill=True, color=colour, alpha=0.65, zorder=2
        )
        axes.axvline(edges[first], color=GREY, linewidth=0.8, linestyle=":", zorder=2)
        middle = min(max((edges[first] + edges[last]) / 2, 0.0), plan.samples / SAMPLE_RATE)
        text(
            axes,
            middle,
            1.1,
            section.label,
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold",
            zorder=5,
        )
    axes.stairs(values, edges[: len(values) + 1], baseline=None, color=INK, linewidth=1.0, zorder=3)
    if plan.ending_bar < len(shown):
        at = shown[plan.ending_bar].start_sample / SAMPLE_RATE
        axes.axvline(at, color=TEMPO, linewidth=1.6, linestyle="--", zorder=4, label="last chord")
    _legend(axes)


def stems(axes: Axes, cue: Cue, levels: Sequence[tuple[str, npt.NDArray[np.float32]]]) -> None:
    """One lane a stem, its level mirrored about the middle of the lane."""
    _label(axes, "stems")
    count = len(levels)
    axes.set_ylim(0, count)
    axes.set_yticks([count - index - 0.5 for index in range(count)])
    axes.set_yticklabels([_printable(name) for name, _ in levels], fontsize=9)
    axes.tick_params(axis="y", length=0)
    seconds = cue.samples / SAMPLE_RATE
    for index, (name, values) in enumerate(levels):
        middle = count - index - 0.5
        curve = np.clip(np.asarray(values, np.float64), 0, 1)
        x = (np.arange(len(curve)) + 0.5) * seconds / max(1, len(curve))
        colour = STEMS.get(name, GREY)
        axes.fill_between(
            x, middle - 0.46 * curve, middle + 0.46 * curve, color=colour, alpha=0.8, linewidth=0
        )
    for low, high in pairwise(range(count + 1)):
        if high < count:
            axes.axhline(low + 1, color=LIGHT, linewidth=0.8)
