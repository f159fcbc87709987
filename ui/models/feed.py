"""Keeps the player on the cue that is worked on: its range, bars, film and loop."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject

from ...engine.errors import Problem
from ...engine.types import Cue
from ...engine.wishes import NO_WISHES, with_wishes
from ..ports import Proxy
from ..task import Task
from ..text import tr
from .cues import CuesModel
from .desk import Desk
from .spot import SpotModel

_Bounds = tuple[int, int, int, bool]


class Feed(QObject):
    """Where there is no cue, the whole timeline is played, without a film: an hour of it would never be
    ready."""

    def __init__(self, desk: Desk, cues: CuesModel, spot: SpotModel) -> None:
        super().__init__(desk)
        self._desk = desk
        self._cues = cues
        self._spot = spot
        self._task: Task | None = None
        # What the player has: number of the reading, in, out, and whether a film belongs to it.
        self._bounds: _Bounds | None = None
        cues.engine_cue_changed.connect(self._follow)
        desk.timeline_changed.connect(self._follow)
        spot.planned_changed.connect(self._follow)

    def _follow(self) -> None:
        timeline, cue = self._desk.timeline, self._cues.engine_cue
        if timeline is None:
            self._leave(None)
            return
        if cue is None:
            bounds = (self._desk.readings, 0, timeline.frames, False)
            if self._bounds != bounds:
                self._desk.player.set_cue(timeline.cue("", 0, timeline.frames, NO_WISHES), None)
                self._leave(bounds)
            return
        planned = self._spot.planned
        self._desk.player.set_cue(cue, planned.plan if planned is not None else None)
        bounds = (self._desk.readings, cue.in_frame, cue.out_frame_exclusive, True)
        if self._bounds != bounds:
            self._leave(bounds)
            self._ask(cue)

    def _ask(self, cue: Cue) -> None:
        task = self._task = self._desk.studio.proxy(with_wishes(cue, NO_WISHES))
        task.heard.connect(lambda path, _, until_s: self._begun(task, cue, path, until_s))
        task.done.connect(lambda proxy: self._made(task, proxy))
        task.failed.connect(lambda problem: self._failed(task, cue, problem))

    def _begun(self, task: Task, cue: Cue, path: str, until_s: float) -> None:
        """The first seconds are there; the sound is always written before the pictures."""
        if task is self._task:
            sound = Path(path) / "sound.wav"
            frames = min(cue.frames, int(until_s * float(cue.rate.fps)))
            there = str(sound) if sound.is_file() else ""
            proxy = Proxy(path, there, cue.in_frame, cue.out_frame_exclusive, frames)
            self._desk.player.set_proxy(proxy)

    def _made(self, task: Task, proxy: Proxy) -> None:
        if task is self._task:
            self._task = None
            self._desk.unsay("proxy")
            self._desk.player.set_proxy(proxy)

    def _failed(self, task: Task, cue: Cue, problem: Problem) -> None:
        if task is self._task:
            self._task = None
            text = tr("notice.proxy.says", why=problem.text)
            self._desk.notify("proxy", text, tr("notice.try_again"), lambda: self._ask(cue))

    def _leave(self, bounds: _Bounds | None) -> None:
        """The player has another cue: no film of it is there yet, and it forgot the loop."""
        task, self._task, self._bounds = self._task, None, bounds
        if task is not None:
            task.cancel()
        self._desk.player.set_proxy(None)
        session = self._desk.session
        if session is not None:
            self._desk.player.set_loop(session.view.loop)
