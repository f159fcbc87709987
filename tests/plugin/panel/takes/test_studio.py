"""The panel's engine, with real processes: every question a Task, answered as the engine's own functions do;
and what becomes of a take when a process is killed over it.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from hitpoint.engine.picture.look import look
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.wishes import HitWish, Wishes, with_wishes
from hitpoint.plugin.client import Client
from hitpoint.plugin.panel.studio import EngineStudio
from hitpoint.ui.ports import Looked, Order, Planned, Timeline
from hitpoint.ui.session import Controls, TakeEntry
from hitpoint.ui.task import Task
from neural_models import tiny_home

if TYPE_CHECKING:
    from conftest import Film

# Processes start within seconds; a busy machine takes longer.
_MOST_MS = 120_000
SKETCH = Controls(model="sketch", style="piano")
# Of the studio that the tests of this file share.
CLIENTS: list[Client] = []


@pytest.fixture(scope="module")
def studio(qapp: QApplication, home: Path, film: Film) -> Iterator[EngineStudio]:
    (home / "data").mkdir()
    (home / "data" / "models").symlink_to(tiny_home("tiny-gvmgen") / "data" / "models")

    def make(told: Any) -> Client:
        CLIENTS.append(Client(told=told))
        return CLIENTS[-1]

    made = EngineStudio(make_client=make)
    yield made
    made.close()
    CLIENTS.clear()


@pytest.fixture
def opened(studio: EngineStudio, film: Film, qtbot: QtBot) -> Timeline:
    return result(studio.open(str(film.source)), qtbot)


def ended(task: Task, qtbot: QtBot) -> Task:
    qtbot.waitUntil(lambda: task.ended, timeout=_MOST_MS)
    return task


def result(task: Task, qtbot: QtBot) -> Any:
    ended(task, qtbot)
    assert task.state == "done", task.problem
    return task.result


def hashes(take: TakeEntry) -> list[str]:
    """Of the bytes that are there, compared with those that were told."""
    found = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for _, path, _ in take.stems]
    assert found == [sha256 for *_, sha256 in take.stems]
    return found


def looked_at(film: Film, studio: EngineStudio, qtbot: QtBot) -> Looked:
    found: Looked = result(studio.look(film.cue), qtbot)
    return found


def ordered(film: Film, looked: Looked, take_id: str, **changes: Any) -> Order:
    asked = film.order(take_id)
    order = Order(
        asked.cue, looked, asked.controls, asked.seed, asked.spotting, take_id, asked.name, asked.made
    )
    return replace(order, **changes)


def test_a_timeline_is_opened_as_it_is_read(film: Film, studio: EngineStudio, qtbot: QtBot) -> None:
    task = studio.open(str(film.source))
    assert task.state == "waiting", "nothing is answered before the event loop turns"
    assert result(task, qtbot) == film.timeline
    refused = ended(studio.open(str(film.source.with_name("none.otio"))), qtbot)
    assert refused.problem is not None
    assert refused.problem.kind == "InputError"
    assert "none.otio" in refused.problem.text


def test_a_picture_and_its_plan_are_the_engines_own(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    looked = looked_at(film, studio, qtbot)
    assert looked.picture == look(film.cue, progress=silent, cancel=Cancel()) == film.picture
    planned: Planned = result(studio.plan(film.cue, looked, SKETCH, 3, None), qtbot)
    assert planned.full
    assert planned.score.seed == 3
    assert planned.plan == make_plan(film.cue, film.picture, planned.score)
    assert [row.frame for row in planned.hits] == [hit.frame for hit in planned.plan.hits]
    assert not any(row.from_wish for row in planned.hits)
    assert [word.what for word in planned.sentence] == ["mood", "course", "tempo", "key"]
    assert all(len(word.choices) > 1 for word in planned.sentence)

    wished = with_wishes(film.cue, Wishes(hits=(HitWish(100, "must"),)))
    around: Planned = result(studio.plan(wished, looked, SKETCH, 3, planned), qtbot)
    whole: Planned = result(studio.plan(wished, looked, SKETCH, 3, None), qtbot)
    assert (around.full, whole.full) == (False, True)
    assert [(row.frame, row.kind) for row in around.hits] == [(row.frame, row.kind) for row in whole.hits]
    (row,) = [row for row in around.hits if row.frame == 100]
    assert (row.kind, row.met, row.from_wish) == ("must", True, True)
    assert abs(row.error_frames) < 1
    # Before another score there is nothing to go on from.
    other: Planned = result(studio.plan(wished, looked, replace(SKETCH, style="rock"), 3, planned), qtbot)
    assert other.full
    refused = ended(studio.plan(film.cue, looked, replace(SKETCH, mood="nope"), 3, None), qtbot)
    assert refused.problem is not None
    assert refused.problem.kind == "OptionError"


def test_a_newer_plan_takes_the_place_of_one_that_waits(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    looked = looked_at(film, studio, qtbot)
    tasks = [studio.plan(film.cue, looked, SKETCH, seed, None) for seed in range(6)]
    another = studio.plan(replace(film.cue, name="2m1"), looked, SKETCH, 3, None)
    assert result(tasks[-1], qtbot).score.seed == 5
    states = [ended(task, qtbot).state for task in tasks]
    assert set(states[1:-1]) == {"cancelled"}
    assert states[0] in ("done", "cancelled")
    assert result(another, qtbot).plan.cue == "2m1"


def test_a_cache_that_was_cleaned_costs_no_answer(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    looked = looked_at(film, studio, qtbot)
    Path(looked.path).unlink()
    longer = with_wishes(film.cue, Wishes(density=0.25))
    assert result(studio.plan(longer, looked, SKETCH, 11, None), qtbot).plan.hits


def test_a_take_is_made_heard_shown_and_found_again(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    order = ordered(film, looked_at(film, studio, qtbot), "t0001")
    heard: list[tuple[str, float, float]] = []
    stages: set[str] = set()
    task = studio.generate(order)
    task.heard.connect(lambda *told: heard.append(told))
    task.progress.connect(lambda step: stages.add(step.stage))
    take: TakeEntry = result(task, qtbot)
    hashes(take)
    assert take == film.take("t0001"), "made here and there, a take is the same"
    assert stages >= {"generate", "finish"}
    ((path, from_s, to_s),) = heard
    assert Path(path).is_file()
    assert (from_s, to_s > 3) == (0.0, True)
    assert result(studio.generate(order), qtbot) == take

    (first, *_rest) = result(studio.peaks(take, 64), qtbot)
    assert (first.stem, len(first.low)) == (take.stems[0][0], 64)
    doubts = result(studio.doubts(order.cue, order.looked, take), qtbot)
    assert [one.badness for one in doubts] == sorted((one.badness for one in doubts), reverse=True)
    session = film.session(take, heard="t0001")
    assert {row.what for row in result(studio.preview_place(session), qtbot)} == {"add"}
    placed = result(studio.place(session), qtbot)
    assert Path(placed.timeline).is_file()
    assert result(studio.unfinished(session), qtbot) == ()


def test_a_passage_is_sound_of_the_asked_length(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    import soundfile

    order = ordered(film, looked_at(film, studio, qtbot), "")
    path = result(studio.sketch_passage(order, 24, 96), qtbot)
    sound, rate = soundfile.read(path)
    assert (rate, sound.shape) == (48_000, (film.cue.sample(96) - film.cue.sample(24), 2))
    assert abs(sound).max() > 0.01
    # A model's order is heard as sketch plays its plan.
    neural = replace(order, controls=Controls(model="tiny-gvmgen", style="piano", candidates=2))
    assert Path(result(studio.sketch_passage(neural, 24, 96), qtbot)).is_file()


def test_thumbnails_are_told_as_they_come_and_the_film_as_it_grows(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    told: list[str] = []
    task = studio.thumbs(opened, (0, 60, 130, 130, 10_000), 40)
    task.progress.connect(lambda step: told.append(step.text))
    thumbs: dict[int, str] = result(task, qtbot)
    assert set(thumbs) == {0, 60, 130}
    assert sorted(told) == sorted(f"{frame} {path}" for frame, path in thumbs.items())
    parts: list[tuple[str, float, float]] = []
    task = studio.proxy(film.cue)
    task.heard.connect(lambda *part: parts.append(part))
    proxy = result(task, qtbot)
    assert [to_s for *_, to_s in parts] == [2.0, 4.0, 6.0]
    assert {path for path, *_ in parts} == {proxy.path}
    assert (proxy.frames, proxy.sound) == (144, "")


def test_generators_are_told_with_what_they_want(studio: EngineStudio, qtbot: QtBot) -> None:
    rows = {row.name: row for row in result(studio.models(), qtbot)}
    assert rows["sketch"].usable
    assert rows["tiny-gvmgen"].usable
    assert not rows["musicgen-small"].usable
    assert rows["musicgen-small"].why_not


def test_a_neural_take_is_made_with_what_the_controls_say(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    controls = Controls(model="tiny-gvmgen", candidates=1)
    order = ordered(film, looked_at(film, studio, qtbot), "t0020", controls=controls)
    take: TakeEntry = result(studio.generate(order), qtbot)
    assert (take.model, [name for name, *_ in take.stems]) == ("tiny-gvmgen", ["music"])
    assert take.weights_licence
    hashes(take)


def test_a_take_that_is_cancelled_ends_so_and_leaves_nothing(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    order = ordered(film, looked_at(film, studio, qtbot), "t0030", seed=30)
    waiting = studio.generate(replace(order, take_id="t0031", seed=31))
    task = studio.generate(order)
    task.cancel()
    waiting.started.connect(waiting.cancel)
    assert ended(task, qtbot).state == ended(waiting, qtbot).state == "cancelled"
    assert not (film.takes / "t0030").exists()
    assert not (film.takes / "t0031").exists()


def test_tasks_that_ended_are_forgotten_in_the_interfaces_thread(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    """Every drag asks; what is connected to a task mostly holds it."""
    looked = looked_at(film, studio, qtbot)
    known, died = [], []
    for number in range(24):
        task = studio.plan(replace(film.cue, name=f"{number}m1"), looked, SKETCH, 3, None)
        task.done.connect(lambda _, task=task: known.append(task.what))
        task.destroyed.connect(lambda: died.append(threading.get_ident()))
        last = task
        del task
    result(last, qtbot)
    assert len(known) == 24
    del last
    qtbot.waitUntil(lambda: len(died) >= 7)
    assert set(died) == {threading.get_ident()}


# --- Killed


def workers(client: Client) -> list[int]:
    supervisor = client.hello()["pid"]
    tasks = Path(f"/proc/{supervisor}/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
@pytest.mark.parametrize("whom", ["worker", pytest.param("supervisor", marks=pytest.mark.heavy)])
def test_an_engine_killed_over_a_take_begins_again_and_gives_the_same_bytes(
    whom: str, film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    seed = 40 if whom == "worker" else 41
    said: list[str] = []
    studio.told.connect(said.append)
    order = ordered(film, looked_at(film, studio, qtbot), f"t00{seed}", seed=seed)
    task = studio.generate(order)
    qtbot.waitUntil(lambda: task.step is not None and task.step.stage == "generate", timeout=_MOST_MS)
    # Those that do nothing just now as well.
    for client in CLIENTS:
        for pid in workers(client) if whom == "worker" else [client.hello()["pid"]]:
            os.kill(pid, signal.SIGKILL)
    take: TakeEntry = result(task, qtbot)
    studio.told.disconnect(said.append)
    assert any("the engine ended" in text for text in said)
    assert any("goes on" in text for text in said)
    # The same order in another folder, with nobody killed.
    whole = film.take(f"t01{seed}", seed=seed)
    assert hashes(take) == hashes(whole)


@pytest.mark.heavy
def test_an_engine_that_dies_twice_over_a_take_sets_it_aside_and_the_panel_lives(
    film: Film, qtbot: QtBot, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = EngineStudio()
    try:
        result(studio.open(str(film.source)), qtbot)
        looked = looked_at(film, studio, qtbot)
        # Of the engine that is started now.
        monkeypatch.setenv("HITPOINT_CRASH_AT", "take.made")
        task = ended(studio.generate(ordered(film, looked, "t0050", seed=50)), qtbot)
        assert task.problem is not None
        assert (task.state, task.problem.kind) == ("failed", "quarantined")
        assert task.log_id
        assert "set aside" in task.problem.text
    finally:
        studio.close()


def test_a_panel_that_was_closed_over_a_take_is_offered_it_at_the_next_start(
    film: Film, opened: Timeline, studio: EngineStudio, qtbot: QtBot
) -> None:
    order = ordered(film, looked_at(film, studio, qtbot), "t0060", seed=60)
    first = EngineStudio()
    result(first.open(str(film.source)), qtbot)
    task = first.generate(order)
    qtbot.waitUntil(lambda: task.step is not None and task.step.stage == "generate", timeout=_MOST_MS)
    begun = time.monotonic()
    first.close()
    print(f"closed in {time.monotonic() - begun:.2f} s")
    assert task.state == "cancelled"
    finished = film.take("t0001")
    known = [take.name for take in film.takes.iterdir() if take.name != "t0060"]
    session = film.session(*(replace(finished, id=take_id) for take_id in known))
    (found,) = result(studio.unfinished(session), qtbot)
    assert found == order
    take: TakeEntry = result(studio.generate(found), qtbot)
    assert hashes(take) == hashes(film.take("t0160", seed=60))
