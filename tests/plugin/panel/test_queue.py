"""Work waits in lanes: in order, one at a time, cancelled at once where it waits, and heard in one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Cancelled, InputError
from hitpoint.engine.progress import Step
from hitpoint.engine.worker.messages import EngineError
from hitpoint.plugin.client import Client
from hitpoint.plugin.panel.queue import Ask, Lane, Piece, Post
from hitpoint.ui.task import Task


class Nobody(Client):
    """An engine that is asked nothing."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def end(self) -> None:
        self.ended.set()


class Desk:
    def __init__(self) -> None:
        self.client = Nobody()
        self.ended: list[Task] = []
        self.post = Post()
        self.lane = Lane("test", self.post, lambda: self.client, self.ended.append)

    def put(self, work: Callable[[Ask], object], *, gives_way: bool = False, urgent: bool = False) -> Task:
        task = Task("")
        self.lane.put(Piece(task, work, lambda *_: None, gives_way, urgent))
        return task


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.lane.end()
    made.lane.join()


def held(gate: threading.Event, begun: threading.Event | None = None) -> Callable[[Ask], object]:
    """Work that waits for `gate`, or until it is to stop."""

    def work(ask: Ask) -> object:
        if begun is not None:
            begun.set()
        while not gate.wait(0.005):
            ask.cancel.check()
        return "done"

    return work


def test_results_come_in_the_order_of_the_questions_and_in_the_asking_thread(
    desk: Desk, qtbot: QtBot
) -> None:
    heard: list[tuple[int, int]] = []
    threads = set()
    for number in range(5):
        task = desk.put(lambda ask, number=number: number)  # type: ignore[misc]
        task.done.connect(lambda result: (heard.append(result), threads.add(threading.get_ident())))
    assert heard == [], "nothing is heard before the question is asked"
    qtbot.waitUntil(lambda: len(heard) == 5)
    assert heard == [0, 1, 2, 3, 4]
    assert threads == {threading.get_ident()}
    qtbot.waitUntil(lambda: len(desk.ended) == 5)


def test_steps_are_heard_before_the_end(desk: Desk, qtbot: QtBot) -> None:
    def work(ask: Ask) -> str:
        for done in range(3):
            ask.progress(Step("a", done, 3))
        ask.heard("x.wav", 0.0, 2.0)
        return "end"

    heard: list[object] = []
    task = Task("")
    task.started.connect(lambda: heard.append("started"))
    task.progress.connect(lambda step: heard.append(step.done))
    task.heard.connect(lambda path, *_: heard.append(path))
    task.done.connect(heard.append)
    desk.lane.put(Piece(task, work, lambda task, path, a, b: task.heard.emit(path, a, b)))
    qtbot.waitUntil(lambda: task.ended)
    assert heard == ["started", 0, 1, 2, "x.wav", "end"]


@pytest.mark.parametrize(
    ("error", "kind", "log_id"),
    [
        (InputError("'x' is bad: mend it"), "InputError", ""),
        (EngineError("it crashed: try again", kind="crashed", log_id="abc"), "crashed", "abc"),
    ],
)
def test_an_error_is_a_problem_with_its_kind(
    desk: Desk, qtbot: QtBot, error: Exception, kind: str, log_id: str
) -> None:
    def work(ask: Ask) -> object:
        raise error

    task = desk.put(work)
    qtbot.waitUntil(lambda: task.ended)
    assert task.state == "failed"
    assert task.problem is not None
    assert (task.problem.kind, task.problem.text, task.log_id) == (kind, str(error), log_id)


def test_a_fault_of_ours_is_logged_and_the_lane_goes_on(desk: Desk, qtbot: QtBot) -> None:
    task = desk.put(lambda ask: 1 / 0)
    after = desk.put(lambda ask: "fine")
    qtbot.waitUntil(lambda: after.ended)
    assert task.problem is not None
    assert (task.problem.kind, task.problem.text) == (
        "EngineFault",
        "ZeroDivisionError: division by zero",
    )
    assert task.log_id
    assert after.result == "fine"


def test_what_waits_is_cancelled_at_once_and_what_runs_when_it_listens(desk: Desk, qtbot: QtBot) -> None:
    gate, begun = threading.Event(), threading.Event()
    running, waiting = desk.put(held(gate, begun)), desk.put(lambda ask: "never")
    qtbot.waitUntil(begun.is_set)
    waiting.cancel()
    qtbot.waitUntil(lambda: waiting.ended)
    assert (waiting.state, running.state) == ("cancelled", "running")
    running.cancel()
    qtbot.waitUntil(lambda: running.ended)
    assert running.state == "cancelled"
    assert not gate.is_set()


def test_what_gives_way_steps_aside_and_goes_on(desk: Desk, qtbot: QtBot) -> None:
    """A film's proxy takes minutes; thumbnails are not to wait for it."""
    turns: list[str] = []
    gate, begun = threading.Event(), threading.Event()

    def long(ask: Ask) -> str:
        turns.append("long")
        return str(held(gate, begun)(ask))

    film = desk.put(long, gives_way=True)
    starts = []
    film.started.connect(lambda: starts.append(1))
    qtbot.waitUntil(begun.is_set)
    quick = desk.put(lambda ask: turns.append("quick"))
    qtbot.waitUntil(lambda: quick.ended and turns.count("long") == 2)
    assert turns == ["long", "quick", "long"]
    gate.set()
    qtbot.waitUntil(lambda: film.ended)
    assert (film.state, film.result, starts) == ("done", "done", [1])


def test_what_is_urgent_is_done_next(desk: Desk, qtbot: QtBot) -> None:
    """Placing does not wait for all the takes that were ordered."""
    gate, begun = threading.Event(), threading.Event()
    turns: list[str] = []
    desk.put(held(gate, begun))
    qtbot.waitUntil(begun.is_set)
    usual = desk.put(lambda ask: turns.append("usual"))
    desk.put(lambda ask: turns.append("urgent"), urgent=True)
    gate.set()
    qtbot.waitUntil(lambda: usual.ended)
    assert turns == ["urgent", "usual"]


def test_a_lane_that_ends_takes_its_engine_along_and_tells_what_was_left(desk: Desk, qtbot: QtBot) -> None:
    gate, begun = threading.Event(), threading.Event()

    def work(ask: Ask) -> object:
        begun.set()
        desk.client.ended.wait(20)
        raise EngineError("the engine was ended", kind="stopped")

    running, waiting = desk.put(work), desk.put(held(gate))
    qtbot.waitUntil(begun.is_set)
    assert desk.lane.end() == [waiting, running]
    desk.lane.join()
    assert desk.client.ended.is_set()
    late = desk.put(held(gate))
    qtbot.waitUntil(lambda: late.ended)
    assert late.state == "cancelled"


def test_nothing_is_delivered_after_the_post_has_closed(qtbot: QtBot) -> None:
    post, heard = Post(), list[Any]()
    post.send(lambda: heard.append(1))
    post.close()
    post.send(lambda: heard.append(2))
    qtbot.wait(1)
    assert heard == []


def test_a_cancelled_piece_is_not_begun_again_when_it_stepped_aside(desk: Desk, qtbot: QtBot) -> None:
    gate, begun = threading.Event(), threading.Event()
    times: list[int] = []

    def long(ask: Ask) -> object:
        times.append(1)
        begun.set()
        while not gate.wait(0.005):
            if ask.cancel.asked:
                raise Cancelled("stopped as asked: nothing was written")
        return None

    film = desk.put(long, gives_way=True)
    qtbot.waitUntil(begun.is_set)
    film.cancel()
    qtbot.waitUntil(lambda: film.ended)
    assert (film.state, times) == ("cancelled", [1])
