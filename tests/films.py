"""A small film of stills and its timeline, to score in tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

SHOTS = (48, 60, 36, 72, 24, 50, 46)
_COLOURS = [
    (20, 30, 90), (240, 190, 60), (30, 120, 40), (250, 250, 250), (5, 5, 5), (200, 30, 30), (90, 160, 220),
]  # fmt: skip


def time(frames: float, rate: float = 24.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": float(frames)}


def span(start: float, frames: float, rate: float = 24.0) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": time(start, rate), "duration": time(frames, rate)}


@cache
def _pictures(folder: Path) -> tuple[str, ...]:
    """A picture of one colour for each shot: enough to tell shots apart."""
    for index, colour in enumerate(_COLOURS):
        Image.new("RGB", (160, 90), colour).save(folder / f"still{index}.png")
    return tuple(str(folder / f"still{index}.png") for index in range(len(_COLOURS)))


def timeline(folder: Path, *, rate: float = 24.0, name: str = "cut.otio") -> Path:
    """A timeline of stills with two ranged cue markers and metadata that nobody but its owner knows."""
    clips = [
        {
            "OTIO_SCHEMA": "Clip.2",
            "name": f"shot {index + 1}",
            "metadata": {"house": {"grade": index}},
            "source_range": span(0, frames, rate),
            "enabled": True,
            "media_references": {"DEFAULT_MEDIA": {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url}},
            "active_media_reference_key": "DEFAULT_MEDIA",
        }
        for index, (frames, url) in enumerate(zip(SHOTS, _pictures(folder), strict=True))
    ]
    marker = {"OTIO_SCHEMA": "Marker.2", "color": "RED", "metadata": {}}
    stack = {
        "OTIO_SCHEMA": "Stack.1",
        "name": "tracks",
        "children": [{"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": clips}],
        "markers": [
            {**marker, "name": "cue: 1m1", "marked_range": span(0, 108, rate)},
            {**marker, "name": "cue: 1m2", "marked_range": span(144, 192, rate)},
        ],
    }
    start = time(round(rate) * 3600, rate)
    data = {"OTIO_SCHEMA": "Timeline.1", "name": "cut", "global_start_time": start, "tracks": stack}
    path = folder / name
    path.write_text(json.dumps(data))
    return path
