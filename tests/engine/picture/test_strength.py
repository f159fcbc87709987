"""Cuts: how strong, where found, and the fades and blacks between them."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from footage import Pixels, cue_of, flat, scenery, video, write_film
from hitpoint.engine.picture.look import look
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Media, Picture, Shot
from judges import shared

DAY, NIGHT = (1.15, 1.0, 0.85), (0.12, 0.16, 0.28)


def seen(cue: Cue) -> Picture:
    return look(cue, progress=silent, cancel=Cancel(), use_cache=False)


def _strength(tmp_path: Path, left: list[Pixels], right: list[Pixels]) -> float:
    a, b = write_film(tmp_path / "a.mp4", left), write_film(tmp_path / "b.mp4", right)
    (cut,) = seen(cue_of(video(a, 0, len(left)), video(b, len(left), len(left) + len(right)))).cuts
    return cut.strength


def test_day_to_night_is_strong_and_a_jump_in_one_scene_is_weak(tmp_path: Path) -> None:
    night = _strength(tmp_path, scenery(1, 24, step=0.3, tint=DAY), scenery(2, 24, step=0.3, tint=NIGHT))
    elsewhere = _strength(tmp_path, scenery(1, 24, step=0.3), scenery(2, 24, step=0.3))
    jump = _strength(tmp_path, scenery(1, 24, step=0.3), scenery(1, 60, step=0.3)[36:])
    assert night > 0.6
    assert jump < 0.1
    assert jump < elsewhere < night


def test_the_same_picture_on_both_sides_is_no_change(tmp_path: Path) -> None:
    assert _strength(tmp_path, [flat(90)] * 24, [flat(90)] * 24) < 0.001


def test_more_light_is_a_stronger_cut(tmp_path: Path) -> None:
    strengths = [
        _strength(tmp_path, [flat(40)] * 24, [flat(value)] * 24) for value in (40, 70, 110, 160, 230)
    ]
    assert strengths == sorted(strengths)
    assert strengths[-1] > 0.5


def test_a_cut_from_rest_to_movement_counts(tmp_path: Path) -> None:
    still = _strength(tmp_path, scenery(1, 24), scenery(1, 48)[24:])
    moving = _strength(tmp_path, scenery(1, 24), scenery(1, 24, step=3.0))
    assert still < 0.01 < moving


def test_one_frame_more_or_less_hardly_matters(tmp_path: Path) -> None:
    """A flash on the first frame is not what makes a cut: both half seconds are compared."""
    left, right = scenery(1, 24, step=0.3), scenery(1, 60, step=0.3)[36:]
    plain = _strength(tmp_path, left, right)
    flash = _strength(tmp_path, left, [np.full_like(right[0], 255), *right[1:]])
    assert flash < plain + 0.25


def test_an_edit_through_which_the_picture_runs_on_has_no_strength(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", scenery(1, 48, step=4.0))
    runs_on = seen(cue_of(video(path, 0, 20), video(path, 20, 48, source=20))).cuts
    assert runs_on == (Cut(20, 0.0),)
    jumps = seen(cue_of(video(path, 0, 20), video(path, 20, 40, source=28))).cuts
    assert jumps[0].strength > 0


def test_cuts_to_what_is_not_seen_are_neither_strong_nor_nothing(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", scenery(1, 24))
    offline = Shot("lost", 24, 48, "offline", problem="is missing")
    (cut,) = seen(cue_of(video(path, 0, 24), offline)).cuts
    assert cut == Cut(24, 0.3)


def bunny_cue() -> Cue:
    """The video track of `bunny_quick_cut.otio`, read by hand."""
    document = json.loads(shared("timelines/bunny_quick_cut.otio").read_text(encoding="utf-8"))
    film = Media(str(shared("footage/big_buck_bunny_0_30.webm").resolve()))
    shots: list[Shot] = []
    frame, dissolve = 0, (0, 0)
    for item in document["tracks"]["children"][0]["children"]:
        if item["OTIO_SCHEMA"].startswith("Transition"):
            dissolve = (int(item["in_offset"]["value"]), int(item["out_offset"]["value"]))
            continue
        end = frame + int(item["source_range"]["duration"]["value"])
        start_s = Fraction(int(item["source_range"]["start_time"]["value"]), 24)
        if item["OTIO_SCHEMA"].startswith("Gap"):
            shots.append(Shot("gap", frame, end, "gap"))
        else:
            speed = Fraction(1)
            for effect in item["effects"]:
                speed = Fraction(0) if "Freeze" in effect["OTIO_SCHEMA"] else Fraction(effect["time_scalar"])
            shots.append(Shot(item["name"], frame, end, "video", film, start_s, speed, dissolve))
        frame, dissolve = end, (0, 0)
    return Cue("bunny", Rate(24), 0, frame, tuple(shots))


@pytest.mark.shared
def test_on_a_real_cut_a_third_of_the_hard_cuts_is_strong_and_not_all() -> None:
    hard = [cut for cut in seen(bunny_cue()).cuts if cut.kind == "cut"]
    strong = [cut for cut in hard if cut.strength >= 0.5]
    print(f"{len(strong)} of {len(hard)} hard cuts are strong")
    assert len(hard) == 19
    assert len(hard) / 3 <= len(strong) <= len(hard) * 0.8


@pytest.mark.shared
def test_the_cuts_of_a_real_film_are_found() -> None:
    """Seen by eye: a fade in, three hard cuts, and letters that come and go, which are no cuts."""
    path = shared("footage/big_buck_bunny_0_30.webm").resolve()
    picture = seen(cue_of(video(path, 0, 720), find_cuts=True))
    assert [(cut.frame, cut.kind) for cut in picture.cuts] == [
        (30, "fade"),
        (283, "cut"),
        (376, "cut"),
        (551, "cut"),
    ]
    assert picture.black[0].in_frame == 0


def _film(tmp_path: Path) -> tuple[Path, list[int]]:
    """Six drifting scenes with hard cuts, one of them after ten frames only."""
    lengths = [30, 41, 10, 37, 52, 29]
    pictures = [
        picture
        for index, length in enumerate(lengths)
        for picture in scenery(10 + index, length, step=1.0 + index % 3, tint=(DAY, NIGHT)[index % 2])
    ]
    return write_film(tmp_path / "film.mp4", pictures), np.cumsum(lengths)[:-1].tolist()


def test_every_cut_of_a_film_is_found_on_its_frame(tmp_path: Path) -> None:
    path, cuts = _film(tmp_path)
    picture = seen(cue_of(video(path, 0, 199), find_cuts=True))
    assert [cut.frame for cut in picture.cuts] == cuts
    assert all(cut.strength > 0.3 for cut in picture.cuts)


def test_found_cuts_are_placed_by_time_at_another_rate(tmp_path: Path) -> None:
    path, cuts = _film(tmp_path)
    rate = Rate(30000, 1001)
    picture = seen(cue_of(video(path, 0, 240), rate=rate, find_cuts=True))
    assert [cut.frame for cut in picture.cuts] == [rate.nearest_frame(Fraction(frame, 24)) for frame in cuts]


def test_an_edit_list_is_believed_and_nothing_searched(tmp_path: Path) -> None:
    path, _ = _film(tmp_path)
    assert seen(cue_of(video(path, 0, 199))).cuts == ()


def test_found_cuts_are_the_same_from_the_cache(tmp_path: Path) -> None:
    path, _ = _film(tmp_path)
    cue = cue_of(video(path, 0, 199), find_cuts=True)
    cold = look(cue, progress=silent, cancel=Cancel())
    assert look(cue, progress=silent, cancel=Cancel()) == cold == seen(cue)


def test_looking_for_cuts_leaves_the_environment_alone() -> None:
    code = (
        "import os\nbefore = dict(os.environ)\n"
        "from hitpoint.engine.picture.detect import Detector\nDetector()\n"
        "print(dict(os.environ) == before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def _faded(pictures: list[Pixels], start: int, end: int, *, out: bool) -> list[Pixels]:
    """The pictures with a fade over frames `start` to `end`, black beyond it."""
    light = np.clip((np.arange(len(pictures)) - start) / (end - start), 0, 1)
    light = 1 - light if out else light
    return [(picture * share).astype(np.uint8) for picture, share in zip(pictures, light, strict=True)]


def test_fades_and_the_black_between_are_found(tmp_path: Path) -> None:
    first = _faded(scenery(1, 96, step=0.5, tint=DAY), 60, 84, out=True)
    second = _faded(scenery(2, 96, step=0.5, tint=DAY), 12, 36, out=False)
    path = write_film(tmp_path / "fades.mp4", first + second)
    picture = seen(cue_of(video(path, 0, 192)))
    falls, rises = picture.cuts
    assert (falls.kind, rises.kind) == ("fade", "fade")
    assert abs(falls.frame - 72) <= 3
    assert abs(rises.frame - (96 + 24)) <= 3
    assert abs(falls.width_frames - 24) <= 6
    assert abs(rises.width_frames - 24) <= 6
    assert min(falls.strength, rises.strength) > 0.4
    (black,) = picture.black
    assert abs(black.in_frame - 84) <= 3
    assert abs(black.out_frame_exclusive - (96 + 12)) <= 3


def test_a_cut_to_black_is_no_fade(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "black.mp4", scenery(1, 48, tint=DAY) + [flat(0)] * 12 + scenery(2, 48, tint=DAY)
    )
    picture = seen(cue_of(video(path, 0, 108), find_cuts=True))
    assert [(cut.frame, cut.kind) for cut in picture.cuts] == [(48, "cut"), (60, "cut")]
    assert [(span.in_frame, span.out_frame_exclusive) for span in picture.black] == [(48, 60)]


def test_a_dark_scene_is_not_black(tmp_path: Path) -> None:
    night = scenery(1, 48, step=0.5, tint=(0.08, 0.1, 0.16))
    for picture in night:
        picture[20:30, 60:70] = 230
    assert seen(cue_of(video(write_film(tmp_path / "night.mp4", night), 0, 48))).black == ()
