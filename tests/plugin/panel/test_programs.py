"""The whole panel beside a program: started by it, told by it, and alive when it is gone."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from fakes import made_host
from fakes.made_host import TITLE, MadeHost
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from films import timeline
from hitpoint.engine.errors import OptionError, UserError
from hitpoint.plugin.cli import main
from hitpoint.plugin.hosts.files import FilesHost
from hitpoint.plugin.hosts.piped import PipedHost
from hitpoint.plugin.hosts.resolve import attach
from hitpoint.plugin.hosts.serving import Answering, panel_words
from hitpoint.plugin.hosts.wire import END, RAISE_WINDOW
from hitpoint.plugin.panel.app import close_panel, make_panel
from hitpoint.plugin.panel.programs import Beside, program_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it sends signals")


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    over = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < over, "it did not come"
        time.sleep(0.01)


class Program:
    """A program in this process: answers in a thread, over pipes."""

    def __init__(self, folder: Path) -> None:
        self.host = MadeHost(folder, otio=timeline(folder).read_bytes())
        reads, their_end = os.pipe()
        mine, writes = os.pipe()
        self.stdio = mine, their_end
        self.answering = Answering(self.host, reads, writes)
        self.thread = threading.Thread(target=self.answering.serve_forever)
        self.thread.start()

    def say(self, what: str) -> None:
        self.answering._channel.send({"jsonrpc": "2.0", "method": what, "params": {}})


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    yield made
    made.answering.let_go()
    made.thread.join(20)


def test_the_panel_opens_what_the_program_has_open_and_does_what_it_is_told(
    program: Program, qtbot: QtBot
) -> None:
    window, model = make_panel(beside=Beside("resolve", program.stdio))
    try:
        qtbot.waitUntil(lambda: model.state == "open", timeout=60_000)
        assert model.desk.session is not None
        assert Path(model.desk.session.source).name == "timeline-1.otio"
        window.showMinimized()
        program.say(RAISE_WINDOW)
        qtbot.waitUntil(lambda: not window.windowState() & Qt.WindowState.WindowMinimized, timeout=20_000)
        assert window.isVisible()
        with qtbot.waitSignal(window.closed, timeout=20_000):
            program.say(END)
    finally:
        close_panel(window, model)
    # The end of its pipe is what lets the program go on.
    program.thread.join(20)
    assert not program.thread.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_a_panel_whose_program_is_killed_lives_and_ends_well_when_it_is_asked_to(tmp_path: Path) -> None:
    words = [sys.executable, "-I", "-c", _HOST, made_host.__file__, str(timeline(tmp_path)), str(tmp_path)]
    program = subprocess.Popen([*words, *panel_words(sys.executable, "resolve")])
    note = tmp_path / "home" / "state" / "doors" / "resolve.json"
    session = tmp_path / "timeline-1.hitpoint" / "session.json"
    try:
        until(session.exists)
        (panel,) = psutil.Process(program.pid).children()
    finally:
        program.kill()
        program.wait()
    # What it prints goes nowhere from then on, not into a broken pipe.
    until(lambda: os.fspath(Path(f"/proc/{panel.pid}/fd/2").readlink()) == os.devnull)
    assert note.exists()
    engines = panel.children(recursive=True)
    time_s = session.stat().st_mtime
    panel.send_signal(signal.SIGTERM)
    psutil.wait_procs([panel, *engines], timeout=20)
    until(lambda: not panel.is_running() or panel.status() == psutil.STATUS_ZOMBIE)
    assert session.stat().st_mtime >= time_s
    log = tmp_path / "home" / "state" / "hitpoint.log"
    assert not log.exists() or "Traceback" not in log.read_text()


# Serves the panel a timeline that is really one.
_HOST = """
import runpy, sys
from pathlib import Path
path, source, folder, *words = sys.argv[1:]
made = runpy.run_path(path)
from hitpoint.plugin.hosts.door import Door
from hitpoint.plugin.hosts.serving import Serving
host = made["MadeHost"](Path(folder), otio=Path(source).read_bytes())
door = Door("resolve")
assert door.take()
Serving(host, words, door=door, more={"QT_QPA_PLATFORM": "offscreen"}).serve_forever()
"""


def test_a_program_that_does_not_say_hello_is_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads, writes = os.pipe()
    os.close(writes)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with pytest.raises(UserError, match="DaVinci Resolve has ended, or let go of the panel"):
        program_of(Beside("resolve", (reads, nowhere)))


def test_the_panel_beside_blender_is_opened_from_there() -> None:
    with pytest.raises(OptionError, match="opened from there: in the Video Sequencer press N"):
        program_of(Beside("blender"))


def test_resolve_by_files_says_why_no_better_road_is_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(attach, "why_not", lambda: "no DaVinci Resolve Studio answers: start it")
    host = program_of(Beside("resolve", watch=str(tmp_path)))
    assert isinstance(host, FilesHost)
    assert (host.name, host.known_facts().road) == ("resolve", "files")
    assert host.known_facts().notes == ("no DaVinci Resolve Studio answers: start it",)


def test_resolve_that_lets_us_attach_is_asked_over_a_pipe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = [sys.executable, "-I", made_host.__file__, str(tmp_path)]
    monkeypatch.setattr(attach, "why_not", lambda: "")
    monkeypatch.setattr(attach, "words", lambda _: words)
    host = program_of(Beside("resolve"))
    assert isinstance(host, PipedHost)
    assert host.known_facts().title == TITLE
    host.close()
    says = "import sys; sys.exit('hitpoint: a dialog is open')"
    monkeypatch.setattr(attach, "words", lambda _: [sys.executable, "-I", "-c", says])
    assert program_of(Beside("resolve")).known_facts().notes == ("a dialog is open",)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--connected"], "--connected needs the program that answers"),
        (["--host", "blender", "--connected", "--watch", "x"], "leave out --connected"),
        (["--host", "resolve", "--connected"], "for the program that starts the panel"),
        (["--watch", "nowhere"], "nowhere' is no folder"),
    ],
)
def test_words_that_do_not_fit_are_refused(
    words: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert main(["panel", *words]) == 2
    assert sentence in " ".join(capsys.readouterr().err.split())
