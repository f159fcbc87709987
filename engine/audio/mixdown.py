"""The timeline's own sound, added up block by block: what the audience hears beside our music."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import InputError, Problem
from ..timebase import SAMPLE_RATE
from ..types import Cue, Sound
from .decode import SoundFile, damage
from .wav import BLOCK

Floats = npt.NDArray[np.float32]
_Report = Callable[[str, Problem], None]


@dataclass(frozen=True, slots=True)
class _Event:
    start: int
    stop: int
    sound: Sound


def timeline_blocks(cue: Cue, problems: list[Problem], *, block: int = BLOCK) -> Iterator[Floats]:
    """The sum of `cue.sounds` over the cue: float32 [n, 2] at 48 kHz, exactly `cue.samples` frames in all.

    Clips of another speed sound like a tape of that speed. What cannot be heard (a file that is missing or
    has no readable sound, a clip that runs backwards) is silent, and `problems` gets one Problem for each
    file.
    """
    total = cue.samples
    events = [
        _Event(cue.sample(sound.in_frame), cue.sample(sound.out_frame_exclusive), sound)
        for sound in cue.sounds
        if sound.in_frame < cue.out_frame_exclusive and sound.out_frame_exclusive > cue.in_frame
    ]
    # Last first, so that the next one to begin is popped from the end.
    events.sort(key=lambda event: event.start, reverse=True)
    reported: set[str] = set()

    def report(path: str, problem: Problem) -> None:
        if path not in reported:
            reported.add(path)
            problems.append(problem)

    playing: list[tuple[_Event, SoundFile]] = []
    try:
        for at in range(0, total, block):
            end = min(at + block, total)
            mix = np.zeros((end - at, 2), np.float32)
            while events and events[-1].start < end:
                event = events.pop()
                file = _started(event, max(at, event.start), cue, report)
                if file is not None:
                    playing.append((event, file))
            still = []
            for event, file in playing:
                begin, stop = max(at, event.start), min(end, event.stop)
                mix[begin - at : stop - at] += file.read(stop - begin)
                if event.stop > end:
                    still.append((event, file))
                    continue
                file.close()
                if file.damaged:
                    report(event.sound.media.path, damage(file.path))
            playing = still
            yield mix
    finally:
        for _, file in playing:
            file.close()


def _started(event: _Event, at: int, cue: Cue, report: _Report) -> SoundFile | None:
    """The event's file, ready to be read at sample `at` of the cue."""
    sound = event.sound
    path = Path(sound.media.path)
    if sound.speed == 0:
        return None  # a freeze frame has no sound
    if sound.speed < 0:
        report(sound.media.path, Problem("sound", f"'{path.name}' runs backwards: its sound is not heard"))
        return None
    # The clip's own first frame decides, not the cue's: a clip that began before the cue is joined exactly.
    frames = cue.in_frame - sound.in_frame
    into_clip = cue.rate.seconds(frames) + Fraction(at, SAMPLE_RATE)
    try:
        return SoundFile(path, start_s=sound.source_in_s + sound.speed * into_clip, speed=sound.speed)
    except InputError as error:
        report(sound.media.path, Problem("sound", f"{error}; until then it counts as silence"))
        return None
