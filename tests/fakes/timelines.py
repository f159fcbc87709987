"""Timelines made up in memory: no files, known cuts."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Marker, Media, Shot, Sound
from hitpoint.ui.ports import Timeline

_FILM = Rate(24)


def made_timeline(
    shots: int = 12,
    *,
    shot_frames: int = 48,
    rate: Rate = _FILM,
    drop_frame: bool = False,
    start_timecode_frame: int = 0,
    offline: Collection[int] = (),
    gaps: Collection[int] = (),
    markers: tuple[Marker, ...] = (),
    path: str = "/films/made.otio",
    sha256: str = "a" * 64,
) -> Timeline:
    """`shots` shots of `shot_frames` each, so that every multiple of `shot_frames` is a cut; `offline` and
    `gaps` number shots. One sound track `A1` runs along.
    """
    frames = shots * shot_frames
    made = []
    for index in range(shots):
        name, begin = f"shot {index + 1:02}", index * shot_frames
        end = begin + shot_frames
        if index in gaps:
            made.append(Shot("", begin, end, "gap"))
        elif index in offline:
            why = f"{name} is offline: relink it in your editor"
            made.append(Shot(name, begin, end, "offline", Media(f"/films/{name}.mov"), problem=why))
        else:
            begins_s = rate.seconds(begin)
            made.append(Shot(name, begin, end, "video", Media("/films/film.mov"), begins_s, Fraction(1)))
    sound = Sound("location", "A1", 0, frames, Media("/films/location.wav"))
    return Timeline(
        path,
        rate,
        start_timecode_frame,
        drop_frame,
        frames,
        tuple(made),
        (sound,),
        markers,
        (),
        False,
        sha256,
    )
