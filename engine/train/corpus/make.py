"""Draws scenarios: everything about a film and its music, from the split and one number."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt

from ...style import load_style
from ...timebase import Rate
from .scenario import MOTIONS, STYLES, WORLDS, Camera, MadeShot, Scenario, Split
from .styles import base_style

Floats = npt.NDArray[np.float64]

RATE = Rate.parse("24")
_FPS = 24
_LENGTHS_S = {"train": (20.0, 36.0), "judge": (20.0, 36.0), "test": (16.0, 24.0)}
_CAMERAS: Sequence[Camera] = ("still", "pan", "push", "sway")
_SHORTEST_SHOT_S = 0.6
# Scenes of one speed, seconds.
_SCENE_S = (4.0, 10.0)
# Mood and colour keep away from the middle, where nobody could tell.
_LOW, _HIGH = (0.05, 0.38), (0.62, 0.95)


def make_scenario(split: Split, seed: int) -> Scenario:
    """The same two arguments, the same scenario; no two splits share a draw."""
    digest = hashlib.sha256(f"{split}-{seed}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
    frames = round(_FPS * rng.uniform(*_LENGTHS_S[split]))
    style = str(rng.choice(STYLES[split]))
    world = str(rng.choice(WORLDS[split]))
    mood, colour = (float(rng.uniform(*(_HIGH if rng.random() < 0.5 else _LOW))) for _ in range(2))
    motion = MOTIONS[int(rng.integers(len(MOTIONS)))]
    speed = _speed(frames, rng)
    low, high = load_style(base_style(style)).tempo_bpm
    return Scenario(
        split=split,
        seed=seed,
        world=world,
        style=style,
        rate=RATE,
        frames=frames,
        mood=mood,
        colour=colour,
        motion=motion,
        shots=_shots(frames, speed, rng),
        speed=tuple(round(float(value), 4) for value in speed),
        pulse_bpm=round(float(rng.uniform(low * 1.05, high * 0.95)), 2),
        plain_roots=bool(rng.random() < 0.5),
    )


def _speed(frames: int, rng: np.random.Generator) -> Floats:
    """Scenes of one speed, some of them ramps, joined within half a second."""
    target = np.empty(frames)
    at = 0
    level = rng.random()
    while at < frames:
        length = round(_FPS * rng.uniform(*_SCENE_S))
        following = rng.random()
        end = min(frames, at + length)
        ramp = rng.random() < 0.25
        target[at:end] = np.linspace(level, following, end - at) if ramp else level
        at, level = end, following
    width = _FPS // 2 + 1
    padded = np.pad(target, width // 2, mode="edge")
    return np.convolve(padded, np.full(width, 1 / width), mode="valid")[:frames]


def _shots(frames: int, speed: Floats, rng: np.random.Generator) -> tuple[MadeShot, ...]:
    """Shots are shorter where things move faster: about 5 s at rest, 1.2 s in a rush."""
    borders = [0]
    while True:
        here = speed[borders[-1]]
        length_s = max(_SHORTEST_SHOT_S, rng.gamma(6.0) / 6.0 * (5.0 - 3.8 * here))
        end = borders[-1] + round(_FPS * length_s)
        if end > frames - round(_FPS * _SHORTEST_SHOT_S):
            break
        borders.append(end)
    borders.append(frames)
    return tuple(
        MadeShot(
            start,
            end,
            cast(Camera, str(rng.choice(_CAMERAS))),
            round(float(rng.uniform(0.2, 1.0)), 3),
            int(rng.integers(2**31)),
        )
        for start, end in pairwise(borders)
    )
