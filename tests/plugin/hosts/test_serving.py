"""A host starts its panel and answers it: whichever of the two dies, the other one lives and knows."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from fakes import made_host
from fakes.made_host import TITLE, MadeHost

from hitpoint.plugin.hosts import serving as serving_module
from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.door import Door, doors_dir, forget
from hitpoint.plugin.hosts.piped import GONE
from hitpoint.plugin.hosts.serving import Answering, Serving, open_panel, panel_words
from hitpoint.plugin.hosts.wire import END, RAISE_WINDOW

PANEL = str(Path(made_host.__file__).with_name("made_panel.py"))
KILLS = pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.heavy)])

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it sends signals")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "log").touch()
    return tmp_path / "log"


@pytest.fixture
def ended() -> Iterator[list[Serving]]:
    """Whatever is put there has ended in the end."""
    begun: list[Serving] = []
    yield begun
    for one in begun:
        if one._child.runs:
            os.kill(one.pid, signal.SIGKILL)
        one.end()


def panel(log: Path, what: str = "") -> list[str]:
    return [sys.executable, "-I", PANEL, str(log), what]


def until(true: Callable[[], object], what: str = "it comes", seconds: float = 30.0) -> None:
    over = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < over, f"{what}: it did not"
        time.sleep(0.002)


def told(log: Path) -> list[str]:
    """What panels wrote, without their numbers."""
    return [line.partition(" ")[2] for line in log.read_text().splitlines()]


def served(serving: Answering, true: Callable[[], object], what: str = "it comes") -> None:
    """Answer, as a timer does, until it is so."""
    until(lambda: serving.step() and true(), what)


def kill_panels(log: Path) -> None:
    """Those whose host is dead, too."""
    for number in {int(line.split()[0]) for line in log.read_text().splitlines()}:
        with suppress(psutil.NoSuchProcess):
            psutil.Process(number).kill()


# --- One of them dies


@KILLS
def test_a_panel_that_is_killed_ends_the_serving_and_leaves_the_host_as_it_was(
    kills: int, tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    draw = random.Random(5)
    for number in range(kills):
        host = MadeHost(tmp_path)
        seen = list(host.seen)
        serving = Serving(host, panel(log, "asks"))
        ended.append(serving)
        served(serving, lambda: "read" in host.calls, "it asks")  # noqa: B023
        killer = threading.Timer(draw.uniform(0, 0.03), os.kill, (serving.pid, signal.SIGKILL))
        killer.start()
        if number % 2:
            serving.serve_forever()
        else:
            until(lambda: not serving.step(), "it is seen")  # noqa: B023
        assert not serving.alive
        assert (host.seen, host.tracks) == (seen, [])
        assert "ended by a fault" in serving.problem()
        until(lambda: not psutil.pid_exists(serving.pid), "nothing of it is left")  # noqa: B023


@KILLS
def test_a_host_that_is_killed_leaves_its_panel_alive_which_knows(
    kills: int, tmp_path: Path, log: Path
) -> None:
    draw = random.Random(7)
    for _ in range(kills):
        log.write_text("")
        words = [sys.executable, "-I", made_host.__file__, str(tmp_path), "{}", *panel(log, "asks")]
        host = subprocess.Popen(words, stdout=subprocess.PIPE)
        try:
            until(lambda: "read" in told(log), "it asks")
            time.sleep(draw.uniform(0, 0.03))
            host.kill()
            host.wait()
            until(lambda: GONE in told(log) and "gone gone" in told(log), "it knows")
            number = int(log.read_text().split()[0])
            assert psutil.Process(number).is_running()
        finally:
            assert host.stdout is not None
            host.stdout.close()
            host.kill()
            host.wait()
            kill_panels(log)
            # Nobody needs to wait until the system has forgotten the killed one.
            (doors_dir() / "resolve.json").unlink()


def test_a_panel_that_is_let_go_of_lives_until_it_is_ended(tmp_path: Path, log: Path) -> None:
    serving = Serving(MadeHost(tmp_path), panel(log))
    served(serving, lambda: f"opened {TITLE}" in told(log))
    serving.let_go()
    until(lambda: GONE in told(log))
    assert psutil.Process(serving.pid).is_running()
    serving.end()
    assert not psutil.pid_exists(serving.pid)


# --- Answering


def test_a_panel_is_answered_in_steps_that_never_wait(
    tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    host = MadeHost(tmp_path)
    serving = Serving(host, panel(log))
    ended.append(serving)
    slowest, until_s = 0.0, time.monotonic() + 30
    while "opened " + TITLE not in told(log):
        assert time.monotonic() < until_s
        begun = time.perf_counter()
        serving.step()
        slowest = max(slowest, time.perf_counter() - begun)
    print(f"slowest step {slowest * 1000:.1f} ms")
    assert slowest < 1.0


def test_calls_are_made_in_the_thread_that_steps_and_in_no_other(
    tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    threads: set[str] = set()

    class Watching(MadeHost):
        def _called(self, name: str) -> None:
            threads.add(threading.current_thread().name)
            super()._called(name)

    host = Watching(tmp_path)
    serving = Serving(host, panel(log, "asks"))
    ended.append(serving)
    served(serving, lambda: host.calls.count("read") > 5)
    assert threads == {threading.current_thread().name}


def test_a_step_begins_nothing_more_when_its_time_is_over(
    tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    host = MadeHost(tmp_path, hangs_s=0.02)
    serving = Serving(host, panel(log, "asks"))
    ended.append(serving)
    served(serving, lambda: "glance" in host.calls)
    before = len(host.calls)
    until(lambda: serving.step(0.0) and len(host.calls) > before)
    assert len(host.calls) == before + 1


def test_a_host_that_prints_is_answered_as_one_that_does_not(tmp_path: Path, log: Path) -> None:
    words = [sys.executable, "-I", made_host.__file__, str(tmp_path), json.dumps({"prints": True})]
    host = subprocess.Popen([*words, *panel(log, "asks")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until(lambda: told(log).count("read") > 3)
    host.kill()
    _, said = host.communicate()
    assert b"and C says so, too" in said
    kill_panels(log)


def test_a_panel_that_babbles_is_let_go_of_and_the_log_has_why(
    tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    serving = Serving(MadeHost(tmp_path), panel(log, "babbles"))
    ended.append(serving)
    serving.serve_forever()
    assert not serving.alive
    assert "what was asked makes no sense" in (tmp_path / "home" / "state" / "hitpoint.log").read_text()


def test_a_program_that_is_gone_lets_its_panel_go_and_that_lives(
    tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    serving = Serving(MadeHost(tmp_path, refuses={"glance": "gone"}), panel(log))
    ended.append(serving)
    serving.serve_forever()
    until(lambda: GONE in told(log))
    assert psutil.Process(serving.pid).is_running()


# --- Its end


def test_a_panel_that_is_asked_to_end_ends_well(tmp_path: Path, log: Path) -> None:
    serving = Serving(MadeHost(tmp_path), panel(log))
    served(serving, lambda: f"opened {TITLE}" in told(log))
    serving.end()
    serving.end()
    assert END in told(log)
    assert told(log)[-1] == "ended"
    assert serving.problem() == ""
    assert not serving.step()


def test_a_panel_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path, log: Path) -> None:
    serving = Serving(MadeHost(tmp_path), panel(log, "deaf"))
    served(serving, lambda: f"opened {TITLE}" in told(log))
    begun = time.monotonic()
    serving.end()
    assert time.monotonic() - begun < 20
    assert not psutil.pid_exists(serving.pid)


@pytest.mark.parametrize("way", ["for ever", "in steps"])
def test_a_panel_that_cannot_start_says_why_in_its_own_sentence(way: str, tmp_path: Path, log: Path) -> None:
    serving = Serving(MadeHost(tmp_path), panel(log, "fails"))
    assert serving.problem() == ""
    if way == "for ever":
        serving.serve_forever()
    else:
        until(lambda: not serving.step())
    assert serving.problem() == "the panel needs a screen: plug one in"


def test_steps_do_not_go_on_for_a_panel_that_was_let_go_of_and_lives(
    tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    serving = Serving(MadeHost(tmp_path), panel(log))
    ended.append(serving)
    served(serving, lambda: f"opened {TITLE}" in told(log))
    serving.let_go()
    until(lambda: not serving.step(), seconds=10)
    assert serving.problem() == ""
    assert psutil.Process(serving.pid).is_running()


def test_an_interpreter_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="run 'hitpoint hosts install resolve' again"):
        open_panel(MadeHost(tmp_path), "/nowhere/python", "resolve")
    with pytest.raises(HostError, match=r"'/nowhere/python' \(No such file"):
        open_panel(MadeHost(tmp_path), "/nowhere/python", "resolve")


def test_the_panel_is_started_by_the_engines_interpreter_alone_and_told_to_listen() -> None:
    words = panel_words("/engine/bin/python", "blender")
    assert words[:2] == ["/engine/bin/python", "-I"]
    assert words[-3:] == ["--host", "blender", "--connected"]


def test_the_panel_gets_nothing_of_the_programs_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: list[Serving], log: Path
) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "QT_PLUGIN_PATH"):
        monkeypatch.setenv(name, "/opt/resolve")
    serving = Serving(MadeHost(tmp_path), panel(log), more={"QT_QPA_PLATFORM": "offscreen"})
    ended.append(serving)
    served(serving, lambda: f"opened {TITLE}" in told(log))
    environment = psutil.Process(serving.pid).environ()
    assert "/opt/resolve" not in environment.values()
    assert environment["QT_QPA_PLATFORM"] == "offscreen"


# --- A second click


@pytest.fixture
def fake_words(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "panel_words", lambda *_: panel(log))


@pytest.mark.usefixtures("fake_words")
def test_a_second_click_brings_the_first_panel_to_the_front(tmp_path: Path, log: Path) -> None:
    words = [sys.executable, "-I", made_host.__file__, str(tmp_path), "{}", *panel(log)]
    first = subprocess.Popen(words, stdout=subprocess.PIPE)
    until(lambda: f"opened {TITLE}" in told(log))
    with pytest.raises(HostError, match="the panel is open already: it came to the front") as caught:
        open_panel(MadeHost(tmp_path), sys.executable, "resolve")
    assert caught.value.kind == "busy"
    until(lambda: RAISE_WINDOW in told(log))
    assert len({line.split()[0] for line in log.read_text().splitlines()}) == 1
    first.kill()
    first.communicate()
    kill_panels(log)


def test_a_click_after_the_program_died_ends_the_panel_that_was_left_and_opens_another(
    tmp_path: Path, log: Path
) -> None:
    words = [sys.executable, "-I", made_host.__file__, str(tmp_path), "{}", *panel(log)]
    first = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    until(lambda: f"opened {TITLE}" in told(log))
    left = psutil.Process(int(log.read_text().split()[0]))
    first.kill()
    first.wait()
    second = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    until(lambda: told(log).count(f"opened {TITLE}") == 2)
    left.wait(20)
    assert told(log)[1:4] == [GONE, END, "ended"]
    second.kill()
    second.wait()
    kill_panels(log)


def test_of_two_clicks_at_once_one_opens_the_panel(tmp_path: Path, log: Path) -> None:
    words = [sys.executable, "-I", made_host.__file__, str(tmp_path), "{}", *panel(log)]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [host.stdout.readline().strip() for host in both if host.stdout is not None]
    assert sorted(said)[0] == "taken"
    assert "the panel is open already" in next(text for text in said if text != "taken")
    until(lambda: f"opened {TITLE}" in told(log))
    for host in both:
        host.kill()
        host.communicate()
    kill_panels(log)


@pytest.mark.usefixtures("fake_words")
def test_a_click_whose_panel_was_closed_opens_a_new_one(
    tmp_path: Path, log: Path, ended: list[Serving]
) -> None:
    for _ in range(2):
        serving = open_panel(MadeHost(tmp_path), sys.executable, "resolve")
        ended.append(serving)
        served(serving, lambda: told(log)[-1:] == [f"opened {TITLE}"])
        serving.end()
    assert told(log).count("ended") == 2


@pytest.mark.usefixtures("fake_words")
def test_of_a_program_that_runs_twice_each_has_its_panel(
    tmp_path: Path, log: Path, ended: list[Serving], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = open_panel(MadeHost(tmp_path), sys.executable, "blender", many=True)
    ended.append(one)
    # Another process of the program.
    monkeypatch.setattr("hitpoint.plugin.hosts.door.os.getpid", lambda: 2**22 + 2)
    two = open_panel(MadeHost(tmp_path), sys.executable, "blender", many=True)
    ended.append(two)
    monkeypatch.undo()
    for serving in (one, two):
        number = serving.pid
        served(serving, lambda: f"{number} opened {TITLE}" in log.read_text())  # noqa: B023
    assert one.alive
    assert two.alive


def test_of_a_program_that_runs_twice_the_panel_of_a_dead_one_ends_when_another_opens_its_own(
    tmp_path: Path,
) -> None:
    with Door("blender", many=True) as mine:
        assert mine.take()
        dead = mine.note.with_name("blender-4194306.json")
        dead.write_text(json.dumps({"token": "t", "panel": 4194307}))
        dead.with_suffix(".lock").touch()
        with Door("blender", many=True) as lives:
            lives._name = "blender-4194308"
            assert lives.take()
            lives.tell(4194309)
            mine.close()
            assert mine.take()
            assert not dead.exists()
            assert lives.note.exists()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(HostError, match="cannot be used"):
        open_panel(MadeHost(tmp_path), sys.executable, "resolve")


def test_a_holder_that_is_busy_is_left_and_the_user_told(tmp_path: Path) -> None:
    with Door("resolve") as door:
        assert door.take()
        second = Door("resolve", heard_s=0.05)
        assert not second.take()
        assert second.refused == "the panel is open already, and busy: look for its window"
        assert door.knocked()
        assert not door.knocked()


def test_what_doors_left_is_forgotten_but_for_a_panel_that_is_open(tmp_path: Path) -> None:
    with Door("resolve") as open_one, Door("blender", many=True) as left:
        for door in (open_one, left):
            assert door.take()
            door.tell(2**22 + 1)
        left.close()
        forget("blender")
        assert {path.stem for path in doors_dir().iterdir()} == {"resolve"}
        forget("resolve")
        assert open_one.note.exists()
    forget("resolve")
    assert not doors_dir().exists()
    forget("resolve")
