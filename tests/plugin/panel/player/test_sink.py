"""Qt's own sink on a sound server that has only a null device: what it reports makes a clock, and pulling the
device out is survived.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

import judges

_SERVER = """
load-module module-null-sink sink_name=made rate=48000 norewinds=1
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
"""

# In a process of its own: Qt looks for the sound server once.
_PLAY = """
import json, os, subprocess, sys, time
import numpy as np, soundfile
from PyQt6.QtCore import QCoreApplication, QTimer
from PyQt6.QtGui import QGuiApplication
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue
from hitpoint.plugin.panel.player.player import FilmPlayer
from hitpoint.ui.ports import Proxy

app = QGuiApplication([])
cue = Cue("1m1", Rate(25), 0, 25 * 30, ())
soundfile.write("film.wav", np.full((cue.samples, 2), 0.1), 48_000, subtype="FLOAT")
player = FilmPlayer()
devices = [player.device]
player.device_changed.connect(devices.append)
player.set_cue(cue, None)
player.set_proxy(Proxy(".", "film.wav", 0, cue.out_frame_exclusive, 0))
marks = []
def mark():
    marks.append((time.monotonic(), player.position))
def server(*words):
    subprocess.Popen(["pactl", *words], stdout=subprocess.DEVNULL)
def end():
    mark()
    player.close()
    app.quit()
player.play()
for after_s, what in (
    (1.5, mark), (3.0, mark),
    (3.1, lambda: server("unload-module", "module-null-sink")),
    (5.2, mark),
    (5.3, lambda: server("load-module", "module-null-sink", "sink_name=made", "norewinds=1")),
    (7.0, mark), (8.0, end),
):
    QTimer.singleShot(int(after_s * 1000), what)
app.exec()
print(json.dumps({"devices": devices, "marks": marks}))
"""


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Environment of a process that plays into a null device."""
    program = judges.need_program("pulseaudio")
    judges.need_program("pactl")
    socket = tmp_path / "socket"
    (tmp_path / "script.pa").write_text(_SERVER.format(socket=socket), encoding="utf-8")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "PULSE_SERVER": f"unix:{socket}",
        "QT_QPA_PLATFORM": "offscreen",
    }
    options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=true"]
    with subprocess.Popen(
        [program, *options, "-F", str(tmp_path / "script.pa")],
        env={key: value for key, value in environment.items() if key != "PULSE_SERVER"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            for _ in range(100):
                done = subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False)
                if done.returncode == 0:
                    break
            yield environment
        finally:
            server.terminate()


@pytest.mark.heavy
@pytest.mark.judge
def test_a_real_sink_keeps_time_and_may_be_pulled_out_and_put_back(
    sound_server: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PLAY],
        env=sound_server,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    named, silent, again = answer["devices"]
    assert named and not silent and again == named
    speeds = [(later[1] - before[1]) / (later[0] - before[0]) for before, later in pairwise(answer["marks"])]
    print("frames a second:", [f"{speed:.2f}" for speed in speeds])
    # Playing; without the device a second goes by until that is noticed; playing again.
    assert speeds[0] == pytest.approx(25, rel=0.05)
    assert 10 < speeds[1] < 26
    assert speeds[3] == pytest.approx(25, rel=0.1)
