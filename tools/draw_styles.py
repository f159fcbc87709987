"""docs/styles/NAME.png: a mel-spectrogram and a piano-roll of one take in each style.

python -m tools.draw_styles [--out DIR] [--seed N] [--processes N] [STYLE ...]
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
import numpy.typing as npt
import scipy.fft
import scipy.signal
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from hitpoint.engine.audio.onset import mel_filters
from hitpoint.engine.evaluate.gates.piece import Piece
from hitpoint.engine.store.durable import durable_write
from hitpoint.engine.style import style_names
from hitpoint.engine.timebase import SAMPLE_RATE
from hitpoint.engine.types import Note
from hitpoint.export.figure_rows import GREY, HIT, INK, LIGHT, SETTINGS, STEMS

from .gate_takes import LONG, take

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KEYS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_WIDTH_IN, _HEIGHT_IN, _DPI = 12.0, 6.4, 100
_LEFT, _RIGHT = 0.07, 0.99
# What is shown up to 12 kHz: bands of the spectrogram, its window and step, how far under its loudest place.
_RATE = SAMPLE_RATE // 2
_BANDS, _WINDOW, _HOP, _DEEP_DB = 96, 2048, 1200, 75.0
_MARKS_HZ = (200, 500, 1000, 2000, 5000, 10_000)
# Shades of the spectrogram leave half of a PNG's palette to the notes.
_SHADES, _COLOURS = 96, 256
_UNPITCHED = ("drums", "hits")
_SHORTEST_S = 0.08


def drawn(style: str, seed: int) -> bytes:
    """The picture of one take as a PNG."""
    piece = take(style, seed, scenes=LONG).piece
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        for name, value in SETTINGS.items():
            matplotlib.rcParams[name] = value  # type: ignore[index]
        figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), dpi=_DPI, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        top, middle, low = figure.subplots(3, 1, height_ratios=(2.4, 3.2, 0.9), sharex=True)
        figure.subplots_adjust(left=_LEFT, right=_RIGHT, top=0.93, bottom=0.065, hspace=0.07)
        figure.text(_LEFT, 0.965, _title(piece, seed), fontsize=13, fontweight="bold", va="center")
        _spectrogram(top, piece)
        _roll(middle, piece)
        _drums(low, piece)
        figure.legend(*middle.get_legend_handles_labels(), loc="upper right", ncols=5, borderaxespad=0.4)
        low.set_xlim(0, piece.plan.samples / SAMPLE_RATE)
        low.set_xlabel("seconds", labelpad=1)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    out = io.BytesIO()
    picture.quantize(_COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _title(piece: Piece, seed: int) -> str:
    tempi = [bar.segment.bpm for bar in piece.plan.bars]
    assert piece.tonic is not None
    return f"{piece.style}, seed {seed}: on {_KEYS[piece.tonic]}, {np.median(tempi):.0f} beats a minute"


def _spectrogram(axes: Axes, piece: Piece) -> None:
    """Mel bands of the mix, the cue alone."""
    mono = piece.inside(piece.mix).mean(axis=1)
    decibels = _mel_db(mono)
    axes.imshow(
        np.maximum(decibels, decibels.max() - _DEEP_DB),
        origin="lower",
        aspect="auto",
        cmap=matplotlib.colormaps["magma"].resampled(_SHADES),
        interpolation="nearest",
        extent=(0, len(mono) / SAMPLE_RATE, 0, _BANDS),
    )
    axes.set_yticks([_band(hertz) for hertz in _MARKS_HZ], [_hertz(hertz) for hertz in _MARKS_HZ])
    axes.tick_params(bottom=False)
    _label(axes, "mix")


def _mel_db(mono: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """float64 [bands, frames]"""
    half = scipy.signal.resample_poly(mono, 1, 2).astype(np.float32)
    padded = np.pad(half, (_WINDOW // 2, _WINDOW))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[: len(half) : _HOP]
    window = scipy.signal.get_window("hann", _WINDOW).astype(np.float32)
    power = np.abs(scipy.fft.rfft(frames * window, axis=1)) ** 2
    return np.asarray(10 * np.log10(mel_filters(_RATE, _WINDOW, _BANDS) @ power.T + 1e-9))


def _band(hertz: float) -> float:
    """Where a frequency lies among the bands."""
    filters = mel_filters(_RATE, _WINDOW, _BANDS).toarray()
    middles = filters.argmax(axis=1) * _RATE / _WINDOW
    return float(np.interp(hertz, middles, np.arange(_BANDS) + 0.5))


def _hertz(hertz: int) -> str:
    return f"{hertz // 1000} kHz" if hertz >= 1000 else f"{hertz} Hz"


def _roll(axes: Axes, piece: Piece) -> None:
    """Pitched notes by stem, the melody on top; sections and strong hits."""
    notes = [note for note in piece.notes if note.stem not in _UNPITCHED]
    for stem in ("pads", "harmony", "bass", "melody"):
        own = [note for note in notes if note.stem == stem]
        if own:
            _bricks(axes, own, [note.pitch for note in own], STEMS[stem])
            axes.plot([], [], color=STEMS[stem], linewidth=5, label=stem)
    low, high = min(note.pitch for note in notes), max(note.pitch for note in notes)
    axes.set_ylim(low - 2, high + 8)
    octaves = [pitch for pitch in range(0, 128, 12) if low - 2 <= pitch <= high + 2]
    axes.set_yticks(octaves, [f"C{pitch // 12 - 1}" for pitch in octaves])
    axes.grid(axis="y", color=LIGHT, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(bottom=False)
    _label(axes, "notes")
    _sections(axes, piece)


def _sections(axes: Axes, piece: Piece) -> None:
    for section in piece.plan.sections:
        at = max(0, piece.plan.bars[section.start_bar].start_sample) / SAMPLE_RATE
        axes.axvline(at, color=GREY, linewidth=1.0, linestyle=(0, (3, 3)), zorder=1)
        axes.text(
            at, 0.985, f" {section.label}", transform=axes.get_xaxis_transform(), va="top", fontweight="bold"
        )
    strong = [hit.sample / SAMPLE_RATE for hit in piece.plan.hits if hit.strong]
    for at in strong:
        axes.axvline(at, color=HIT, linewidth=1.3, alpha=0.6, zorder=1)
    if strong:
        axes.plot([], [], color=HIT, linewidth=1.5, label="hit")


def _drums(axes: Axes, piece: Piece) -> None:
    """A line for each drum, and one for the effects."""
    notes = [note for note in piece.notes if note.stem in _UNPITCHED]
    lanes = sorted({_lane(note) for note in notes})
    for stem in _UNPITCHED:
        own = [note for note in notes if note.stem == stem]
        if own:
            _bricks(axes, own, [lanes.index(_lane(note)) for note in own], STEMS[stem])
    axes.set_ylim(-0.8, max(len(lanes), 1) - 0.2)
    axes.set_yticks([])
    _label(axes, "drums, fx")
    if not notes:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", color=GREY)


def _lane(note: Note) -> tuple[bool, int, str]:
    return (note.stem != "drums", note.pitch if note.stem == "drums" else 0, note.instrument)


def _bricks(axes: Axes, notes: Sequence[Note], rows: Sequence[int], colour: str) -> None:
    """A note is as dark as it is loud."""
    boxes = [
        Rectangle(
            (note.start_sample / SAMPLE_RATE, row - 0.4),
            max(note.samples / SAMPLE_RATE if note.stem != "drums" else 0.0, _SHORTEST_S),
            0.8,
        )
        for note, row in zip(notes, rows, strict=True)
    ]
    shades = [(*matplotlib.colors.to_rgb(colour), 0.25 + 0.75 * note.velocity / 127) for note in notes]
    axes.add_collection(PatchCollection(boxes, facecolors=shades, edgecolors="none", zorder=2))


def _label(axes: Axes, name: str) -> None:
    axes.set_ylabel(name, fontweight="bold", color=INK)
    axes.yaxis.set_label_coords(-0.05, 0.5)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--out", type=Path, default=Path("docs/styles"))
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--processes", type=int, default=os.cpu_count())
    asked.add_argument("styles", nargs="*", default=[])
    options = asked.parse_args()
    styles = options.styles or list(style_names())
    options.out.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes) as pool:
        for style, picture in zip(styles, pool.map(partial(drawn, seed=options.seed), styles), strict=True):
            path = options.out / f"{style}.png"
            durable_write(path, picture)
            print(f"{path}: {len(picture) / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
