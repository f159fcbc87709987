"""From a checked timeline's JSON to shots, sounds and markers on exact record frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from ...engine.errors import Problem
from ...engine.timebase import Rate
from ...engine.types import Marker, Shot, Sound
from . import clock, schemas
from .clock import Clock
from .events import EventReader
from .flatten import Flattener, named, track_kind
from .lanes import ZERO, Lane, overlay, window
from .markers import MarkerReader, Top
from .rates import timeline_rate
from .schemas import Json, is_ours, noun
from .shelf import Shelf


@dataclass(frozen=True, slots=True)
class Assembled:
    rate: Rate
    start_timecode_frame: int
    frames: int
    shots: tuple[Shot, ...]
    sounds: tuple[Sound, ...]
    markers: tuple[Marker, ...]
    problems: tuple[Problem, ...]


def assemble(data: Json, shelf: Shelf, *, wanted: Rate | None = None, said: Rate | None = None) -> Assembled:
    """Everything of a timeline that passed the pre-check. `frames` is 0 where nothing is in it.

    `wanted` is the rate that the user asked for, `said` the one that the file's format states.
    """
    tree, problems = schemas.readable(data)
    rate, rate_problems = timeline_rate(tree, wanted, said)
    result = _assemble(tree, Clock(rate), shelf)
    return replace(result, problems=tuple(dict.fromkeys((*problems, *rate_problems, *result.problems))))


@dataclass(frozen=True, slots=True)
class _Layer:
    """A top-level item on the record."""

    kind: str
    lane: Lane
    top: Top


def _assemble(tree: Json, time: Clock, shelf: Shelf) -> Assembled:
    stack: Json = tree["tracks"]
    start = tree.get("global_start_time")
    pictures = Flattener(time, shelf.length_s)
    heard = Flattener(time, shelf.length_s, sound=True)
    problems: list[Problem] = []

    children = [child for child in stack.get("children") or () if _counts(child)]
    contents = [_content(child, heard if track_kind(child) == "Audio" else pictures) for child in children]
    records = [_record_start(time, *pair) for pair in zip(children, contents, strict=True)]
    # Timecodes of EDLs: what begins first is the timeline's beginning.
    first_record = min((record for record in records if record is not None), default=ZERO)
    start_frame = time.timecode_frame(start) if start else clock.nearest(first_record)
    layers: list[_Layer] = []
    for child, content, record in zip(children, contents, records, strict=True):
        at = ZERO if record is None else record - first_record
        layers.append(_layer(child, content, time, at, pictures, problems))

    seen = [layer.lane for layer in layers if layer.kind != "Audio"]
    heard_layers = [layer for layer in layers if layer.kind == "Audio"]
    sounding = [
        named(layer.lane, str(layer.top.item.get("name") or f"A{number}"))
        for number, layer in enumerate(heard_layers, 1)
    ]
    length = max((lane.length for lane in seen), default=ZERO) or max(
        (lane.length for lane in sounding), default=ZERO
    )
    picture = overlay(seen, length)
    stack_start = ZERO
    span = stack.get("source_range")
    if span is not None:
        stack_start, stack_length = time.frames(span["start_time"]), time.frames(span["duration"])
        if _misses(stack_start, stack_length, length):
            problems.append(_missed("the timeline"))
            stack_start = ZERO
        else:
            length = stack_length
            picture = window(picture, stack_start, length, Fraction(1))
            sounding = [window(lane, stack_start, length, Fraction(1)) for lane in sounding]

    frames = clock.nearest(length)
    events = EventReader(time.rate, frames, shelf)
    shots = events.shots(picture)
    sounds = events.sounds(sounding)
    starts = (Fraction(start_frame), *dict.fromkeys(record for record in records if record is not None))
    reader = MarkerReader(pictures, frames, tuple(start for start in starts if start))
    tops = tuple(replace(layer.top, at=layer.top.at - stack_start) for layer in layers)
    markers = reader.read(stack, stack_start, tops)
    problems += [*pictures.problems, *heard.problems, *events.problems, *reader.problems, *shelf.problems()]
    return Assembled(time.rate, start_frame, frames, shots, sounds, markers, tuple(problems))


def _counts(child: Json) -> bool:
    """Whether a top-level item can be seen or heard. Our own tracks never count as the editor's."""
    return (
        bool(child.get("enabled", True))
        and not is_ours(child)
        and track_kind(child) in ("Video", "Audio", "")
    )


def _content(child: Json, flattener: Flattener) -> Lane:
    return flattener.track(child) if noun(child) == "Track" else flattener.item(child)


def _record_start(time: Clock, child: Json, content: Lane) -> Fraction | None:
    """The record timecode at which a track begins, where it is written as readers of EDLs do.

    They negate it and call it the start of a source range, which then shows nothing of the track.
    """
    span = child.get("source_range") if noun(child) == "Track" else None
    if span is None:
        return None
    start, length = time.frames(span["start_time"]), time.frames(span["duration"])
    return -start if start < 0 and _misses(start, length, content.length) else None


def _layer(
    child: Json, content: Lane, time: Clock, at: Fraction, flattener: Flattener, problems: list[Problem]
) -> _Layer:
    kind = track_kind(child)
    if kind == "":
        return _Layer(kind, content, Top(child, ZERO, content.length, None))
    speed = flattener.speed(child)
    span = child.get("source_range")
    start, length = ZERO, content.length
    if span is not None:
        start, length = time.frames(span["start_time"]), time.frames(span["duration"])
        if _misses(start, length, content.length):
            problems.append(_missed(f"the track '{child.get('name') or ''}'"))
            # A leading gap of `at` frames: tracks of one EDL keep their distance.
            lane = window(content, -at, content.length + at, Fraction(1))
            return _Layer(kind, lane, Top(child, at, content.length, ZERO))
    return _Layer(kind, window(content, start, length, speed), Top(child, ZERO, length, None))


def _misses(start: Fraction, length: Fraction, content: Fraction) -> bool:
    return content > 0 and (start >= content or start + length <= 0)


def _missed(what: str) -> Problem:
    return Problem("range", f"{what} shows a range outside of its own content: all of its content was taken")
