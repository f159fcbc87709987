"""Made cues, takes, films and a made device for playback."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from PyQt6.QtGui import QColor, QImage
from PyQt6.QtMultimedia import QAudioDevice
from pytestqt.qtbot import QtBot

from hitpoint.engine.errors import Problem
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Plan, Shot, TempoSegment
from hitpoint.engine.wishes import Wishes
from hitpoint.plugin.panel.player.clock import DeviceClock
from hitpoint.plugin.panel.player.feeder import BYTES, Ring
from hitpoint.plugin.panel.player.player import FilmPlayer
from hitpoint.plugin.panel.player.sink import Speaker
from hitpoint.plugin.panel.player.sounds import Shelf
from hitpoint.ui.ports import Proxy
from hitpoint.ui.session import Controls, TakeEntry

HEAD = 9_600
Floats = npt.NDArray[np.float64]


@pytest.fixture
def make_cue() -> Callable[..., Cue]:
    def made(seconds: float = 6.0, rate: Rate | None = None, in_frame: int = 1_000) -> Cue:
        rate = rate or Rate(24_000, 1_001)
        out = in_frame + round(seconds * rate.fps)
        return Cue("1m1", rate, in_frame, out, (Shot("black", in_frame, out, "gap"),))

    return made


@pytest.fixture
def make_take(tmp_path: Path) -> Callable[..., TakeEntry]:
    """A take of stems that are given as float arrays of the cue's length, [n] or [n, 2]."""

    def made(
        cue: Cue,
        take_id: str,
        stems: dict[str, Floats],
        lufs: float | None = -20.0,
        peak: float | None = -10.0,
    ) -> TakeEntry:
        folder = tmp_path / take_id
        folder.mkdir()
        rows = []
        for name, data in stems.items():
            both = data if data.ndim == 2 else np.stack((data, data), axis=1)
            padded = np.concatenate((np.zeros((HEAD, 2)), both, np.zeros((HEAD, 2))))
            soundfile.write(folder / f"{name}.wav", padded, 48_000, subtype="PCM_24")
            rows.append((name, str(folder / f"{name}.wav"), ""))
        return TakeEntry(
            id=take_id, name=take_id, made="", folder=str(folder), generator="sketch", model="", style="",
            seed=1, stems=tuple(rows), head=HEAD, samples=cue.samples, lufs=lufs, true_peak_dbtp=peak,
            why="", wishes=Wishes(), controls=Controls(),
        )  # fmt: skip

    return made


@pytest.fixture
def make_proxy(tmp_path: Path) -> Callable[..., Proxy]:
    """Pictures whose colour is their number: red 8 bits, then green."""

    def made(cue: Cue, frames: int | None = None, sound: Floats | None = None) -> Proxy:
        folder = tmp_path / "proxy"
        folder.mkdir(exist_ok=True)
        frames = cue.frames if frames is None else frames
        for index in range(frames):
            path = folder / f"{index:06d}.jpg"
            if not path.exists():
                picture = QImage(64, 36, QImage.Format.Format_RGB32)
                picture.fill(QColor(index % 64 * 4, index // 64 * 16, 128))
                picture.save(str(path), "JPG", 95)
        (folder / "proxy.json").write_text(json.dumps({"frames": frames}), encoding="utf-8")
        wav = ""
        if sound is not None:
            wav = str(folder / "sound.wav")
            soundfile.write(wav, sound, 48_000, subtype="FLOAT")
        return Proxy(str(folder), wav, cue.in_frame, cue.out_frame_exclusive, frames)

    return made


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    """Bars of 4/4 at 120, as many as fit."""

    def made(cue: Cue) -> Plan:
        bars = cue.samples // 96_000
        segment = TempoSegment(0, bars * 96_000, (4,) * bars)
        return Plan(cue.name, cue.samples, (), (segment,), (), (0.5,) * bars, bars - 1)

    return made


@pytest.fixture
def problems() -> list[Problem]:
    return []


@pytest.fixture
def shelf(problems: list[Problem]) -> Iterator[Shelf]:
    made = Shelf(problems.append)
    yield made
    made.close()


class MadeDevice:
    """An Output in real time: Qt's buffer of 2048, a device of two periods of 256 that wakes up after 60 ms,
    fetches up to 3 ms late and runs 100 millionths fast. `truth` is what it plays."""

    name = "made device"

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._clock = DeviceClock()
        self._running: threading.Event | None = None
        self._thread: threading.Thread | None = None
        self.rate = 48_000 * (1 + 100e-6)
        self._start_s = 0.0
        # What was taken, in order, of the last playing.
        self.played = bytearray()

    def start(self) -> None:
        self.stop()
        self._ring.open()
        self._clock = DeviceClock()
        self.played = bytearray()
        self._start_s = time.monotonic() + 0.06
        self._running = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._running, self._clock))
        self._thread.start()

    def stop(self) -> None:
        if self._running is not None and self._thread is not None:
            self._running.set()
            self._thread.join()
            self._running = None

    def close(self) -> None:
        self.stop()

    def heard(self, now_s: float) -> float:
        return self._clock.heard(now_s)

    def truth(self) -> float:
        """The stream sample that is played now."""
        return max(0.0, (time.monotonic() - self._start_s) * self.rate)

    def _run(self, stopped: threading.Event, clock: DeviceClock) -> None:
        draw = random.Random(1)
        taken = 0
        clock.observe(time.monotonic(), 0)
        while not stopped.wait(0.004 + draw.random() * 0.002):
            now_s = time.monotonic()
            played = max(0.0, (now_s - draw.random() * 0.003 - self._start_s) * self.rate)
            due = (int(played // 256) + 2) * 256
            # Qt's own buffer is always full.
            self.played += self._ring.read(max(0, due + 2_048 - len(self.played) // BYTES))
            taken = max(taken, min(due, len(self.played) // BYTES))
            clock.observe(now_s, taken)


@pytest.fixture
def cue(make_cue: Callable) -> Cue:
    return make_cue(12)


@pytest.fixture
def takes(cue: Cue, make_take: Callable) -> tuple[TakeEntry, ...]:
    """Two takes of different loudness; each is one value all along."""
    return (
        make_take(cue, "a", {"bass": np.full(cue.samples, 0.25)}, -20.0, -12.0),
        make_take(cue, "b", {"bass": np.full(cue.samples, 0.0625)}, -32.0, -24.0),
    )


@pytest.fixture
def make_player(
    qtbot: QtBot, cue: Cue, takes: tuple[TakeEntry, ...], make_proxy: Callable, make_plan: Callable
) -> Iterator[Callable[..., FilmPlayer]]:
    made: list[FilmPlayer] = []

    def player(*, device: bool = False) -> FilmPlayer:
        if device:
            new = FilmPlayer(output=MadeDevice)
        else:
            new = FilmPlayer(output=lambda ring: Speaker(ring, default=QAudioDevice))
        made.append(new)
        new.set_cue(cue, make_plan(cue))
        new.set_takes(takes, "a", "")
        new.set_proxy(make_proxy(cue))
        return new

    yield player
    for each in made:
        each.close()
