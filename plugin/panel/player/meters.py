"""Loudness and true peak of what is played, as it goes by; begun anew each time that playing begins."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ....engine.audio.loudness import Energies, KWeighting, TruePeak, decibels
from ....ui.ports import Levels

Floats = npt.NDArray[np.float32]
# 100 ms, as BS.1770 steps; the momentary loudness is that of the last 400.
HOP = 4_800
_MOMENTARY = 4
_OFFSET_DB = -0.691
_FAINTEST_LUFS = -70.0
_SILENCE = Levels(None, None, None)


class Meters:
    """Fed in blocks of any size; `levels` moves every 100 ms."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._weighting = KWeighting()
        self._peak = TruePeak()
        self._hops: list[float] = []
        self._rest: list[Floats] = []
        self._have = 0
        self.levels = _SILENCE

    def feed(self, block: Floats) -> None:
        """float32 [n, 2] at 48 kHz, full scale 1."""
        self._rest.append(block)
        self._have += len(block)
        if self._have < HOP:
            return
        data = np.concatenate(self._rest)
        whole = len(data) // HOP * HOP
        self._rest, self._have = [data[whole:]], len(data) - whole
        data = data[:whole]
        self._hops += self._weighting.squares(data).reshape(-1, HOP).sum(axis=1).tolist()
        self._peak.feed(data)
        self.levels = self._read()

    def _read(self) -> Levels:
        level = Energies.of(np.array(self._hops)).level()
        momentary = None
        if len(self._hops) >= _MOMENTARY:
            energy = sum(self._hops[-_MOMENTARY:])
            lufs = _OFFSET_DB + 10 * math.log10(energy / (_MOMENTARY * HOP)) if energy > 0 else None
            momentary = lufs if lufs is not None and lufs >= _FAINTEST_LUFS else None
        return Levels(momentary, level.lufs, decibels(self._peak.peak))
