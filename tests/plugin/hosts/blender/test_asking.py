"""The engine is asked from one thread of its own: whoever asks never waits, and news lie in a queue."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hitpoint.plugin.client import Client
from hitpoint.plugin.hosts.blender.asking import Asking, News

JOBS = (sys.executable, "-I", str(Path(__file__).parents[2] / "engine_jobs.py"))
QUICK = json.dumps({"silent_s": 2.0, "term_s": 0.5, "cancel_s": 0.5, "most_crashes": 3})

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it kills with POSIX signals")


@pytest.fixture
def clients() -> list[Client]:
    return []


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clients: list[Client]) -> Iterator[Asking]:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path))

    def client(python: str, told: Callable[[str], None]) -> Client:
        clients.append(Client(python=python, worker=JOBS, limits=QUICK, told=told))
        return clients[-1]

    made = Asking(client)
    yield made
    made.end()


def wait(asking: Asking, job: str, *kinds: str) -> News:
    """The first news of one of `kinds`."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        news = asking.news.get(timeout=60)
        if (news.job, news.kind) in {(job, kind) for kind in kinds}:
            return news
    raise AssertionError(f"no {kinds} of {job} came")


def ask(asking: Asking, job: str, **params: object) -> None:
    asking.ask(sys.executable, "score", job, dict(params))


def test_what_a_job_tells_and_answers_lies_in_the_queue(asking: Asking) -> None:
    ask(asking, "one", do="listen")
    step = wait(asking, "one", "step").step
    assert step is not None and (step.stage, step.text) == ("work", "begun")
    asking.cancel("one")
    wait(asking, "one", "cancelled")
    ask(asking, "two", do="echo", text="here")
    assert wait(asking, "two", "done").result == {"echo": "here"}


def test_jobs_are_done_one_after_the_other_by_one_engine(asking: Asking, clients: list[Client]) -> None:
    for name in ("one", "two", "three"):
        ask(asking, name, do="echo", text=name)
    assert [wait(asking, name, "done").result["echo"] for name in ("one", "two", "three")] == [
        "one",
        "two",
        "three",
    ]
    assert len(clients) == 1


def test_asking_and_cancelling_never_wait(asking: Asking) -> None:
    slowest = 0.0
    for number in range(20):
        begun = time.perf_counter()
        ask(asking, str(number), do="deaf")
        slowest = max(slowest, time.perf_counter() - begun)
    wait(asking, "0", "step")
    for number in range(20):
        begun = time.perf_counter()
        asking.cancel(str(number))
        slowest = max(slowest, time.perf_counter() - begun)
    print(f"slowest {slowest * 1000:.1f} ms")
    assert slowest < 0.5
    for number in range(20):
        wait(asking, str(number), "cancelled")


def test_a_refusal_is_its_sentence(asking: Asking) -> None:
    ask(asking, "one", do="refuse")
    assert wait(asking, "one", "failed", "done").text == "'x' is bad: mend it"


def test_a_killed_supervisor_is_told_of_and_the_next_job_has_a_new_one(
    asking: Asking, clients: list[Client]
) -> None:
    ask(asking, "one", do="listen")
    wait(asking, "one", "step")
    first = clients[0].hello()["pid"]
    os.kill(first, signal.SIGKILL)
    told = wait(asking, "one", "told")
    assert "started again" in told.text
    asking.cancel("one")
    wait(asking, "one", "cancelled")
    ask(asking, "two", do="echo", text="lives")
    assert wait(asking, "two", "done").result == {"echo": "lives"}
    assert clients[0].hello()["pid"] != first


def test_an_engine_that_gave_up_is_another_for_the_next_job(asking: Asking, clients: list[Client]) -> None:
    ask(asking, "one", do="die", by="SIGKILL")
    assert wait(asking, "one", "failed", "done").kind == "failed"
    for number in range(4):
        ask(asking, f"again {number}", do="die", by="SIGKILL")
        assert wait(asking, f"again {number}", "failed", "done").kind == "failed"
    ask(asking, "two", do="echo", text="lives")
    assert wait(asking, "two", "done", "failed").result == {"echo": "lives"}
    assert len(clients) > 1


def test_an_engine_that_gave_up_while_nothing_was_asked_is_another_for_the_next_job(
    asking: Asking, clients: list[Client]
) -> None:
    for number in range(4):
        ask(asking, str(number), do="listen")
        wait(asking, str(number), "step")
        asking.cancel(str(number))
        wait(asking, str(number), "cancelled")
        (worker,) = workers_of(clients[0].hello()["pid"])
        os.kill(worker, signal.SIGKILL)
        wait(asking, "", "told")
    ask(asking, "two", do="echo", text="lives")
    assert wait(asking, "two", "done", "failed").result == {"echo": "lives"}
    assert len(clients) == 2


def workers_of(supervisor: int) -> list[int]:
    told = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text()
    return [int(word) for word in told.split()]


def test_an_engine_that_cannot_be_started_is_one_sentence(tmp_path: Path) -> None:
    asking = Asking()
    try:
        asking.ask(str(tmp_path / "python"), "score", "one", {})
        assert "could not be started" in wait(asking, "one", "failed", "done").text
    finally:
        asking.end()


def test_ending_ends_the_engine_whatever_it_is_at(asking: Asking, clients: list[Client]) -> None:
    ask(asking, "one", do="deaf")
    ask(asking, "two", do="deaf")
    wait(asking, "one", "step")
    supervisor = clients[0].hello()["pid"]
    asking.end()
    until = time.monotonic() + 10
    while Path(f"/proc/{supervisor}").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not Path(f"/proc/{supervisor}").exists()
