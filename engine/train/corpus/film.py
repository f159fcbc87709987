"""A film drawn from a scenario: any picture of it at any time, the same whenever it is asked for.

Stills tell how fast things move, too: a picture is the mean of several instants of a long shutter.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from .scenario import MadeShot, Scenario
from .worlds.palette import Palette
from .worlds.registry import world_of
from .worlds.stage import Brush, Moment, World

Bytes = npt.NDArray[np.uint8]

# A shutter as long as this (s), never shorter than half a frame, and the instants that are averaged.
_SHUTTER = 0.05
_INSTANTS = 4
# Things never stand quite still.
_LEAST_SPEED = 0.03
# Bounces follow the mean speed of this time about them (s), so that a step of speed is no jump.
_ABOUT = 0.4


class Film:
    """The pictures of a scenario."""

    def __init__(self, scenario: Scenario, *, width: int = 160, height: int = 90) -> None:
        """`width` x `height` pixels. ValueError for a scenario without shots, or with another number of
        speeds than frames, or a world that does not exist.
        """
        if not scenario.shots or len(scenario.speed) != scenario.frames:
            raise ValueError("a film needs at least one shot and a speed for every frame")
        self.scenario = scenario
        self.width, self.height = width, height
        self._fps = float(scenario.rate.fps)
        speed = np.asarray(scenario.speed, np.float64)
        self._phase = np.concatenate([[0.0], np.cumsum(np.maximum(speed, _LEAST_SPEED))]) / self._fps
        self._lift = _smooth(speed, max(1, round(_ABOUT * self._fps)))
        self._starts = [shot.in_frame for shot in scenario.shots]
        self._shots: dict[int, tuple[World, Palette, float]] = {}
        self._brush = Brush(width, height)
        self._build(0)

    def picture(self, frame: int) -> Bytes:
        """Record frame `frame`, RGB uint8 [height, width, 3]. ValueError outside 0..frames-1."""
        if not 0 <= frame < self.scenario.frames:
            raise ValueError(f"a film of {self.scenario.frames} frames has no frame {frame}")
        index = max(bisect_right(self._starts, frame) - 1, 0)
        world, palette, wide = self._build(index)
        shot = self.scenario.shots[index]
        shutter = max(_SHUTTER * self._fps, 0.5)
        # The shutter closes at the frame, and does not see the shot before.
        opens = max(frame - shutter, min(shot.in_frame, frame))
        total = np.zeros((self.height, self.width, 2), np.uint16)
        for step in range(_INSTANTS):
            at = opens + (frame - opens) * (step + 1) / _INSTANTS
            moment = self._moment(shot, at, wide)
            self._brush.aim(moment)
            world.draw(self._brush, moment)
            total += self._brush.image
        return palette.paint((total // _INSTANTS).astype(np.uint8))

    def moments(self, times_s: Iterable[float | Fraction]) -> Bytes:
        """The pictures shown at times in seconds, RGB uint8 [n, height, width, 3]."""
        fps = self.scenario.rate.fps
        # A float time of a frame may lie a rounding error before it.
        frames = [math.floor(Fraction(time) * fps + Fraction(1, 10**6)) for time in times_s]
        out = np.empty((len(frames), self.height, self.width, 3), np.uint8)
        for index, frame in enumerate(frames):
            out[index] = self.picture(frame)
        return out

    def _build(self, index: int) -> tuple[World, Palette, float]:
        if index not in self._shots:
            scenario = self.scenario
            rng = _generator(scenario.shots[index].layout)
            # Light from the other side and another distance than in the shot before, whatever the layouts.
            odd = bool(index % 2)
            world = world_of(scenario.world, rng, scenario.motion, self.width, self.height, odd)
            palette = Palette.of(scenario.mood, scenario.colour, float(rng.uniform(-1, 1)))
            wide = float(rng.uniform(1.0, 1.06) if odd else rng.uniform(1.16, 1.26))
            self._shots[index] = world, palette, wide
        return self._shots[index]

    def _moment(self, shot: MadeShot, at: float, wide: float) -> Moment:
        whole = min(int(at), self.scenario.frames - 1)
        part = at - whole
        phase = self._phase[whole] + part * (self._phase[whole + 1] - self._phase[whole])
        lift = self._lift[whole] + part * (self._lift[whole + 1] - self._lift[whole])
        age = max(at - shot.in_frame, 0.0) / self._fps
        side = 1 if shot.layout % 2 else -1
        pan, zoom, sway, roll = 0.0, wide, 0.0, 0.0
        if shot.camera == "pan":
            pan = 0.08 * shot.camera_speed * age
        elif shot.camera == "push":
            zoom = wide * (1 + 0.9 * shot.camera_speed * age / (age + 8))
        elif shot.camera == "sway":
            # A hand-held picture: nearer, so that no edge shows.
            zoom, sway = wide * 1.08, 0.05 * shot.camera_speed * math.sin(1.1 * age)
            roll = 0.04 * shot.camera_speed * math.sin(0.8 * age + 1)
        beats = at / self._fps * self.scenario.pulse_bpm / 60
        return Moment(float(phase), beats, float(lift), pan, zoom, sway, roll, side)


def _generator(layout: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([layout & (2**64 - 1), 0xF11A]))


def _smooth(values: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    """Mean of about `width` values around each, the ends held, and one more value after the last."""
    before = width // 2
    held = np.pad(values, (before, width - before), mode="edge")
    mean: npt.NDArray[np.float64] = np.convolve(held, np.full(width, 1 / width), mode="valid")
    return mean
