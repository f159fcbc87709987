"""Whatever of it is killed, the panel's work is there afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from films import timeline
from hitpoint.plugin.runfolder import default_folder
from whole import SUPERVISOR, WORKER, Whole, engines, whole_panel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it sends signals")


@pytest.fixture
def source(tmp_path: Path) -> str:
    folder = tmp_path / "film"
    folder.mkdir()
    return str(timeline(folder))


def _begin(panel: Whole, source: str) -> None:
    """A cue that is planned, and a take of it that is being made."""
    panel.open(source)
    panel.planned()
    panel.model.controls.set(model="sketch")
    panel.model.work.generate()
    panel.until(lambda: any(row.done > 0 for row in panel.model.work.rows), "a take is begun")


@pytest.mark.parametrize("kind", [WORKER, pytest.param(SUPERVISOR, marks=pytest.mark.heavy)])
def test_an_engine_that_is_killed_while_it_makes_a_take_is_told_of_and_the_take_is_made(
    source: str, qtbot: QtBot, kind: str
) -> None:
    with whole_panel(qtbot) as panel:
        _begin(panel, source)
        model, told = panel.model, []
        model.work.engine_text_changed.connect(told.append)
        for process in engines(kind):
            process.kill()

        def come() -> bool:
            for row in model.work.rows:
                if row.state == "failed" and row.can_retry:
                    model.work.retry(row.id)
            return len(model.takes.takes) == 1

        panel.until(come, "the take is made all the same", 240)
        assert model.state == "open"
        assert Path(model.takes.takes[0].mix).is_file()
        assert any("the engine ended" in text for text in told), told


PANEL = """
import sys
from PyQt6.QtCore import QTimer
from hitpoint.plugin.panel.app import application, make_panel
made = application()
window, model = make_panel(sys.argv[1])
window.show()
asked = []
def look():
    if model.state != "open" or model.spot.planned is None or model.spot.busy:
        return
    if len(asked) == len(model.takes.takes) < 2:
        asked.append(1)
        model.controls.set(model="sketch")
        model.work.generate()
    begun = any(row.state == "running" and row.done > 0 for row in model.work.rows)
    if len(model.takes.takes) == 1 and begun:
        print("one take, another begun", flush=True)
timer = QTimer(interval=20)
timer.timeout.connect(look)
timer.start()
made.exec()
"""


def test_a_panel_that_is_killed_comes_back_with_its_takes_and_offers_the_one_that_was_begun(
    source: str, qtbot: QtBot, home: Path
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PANEL, source],
        stdout=subprocess.PIPE,
        env={**os.environ, "HITPOINT_HOME": str(home)},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"one take, another begun\n"
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    # Its engines end with it.
    _, alive = psutil.wait_procs(below, timeout=30)
    assert alive == []
    folder = default_folder(Path(source))
    assert len(json.loads((folder / "session.json").read_text())["cues"][0]["takes"]) == 1
    with whole_panel(qtbot) as panel:
        panel.open(source)
        (take,) = panel.model.takes.takes
        assert Path(take.mix).is_file()
        panel.until(lambda: any(notice.action for notice in panel.model.work.states), "resuming is offered")
        for notice in panel.model.work.states:
            if notice.kind == "unfinished" and notice.action is not None:
                notice.action()
        panel.takes(2)
        assert panel.model.takes.takes[0] == take
