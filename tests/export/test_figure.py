"""The figures are drawn whatever the cue holds, the same each time, and leave matplotlib as it was."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import PIL.Image
import pytest

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import (
    Cue,
    Cut,
    Hit,
    Picture,
    Plan,
    Section,
    Shot,
    Span,
    TempoSegment,
)
from hitpoint.export.figure import draw_fit, draw_picture, met_by_plan

RATE = Rate(24)


def film(frames: int = 240) -> tuple[Cue, Picture, Plan]:
    cue = Cue("a $x_1$ cue \u4f60\x07", RATE, 48, 48 + frames, (Shot("s", 48, 48 + frames, "gap"),), 86_400)
    curve = tuple(float(value) for value in np.linspace(0, 1, frames))
    cuts = (Cut(96, 0.9), Cut(140, 0.3, "dissolve", 12), Cut(200, 0.5, "fade", 24))
    picture = Picture(
        RATE, 48, curve, curve, curve, curve, curve, cuts,
        black=(Span(60, 70),), unseen=(Span(80, 90),), speech=(Span(100, 160),),
    )  # fmt: skip
    hits = (
        Hit(96, cue.sample(96), "must", 1.0, "must: $title"),
        Hit(140, cue.sample(140), "would", 0.3),
        Hit(200, cue.sample(200), "would", 0.8),
        Hit(160, cue.sample(160), "avoid", 0.5),
    )
    segments = (TempoSegment(-24_000, 96_000, (4, 1)), TempoSegment(96_000, 500_000, (4, 4, 3, 4)))
    sections = (Section("A", 0, 3, 0.4, 0.5), Section("B", 3, 6, 0.6, 0.5))
    energy = (0.2, 0.4, 0.5, 0.9, 0.7, 0.3)
    return cue, picture, Plan(cue.name, cue.samples, hits, segments, sections, energy, 5)


def size(path: Path) -> tuple[int, int]:
    with PIL.Image.open(path) as image:
        return image.size


def pixels(path: Path) -> np.ndarray:
    with PIL.Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def levels() -> dict[str, np.ndarray]:
    return {name: np.linspace(0, 1, 50, dtype=np.float32) for name in ("hits", "drums", "strange")}


def test_met_hits_are_those_with_a_downbeat_and_avoided_those_without() -> None:
    assert met_by_plan(film()[2]) == (True, False, False, True)


def test_a_figure_is_a_picture_that_shows_something(tmp_path: Path) -> None:
    cue, picture, plan = film()
    draw_fit(tmp_path / "fit.png", cue, picture, plan, stems=levels())
    image = pixels(tmp_path / "fit.png")
    assert image.shape[1] == 1600 and image.shape[0] > 800
    # Every tenth of the height below the head holds colour.
    colour = np.abs(image - image.mean(axis=2, keepdims=True)).max(axis=2) > 40
    assert all(part.any() for part in np.array_split(colour[80:], 10))


def test_a_missed_hit_is_red(tmp_path: Path) -> None:
    cue, picture, plan = film()
    reds = []
    for met in ((True,) * 4, (False, True, True, True)):
        draw_fit(tmp_path / "fit.png", cue, picture, plan, met=met)
        image = pixels(tmp_path / "fit.png")
        reds.append(int((np.abs(image[:300] - (0xDC, 0x26, 0x26)).max(axis=2) < 8).sum()))
    assert reds[1] > reds[0] + 20


def test_figures_are_the_same_each_time_and_undated(tmp_path: Path) -> None:
    cue, picture, plan = film()
    hashes = set()
    for line_width in (1.0, 9.0):
        with matplotlib.rc_context({"lines.linewidth": line_width, "figure.facecolor": "black"}):
            draw_fit(tmp_path / "fit.png", cue, picture, plan, stems=levels())
            assert matplotlib.rcParams["lines.linewidth"] == line_width
        hashes.add(hashlib.sha256((tmp_path / "fit.png").read_bytes()).hexdigest())
    assert len(hashes) == 1
    with PIL.Image.open(tmp_path / "fit.png") as image:
        assert image.info.keys() <= {"dpi"}


@pytest.mark.parametrize("with_plan", [False, True])
def test_the_picture_alone_can_be_drawn(tmp_path: Path, with_plan: bool) -> None:
    cue, picture, plan = film()
    draw_picture(tmp_path / "picture.png", cue, picture, plan if with_plan else None)
    assert size(tmp_path / "picture.png")[0] == 1600


@pytest.mark.parametrize("frames", [1, 5, 30_000])
def test_any_length_can_be_drawn(tmp_path: Path, frames: int) -> None:
    cue, picture, plan = film(frames)
    bare = replace(picture, cuts=(), black=(), unseen=(), speech=())
    segments = (TempoSegment(0, max(plan.samples, cue.samples), (4,) * max(1, frames // 50)),)
    plan = replace(plan, hits=(), segments=segments, energy=(0.5,) * max(1, frames // 50), sections=())
    draw_fit(tmp_path / "fit.png", cue, bare, plan)
    draw_picture(tmp_path / "picture.png", cue, bare)
    assert size(tmp_path / "fit.png")[0] == 1600


def test_a_cue_without_anything_can_be_drawn(tmp_path: Path) -> None:
    cue, _, plan = film()
    nothing = Picture(RATE, 48, (), (), (), (), (), ())
    draw_fit(tmp_path / "fit.png", cue, nothing, replace(plan, hits=(), segments=(), energy=(), sections=()))
    assert (tmp_path / "fit.png").stat().st_size > 1000
