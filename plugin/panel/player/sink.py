"""Where the sound goes: the system's default audio device, or nowhere at the same pace.

Qt's sinks copy what they play into a buffer of their own, in the thread that owns them; here that is a thread
with nothing else to do, so that a busy panel does not stutter. What a sink reports as processed is, on
every platform of Qt 6.10 and later, what the system has fetched out of that buffer, without the silence it
was given when the buffer ran dry. `DeviceClock` makes time of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from PyQt6.QtCore import QIODevice, QObject, Qt, QThread, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtMultimedia import QAudio, QAudioDevice, QAudioFormat, QAudioSink, QMediaDevices

from ....engine.timebase import SAMPLE_RATE
from .clock import DeviceClock, SystemClock
from .feeder import BYTES, Ring

# Qt's own buffer: 43 ms outlast what the interface keeps the interpreter for.
_BUFFER = 2_048
_LOOK_MS = 5
# Longer than a device may take to wake up, and than one that plays may stand still; then it counts as gone.
_PATIENCE_S = 3.0
_STANDSTILL_S = 1.0
# After playing the rest is let out, then the device is free for others.
_LET_OUT_MS = 120
# Changes come in flocks.
_SETTLE_MS = 250


class Output(Protocol):
    """Takes samples out of a ring and knows which of them is heard. Every call returns at once; `heard` may
    come from any thread."""

    name: str

    def start(self) -> None:
        """The ring has been cleared and filled: open it and play it, from stream sample 0. What `heard` says
        is of this playing as soon as this has returned."""
        ...

    def stop(self) -> None: ...

    def heard(self, now_s: float) -> float:
        """The stream sample that is heard at `now_s` (monotonic)."""
        ...

    def close(self) -> None: ...


class _Tap(QIODevice):
    """The ring as Qt reads it."""

    def __init__(self, ring: Ring) -> None:
        super().__init__()
        self._ring = ring
        # Unbuffered: else Qt would hold back another 16 kB.
        self.open(QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered)

    def isSequential(self) -> bool:
        return True

    def bytesAvailable(self) -> int:
        return _BUFFER * BYTES

    def readData(self, maxlen: int) -> bytes:
        return self._ring.read(maxlen // BYTES)

    def writeData(self, data: object) -> int:
        return -1


def _format() -> QAudioFormat:
    form = QAudioFormat()
    form.setSampleRate(SAMPLE_RATE)
    form.setChannelCount(2)
    form.setSampleFormat(QAudioFormat.SampleFormat.Float)
    return form


class _Speaker(QObject):
    """Lives in the sound thread."""

    device = pyqtSignal(str)
    wanted = pyqtSignal()
    unwanted = pyqtSignal()
    over = pyqtSignal()

    def __init__(self, ring: Ring, now: Callable[[], float], default: Callable[[], QAudioDevice]) -> None:
        super().__init__()
        self._ring, self._now, self._default = ring, now, default
        self._sink: QAudioSink | None = None
        self._tap: _Tap | None = None
        self._id = b""
        self._playing = False
        self._patience_s = _PATIENCE_S
        # (stream sample at which the clock below begins, the clock): replaced as one.
        self._clock: tuple[int, DeviceClock | SystemClock] = (0, SystemClock(0.0))
        self._frozen: float | None = 0.0
        self.wanted.connect(self.start)
        self.unwanted.connect(self.stop)
        self.over.connect(self.end)

    def rewind(self) -> None:
        """From any thread: nothing is heard until it starts."""
        self._frozen = 0.0

    def heard(self, now_s: float) -> float:
        frozen = self._frozen
        if frozen is not None:
            return frozen
        first, clock = self._clock
        return first + clock.heard(now_s)

    @pyqtSlot()
    def prepare(self) -> None:
        """In the sound thread: what belongs to it is made here."""
        self._look = QTimer(self)
        self._look.setTimerType(Qt.TimerType.PreciseTimer)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._watch)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_LET_OUT_MS)
        self._rest.timeout.connect(self._drop)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._settled)

    @pyqtSlot()
    def start(self) -> None:
        self._drop()
        self._playing = True
        self._ring.open()
        self._patience_s = _PATIENCE_S
        self._open(0)
        self._frozen = None
        self._look.start()

    @pyqtSlot()
    def stop(self) -> None:
        if self._playing:
            self._frozen = self.heard(self._now())
            self._playing = False
            self._rest.start()

    @pyqtSlot()
    def devices_changed(self) -> None:
        self._settle.start()

    @pyqtSlot()
    def end(self) -> None:
        for timer in (self._look, self._rest, self._settle):
            timer.stop()
        self._drop()
        thread = QThread.currentThread()
        if thread is not None:
            thread.quit()

    def _settled(self) -> None:
        default = self._default()
        current = bytes(default.id().data()) if not default.isNull() else b""
        stuck = isinstance(self._clock[1], DeviceClock) and self._clock[1].stalled_s(self._now()) > 0.1
        if not self._playing:
            self.device.emit(default.description())
        elif current != self._id or stuck:
            self._go_on()

    def _go_on(self, *, silent: bool = False) -> None:
        """Play on, from what is heard now, on what there is now."""
        now_s = self._now()
        heard = self.heard(now_s)
        self._patience_s = _STANDSTILL_S
        self._close_sink()
        # The samples between were lost with the device that had them.
        if silent or not self._open(self._ring.taken):
            self._pace(heard, now_s)

    def _open(self, first: int) -> bool:
        """Have the default device play, its first sample being stream sample `first`."""
        now_s = self._now()
        device = self._default()
        if device.isNull() or not device.isFormatSupported(_format()):
            self._pace(float(first), now_s)
            return False
        return self._open_sink(device, first)

    def _open_sink(self, device: QAudioDevice, first: int) -> bool:
        sink = QAudioSink(device, _format(), self)
        sink.setBufferFrameCount(_BUFFER)
        tap = _Tap(self._ring)
        sink.start(tap)
        if sink.error() != QAudio.Error.NoError or sink.state() == QAudio.State.StoppedState:
            sink.deleteLater()
            self._pace(float(first), self._now())
            return False
        self._sink, self._tap = sink, tap
        clock = DeviceClock()
        clock.observe(self._now(), _samples(sink))
        self._clock = (first, clock)
        self._name(device.description(), bytes(device.id().data()))
        return True

    def _pace(self, heard: float, now_s: float) -> None:
        """No device: what would be heard passes by."""
        self._clock = (0, SystemClock(now_s, first=heard))
        self._name("", b"")

    def _name(self, name: str, device: bytes) -> None:
        self._id = device
        self.device.emit(name)

    def _watch(self) -> None:
        now_s = self._now()
        clock = self._clock[1]
        if isinstance(clock, SystemClock):
            # As far ahead as a device would be.
            behind = int(clock.heard(now_s)) + _BUFFER // 2 - self._ring.taken
            if self._playing and behind > 0:
                self._ring.read(behind)
            return
        if self._sink is None:
            return
        clock.observe(now_s, _samples(self._sink))
        # The first fill is taken before it plays.
        if clock.taken > _BUFFER:
            self._patience_s = _STANDSTILL_S
        if not self._playing:
            return
        stopped = self._sink.state() == QAudio.State.StoppedState
        if stopped or clock.stalled_s(now_s) > self._patience_s:
            self._go_on(silent=True)

    def _drop(self) -> None:
        self._rest.stop()
        self._look.stop()
        self._playing = False
        self._close_sink()

    def _close_sink(self) -> None:
        if self._sink is not None:
            self._sink.reset()
            self._sink.deleteLater()
        if self._tap is not None:
            self._tap.close()
            self._tap.deleteLater()
        self._sink = self._tap = None


def _samples(sink: QAudioSink) -> int:
    return sink.processedUSecs() * SAMPLE_RATE // 1_000_000


class Speaker(QObject):
    """The Output of the panel. `device_changed` gives the device's name, "" where there is none. `default`
    says what to play on."""

    device_changed = pyqtSignal(str)

    def __init__(
        self,
        ring: Ring,
        *,
        now: Callable[[], float] = time.monotonic,
        default: Callable[[], QAudioDevice] = QMediaDevices.defaultAudioOutput,
    ) -> None:
        super().__init__()
        self.name = default().description()
        self._thread = QThread()
        self._thread.setObjectName("player-sound")
        self._speaker = _Speaker(ring, now, default)
        self._speaker.moveToThread(self._thread)
        self._speaker.device.connect(self._named)
        self._devices = QMediaDevices()
        self._devices.audioOutputsChanged.connect(self._speaker.devices_changed)
        self._thread.started.connect(self._speaker.prepare)
        self._thread.start()

    def start(self) -> None:
        self._speaker.rewind()
        self._speaker.wanted.emit()

    def stop(self) -> None:
        self._speaker.unwanted.emit()

    def heard(self, now_s: float) -> float:
        return self._speaker.heard(now_s)

    def close(self) -> None:
        self._devices.audioOutputsChanged.disconnect(self._speaker.devices_changed)
        self._speaker.over.emit()
        self._thread.wait()

    @pyqtSlot(str)
    def _named(self, name: str) -> None:
        if name != self.name:
            self.name = name
            self.device_changed.emit(name)
