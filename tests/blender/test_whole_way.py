"""The whole way in real Blenders: installed, scored through our operator, saved, opened again, and heard
where it should sound.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from blenders import Outcome, blenders, run
from hitpoint.engine.timebase import Rate
from hitpoint.plugin.hosts.blender.extension import build_extension
from judges import SHARED
from made_movies import make_movie

pytestmark = pytest.mark.blender

PROGRAMS = Path(__file__).parent / "programs"
FOOTAGE = SHARED / "footage" / "big_buck_bunny_0_30.webm"
# fps, fps_base, how many samples a stem may sound off its place.
RATES = {"24": (24, 1.0, 0), "25": (25, 1.0, 0), "23.976": (24, 1.001, 4), "29.97": (30, 1.001, 4)}
# Frames of the shots; the first is not scored.
SHOTS = (30, 48, 37, 61, 40, 52)


@dataclass(frozen=True)
class Way:
    outcome: Outcome
    opened: Outcome
    mix: Path
    rate: Rate
    most_off: int

    def told(self, key: str) -> Any:
        (found,) = [facts[key] for facts in (*self.outcome.told, *self.opened.told) if key in facts]
        return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_extension(tmp_path_factory.mktemp("built"))


@pytest.fixture(
    scope="module",
    params=[(series, rate) for series in sorted(blenders()) for rate in RATES],
    ids="-".join,
)
def way(request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Way:
    series, name = request.param
    fps, base, most_off = RATES[name]
    folder = tmp_path_factory.mktemp(f"way-{series}-{name}")
    rate = Rate.of(Fraction(fps) / Fraction(base))
    movies = []
    for number, frames in enumerate(SHOTS):
        begin = 12 + number
        if name == "24" and number % 2 and FOOTAGE.exists():
            movies.append([str(FOOTAGE), 100 * number, frames])
        else:
            path = folder / f"shot{number}.mp4"
            movies.append(
                [
                    str(make_movie(path, Fraction(rate.num, rate.den), begin + frames + 5, number)),
                    begin,
                    frames,
                ]
            )
    order = {
        "zip": str(built), "python": sys.executable, "blend": str(folder / "film.blend"), "fps": fps,
        "fps_base": base, "movies": movies, "unselected": 1,
    }  # fmt: skip
    (folder / "order.json").write_text(json.dumps(order))
    python = blenders()[series]
    outcome = run(python, PROGRAMS / "whole.py", folder / "profile", str(folder / "order.json"))
    assert outcome.code == 0, outcome.said
    mix = folder / "mix.wav"
    opened = run(python, PROGRAMS / "sound.py", folder / "other", order["blend"], str(mix))
    assert opened.code == 0, opened.said
    return Way(outcome, opened, mix, rate, most_off)


def test_it_is_scored_and_placed(way: Way) -> None:
    assert way.told("phase") == "placed"
    assert way.told("summary")["generator"] == "sketch"
    assert way.told("summary")["seed"] == 7
    assert way.told("editors_kept")
    assert way.told("verified") == []


def test_one_undo_takes_all_of_it_away_and_one_redo_brings_it_back(way: Way) -> None:
    assert way.told("undone")
    assert way.told("redone")


def test_what_was_undone_can_be_placed_again(way: Way) -> None:
    assert way.told("placed_again")


def test_it_is_all_there_when_the_file_is_opened_again(way: Way) -> None:
    stems = {one[1] for one in way.told("placements")}
    assert len(stems) > 2
    assert len(way.told("strips")) == len(way.told("placements"))
    (marks,) = [facts["markers"] for facts in way.outcome.told if "markers" in facts]
    (kept,) = [facts["markers"] for facts in way.opened.told if "markers" in facts]
    assert kept == marks > 0


def test_the_mixdown_has_the_stems_at_their_samples(way: Way) -> None:
    expected = sum_of_stems(way)
    heard, hertz = soundfile.read(way.mix, dtype="float64")
    assert hertz == 48_000
    first = min(one[3] for one in way.told("placements"))
    at = SHOTS[0]
    assert first == at
    offs = []
    # Around every cut, where the accents are.
    for frames in SHOTS[1:]:
        middle = way.rate.sample(at)
        off = lag(expected, heard, middle)
        if off is not None:
            offs.append(off)
        at += frames
    print(f"off by {offs} samples")
    assert len(offs) >= 3
    assert max(map(abs, offs)) <= way.most_off


def sum_of_stems(way: Way) -> np.ndarray:
    """The stems laid at their exact samples, float64, from the timeline's frame 0."""
    total = np.zeros((way.rate.sample(sum(SHOTS)), 2))
    for _, _, path, in_frame, out_frame, source_in in way.told("placements"):
        sound, _ = soundfile.read(path, dtype="float64")
        begin, end = way.rate.sample(in_frame), way.rate.sample(out_frame)
        # The handle before the cue.
        head = begin - way.rate.sample(in_frame - source_in)
        piece = sound[head : head + end - begin]
        total[begin : begin + len(piece)] += piece
    return total


def lag(expected: np.ndarray, heard: np.ndarray, middle: int, *, most: int = 64) -> int | None:
    """By how many samples what is heard around `middle` comes late; None without sound to compare."""
    begin, end = middle - 2048, middle + 12_288
    if begin - most < 0 or end + most > min(len(expected), len(heard)):
        return None
    wanted = expected[begin:end].sum(axis=1)
    if np.sqrt(np.mean(wanted**2)) < 1e-4:
        return None
    scores = [
        float(np.dot(wanted, heard[begin + off : end + off].sum(axis=1))) for off in range(-most, most + 1)
    ]
    return int(np.argmax(scores)) - most
