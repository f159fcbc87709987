"""How far the music is from each hit, and what the two processes of the panel load."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from films import timeline
from hitpoint.engine.errors import OptionError
from hitpoint.engine.picture.look import look
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.plan.tempo import TOLERANCE_SAMPLES
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.serial import to_json
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Hit, HitKind, Picture, Plan, Shot, TempoSegment
from hitpoint.engine.wishes import HitWish, Wishes, with_wishes
from hitpoint.plugin.options import Selection
from hitpoint.plugin.panel.planning import hit_rows, score_of
from hitpoint.plugin.runfolder import default_folder
from hitpoint.plugin.score import read
from hitpoint.ui.session import Controls

# Bars of four beats, half a second each, for ten seconds at 25 a second: a downbeat every 50 frames, and a
# beat each 12.5.
CUE = Cue("1m1", Rate(25), 0, 250, (Shot("s", 0, 250, "gap"),))
SEGMENT = TempoSegment(0, 480_000, (4, 4, 4, 4, 4))


def row_of(frame: int, kind: HitKind, strength: float) -> dict[str, object]:
    hit = Hit(frame, CUE.sample(frame), kind, strength, "slam")
    (row,) = hit_rows(CUE, Plan("1m1", 480_000, (hit,), (SEGMENT,), (), (), 0))
    return row


@given(st.integers(0, 249), st.sampled_from(["must", "would", "avoid"]), st.floats(0, 1))
@settings(deadline=None)
def test_a_hits_error_is_the_distance_to_the_nearest_beat_that_counts(
    frame: int, kind: HitKind, strength: float
) -> None:
    row = row_of(frame, kind, strength)
    strong = kind == "must" or (kind == "would" and strength >= 0.5)
    # The bar after the last one is the next cue's.
    grid = range(0, 250, 50) if strong or kind == "avoid" else [beat * 12.5 for beat in range(20)]
    error = min((beat - frame for beat in grid), key=abs)
    assert abs(float(str(row["error_frames"]))) == pytest.approx(abs(error), abs=0.01)
    near = abs(error) * 48_000 / 25 <= TOLERANCE_SAMPLES
    assert row["met"] == (near != (kind == "avoid"))
    assert (row["frame"], row["kind"], row["strong"], row["name"]) == (frame, kind, strong, "slam")


def test_music_that_comes_after_a_hit_is_late() -> None:
    assert (row_of(97, "must", 1)["error_frames"], row_of(103, "must", 1)["error_frames"]) == (3, -3)


def test_a_hit_that_the_editor_set_is_told_apart() -> None:
    hits = tuple(Hit(frame, CUE.sample(frame), "must", 1.0) for frame in (50, 100))
    cue = with_wishes(CUE, Wishes(hits=(HitWish(100, "must"),)))
    rows = hit_rows(cue, Plan("1m1", 480_000, hits, (SEGMENT,), (), (), 0))
    assert [row["from_wish"] for row in rows] == [False, True]


# --- The Score of a cue


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Cue, Picture]:
    source = timeline(tmp_path_factory.mktemp("film"))
    _, (cue,) = read(source, Selection(range_text=("0", "6")))
    return source, cue, look(cue, progress=silent, cancel=Cancel(), use_cache=False)


def test_the_films_saved_score_counts_until_it_answers_no_more(
    seen: tuple[Path, Cue, Picture], tmp_path: Path
) -> None:
    source, cue, picture = seen
    folder = default_folder(source)
    folder.mkdir(exist_ok=True)

    def asked(controls: Controls, seed: int) -> object:
        return score_of(cue, picture, controls, seed, source, tmp_path / "takes", silent, Cancel())

    auto = Controls()
    alone = asked(auto, 5)
    saved = make_score(seed=99, style="folk", cues=[cue])

    (folder / "score.json").write_text(json.dumps(to_json(saved)))
    film = asked(auto, 5)
    assert film == replace(saved, seed=5)
    assert film != alone
    assert asked(replace(auto, style="folk"), 6) == replace(saved, seed=6)
    # Another style, another mood, or a seed of the user's own: a score of its own.
    for other in (replace(auto, style="rock"), replace(auto, mood="dark"), replace(auto, seed=5)):
        assert asked(other, 5) != replace(saved, seed=5)
    # A take with this seed has its score, whatever was saved since.
    mine = make_score(seed=5, style="piano", cues=[cue])
    (tmp_path / "takes" / "t0001").mkdir(parents=True)
    (tmp_path / "takes" / "t0001" / "score.json").write_text(json.dumps(to_json(mine)))
    assert asked(auto, 5) == mine
    assert asked(auto, 6) == replace(saved, seed=6)
    with pytest.raises(OptionError, match="nope"):
        asked(Controls(mood="nope"), 5)


# --- Processes


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        # The panel's own process is small and starts at once.
        (["hitpoint.plugin.panel.studio"], {"numpy", "scipy", "av", "PIL", "soundfile", "opentimelineio"}),
        # The engine's needs no Qt, which may not even be there.
        (
            [
                f"hitpoint.plugin.panel.{name}"
                for name in ("jobs", "opening", "planning", "taking", "placing", "listening", "peaks")
            ]
            + ["hitpoint.plugin.panel.proxy", "hitpoint.plugin.panel.thumbs", "hitpoint.plugin.panel.rows"],
            {"PyQt6"},
        ),
    ],
)
def test_each_process_loads_what_it_needs(modules: list[str], unwanted: set[str]) -> None:
    code = (
        "import sys, importlib\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(sorted({unwanted!r} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
