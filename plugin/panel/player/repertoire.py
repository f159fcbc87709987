"""What there is to hear of a cue, and how loud: takes, temp track, passage and film sound become one Wish of
the mixer. A file keeps its place in memory as long as it is the same file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ....engine.audio.wav import work_frames
from ....engine.errors import EngineFault, Problem
from ....ui.ports import Proxy
from ....ui.session import Mix, TakeEntry
from .clock import Scale
from .levels import Loudness, factor, matched_db
from .mixer import Passage, Programme, Voice, Wish
from .sounds import Sound
from .temp import TempLevel

# What the temp track is heard as.
TEMP = "temp"


class Repertoire:
    """`measured(path, loudness)` and `failed` may be called in another thread."""

    def __init__(
        self, measured: Callable[[str, Loudness], object], failed: Callable[[Problem], object]
    ) -> None:
        self._measured, self._failed = measured, failed
        self.mix = Mix()
        self.heard = ""
        self.loop: tuple[int, int] | None = None
        self._takes: tuple[TakeEntry, ...] = ()
        self._temp = ""
        self._temp_loudness: dict[str, Loudness] = {}
        self._levels: list[TempLevel] = []
        # Path and in-frame; path, in-frame and samples.
        self._film: tuple[str, int] | None = None
        self._passage: tuple[str, int, int] | None = None
        # Sounds that are in use, by (path, head, size, time of change).
        self._sounds: dict[tuple[str, int, int, int], Sound] = {}
        self._used: dict[tuple[str, int, int, int], Sound] = {}

    def close(self) -> None:
        for level in self._levels:
            level.close()

    def set_takes(self, takes: tuple[TakeEntry, ...], heard: str, temp_track: str) -> None:
        self._takes, self.heard, self._temp = takes, heard, temp_track

    def set_film(self, proxy: Proxy | None) -> None:
        self._film = (proxy.sound, proxy.in_frame) if proxy is not None and proxy.sound else None

    def set_passage(self, path: str, in_frame: int) -> None:
        """ "" takes it away."""
        self._passage = None
        if not path:
            return
        try:
            samples = work_frames(Path(path))[0]
        except EngineFault as error:
            self._failed(Problem("sound", f"{error}: ask for the passage again"))
            return
        self._passage = path, in_frame, samples

    def drop_passage(self) -> None:
        self._passage = None

    def level_of_temp(self, path: str, loudness: Loudness) -> None:
        self._temp_loudness[path] = loudness

    def wish(self, scale: Scale) -> Wish:
        self._measure_temp(scale)
        self._used = {}
        programme = Programme(self._voice(), self._passage_on(scale), self._film_on(scale))
        self._sounds = self._used
        loop = None
        if self.loop is not None:
            begin = max(scale.sample(self.loop[0]), 0)
            end = min(scale.sample(self.loop[1]), scale.cue.samples)
            loop = (begin, end) if begin < end else None
        mix = self.mix
        return Wish(
            programme=programme,
            length=scale.cue.samples,
            loop=loop,
            muted=frozenset(mix.muted),
            soloed=frozenset(mix.soloed),
            balance=mix.balance,
            click=mix.click,
        )

    def _voice(self) -> Voice | None:
        gain = factor(self._gain_db())
        # All takes stay known, so that switching back finds its sound.
        takes = {
            take.id: tuple((name, self._sound(path, take.head)) for name, path, _ in take.stems)
            for take in self._takes
        }
        if self._temp:
            takes[TEMP] = ((TEMP, self._sound(self._temp, 0, foreign=True)),)
        stems = takes.get(self.heard)
        return Voice(stems, gain) if stems is not None else None

    def _passage_on(self, scale: Scale) -> Passage | None:
        if self._passage is None:
            return None
        path, in_frame, samples = self._passage
        begin = scale.sample(in_frame)
        return Passage(self._sound(path, -begin), begin, begin + samples)

    def _film_on(self, scale: Scale) -> Sound | None:
        if self._film is None:
            return None
        path, in_frame = self._film
        return self._sound(path, -scale.sample(in_frame))

    def _sound(self, path: str, head: int, *, foreign: bool = False) -> Sound:
        try:
            stat = Path(path).stat()
            key = path, head, stat.st_size, stat.st_mtime_ns
        except OSError:
            # Whoever reads it says so.
            key = path, head, -1, -1
        known = self._sounds.get(key) or self._used.get(key) or Sound(path, head, foreign)
        self._used[key] = known
        return known

    def _gain_db(self) -> float:
        if not self.mix.matched:
            return 0.0
        known = {
            take.id: Loudness(take.lufs, take.true_peak_dbtp)
            for take in self._takes
            if not take.rejected or take.id == self.heard
        }
        if self._temp in self._temp_loudness:
            known[TEMP] = self._temp_loudness[self._temp]
        return matched_db(known).get(self.heard, 0.0)

    def _measure_temp(self, scale: Scale) -> None:
        if any(level.path == self._temp for level in self._levels):
            return
        for level in self._levels:
            level.cancel()
        self._levels = [level for level in self._levels if not level.ended]
        if self._temp and self._temp not in self._temp_loudness:
            self._levels.append(TempLevel(self._temp, scale.cue.samples, self._measured, self._failed))
