"""The Player of the panel: sound and picture of one cue on one clock. Nothing here waits: files are read,
samples mixed and pictures decoded in threads of their own; this object only says what is wanted and looks at
the clock.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QImage

from ....engine.errors import OptionError, Problem
from ....engine.timebase import SAMPLE_RATE, Rate
from ....engine.types import Cue, Plan
from ....ui.ports import Levels, Proxy
from ....ui.session import Mix, TakeEntry
from .click import Clicks
from .clock import Course, Scale, Shown, Shuttle, offset_s
from .feeder import Feeder, Ring
from .film import Film
from .levels import Loudness
from .meters import Meters
from .mixer import Mixer
from .repertoire import Repertoire
from .sink import Output, Speaker
from .sounds import Shelf

_FASTEST = 8.0
# The position is told at least this often while it moves, for what moves with it on the screen.
_TICK_S = 1 / 30
_LEVELS_S = 0.1


class FilmPlayer(QObject):
    """See `ui.ports.Player`. `output` and `now` (monotonic seconds) are given by those who have no use for a
    device."""

    position_changed = pyqtSignal(float)
    playing_changed = pyqtSignal(bool)
    picture_changed = pyqtSignal(QImage)
    levels_changed = pyqtSignal(Levels)
    device_changed = pyqtSignal(str)
    failed = pyqtSignal(Problem)
    _measured = pyqtSignal(str, object)

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        output: Callable[[Ring], Output] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._now = now
        self._course, self._ring, self._meters = Course(), Ring(), Meters()
        self._shelf = Shelf(self.failed.emit)
        self._mixer = Mixer(self._shelf, self._course)
        self._feeder = Feeder(self._mixer, self._ring, self._meters, self._begin_output)
        self._film = Film()
        self._film.decoded.connect(self._decoded)
        if output is None:
            speaker = Speaker(self._ring, now=now)
            speaker.device_changed.connect(self.device_changed)
            self._output: Output = speaker
        else:
            self._output = output(self._ring)
        self._measured.connect(self._temp_measured)
        self._repertoire = Repertoire(self._measured.emit, self.failed.emit)
        self._scale: Scale | None = None
        self._plan: Plan | None = None
        self._frame = 0.0
        self._playing = self._closed = False
        self._shuttle: Shuttle | None = None
        # Counts up with every start and seek: what is heard counts only once it belongs to the last of them.
        self._number = 0
        self._session = self._begun = -1
        self._seeking: int | None = None
        self._shown: int | None = None
        self._levels_s = 0.0
        # Pictures that came too late to be shown while playing; and how late those were that were shown.
        self.dropped = 0
        self.shown: deque[Shown] = deque(maxlen=4_096)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def qobject(self) -> QObject:
        return self

    # --- What is played

    def set_cue(self, cue: Cue, plan: Plan | None) -> None:
        if plan is not self._plan or self._scale is None:
            self._plan = plan
            self._mixer.clicks = Clicks(plan)
        if self._scale is not None and _stretch(self._scale.cue) == _stretch(cue):
            return
        self.pause()
        self._scale = Scale(cue)
        self._repertoire.drop_passage()
        self._wish()
        self._shown = None
        self._settle(min(max(self._frame, float(cue.in_frame)), float(cue.out_frame_exclusive)))

    def set_proxy(self, proxy: Proxy | None) -> None:
        self._film.set_proxy(proxy)
        self._repertoire.set_film(proxy)
        if proxy is None:
            self._shown = None
        self._wish()
        self._look()

    def set_takes(self, takes: tuple[TakeEntry, ...], heard: str, temp_track: str) -> None:
        """The temp track begins with the cue."""
        self._repertoire.set_takes(takes, heard, temp_track)
        self._wish()

    def hear(self, take_id: str) -> None:
        self._repertoire.heard = take_id
        self._wish()

    def set_mix(self, mix: Mix) -> None:
        self._repertoire.mix = mix
        self._wish()

    def set_passage(self, path: str, in_frame: int) -> None:
        """It is heard instead of the take, whose music it is to be."""
        self._repertoire.set_passage(path, in_frame)
        self._wish()

    # --- Transport

    def play(self, speed: float = 1.0) -> None:
        if not speed or abs(speed) > _FASTEST:
            raise OptionError(f"the speed {speed} cannot be played: give one from -8 to 8 that is not 0")
        if self._scale is None:
            return
        was_playing = self._playing
        if was_playing:
            if speed == self._speed:
                return
            self._move()
        self._rest()
        frame = self._frame
        loop = self._mixer.wish.loop
        if loop and speed == 1 and self._scale.sample(frame) >= loop[1]:
            frame = self._scale.frame(loop[0])
        elif frame >= self._scale.cue.out_frame_exclusive and speed > 0:
            frame = float(self._scale.cue.in_frame)
        elif frame <= self._scale.cue.in_frame and speed < 0:
            frame = float(self._scale.cue.out_frame_exclusive)
        self._frame = frame
        sample = self._scale.sample(frame)
        self._number += 1
        if speed == 1:
            self._session = self._number
            count_in = self._mixer.clicks.count_in(sample) if self._repertoire.mix.count_in else None
            self._feeder.play(sample, count_in, self._number)
        else:
            self._shuttle = Shuttle(float(sample), self._now(), speed, self._scale.cue.samples)
        self._playing = True
        if not was_playing:
            self.playing_changed.emit(True)
        self._tick()

    def pause(self) -> None:
        if not self._playing:
            return
        self._move()
        self._rest()
        self.playing_changed.emit(False)
        self._settle(self._frame)

    def seek(self, frame: float) -> None:
        if self._scale is None:
            return
        cue = self._scale.cue
        frame = min(max(float(frame), float(cue.in_frame)), float(cue.out_frame_exclusive))
        if not self._playing:
            self._settle(frame)
            return
        sample = self._scale.sample(frame)
        self._frame = frame
        # What lies between was not to be shown.
        self._shown = None
        if self._shuttle is not None:
            self._shuttle = replace(self._shuttle, start=float(sample), start_s=self._now())
        else:
            self._number += 1
            self._seeking = self._number
            self._feeder.jump(sample, self._number)
        self.position_changed.emit(self._frame)
        self._look()

    def set_loop(self, loop: tuple[int, int] | None) -> None:
        """Record frames, the end exclusive. Speeds other than 1 pass over it."""
        self._repertoire.loop = loop
        self._wish()

    @property
    def position(self) -> float:
        if self._playing:
            self._move()
        return self._frame

    @property
    def playing(self) -> bool:
        return self._playing

    @property
    def device(self) -> str:
        return self._output.name

    @property
    def starved(self) -> int:
        """Samples that were silent because their file had not been read in time."""
        return self._shelf.starved

    def offset_s(self) -> float | None:
        """How far the picture that is shown and the sample that is heard are apart now; None while nothing is
        heard, or while a seek is on its way."""
        if self._scale is None or self._shown is None or self._shuttle is not None:
            return None
        heard = self._heard_sample()
        return None if heard is None else offset_s(self._scale, heard, self._shown)

    def close(self) -> None:
        """All threads end. Again: nothing."""
        if self._closed:
            return
        self._closed = True
        self._rest()
        self._timer.stop()
        # First who asks, then who is asked.
        self._output.close()
        self._feeder.close()
        self._repertoire.close()
        self._shelf.close()
        self._film.close()

    # --- Within

    @property
    def _speed(self) -> float:
        return self._shuttle.speed if self._shuttle is not None else 1.0

    def _rest(self) -> None:
        """Neither sound nor shuttle goes on."""
        if self._playing and self._shuttle is None:
            self._feeder.stop()
            self._output.stop()
        self._playing, self._shuttle, self._seeking = False, None, None
        self._session = -1

    def _begin_output(self, number: int) -> None:
        """In the feeder's thread: there is sound."""
        self._output.start()
        self._begun = number

    def _settle(self, frame: float) -> None:
        """Stand at a frame."""
        self._frame = frame
        if self._scale is not None:
            self._feeder.place(self._scale.sample(frame))
        self.position_changed.emit(frame)
        self._look()

    def _heard_sample(self) -> float | None:
        """The cue's sample that is heard; None where what is heard is not yet what was asked for."""
        if not self._playing or self._shuttle is not None:
            return None
        if self._begun != self._session:
            return None
        heard = self._output.heard(self._now())
        if self._seeking is not None:
            number, stream = self._mixer.landed
            if number != self._seeking or heard < stream:
                return None
            self._seeking = None
        return self._course.cue_sample(heard)

    def _move(self) -> bool:
        """Take over where the clock is. Whether the end was reached."""
        if self._scale is None:
            return False
        cue = self._scale.cue
        if self._shuttle is not None:
            now = self._now()
            sample: float | None = self._shuttle.at(now)
            ended = self._shuttle.ended(now)
        else:
            sample = self._heard_sample()
            ended = sample is not None and sample >= cue.samples
        if sample is not None:
            at_end = sample >= cue.samples
            self._frame = float(cue.out_frame_exclusive) if at_end else self._scale.frame(sample)
        return ended

    @pyqtSlot()
    def _tick(self) -> None:
        if not self._playing or self._scale is None:
            return
        ended = self._move()
        self.position_changed.emit(self._frame)
        self._look()
        now = self._now()
        if self._shuttle is None and now - self._levels_s >= _LEVELS_S:
            self._levels_s = now
            levels: Levels = self._meters.levels
            self.levels_changed.emit(levels)
        if ended:
            self.pause()
        elif self._playing:
            self._timer.start(self._until_next_ms())

    def _until_next_ms(self) -> int:
        """When the picture changes next, or sooner."""
        if self._scale is None:
            return 0
        rest = (1 - self._frame % 1) / float(self._scale.cue.rate.fps) / abs(self._speed)
        return max(1, round(min(rest, _TICK_S) * 1_000))

    def _look(self) -> None:
        """Show the picture of where we are, or have it made."""
        if self._scale is None:
            return
        cue = self._scale.cue
        frame = min(int(self._frame), cue.out_frame_exclusive - 1)
        speed = self._speed if self._playing else 1.0
        step = max(1, round(abs(speed))) * (1 if speed > 0 else -1)
        self._film.want(frame, step)
        if frame == self._shown:
            return
        picture = self._film.picture(frame)
        if picture is None:
            return
        if self._playing and self._shuttle is None and self._shown is not None:
            self.dropped += max(0, frame - self._shown - 1)
        self._shown = frame
        self.picture_changed.emit(picture)
        heard = self._heard_sample()
        if heard is not None:
            late_s = (heard - cue.sample(frame)) / SAMPLE_RATE
            self.shown.append(Shown(frame, self._now(), late_s))

    @pyqtSlot(int)
    def _decoded(self, frame: int) -> None:
        if frame == int(self._frame) or frame == self._last_frame():
            self._look()

    def _last_frame(self) -> int:
        return self._scale.cue.out_frame_exclusive - 1 if self._scale is not None else -1

    def _wish(self) -> None:
        """Tell the mixer what is wanted now."""
        if self._scale is not None:
            self._mixer.wish = self._repertoire.wish(self._scale)
            self._feeder.stir()

    @pyqtSlot(str, object)
    def _temp_measured(self, path: str, loudness: Loudness) -> None:
        self._repertoire.level_of_temp(path, loudness)
        self._wish()


def _stretch(cue: Cue) -> tuple[Rate, int, int]:
    return cue.rate, cue.in_frame, cue.out_frame_exclusive
