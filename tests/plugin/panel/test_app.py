"""The panel put together: what is made is ended again, and what others say is seen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from films import timeline
from hitpoint.plugin.panel import app
from hitpoint.plugin.panel.app import close_panel, icon, make_panel
from hitpoint.plugin.panel.player.player import FilmPlayer
from hitpoint.plugin.runfolder import default_folder
from whole import engines, whole_panel


@pytest.fixture
def source(tmp_path: Path) -> str:
    folder = tmp_path / "film"
    folder.mkdir()
    return str(timeline(folder))


def test_a_panel_that_shows_nothing_starts_no_engine_and_writes_nothing(qtbot: QtBot, home: Path) -> None:
    with whole_panel(qtbot) as panel:
        assert panel.model.state == "none"
        assert panel.model.first_run
        assert engines("hitpoint") == []
        assert not home.exists()


def test_what_a_panel_began_has_ended_when_it_is_closed(source: str, qtbot: QtBot) -> None:
    before = {thread.name for thread in threading.enumerate()}
    others = psutil.Process().children(recursive=True)
    with whole_panel(qtbot) as panel:
        panel.open(source)
        panel.planned()
        begun = [process for process in psutil.Process().children(recursive=True) if process not in others]
        assert begun
    _, alive = psutil.wait_procs(begun, timeout=20)
    assert alive == []
    # The writer waits for the next session, and holds nothing.
    assert {thread.name for thread in threading.enumerate()} - before <= {"session writer", "fingerprint"}
    with whole_panel(qtbot) as again:
        again.open(source)


def test_closing_twice_is_closing_once(source: str, qtbot: QtBot) -> None:
    window, model = make_panel(source)
    qtbot.waitUntil(lambda: model.state == "open", timeout=60_000)
    close_panel(window, model)
    close_panel(window, model)
    assert (default_folder(Path(source)) / "session.json").is_file()


def test_a_panel_that_cannot_be_made_leaves_nothing_running(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(FilmPlayer, "close", _closing(FilmPlayer, closed))

    def refuse(*_: object) -> None:
        raise RuntimeError("no window")

    monkeypatch.setattr(app, "Panel", refuse)
    with pytest.raises(RuntimeError, match="no window"):
        make_panel()
    assert closed == [True]


def _closing(cls: type[FilmPlayer], closed: list[bool]) -> object:
    real = cls.close

    def close(self: FilmPlayer) -> None:
        closed.append(True)
        real(self)

    return close


def test_where_the_work_is_kept_when_not_beside_the_timeline_is_a_notice(source: str, qtbot: QtBot) -> None:
    default_folder(Path(source)).write_text("in the way")
    with whole_panel(qtbot) as panel:
        panel.open(source)
        panel.until(
            lambda: any("cannot be written" in notice.text for notice in panel.model.desk.notices),
            "it says where the session is kept",
        )


def test_a_timeline_that_is_changed_is_told_and_read_again(source: str, qtbot: QtBot) -> None:
    with whole_panel(qtbot) as panel:
        panel.open(source)
        panel.until(lambda: panel.model.host.state is not None, "the host is looked at")
        timeline(Path(source).parent, rate=25.0)
        panel.until(
            lambda: panel.model.host.state is not None and panel.model.host.state.changed,
            "the change is seen",
        )
        panel.model.host.read_again()
        panel.until(
            lambda: panel.model.timeline is not None and str(panel.model.timeline.rate) == "25", "it is read"
        )
        panel.until(
            lambda: panel.model.host.state is not None and not panel.model.host.state.changed, "all is well"
        )


def test_the_icon_is_drawn_at_each_size_on_nothing(qapp: QApplication) -> None:
    for size in (16, 32, 256):
        picture = icon().pixmap(size, size).toImage()
        assert picture.width() >= size
        colours = {picture.pixelColor(x, y).name() for x in range(size) for y in range(size)}
        assert len(colours) >= 3
        assert picture.pixelColor(0, 0).alpha() < 255
        assert picture.pixelColor(size // 2, size // 2).alpha() == 255


RUN = """
import sys
from PyQt6.QtCore import QTimer
from hitpoint.plugin.panel import app
made = app.application()
def ready():
    windows = [widget for widget in made.topLevelWidgets() if widget.isVisible()]
    if windows and windows[0]._model.state == sys.argv[2]:
        print(sys.argv[2], flush=True)
        timer.stop()
timer = QTimer(interval=20)
timer.timeout.connect(ready)
timer.start()
app.run(sys.argv[1] or None)
print("ended", made.highDpiScaleFactorRoundingPolicy().name, made.applicationName(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(
    ("number", "state"), [(signal.SIGINT, "open"), (signal.SIGTERM, "open"), (signal.SIGINT, "none")]
)
def test_a_panel_that_is_asked_to_end_saves_and_ends_well(
    source: str, home: Path, number: signal.Signals, state: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, source if state == "open" else "", state],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "HITPOINT_HOME": str(home)},
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"{state}\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"ended {_PASS} hitpoint\n"), err
    assert "Traceback" not in err
    assert (default_folder(Path(source)) / "session.json").is_file() is (state == "open")
    assert not [path for path in (home / "state").iterdir() if "crash" in path.name]


_PASS = Qt.HighDpiScaleFactorRoundingPolicy.PassThrough.name
