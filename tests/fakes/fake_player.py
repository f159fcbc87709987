"""A Player without sound: its clock moves when the test says so."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from hitpoint.engine.errors import Problem
from hitpoint.engine.types import Cue, Plan
from hitpoint.ui.ports import Levels, Proxy
from hitpoint.ui.session import Mix, TakeEntry


class FakePlayer(QObject):
    """Keeps what it was told in attributes; `calls` in order, by name and arguments."""

    position_changed = pyqtSignal(float)
    playing_changed = pyqtSignal(bool)
    picture_changed = pyqtSignal(QImage)
    levels_changed = pyqtSignal(Levels)
    device_changed = pyqtSignal(str)
    failed = pyqtSignal(Problem)

    def __init__(self, device: str = "fake speakers") -> None:
        super().__init__()
        self.calls: list[tuple[object, ...]] = []
        self.cue: Cue | None = None
        self.plan: Plan | None = None
        self.proxy: Proxy | None = None
        self.takes: tuple[TakeEntry, ...] = ()
        self.heard = ""
        self.temp_track = ""
        self.mix = Mix()
        self.passage: tuple[str, int] = ("", 0)
        self.loop: tuple[int, int] | None = None
        self.speed = 1.0
        self.closed = False
        self._position = 0.0
        self._playing = False
        self._device = device

    def qobject(self) -> QObject:
        return self

    def set_cue(self, cue: Cue, plan: Plan | None) -> None:
        self.calls.append(("set_cue", cue.name))
        before, self.cue, self.plan = self.cue, cue, plan
        if before is None or (before.in_frame, before.out_frame_exclusive) != (
            cue.in_frame,
            cue.out_frame_exclusive,
        ):
            self.pause()
            self.loop, self.passage = None, ("", 0)
            self.seek(self._position)

    def set_proxy(self, proxy: Proxy | None) -> None:
        self.calls.append(("set_proxy", proxy))
        self.proxy = proxy

    def set_takes(self, takes: tuple[TakeEntry, ...], heard: str, temp_track: str) -> None:
        self.calls.append(("set_takes", tuple(take.id for take in takes), heard, temp_track))
        self.takes, self.heard, self.temp_track = takes, heard, temp_track

    def hear(self, take_id: str) -> None:
        self.calls.append(("hear", take_id))
        self.heard = take_id

    def set_mix(self, mix: Mix) -> None:
        self.mix = mix

    def set_passage(self, path: str, in_frame: int) -> None:
        self.calls.append(("set_passage", path, in_frame))
        self.passage = (path, in_frame)

    def play(self, speed: float = 1.0) -> None:
        self.calls.append(("play", speed))
        self.speed = speed
        self._set_playing(True)

    def pause(self) -> None:
        self.calls.append(("pause",))
        self._set_playing(False)

    def seek(self, frame: float) -> None:
        """Within the cue."""
        if self.cue is not None:
            frame = min(max(frame, self.cue.in_frame), self.cue.out_frame_exclusive)
            self._position = float(frame)
            self.position_changed.emit(self._position)

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        self.loop = loop

    @property
    def position(self) -> float:
        return self._position

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def device(self) -> str:
        return self._device

    def close(self) -> None:
        self.closed = True

    # What a test does to it.

    def move(self, frames: float) -> None:
        """So much of the film goes by."""
        self.seek(self._position + frames)

    def unplug(self) -> None:
        self._device = ""
        self.device_changed.emit("")

    def _set_playing(self, playing: bool) -> None:
        if playing != self._playing:
            self._playing = playing
            self.playing_changed.emit(playing)
