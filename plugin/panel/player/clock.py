"""The transport's time: which sample is heard now, and where in the cue that is. Pure: time comes as numbers.

Three counts meet here. *Stream* samples count what was given to the device since playing began. *Cue* samples
count from the cue's first one. Record frames are the timeline's. A device tells only how much it has taken
away, in periods of its own; `DeviceClock` makes an even line of that. `Course` remembers which place of the
cue was put where in the stream, over seeks and loops, so that picture and position follow what is heard and
never what was asked for.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from ....engine.timebase import SAMPLE_RATE
from ....engine.types import Cue

# A device's clock is off by some tens of millionths: over this long that is nothing, and one undisturbed
# report within it is enough.
_WINDOW_S = 1.0
# A report that is later than this after the one before it was no jitter: the device stood still.
_STALL_S = 0.08
# So long a device fills its buffer at first.
_FILL_S = 0.012
# No period that is believed is longer; a device that takes more at once has only a deep buffer.
_LONGEST_LATENCY = SAMPLE_RATE // 5


@dataclass(frozen=True, slots=True)
class Scale:
    """Record frames and samples of one cue."""

    cue: Cue

    @property
    def _base(self) -> int:
        return self.cue.rate.sample(self.cue.in_frame)

    def sample(self, frame: float) -> int:
        """The cue's sample at which a record frame, or a part of one, begins."""
        whole = int(frame // 1)
        if frame == whole:
            return self.cue.sample(whole)
        exact = Fraction(frame) * self.cue.rate.den * SAMPLE_RATE / self.cue.rate.num
        return round(exact) - self._base

    def frame(self, sample: float) -> float:
        """The record frame, with its fraction, in which a sample of the cue lies."""
        at = (self._base + sample) * self.cue.rate.num / (self.cue.rate.den * SAMPLE_RATE)
        # Frames begin at rounded samples: without this the first sample of one may count to the one before.
        shown = self.shown(sample)
        return min(max(at, float(shown)), shown + 1 - 1e-9)

    def shown(self, sample: float) -> int:
        """The record frame whose picture belongs to a sample of the cue."""
        at = (self._base + sample) * self.cue.rate.num / (self.cue.rate.den * SAMPLE_RATE)
        frame = int(at // 1)
        if self.cue.sample(frame) > sample:
            return frame - 1
        return frame + 1 if self.cue.sample(frame + 1) <= sample else frame


@dataclass(frozen=True, slots=True)
class _Stretch:
    stream: int
    cue: int
    # 1 where the cue goes on, 0 where it waits: before it begins (a count-in), and after its end.
    moves: int


class Course:
    """Which sample of the cue lies where in the stream. Written by who mixes, read by who looks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stretches: deque[_Stretch] = deque()

    def clear(self) -> None:
        with self._lock:
            self._stretches.clear()

    def add(self, stream: int, cue: int, *, moves: bool) -> None:
        """From stream sample `stream` on, the cue is heard from its sample `cue`."""
        new = _Stretch(stream, cue, int(moves))
        with self._lock:
            if self._stretches:
                last = self._stretches[-1]
                if last.moves == new.moves and last.cue + last.moves * (stream - last.stream) == cue:
                    return
            self._stretches.append(new)

    def cue_sample(self, stream: float) -> float | None:
        """The sample of the cue that lies at a place of the stream. None while there is none."""
        with self._lock:
            # What was heard is not asked for again.
            while len(self._stretches) > 1 and self._stretches[1].stream <= stream:
                self._stretches.popleft()
            if not self._stretches:
                return None
            first = self._stretches[0]
            return first.cue + first.moves * max(0.0, stream - first.stream)


class DeviceClock:
    """The stream sample that is heard now, from what a device says it has taken.

    A device first fills its buffer, and begins to play when it likes: nothing is heard until it takes more.
    From then on the count jumps by the device's period, and each jump is seen a little late. The jumps seen
    least late lie on one line: the device's own even time, drift and all. What is taken goes behind what is
    in the buffer, so what is heard lies one fill behind the line. What comes after that buffer (a converter,
    a cable, a wireless link) no interface of Qt tells.
    """

    def __init__(self, rate: int = SAMPLE_RATE) -> None:
        self._rate = rate
        self._lock = threading.Lock()
        self._jumps: deque[tuple[float, float]] = deque()
        self._taken = 0
        self._begun_s: float | None = None
        self._moved_s: float | None = None
        self._looked_s: float | None = None
        # Samples that lie between taking and hearing, as far as is known.
        self._latency = 0
        self._filled_s: float | None = None
        self._heard = 0.0

    @property
    def taken(self) -> int:
        return self._taken

    def observe(self, now_s: float, taken: int) -> None:
        """At `now_s` the device had taken `taken` samples since it was started. Ask it every few
        milliseconds, from the start on, and tell also that nothing has changed."""
        with self._lock:
            looked_s, self._looked_s = self._looked_s, now_s
            if self._begun_s is None:
                self._begun_s = now_s
            jump = taken - self._taken
            if jump <= 0:
                return
            if self._moved_s is not None and now_s - self._moved_s > _STALL_S:
                self._jumps.clear()
            if self._filled_s is None:
                self._filled_s = now_s
            # A fill may come in two steps, and playing may have begun between them. What one jump of a
            # device that plays has taken at once is what exceeds the pace.
            filling = now_s - self._filled_s <= _FILL_S
            began_s = self._filled_s if filling or looked_s is None else looked_s
            once = (taken if filling else jump) - round((now_s - began_s) * self._rate)
            self._latency = min(max(self._latency, once), _LONGEST_LATENCY)
            self._taken, self._moved_s = taken, now_s
            if filling:
                return
            self._jumps.append((now_s, taken - now_s * self._rate))
            while self._jumps[0][0] < now_s - _WINDOW_S:
                self._jumps.popleft()

    def stalled_s(self, now_s: float) -> float:
        """For how long the device has taken nothing, since it was looked at first."""
        with self._lock:
            since_s = self._begun_s if self._moved_s is None else self._moved_s
            return 0.0 if since_s is None else now_s - since_s

    def heard(self, now_s: float) -> float:
        """The stream sample, with its fraction, that is heard at `now_s`; 0 before the first."""
        with self._lock:
            if not self._jumps:
                return self._heard
            line = now_s * self._rate + max(offset for _, offset in self._jumps) - self._latency
            # Nothing is heard before it was taken, as far as was looked; and nothing is heard twice.
            most = self._taken + max(0.0, now_s - (self._looked_s or now_s)) * self._rate
            self._heard = max(self._heard, min(line, most), 0.0)
            return self._heard


class SystemClock:
    """The stand-in where there is no device: what should be heard by the system's own time."""

    def __init__(self, start_s: float, *, first: float = 0.0, rate: int = SAMPLE_RATE) -> None:
        self._start_s, self._first, self._rate = start_s, first, rate

    def heard(self, now_s: float) -> float:
        return self._first + max(0.0, now_s - self._start_s) * self._rate


@dataclass(frozen=True, slots=True)
class Shuttle:
    """Silent travel at any speed but 1: from `start` (cue sample) at `start_s`, within 0 .. `length`."""

    start: float
    start_s: float
    speed: float
    length: int

    def at(self, now_s: float) -> float:
        there = self.start + (now_s - self.start_s) * self.speed * SAMPLE_RATE
        return min(max(there, 0.0), float(self.length))

    def ended(self, now_s: float) -> bool:
        """Whether it has run into the end that it travels to."""
        there = self.at(now_s)
        return there <= 0.0 if self.speed < 0 else there >= self.length


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that was put on the screen: `late_s` after the moment at which its first sample was heard
    (below 0: before it)."""

    frame: int
    at_s: float
    late_s: float


def offset_s(scale: Scale, heard: float, frame: int) -> float:
    """How far picture and sound are apart while record frame `frame` is shown and cue sample `heard` is
    heard: 0 while the sample lies in the frame, above where the picture is late."""
    begin, end = scale.cue.sample(frame), scale.cue.sample(frame + 1)
    if heard < begin:
        return (heard - begin) / SAMPLE_RATE
    return max(0.0, heard - end) / SAMPLE_RATE
