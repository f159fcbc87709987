"""How soon a moved hit is solved and heard, beside the whole search of the same run: a table, a row for each
length of cue and fit. Processor time, medians of some flags that are dragged three times each; what is heard
first of a place costs more than what is heard there again.

python -m tools.bench_panel_engine [FLAGS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hitpoint.engine.audio.preview import write_preview
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan import around
from hitpoint.engine.plan.around import solve_around
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.progress import Cancel
from hitpoint.engine.sketch.composer import compose
from hitpoint.engine.sketch.passage import Players, play
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Hit, Picture, Plan, Score, Shot
from hitpoint.engine.wishes import HitWish, Wishes, with_wishes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "engine" / "plan"))
import cutlists

_RATE = Rate(24)
_SECONDS = (30, 60, 180)
# A tight fit and a steady one.
_STYLES = ("cinematic", "rock")
_MEAN_SHOT_S = 2.0
# As far as a hand drags a flag between two looks.
_FARTHEST_FRAMES = 72
_PASSAGE_S = 4.0
_TOLERANCE = 1_920
_COLUMNS = (
    "cue    style      cuts  whole  around  90 %   max    ratio  fell back  same hits  same musts  "
    "compose  play   write  heard first  again  90 %"
)


@dataclass(slots=True)
class _Measured:
    """Seconds for each drag."""

    whole: list[float] = field(default_factory=list)
    around: list[float] = field(default_factory=list)
    compose: list[float] = field(default_factory=list)
    play: list[float] = field(default_factory=list)
    write: list[float] = field(default_factory=list)
    fell_back: int = 0
    same_hits: int = 0
    same_musts: int = 0


def film(seconds: int, seed: int) -> tuple[Cue, Picture]:
    """Cuts every two seconds, a third of them strong, over curves that wander."""
    made = cutlists.cut_list(seed, _MEAN_SHOT_S, seconds=seconds)
    rng = np.random.Generator(np.random.PCG64([seed, seconds]))
    frames = 24 * seconds

    def curve() -> tuple[float, ...]:
        points = rng.random(max(3, seconds // 8))
        places = np.linspace(0, 1, len(points))
        return tuple(np.interp(np.linspace(0, 1, frames), places, points).tolist())

    cuts = tuple(
        Cut(round(24 * t), float(rng.uniform(0.5, 0.95) if t in made.strong else rng.uniform(0.1, 0.48)))
        for t in made.cuts
    )
    cue = Cue("1m1", _RATE, 0, frames, (Shot("all", 0, frames, "gap"),))
    return cue, Picture(_RATE, 0, curve(), curve(), curve(), curve(), curve(), cuts)


def row(seconds: int, style: str, flags: int) -> str:
    """One line of the table."""
    measured, firsts = _Measured(), _Measured()
    rng = np.random.Generator(np.random.PCG64(seconds))
    players = Players()
    cuts = 0
    with tempfile.TemporaryDirectory() as folder:
        for flag in range(flags):
            cue, picture = film(seconds, flag % 4)
            score = make_score(seed=1, style=style, cues=[cue])
            strong = [cut.frame for cut in picture.cuts if cut.strength >= 0.5]
            frame = strong[int(rng.integers(len(strong)))]
            by = int(rng.integers(-_FARTHEST_FRAMES, _FARTHEST_FRAMES))
            cuts += len(picture.cuts)
            plan = make_plan(cue, picture, score)
            for drag, more in enumerate((0, 5, -4)):
                to = int(np.clip(frame + by + more, 12, 24 * seconds - 12))
                moved = with_wishes(cue, Wishes(hits=(HitWish(to, "must"),), removed=(frame,)))
                kept = measured if drag else firsts
                plan = _solve(moved, picture, score, plan, kept)
                _hear(TakeRequest(moved, picture, score, plan), to, players, Path(folder), kept)
    drags = len(measured.around)
    heard, first = _heard(measured), _heard(firsts)
    whole, quick = np.median(measured.whole), np.median(measured.around)
    most = np.percentile(measured.around, 90), max(measured.around)
    cells = (
        f"{seconds:3} s ", f" {style:10}", f"{cuts / flags:4.0f}", f"{_ms(whole)}", f" {_ms(quick)}",
        f"{_ms(most[0])}", f"{_ms(most[1])}", f"{whole / quick:5.0f}x",
        f"{measured.fell_back / drags:10.1%}", f"{measured.same_hits / drags:10.1%}",
        f"{measured.same_musts / drags:11.1%}", f"  {_ms(np.median(measured.compose))}",
        f" {_ms(np.median(measured.play))}", f"{_ms(np.median(measured.write))}",
        f"{_ms(np.median(first)):>11}", f" {_ms(np.median(heard))}", f"{_ms(np.percentile(heard, 90))}",
    )  # fmt: skip
    return " ".join(cells)


def _heard(measured: _Measured) -> list[float]:
    """From the drag to the file."""
    parts = zip(measured.around, measured.compose, measured.play, measured.write, strict=True)
    return [sum(part) for part in parts]


def _solve(cue: Cue, picture: Picture, score: Score, before: Plan, measured: _Measured) -> Plan:
    fell_back = False
    whole_search = around.fit_cue

    def noticed(cue: Cue, hits: tuple[Hit, ...], score: Score) -> around.Fitted:
        nonlocal fell_back
        fell_back = True
        return whole_search(cue, hits, score)

    around.fit_cue = noticed
    try:
        start = time.process_time()
        plan = solve_around(cue, picture, score, before)
        measured.around.append(time.process_time() - start)
    finally:
        around.fit_cue = whole_search
    start = time.process_time()
    whole = make_plan(cue, picture, score)
    measured.whole.append(time.process_time() - start)
    measured.fell_back += fell_back
    measured.same_hits += _told(plan) == _told(whole)
    measured.same_musts += _musts(plan) == _musts(whole)
    return plan


def _hear(request: TakeRequest, frame: int, players: Players, folder: Path, measured: _Measured) -> None:
    start = time.process_time()
    composition = compose(request)
    composed = time.process_time()
    first = max(0, min(request.cue.sample(frame) - 48_000, request.plan.samples - round(_PASSAGE_S * 48_000)))
    sound = play(
        request, composition, first, first + round(_PASSAGE_S * 48_000), players=players, cancel=Cancel()
    )
    played = time.process_time()
    write_preview(folder / "passage.wav", sound)
    measured.compose.append(composed - start)
    measured.play.append(played - composed)
    measured.write.append(time.process_time() - played)


def _told(plan: Plan) -> list[tuple[int, str, str]]:
    return [(hit.frame, hit.kind, hit.name) for hit in plan.hits]


def _musts(plan: Plan) -> list[bool]:
    lines = np.array(plan.downbeats)
    return [bool(np.abs(lines - hit.sample).min() <= _TOLERANCE) for hit in plan.hits if hit.kind == "must"]


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:4.0f}ms"


def main(arguments: list[str]) -> int:
    flags = int(arguments[0]) if arguments else 12
    print(_COLUMNS)
    for style in _STYLES:
        for seconds in _SECONDS:
            print(row(seconds, style, flags), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
