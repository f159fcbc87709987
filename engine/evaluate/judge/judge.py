"""A judge: two towers with what prepares their features, and what it makes of pictures and music."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ...errors import InputError
from .config import EDGE, JudgeConfig
from .prepare import Floats, Preparation
from .towers import Tower, Towers


@dataclass(frozen=True, slots=True)
class Pair:
    """Features at 10 Hz of one film [Tv, dv] and its music [Tm, dm], aligned at frame 0, and where from."""

    video: Floats
    music: Floats
    source: str

    @property
    def frames(self) -> int:
        """Those that both sides have."""
        return min(len(self.video), len(self.music))

    def cropped(self, start: int, frames: int) -> Pair:
        end = start + frames
        assert start >= 0 and end <= self.frames, (start, end, self.frames)
        return Pair(self.video[start:end], self.music[start:end], self.source)


@dataclass(frozen=True, slots=True)
class Seen:
    """One side of n clips as the judge sees it, rows of length 1.

    clips   float32 [n, width]
    frames  float32 [n, T - 2 EDGE, width], 10 Hz
    """

    clips: Floats
    frames: Floats


@dataclass(frozen=True, slots=True)
class Judge:
    config: JudgeConfig
    video: Preparation
    music: Preparation
    towers: Towers

    @property
    def temperature(self) -> float:
        return float(self.towers.temperature.detach())

    def see(self, videos: Sequence[Floats]) -> Seen:
        """Films [T, dv] of one length. InputError when lengths differ, since length identifies pairs."""
        return _through(self.towers.video, self.video, videos)

    def hear(self, musics: Sequence[Floats]) -> Seen:
        """Musics [T, dm] of one length; as `see`."""
        return _through(self.towers.music, self.music, musics)


def equal_length(pairs: Sequence[Pair], frames: int | None = None) -> list[Pair]:
    """All cropped from their start to `frames`, or to the shortest. InputError when too little is left."""
    shortest = min(pair.frames for pair in pairs)
    frames = shortest if frames is None else frames
    if frames > shortest:
        raise InputError(f"a clip has {shortest} frames and {frames} are asked for: ask for fewer")
    if frames <= 2 * EDGE:
        raise InputError(f"clips of {frames} frames are too short to judge: use {2 * EDGE + 1} or more")
    return [pair.cropped(0, frames) for pair in pairs]


@torch.no_grad()
def _through(tower: Tower, preparation: Preparation, items: Sequence[Floats]) -> Seen:
    lengths = {len(item) for item in items}
    if len(lengths) != 1 or min(lengths) <= 2 * EDGE:
        raise InputError(
            f"clips of {min(lengths, default=0)} to {max(lengths, default=0)} frames cannot be judged: "
            f"crop all to one length above {2 * EDGE}"
        )
    clips: list[npt.NDArray[np.float32]] = []
    frames: list[npt.NDArray[np.float32]] = []
    # One at a time: a score does not depend on what it is computed beside.
    for item in items:
        clip, times = tower(torch.from_numpy(preparation.apply(item))[None])
        clips.append(clip[0].numpy())
        frames.append(times[0].numpy())
    return Seen(np.stack(clips), np.stack(frames))
