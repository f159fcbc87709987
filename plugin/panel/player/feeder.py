"""The thread that mixes ahead of the device, and the little store between them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ....engine.timebase import SAMPLE_RATE
from .click import CountIn
from .meters import Meters
from .mixer import Mixer

Floats = npt.NDArray[np.float32]
BLOCK = 512
# Mixed ahead; Qt and the device hold about three times as much. All that is what a change of take waits
# for.
AHEAD = 2 * BLOCK
BYTES = 8
# How long playing may wait for its first sound, and how much of it.
_PATIENCE_S, _FIRST = 0.4, SAMPLE_RATE // 10
_FADE_OUT = 240


class Ring:
    """Samples that are mixed and not yet taken: float32 stereo, interleaved, as bytes."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._changed = threading.Condition()
        # Samples that were taken since the last `clear`.
        self.taken = 0
        self._ended = False
        self._shut = True

    def clear(self) -> None:
        """Begin anew: nothing is given out until `open`, for who played last may still ask."""
        with self._changed:
            self._data.clear()
            self.taken = 0
            self._ended, self._shut = False, True
            self._changed.notify_all()

    def open(self) -> None:
        with self._changed:
            self._shut = False

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for_room(self, samples: int, otherwise: Callable[[], bool]) -> None:
        """Wait until so many more samples may be mixed, or `otherwise` holds."""
        with self._changed:
            self._changed.wait_for(lambda: otherwise() or self.room() >= samples)

    def write(self, block: Floats) -> None:
        data = np.clip(block, -1, 1).astype("<f4").tobytes()
        with self._changed:
            if not self._ended:
                self._data += data

    def read(self, samples: int) -> bytes:
        """At most so many samples; never waits."""
        with self._changed:
            data = b"" if self._shut else bytes(self._data[: samples * BYTES])
            del self._data[: len(data)]
            self.taken += len(data) // BYTES
            self._changed.notify_all()
        return data

    def fade_out(self) -> None:
        """Let what is left end within 5 ms; nothing more is written until `clear`."""
        with self._changed:
            left = np.frombuffer(bytes(self._data[: _FADE_OUT * BYTES]), "<f4").reshape(-1, 2)
            shape = np.linspace(1, 0, len(left), dtype=np.float32)[:, None]
            self._data = bytearray((left * shape).astype("<f4").tobytes())
            self._ended = True

    def room(self) -> int:
        return AHEAD - len(self._data) // BYTES


class Feeder:
    """Keeps the ring full while it is told to play; mixes nothing else, but has its sound fetched."""

    def __init__(self, mixer: Mixer, ring: Ring, meters: Meters, begun: Callable[[int], object]) -> None:
        self._mixer, self._ring, self._meters, self._begun = mixer, ring, meters, begun
        self._lock = threading.Lock()
        self._playing = self._closing = self._stirred = False
        self._orders: list[Callable[[], None]] = []
        # Counts up with every start and stop: a start that was overtaken does nothing.
        self._epoch = 0
        self._thread = threading.Thread(target=self._run, daemon=True, name="player-feeder")
        self._thread.start()

    def play(self, at: int, count_in: CountIn | None, number: int) -> None:
        """Mix from the cue's sample `at` on; `begun(number)` is called in this thread once there is sound."""
        with self._lock:
            self._epoch += 1
            epoch, self._playing = self._epoch, False
        self._order(lambda: self._start(at, count_in, number, epoch))

    def stop(self) -> None:
        with self._lock:
            self._epoch += 1
            self._playing = False
            self._orders.clear()
        self._ring.fade_out()
        self._stir()

    def jump(self, at: int, number: int) -> None:
        self._order(lambda: self._mixer.jump(at, number))

    def place(self, at: int) -> None:
        self._order(lambda: self._mixer.place(at))

    def stir(self) -> None:
        """What is wished of the mixer has changed."""
        self._stir()

    def close(self) -> None:
        self._closing = True
        self._stir()
        self._thread.join()

    def _order(self, order: Callable[[], None]) -> None:
        with self._lock:
            self._orders.append(order)
        self._stir()

    def _stir(self) -> None:
        self._stirred = True
        self._ring.wake()

    def _start(self, at: int, count_in: CountIn | None, number: int, epoch: int) -> None:
        self._ring.clear()
        self._meters.reset()
        self._mixer.begin(at, count_in)
        self._mixer.fetch()
        self._mixer.wait_ready(_FIRST, _PATIENCE_S)
        with self._lock:
            if epoch != self._epoch:
                return
            self._playing = True
        self._mix(AHEAD)
        with self._lock:
            # Whoever stops it now does so after it has begun.
            if epoch == self._epoch:
                self._begun(number)

    def _run(self) -> None:
        while not self._closing:
            self._ring.wait_for_room(BLOCK if self._playing else AHEAD + 1, lambda: self._stirred)
            self._stirred = False
            with self._lock:
                orders, self._orders = self._orders, []
            for order in orders:
                order()
            if self._playing:
                if self._ring.room() >= BLOCK:
                    self._mix(BLOCK)
            else:
                self._mixer.fetch()

    def _mix(self, samples: int) -> None:
        for _ in range(0, samples, BLOCK):
            block = self._mixer.block(BLOCK)
            self._ring.write(block)
            self._meters.feed(block)
