"""Calls of the editor's program: one after the other, beside the interface, never waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import UserError
from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.panel.calls import Calls
from hitpoint.ui.task import Task
from whole import Gaps


@pytest.fixture
def calls(qtbot: QtBot) -> Iterator[Calls]:
    made = Calls()
    yield made
    made.close()


def ended(qtbot: QtBot, *tasks: Task) -> None:
    qtbot.waitUntil(lambda: all(task.ended for task in tasks), timeout=20_000)


def raising(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


def test_they_are_made_in_one_other_thread_in_the_order_of_asking(calls: Calls, qtbot: QtBot) -> None:
    names = [calls.put("who", lambda: threading.current_thread().name) for _ in range(3)]
    order: list[int] = []
    numbered = [calls.put("which", lambda one=one: order.append(one)) for one in range(5)]
    ended(qtbot, *names, *numbered)
    assert [task.result for task in names] == ["host"] * 3 and order == [0, 1, 2, 3, 4]
    assert calls.idle


def test_what_is_made_of_a_result_is_made_in_the_interfaces_thread(calls: Calls, qtbot: QtBot) -> None:
    task = calls.put("one", lambda: 1, lambda one: (one, threading.current_thread().name))
    ended(qtbot, task)
    assert task.result == (1, threading.current_thread().name)


@pytest.mark.parametrize(
    ("error", "kind", "log"),
    [
        (HostError("the track is locked: unlock it"), "refused", False),
        (HostError("it has ended", kind="gone"), "gone", False),
        (UserError("the file is not there"), "UserError", False),
        (AttributeError("'NoneType' has no 'Export'"), "HostFault", True),
    ],
)
def test_what_fails_is_a_problem_in_its_own_words(
    calls: Calls, qtbot: QtBot, error: Exception, kind: str, log: bool
) -> None:
    task = calls.put("one", raising(error))
    ended(qtbot, task)
    assert task.state == "failed" and task.problem is not None
    assert task.problem.kind == kind and str(error) in task.problem.text
    assert bool(task.log_id) is log
    after = calls.put("after", lambda: 2)
    ended(qtbot, after)
    assert after.result == 2


def test_a_task_that_is_cancelled_ends_at_once_and_what_its_call_brings_is_unheard(
    calls: Calls, qtbot: QtBot
) -> None:
    go, kept = threading.Event(), []
    running = calls.put("hangs", go.wait, kept.append)
    waiting = calls.put("waits", lambda: 1, kept.append)
    qtbot.waitUntil(lambda: running.state == "running", timeout=20_000)
    waiting.cancel()
    running.cancel()
    ended(qtbot, running, waiting)
    assert (running.state, waiting.state) == ("cancelled", "cancelled")
    after = calls.put("after", lambda: 2)
    assert not after.ended
    go.set()
    ended(qtbot, after)
    assert kept == [] and after.result == 2


def test_letting_go_of_a_program_that_hangs_takes_a_moment_and_ends_every_task(qtbot: QtBot) -> None:
    calls, go = Calls(), threading.Event()
    tasks = [calls.put("hangs", go.wait) for _ in range(3)]
    qtbot.waitUntil(lambda: tasks[0].state == "running", timeout=20_000)
    begun = time.monotonic()
    calls.close()
    assert time.monotonic() - begun < 10
    assert [task.state for task in tasks] == ["cancelled"] * 3
    late = calls.put("late", lambda: 1)
    assert late.state == "cancelled"
    go.set()


def test_the_interface_turns_while_a_call_hangs_for_five_seconds(
    calls: Calls, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    go = threading.Event()
    with Gaps() as gaps:
        task = calls.put("hangs", lambda: go.wait(5))
        ended(qtbot, task)
    with capsys.disabled():
        print(f"\n{gaps.told('a call hangs for 5 s')}")
    assert task.result is False
    # Wanted: 50 ms on a quiet machine. Here others compute beside us.
    assert gaps.own_ms < 500
