"""Stems onto a timeline: one new audio track a stem, after all there is, by adding to the file's own JSON.

Where a media range begins. OpenTimelineIO says: on the medium's own clock. Resolve holds to that, and
refuses a range from 0 for a file that carries timecode, as ours do (BWF time reference). Most other readers
(the melt and GES adapters, many importers) leave the medium's start out of the sum and would look for the
sound hours behind the file's end. So a timeline that Resolve wrote gets ranges from the file's timecode,
any other gets ranges from 0; `media_start` decides otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePath
from typing import Literal

from ..engine.errors import EngineFault, InputError, Problem
from ..engine.timebase import Rate
from ..engine.types import Cue, Placement, Take
from ..engine.urls import is_relative, url_of_path
from .earlier import (
    STEM_SCHEMA,
    TRACK_SCHEMA,
    Laid,
    base_and_version,
    came_back_bare,
    is_our_track,
    our_clips,
    outside,
    root_shift,
    sealed,
    stem_of,
    untouched,
)
from .nodes import (
    OURS,
    RESOLVE,
    Json,
    audio_track,
    clip,
    gap,
    metadata_of,
    noun,
    own_spelling,
    spelled,
    time_range,
    walk,
)
from .scored import stem_rank

UrlStyle = Literal["path", "file"]
MediaStart = Literal["auto", "zero", "timecode"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the stems of one cue come from; written into each clip's metadata."""

    job: str = ""
    take: str = ""
    generator: str = ""
    seed: int | None = None
    model_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """The timeline with our tracks. `data` shares all unchanged parts with the original."""

    data: Json
    # Names of the tracks that were added, of earlier ones of ours that they replace, and of those that stay.
    added: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Lane:
    """One track in the making."""

    stem: str
    name: str
    placements: list[Placement] = field(default_factory=list)
    carried: list[Laid] = field(default_factory=list)


def track_name(stem: str) -> str:
    return f"Stem: {stem}"


def placements(cue: Cue, take: Take, handle_frames: tuple[int, int]) -> tuple[Placement, ...]:
    """Where the stems of a take go: the cue's frames, the handles left in the media.

    EngineFault when a file does not hold cue and handles.
    """
    head, tail = handle_frames
    frames = head + cue.frames + tail
    first, last = cue.rate.sample(cue.in_frame - head), cue.rate.sample(cue.out_frame_exclusive + tail)
    for stem in take.stems:
        if stem.samples < last - first:
            raise EngineFault(
                f"stem '{stem.name}' holds {stem.samples} samples, its place is {last - first} long"
            )
    return tuple(
        Placement(
            track=track_name(stem.name),
            cue=cue.name,
            stem=stem.name,
            path=stem.path,
            sha256=stem.sha256,
            in_frame=cue.in_frame,
            out_frame_exclusive=cue.out_frame_exclusive,
            source_in_frame=head,
            available_frames=frames,
        )
        for stem in sorted(take.stems, key=lambda stem: stem_rank(stem.name))
    )


def place(
    data: Json,
    placements: Sequence[Placement],
    *,
    rate: Rate,
    start_timecode_frame: int = 0,
    cut_frames: Sequence[int] = (),
    urls: UrlStyle = "path",
    media_start: MediaStart = "auto",
    origins: Mapping[str, Origin] | None = None,
) -> Placed:
    """The timeline `data` (the JSON of an .otio file) with one audio track a stem; `data` itself is not
    changed.

    `rate` and `start_timecode_frame` are the timeline's. `cut_frames` (record frames, any order) split each
    clip there, with continuous sound; empty means one clip a cue. `origins` by cue name. Tracks of an
    earlier run are replaced; those the editor worked on stay, disabled where the new music plays, and the
    new ones get the next version number. Clips of an earlier run outside the new cues are carried over.
    InputError when `data` is no timeline, EngineFault when placements overlap or leave their files.
    """
    stack = data.get("tracks")
    if noun(data) != "Timeline" or not isinstance(stack, dict) or not isinstance(stack.get("children"), list):
        raise InputError("this file holds no single timeline with tracks: export one timeline and give that")
    _check(placements)
    shift = root_shift(stack, rate)
    lanes: dict[str, _Lane] = {}
    for placement in placements:
        lanes.setdefault(placement.track, _Lane(placement.stem, placement.track)).placements.append(placement)
    spans = sorted({(placement.in_frame, placement.out_frame_exclusive) for placement in placements})
    settled = _settle(stack["children"], lanes, spans, rate, shift)

    if media_start == "auto":
        media_start = "timecode" if metadata_of(data, RESOLVE) else "zero"
    clock = _Clock(rate, shift, start_timecode_frame if media_start == "timecode" else None, urls)
    staying = [settled.children, [one.item for lane in lanes.values() for one in lane.carried]]
    links = _next_link_group([data.get("metadata"), *staying])
    added: list[Json] = []
    for lane in sorted(lanes.values(), key=lambda lane: (stem_rank(lane.stem), lane.name)):
        name = _free_name(lane.name, settled.children)
        track, links = _track(name, lane, clock, sorted(set(cut_frames)), origins or {}, links)
        added.append(spelled(track, rate, own_spelling(data, rate)))
    return Placed(
        data={**data, "tracks": {**stack, "children": [*settled.children, *added]}},
        added=tuple(track["name"] for track in added),
        replaced=tuple(settled.replaced),
        kept=tuple(settled.kept),
        problems=tuple(settled.problems),
    )


def _check(placements: Sequence[Placement]) -> None:
    last: dict[str, Placement] = {}
    for one in sorted(placements, key=lambda placement: (placement.track, placement.in_frame)):
        frames = one.out_frame_exclusive - one.in_frame
        what = f"stem '{one.stem}' of cue '{one.cue}'"
        if is_relative(one.path):
            raise EngineFault(f"{what} has the path '{one.path}', which is not absolute")
        if one.in_frame < 0 or frames <= 0:
            raise EngineFault(f"{what} would lie at frames {one.in_frame} to {one.out_frame_exclusive}")
        if one.source_in_frame < 0 or one.source_in_frame + frames > one.available_frames:
            raise EngineFault(
                f"{what} needs frames {one.source_in_frame} to {one.source_in_frame + frames} "
                f"of a file that holds {one.available_frames}"
            )
        before = last.get(one.track)
        if before is not None and before.out_frame_exclusive > one.in_frame:
            raise EngineFault(f"{what} overlaps cue '{before.cue}' on track '{one.track}'")
        if before is not None and before.stem != one.stem:
            raise EngineFault(f"track '{one.track}' was given two stems, '{before.stem}' and '{one.stem}'")
        last[one.track] = one


@dataclass(slots=True)
class _Settled:
    """The tracks that stay, and what became of ours."""

    children: list[object] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def _settle(
    children: Sequence[object],
    lanes: dict[str, _Lane],
    spans: Sequence[tuple[int, int]],
    rate: Rate,
    shift: int,
) -> _Settled:
    """Decide on each earlier track of ours; what it plays outside `spans` goes into `lanes`."""
    out = _Settled()
    for child in children:
        if not is_our_track(child):
            out.children.append(child)
            continue
        assert isinstance(child, dict)
        base, _ = base_and_version(child.get("name"))
        name = str(child.get("name", ""))
        laid = our_clips(child, rate, shift)
        carried = outside(laid, spans)
        if untouched(child, rate):
            out.replaced.append(name)
            lost = [one for one in laid if one not in carried and not _covered(one, spans)]
            out.problems.extend(_loss(name, one) for one in lost)
        elif len(carried) == len(laid) or not child.get("enabled", True):
            # Nothing new plays where this track does, or it was silent before: it stays as it is.
            out.children.append(child)
            out.kept.append(name)
            continue
        else:
            out.children.append({**child, "enabled": False})
            out.kept.append(name)
            out.problems.append(Problem("kept", _why_kept(child, name)))
        if carried:
            lane = lanes.setdefault(base, _Lane(stem_of(child), base))
            lane.carried.extend(outside(carried, [(c.in_frame, c.out_frame_exclusive) for c in lane.carried]))
    return out


def _covered(one: Laid, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether `spans` (sorted) leave no frame of the clip without new music."""
    at = one.in_frame
    for first, last in spans:
        if first <= at < last:
            at = last
    return at >= one.out_frame_exclusive


def _why_kept(track: Json, name: str) -> str:
    if came_back_bare(track):
        return (
            f"the editor's program dropped what Hitpoint notes on the track '{name}', so nobody can tell "
            "whether it was changed: it stays, switched off"
        )
    return f"the track '{name}' was changed by hand since Hitpoint wrote it: it stays, switched off"


def _loss(name: str, one: Laid) -> Problem:
    text = (
        f"the earlier music of '{one.cue}' on '{name}' is longer than the new cue: it was replaced as a whole"
    )
    return Problem("replaced", text)


def _free_name(base: str, children: Sequence[object]) -> str:
    taken = [
        base_and_version(child.get("name"))
        for child in children
        if isinstance(child, dict) and noun(child) == "Track"
    ]
    version = 1 + max((number for name, number in taken if name == base), default=0)
    return base if version == 1 else f"{base} v{version}"


def _next_link_group(staying: list[object]) -> int:
    """Resolve ties clips with equal numbers together, so ours must be new ones."""
    used = [node["Link Group ID"] for node in walk(staying) if isinstance(node.get("Link Group ID"), int)]
    return 1 + max(used, default=0)


@dataclass(frozen=True, slots=True)
class _Clock:
    """How positions and media are written.

    `media_zero` is the timecode of record frame 0, None: files start at 0.
    """

    rate: Rate
    shift: int
    media_zero: int | None
    urls: UrlStyle


def _track(
    name: str,
    lane: _Lane,
    clock: _Clock,
    cuts: Sequence[int],
    origins: Mapping[str, Origin],
    link_group: int,
) -> tuple[Json, int]:
    laid = list(lane.carried)
    for placement in lane.placements:
        inside = [cut for cut in cuts if placement.in_frame < cut < placement.out_frame_exclusive]
        borders = [placement.in_frame, *inside, placement.out_frame_exclusive]
        for first, last in pairwise(borders):
            origin = origins.get(placement.cue, Origin())
            item = _clip(placement, first, last, clock, origin, link_group)
            laid.append(Laid(placement.cue, first, last, item))
            link_group += 1
    children: list[Json] = []
    at = -clock.shift
    for one in sorted(laid, key=lambda one: one.in_frame):
        if one.in_frame > at:
            children.append(gap(one.in_frame - at, clock.rate))
        children.append(one.item)
        at = one.out_frame_exclusive
    metadata = {
        OURS: {"schema": TRACK_SCHEMA, "stem": lane.stem},
        RESOLVE: {"Audio Type": "Stereo", "Locked": False, "SoloOn": False},
    }
    return sealed(audio_track(name, children, metadata), clock.rate), link_group


def _clip(one: Placement, first: int, last: int, clock: _Clock, origin: Origin, link_group: int) -> Json:
    file_start = 0 if clock.media_zero is None else clock.media_zero + one.in_frame - one.source_in_frame
    offset = one.source_in_frame + first - one.in_frame
    channels = [{"Source Channel ID": channel, "Source Track ID": 0} for channel in (0, 1)]
    metadata = {
        OURS: {
            "schema": STEM_SCHEMA,
            "job": origin.job,
            "take": origin.take,
            "stem": one.stem,
            "generator": origin.generator,
            "seed": origin.seed,
            "model_sha256": origin.model_sha256,
            "cue": one.cue,
        },
        RESOLVE: {"Channels": channels, "Link Group ID": link_group},
    }
    return clip(
        name=PurePath(one.path).name,
        url=url_of_path(one.path, as_file_url=clock.urls == "file"),
        available=time_range(file_start, one.available_frames, clock.rate),
        source=time_range(file_start + offset, last - first, clock.rate),
        metadata=metadata,
        media_metadata={OURS: {"sha256": one.sha256}},
    )
