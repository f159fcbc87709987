"""Made inputs for benchmarks: requests and timelines of any size, without films."""

from __future__ import annotations

import itertools

import numpy as np

from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Picture, Shot

_FPS = 24


def take_request(*, seconds: int, style: str, energy: float, seed: int = 1) -> TakeRequest:
    """A cue of shots of about 3.5 s whose pictures move as much as `energy` says, 0..1."""
    rng = np.random.Generator(np.random.PCG64(seed))
    frames = seconds * _FPS
    borders = [0]
    while borders[-1] < frames:
        borders.append(borders[-1] + max(10, int(rng.exponential(3.5) * _FPS)))
    borders[-1] = frames
    shots = tuple(Shot(f"shot {i}", a, b, "gap") for i, (a, b) in enumerate(itertools.pairwise(borders)))
    cue = Cue("made", Rate(_FPS), 0, frames, shots)

    def curve(middle: float) -> tuple[float, ...]:
        levels = np.clip(middle + rng.normal(0, 0.12, len(shots)), 0, 1)
        lengths = [shot.out_frame_exclusive - shot.in_frame for shot in shots]
        return tuple(np.repeat(levels, lengths).tolist())

    cuts = tuple(Cut(shot.in_frame, float(rng.random())) for shot in shots[1:])
    picture = Picture(cue.rate, 0, curve(energy), curve(0.5), curve(0.5), curve(0.5), curve(0.1), cuts)
    score = make_score(seed=seed, style=style, cues=[cue])
    return TakeRequest(cue, picture, score, make_plan(cue, picture, score), (0, 2 * _FPS))


def _time(frames: int) -> dict[str, object]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(_FPS), "value": float(frames)}


def _range(start: int, frames: int) -> dict[str, object]:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(start), "duration": _time(frames)}


def many_clips(count: int) -> dict[str, object]:
    """A timeline of `count` clips of ten offline films."""
    clips = [
        {
            "OTIO_SCHEMA": "Clip.2",
            "name": f"shot {index}",
            "metadata": {"note": {"take": index}},
            "source_range": _range(index % 500, 12 + index % 40),
            "effects": [],
            "markers": [],
            "enabled": True,
            "media_references": {
                "DEFAULT_MEDIA": {
                    "OTIO_SCHEMA": "ExternalReference.1",
                    "target_url": f"film{index % 10}.mov",
                    "available_range": _range(0, 2000),
                }
            },
            "active_media_reference_key": "DEFAULT_MEDIA",
        }
        for index in range(count)
    ]
    track = {"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": clips}
    stack = {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "many", "tracks": stack}
