"""What may go wrong while music is made beside a real Blender: it lives, says so, and nothing is placed
unasked.
"""

from __future__ import annotations

import json
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from blenders import Outcome, blenders, heard, run, start
from hitpoint.plugin.hosts.blender.extension import build_extension
from judges import need_program
from made_movies import make_movie

pytestmark = pytest.mark.blender

PROGRAMS = Path(__file__).parent / "programs"


def order_for(folder: Path, **more: Any) -> Path:
    """A short edit, and what else a program is told."""
    movies = [
        [str(make_movie(folder / f"shot{number}.mp4", Fraction(24), frames + 10, number)), 4, frames]
        for number, frames in enumerate((40, 31, 45))
    ]
    order = {
        "zip": str(build_extension(folder)),
        "python": sys.executable,
        "blend": str(folder / "film.blend"),
        "movies": movies,
        **more,
    }
    path = folder / "order.json"
    path.write_text(json.dumps(order))
    return path


@pytest.fixture(scope="module", params=sorted(blenders()))
def risks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("risks")
    outcome = run(
        blenders()[request.param], PROGRAMS / "risks.py", folder / "profile", str(order_for(folder))
    )
    assert outcome.code == 0, outcome.said
    return outcome


def told(outcome: Outcome, key: str) -> Any:
    (found,) = [facts[key] for facts in outcome.told if key in facts]
    return found


def test_cancelled_music_leaves_the_edit_as_it_was(risks: Outcome) -> None:
    assert told(risks, "cancelled") == ["cancelled", True]
    assert "hitpoint.cancel" in told(risks, "shown")


def test_music_for_an_edit_that_changed_waits_for_the_users_word(risks: Outcome) -> None:
    phase, sentence, same = told(risks, "stale")
    assert (phase, same) == ("stale", True)
    assert len(sentence) > 20
    assert {"hitpoint.place", "hitpoint.discard"} <= set(told(risks, "offered"))
    assert told(risks, "anyway") == ["placed", True]


def test_the_side_bar_shows_what_was_made_and_what_can_be_done_with_it(risks: Outcome) -> None:
    said = " ".join(told(risks, "result"))
    assert "sketch" in said
    assert "hits met (by chance" in said
    assert "seed 2" in said
    assert {"hitpoint.remove", "hitpoint.markers"} <= set(told(risks, "then"))


def test_removing_takes_all_of_it_away(risks: Outcome) -> None:
    assert told(risks, "removed")


def test_music_of_a_file_that_is_opened_again_can_be_taken_away(risks: Outcome) -> None:
    assert told(risks, "later") == [True, True]
    assert "hitpoint.remove" in told(risks, "then_shown")


def test_a_killed_engine_is_told_of_and_the_music_comes_all_the_same(risks: Outcome) -> None:
    found = [facts["killed"] for facts in risks.told if "killed" in facts]
    assert [whom for whom, *_ in found] == ["supervisor", "worker"]
    for _, was_killed, phase, notes, sentence in found:
        assert was_killed
        assert phase == "placed", sentence
        assert "again" in " ".join(notes)


def test_a_file_that_is_opened_meanwhile_gets_no_music(risks: Outcome) -> None:
    phase, sentence, same = told(risks, "opened")
    assert (phase, same) == ("cancelled", True)
    assert "another file" in sentence
    assert told(risks, "after_opening") == ["cancelled", True]
    # Blender itself would forget the timer.
    assert told(risks, "timer")


def test_what_cannot_be_asked_is_one_sentence(risks: Outcome) -> None:
    assert "the seed 'seven'" in told(risks, "refused")
    phase, sentence = told(risks, "failed")
    assert phase == "failed"
    assert "there is no style 'nothing'" in sentence


def test_a_mistake_of_ours_is_said_and_the_next_music_comes(risks: Outcome) -> None:
    phase, sentence = told(risks, "fault")
    assert phase == "failed"
    assert "log" in sentence
    assert told(risks, "after_fault") == "placed"


@pytest.mark.parametrize("series", sorted(blenders()))
def test_a_killed_blender_takes_its_engine_along(series: str, tmp_path: Path) -> None:
    order = order_for(tmp_path)
    with start(blenders()[series], PROGRAMS / "held.py", tmp_path / "profile", str(order)) as process:
        assert process.stdout is not None
        said = ""
        while not heard(said) and (line := process.stdout.readline()):
            said += line
        assert heard(said), said
        pids = heard(said)[0]["engine"]
        process.kill()
        until = time.monotonic() + 20
        while any(alive(pid) for pid in pids.values()) and time.monotonic() < until:
            time.sleep(0.02)
        assert set(pids) == {"supervisor", "worker"}
        assert not [name for name, pid in pids.items() if alive(pid)]


@pytest.mark.parametrize("series", sorted(blenders()))
def test_a_blender_that_is_quit_meanwhile_ends_and_takes_its_engine_along(
    series: str, tmp_path: Path
) -> None:
    order = order_for(tmp_path)
    outcome = run(
        blenders()[series], PROGRAMS / "held.py", tmp_path / "profile", str(order), "quit", most_s=60
    )
    assert outcome.code == 0, outcome.said
    pids = told(outcome, "engine")
    assert set(pids) == {"supervisor", "worker"}
    until = time.monotonic() + 20
    while any(alive(pid) for pid in pids.values()) and time.monotonic() < until:
        time.sleep(0.02)
    assert not [name for name, pid in pids.items() if alive(pid)]
    # Whatever Blender's own setting is: what makes music never looks on the network.
    assert told(outcome, "offline")


@pytest.mark.parametrize("series", sorted(blenders()))
def test_the_panel_is_answered_raised_undone_and_ended(series: str, tmp_path: Path) -> None:
    order = order_for(tmp_path)
    outcome = run(
        blenders()[series],
        PROGRAMS / "panel.py",
        tmp_path / "profile",
        str(order),
        before=[need_program("xvfb-run"), "-a"],
    )
    assert outcome.code == 0, outcome.said
    assert told(outcome, "asked") == ["facts", "read"]
    assert told(outcome, "same")
    assert told(outcome, "undone") == [True, True, True]
    assert not alive(told(outcome, "pid"))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
