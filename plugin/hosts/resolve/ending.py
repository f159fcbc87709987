"""How a transaction ends: markers, the saved project, all compared once more, and what is noted of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ....engine.types import Placement
from ..base import HostError, HostMarker, Landed
from . import acts, markers
from .frames import RelFrame
from .items import items, tracks
from .markers import Mark
from .ours import Ours, Placed, PlacedClip, PlacedMarker, PlacedTrack
from .undo import FAULTS, finish

if TYPE_CHECKING:
    from .placing import Work


def write_markers(
    work: Work, wanted: Sequence[HostMarker], placements: Sequence[Placement], idents: str | None = None
) -> tuple[tuple[str, ...], tuple[Mark, ...]]:
    """Have exactly `wanted` in place of ours whose ident begins with `idents`, or (None) of those of the cues
    that `wanted` is of. Sentences on those that had to move, and all as they lie there."""
    clock, timeline = work.opened.clock, work.opened.timeline
    cues = {one.ident.rpartition("@")[0] for one in wanted}
    ends = {one.cue: one.out_frame_exclusive for one in placements}

    def replaced(ident: str) -> bool:
        return ident.rpartition("@")[0] in cues if idents is None else ident.startswith(idents)

    def limit(marker: HostMarker) -> int:
        return ends.get(marker.ident.rpartition("@")[0], marker.in_frame + clock.rate.nominal)

    plan = markers.plan(markers.all_of(timeline), wanted, replaced, limit, clock.timecode)
    if plan.remove or plan.add:
        work.journal.write(markers_put=plan.add, markers_taken=plan.remove)
        for mark in plan.remove:
            work.guard()
            markers.take(timeline, mark)
        for mark in plan.add:
            work.guard()
            markers.put(timeline, mark)
    there = [mark for mark in markers.all_of(timeline) if mark.ident in {one.ident for one in wanted}]
    return plan.problems, tuple(there)


def save(work: Work) -> tuple[str, ...]:
    """What failed to lie there can vanish when the project is saved, so it is saved and looked at again."""
    work.journal.write(saved=True)
    work.guard()
    done: list[bool] = []
    acts.until(lambda: done[-1:] == [True], lambda: done.append(save_once(work)), work.sleep)
    if done[-1:] == [True]:
        return ()
    return ("DaVinci Resolve did not save the project: save it there",)


def save_once(work: Work) -> bool:
    return work.opened.manager.SaveProject() is True


def compare(work: Work, laid: Sequence[PlacedClip]) -> None:
    """HostError with the first thing that is not as it was laid."""
    clock, timeline = work.opened.clock, work.opened.timeline
    work.guard()
    names = {clip.track for clip in laid}
    here = {
        (track.name, item.ident): item
        for track in tracks(timeline, "audio")
        if track.name in names
        for item in items(timeline, track, clock)
    }
    for clip in laid:
        item = here.get((clip.track, clip.ident))
        where = (
            f"'{clip.placement.stem}' of '{clip.placement.cue}' at {clock.timecode(RelFrame(clip.in_frame))}"
        )
        if item is None:
            raise HostError(f"DaVinci Resolve lost {where} when it saved the project: try again")
        if (item.in_frame, item.out_frame_exclusive) != (clip.in_frame, clip.out_frame_exclusive):
            raise HostError(f"DaVinci Resolve moved {where} to {clock.timecode(item.in_frame)}: try again")
    there = markers.all_of(timeline)
    for mark in work.journal.log.markers_put:
        if not markers.lies(mark, there):
            raise HostError(f"DaVinci Resolve lost the marker '{mark.name}': try again")


def staying(
    placed: Placed, ours: Ours, removed: set[str], landed: Mapping[str, Landed], laid: Sequence[PlacedClip]
) -> Placed:
    """The note once `removed` (idents) are gone and `laid` lie there."""
    now = {one.known.ident: one.item.ident for one in ours.clips() if one.known is not None}
    before = (replace(one, ident=now.get(one.ident, one.ident)) for one in placed.clips)
    clips = (*(one for one in before if one.ident not in removed), *laid)
    jobs = {clip.job for clip in clips}
    told = {job: one for job, one in {**placed.landed, **landed}.items() if job in jobs}
    return replace(placed, clips=clips, landed=told)


def verified(
    work: Work,
    placed: Placed,
    tracks_now: Sequence[PlacedTrack],
    new_markers: Sequence[PlacedMarker],
    empty: tuple[str, ...],
) -> None:
    """All lies where it was wished: from here on it is finished, by whoever comes next if not by us."""
    idents = {one.ident for one in new_markers}
    kept = tuple(one for one in placed.markers if one.ident not in idents)
    placed = replace(
        placed,
        tracks=tuple(one for one in tracks_now if one.name not in empty),
        markers=(*kept, *new_markers),
    )
    work.journal.write(state="verified", placed=placed, empty=empty)


def finished(work: Work, landed: Landed) -> Landed:
    """What cannot be finished now is finished with the next placing: the music is whole."""
    try:
        finish(work.resolve, work.journal, work.sleep)
    except FAULTS as error:
        return replace(landed, problems=(*landed.problems, str(error)))
    return landed
