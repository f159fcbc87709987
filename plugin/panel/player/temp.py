"""How loud the temp track is: measured once, in a thread, so that it can be compared with the takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from ....engine.audio.decode import SoundFile
from ....engine.audio.loudness import LevelMeter
from ....engine.errors import Cancelled, Problem, UserError
from ....engine.progress import Cancel
from ....engine.timebase import SAMPLE_RATE
from .levels import Loudness


class TempLevel:
    """Measures as much of a file as is heard: `samples` from its beginning. Tells `found(path, loudness)` or
    `failed`, in its own thread; nothing once it is closed."""

    def __init__(
        self,
        path: str,
        samples: int,
        found: Callable[[str, Loudness], object],
        failed: Callable[[Problem], object],
    ) -> None:
        self.path, self._samples, self._found, self._failed = path, samples, found, failed
        self._cancel = Cancel()
        self._thread = threading.Thread(target=self._run, daemon=True, name="player-temp-level")
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Stop soon; does not wait."""
        self._cancel.set()

    def close(self) -> None:
        self._cancel.set()
        self._thread.join()

    def _run(self) -> None:
        meter = LevelMeter()
        try:
            with SoundFile(Path(self.path), cancel=self._cancel) as file:
                for at in range(0, self._samples, SAMPLE_RATE):
                    self._cancel.check()
                    meter.feed(file.read(min(SAMPLE_RATE, self._samples - at)))
        except Cancelled:
            return
        except UserError as error:
            self._failed(Problem("sound", str(error)))
            return
        level = meter.level()
        if not self._cancel.asked:
            self._found(self.path, Loudness(level.lufs, level.true_peak_dbtp))
