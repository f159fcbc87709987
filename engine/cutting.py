"""The stretch of a timeline that is a cue: its shots, sounds and markers cut to it, exactly. Standard library
only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .errors import Problem
from .timebase import Rate
from .types import Cue, Marker, Shot, Sound


def cut_cue(
    name: str,
    in_frame: int,
    out_frame_exclusive: int,
    *,
    rate: Rate,
    shots: Sequence[Shot],
    sounds: Sequence[Sound],
    markers: Sequence[Marker],
    start_timecode_frame: int = 0,
    drop_frame: bool = False,
    find_cuts: bool = False,
    problems: Sequence[Problem] = (),
) -> Cue:
    """`shots`, `sounds` and `markers` are the whole timeline's."""
    out_frame = out_frame_exclusive
    return Cue(
        name=name,
        rate=rate,
        in_frame=in_frame,
        out_frame_exclusive=out_frame,
        shots=tuple(_cut_shots(shots, rate, in_frame, out_frame)),
        start_timecode_frame=start_timecode_frame,
        drop_frame=drop_frame,
        sounds=tuple(_cut_sounds(sounds, rate, in_frame, out_frame)),
        markers=tuple(marker for marker in markers if in_frame <= marker.in_frame < out_frame),
        find_cuts=find_cuts,
        problems=tuple(problems),
    )


def _cut_shots(shots: Sequence[Shot], rate: Rate, in_frame: int, out_frame: int) -> Iterable[Shot]:
    """The shots of a cue, cut to it; their source begins later by as much as was cut off, exactly."""
    for shot in shots:
        begin, end = max(in_frame, shot.in_frame), min(out_frame, shot.out_frame_exclusive)
        if begin >= end:
            continue
        if begin == shot.in_frame and end == shot.out_frame_exclusive:
            yield replace(shot, dissolve_frames=_cut_dissolve(shot, in_frame, out_frame))
            continue
        yield replace(
            shot,
            in_frame=begin,
            out_frame_exclusive=end,
            source_in_s=shot.source_s(begin, rate),
            dissolve_frames=_cut_dissolve(shot, in_frame, out_frame) if begin == shot.in_frame else (0, 0),
        )


def _cut_dissolve(shot: Shot, in_frame: int, out_frame: int) -> tuple[int, int]:
    before, after = shot.dissolve_frames
    if shot.in_frame == in_frame:
        return 0, 0  # the shot that it comes from is not in the cue
    return min(before, shot.in_frame - in_frame), min(after, out_frame - shot.in_frame)


def _cut_sounds(sounds: Sequence[Sound], rate: Rate, in_frame: int, out_frame: int) -> Iterable[Sound]:
    for sound in sounds:
        begin, end = max(in_frame, sound.in_frame), min(out_frame, sound.out_frame_exclusive)
        if begin < end:
            later_s = sound.speed * rate.seconds(begin - sound.in_frame)
            yield replace(
                sound, in_frame=begin, out_frame_exclusive=end, source_in_s=sound.source_in_s + later_s
            )
