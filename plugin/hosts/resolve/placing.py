"""Stems onto tracks, as one transaction: a journal before each step, every clip read back, again after the
project was saved, and all of it undone where one thing is not as wished."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ....engine.errors import HitpointError
from ....engine.types import Placement
from ..base import HostError, Landed, Landing, touching
from ..settle import Lane, Settled, settle
from . import acts, bins
from .acts import Sleep, Wish
from .api import Resolve, has
from .ending import compare, finished, save, staying, verified, write_markers
from .export import exported
from .frames import source_frames
from .importing import Sound, bring_in, slack
from .items import Item, Track, fps_of, items, lanes, tracks
from .journal import Journal, Laid, Log, NewTrack, SwitchedOff, left, names
from .opened import Opened, ident_of, manager_of, of_timeline, opened, project_ident, project_of, timelines
from .ours import OurClip, Ours, Placed, PlacedClip, PlacedMarker, PlacedTrack, found, may_hold, noted
from .reading import editors
from .undo import FAULTS, finish, undo


@dataclass(slots=True)
class Work:
    """A timeline while it is changed."""

    resolve: Resolve
    opened: Opened
    journal: Journal
    sleep: Sleep

    def guard(self) -> None:
        """The project and the timeline are still the ones; else nothing may be done."""
        project = project_of(self.resolve)
        timeline = project.GetCurrentTimeline()
        if project_ident(project) != self.opened.project_ident:
            raise HostError(
                "another project was opened in DaVinci Resolve while the music was being placed: nothing was "
                "placed",
                kind="stale",
            )
        if timeline is None or ident_of(project, timeline) != self.opened.ident:
            raise HostError(
                "another timeline was opened in DaVinci Resolve while the music was being placed: nothing "
                "was placed, try again",
                kind="stale",
            )


def place(resolve: Resolve, landing: Landing, folder: Path, sleep: Sleep) -> Landed:
    """As `Host.place` says."""
    target = _target(resolve, landing)
    _check(landing, target)
    ready(resolve, target, sleep)
    placed = noted(target.ident)
    ours_there = may_hold(placed, names(target.timeline))
    here = lanes(target.timeline, target.clock, landing.spans, ours_there)
    in_bin = [path for path, _ in bins.media(bins.our_bin(target.pool))]
    ours = found(target, here, placed, in_bin)
    again = _placed_already(landing, placed, ours)
    if again is not None:
        return again
    if landing.seen and set(touching(editors(here, ours), landing.spans)) != set(
        touching(landing.seen, landing.spans)
    ):
        raise HostError(
            "the edit under the music was changed in DaVinci Resolve since it was read: read it again, then "
            "score or place",
            kind="stale",
        )
    if ours.tracks:
        # What was done to levels is told by the exported timeline alone.
        told = exported(resolve, target, folder).levels(target.clock.rate)
        ours = found(target, here, placed, in_bin, told)
    settled = settle([one.earlier() for one in ours.tracks], landing.placements, names(target.timeline))
    work = begin(resolve, target, sleep)
    try:
        landed = _carry_out(work, landing, settled, ours, placed, folder)
    except FAULTS as error:
        raise undone(work, error) from error
    return finished(work, landed)


def ready(resolve: Resolve, target: Opened, sleep: Sleep) -> None:
    """Nothing else goes on there; what was cut off on this timeline is ended first."""
    project = target.project
    if has(project, "IsRenderingInProgress") and project.IsRenderingInProgress() is True:
        raise HostError("DaVinci Resolve renders: place the music when it is done", kind="busy")
    for journal in left():
        if journal.log.timeline != target.ident:
            continue
        if journal.elsewhere:
            raise HostError(
                "another window of Hitpoint places music on this timeline: wait until it is done", kind="busy"
            )
        (finish if journal.log.state == "verified" else undo)(resolve, journal, sleep)


def begin(resolve: Resolve, target: Opened, sleep: Sleep) -> Work:
    current = target.project.GetCurrentTimeline()
    here = target.pool.GetCurrentFolder()
    journal = Journal(
        Log(
            pid=os.getpid(),
            project=target.project_ident,
            project_name=target.project_name,
            timeline=target.ident,
            timeline_name=target.name,
            was_timeline=ident_of(target.project, current) if current is not None else "",
            was_bin=bins.ident(here) if here is not None else "",
            was_timecode=str(target.timeline.GetCurrentTimecode() or ""),
        )
    )
    journal.write()
    work = Work(resolve, target, journal, sleep)
    if not _is_current(target) and not acts.until(
        lambda: _is_current(target), lambda: target.project.SetCurrentTimeline(target.timeline), sleep
    ):
        journal.clear()
        raise HostError(
            f"DaVinci Resolve does not open the timeline '{target.name}': open it there, try again"
        )
    return work


def undone(work: Work, error: Exception) -> HostError:
    """Everything as before, and what to say. Where even that fails, the journal stays for the next start."""
    if isinstance(error, HitpointError | HostError):
        said = str(error)
    else:
        said = (
            f"DaVinci Resolve answered in a way that is not known ({error!r}): nothing was placed, try again"
        )
    kind = error.kind if isinstance(error, HostError) else "refused"
    try:
        undo(work.resolve, work.journal, work.sleep)
    except FAULTS as second:
        return HostError(f"{said}; what was begun could not be undone yet: {second}", kind=kind)
    return HostError(said, kind=kind)


def _target(resolve: Resolve, landing: Landing) -> Opened:
    """The timeline that it is for: the one that is open, else another of the project."""
    now = opened(resolve)
    if not landing.timeline or landing.timeline == now.ident:
        return now
    for timeline in timelines(now.project):
        if ident_of(now.project, timeline) == landing.timeline:
            return of_timeline(manager_of(resolve), now.project, timeline)
    raise HostError(
        f"the timeline that was scored is not in the project '{now.project_name}', which is open in DaVinci "
        "Resolve: open the one it is in, then place the music",
        kind="stale",
    )


def _check(landing: Landing, target: Opened) -> None:
    if not landing.placements:
        raise HostError("there is no music to place: score a cue first")
    if landing.rate != target.clock.rate:
        raise HostError(
            f"the music was made for {landing.rate} frames a second, the timeline '{target.name}' has "
            f"{target.clock.rate}: read it again and score it anew",
            kind="stale",
        )
    for one in landing.placements:
        frames = one.out_frame_exclusive - one.in_frame
        if one.in_frame < 0 or frames <= 0 or not (0 <= one.source_in_frame <= one.available_frames - frames):
            raise HostError(f"the stem '{one.stem}' of '{one.cue}' does not fill its place: score it again")
        if not Path(one.path).is_absolute() or not Path(one.path).is_file():
            raise HostError(f"'{one.path}' was not found: score the cue '{one.cue}' again")


def _is_current(target: Opened) -> bool:
    there = target.project.GetCurrentTimeline()
    return there is not None and ident_of(target.project, there) == target.ident


def _placed_already(landing: Landing, placed: Placed, ours: Ours) -> Landed | None:
    """What was told when that job was placed, while anything of it lies there; or all of it, unnoted."""
    text = "this music lies there already: nothing was done"
    told = placed.landed.get(landing.job)
    if told is not None and any(one.job == landing.job for one in ours.clips()):
        return replace(told, problems=(*told.problems, text))
    names_of = {
        (one.item.path, int(one.item.in_frame), int(one.item.out_frame_exclusive)): one.item.track.name
        for one in ours.clips()
        if one.known is None
    }
    here = [names_of.get((one.path, one.in_frame, one.out_frame_exclusive)) for one in landing.placements]
    if all(here):
        return Landed(added=tuple(dict.fromkeys(name for name in here if name)), problems=(text,))
    return None


def _carry_out(
    work: Work, landing: Landing, settled: Settled, ours: Ours, placed: Placed, folder: Path
) -> Landed:
    timeline = work.opened.timeline
    carried = {clip.placement: clip for lane in settled.lanes for clip in lane.carried}
    fresh = [one for lane in settled.lanes for one in lane.add if one not in carried]
    rewritten = {
        clip.placement.path
        for clip in placed.clips
        for one in fresh
        if clip.placement.path == one.path and clip.placement.sha256 != one.sha256
    }
    sounds = bring_in(work, fresh, sorted(rewritten), folder)
    by_ident = ours.by_ident()
    laid: list[PlacedClip] = []
    uneven = False
    # New tracks first: as long as they are not whole, nothing of before has changed.
    for lane in sorted(settled.lanes, key=lambda lane: bool(lane.onto)):
        track = _track(work, lane)
        take_away(work, [by_ident[key] for key in lane.remove])
        for one in lane.add:
            clip = carried.get(one)
            if clip is not None:
                wish, job, take = _as_it_was(work, by_ident[clip.key])
            else:
                wish, job, take = _wish(work, lane, one, sounds[one], ours), landing.job, landing.take
            item = _lay(work, track, wish)
            uneven = uneven or item.frames != wish.frames
            laid.append(
                PlacedClip(
                    item.ident, job, take, track.name, one, wish.path, item.in_frame,
                    item.out_frame_exclusive, item.source, wish.source_first,
                )
            )  # fmt: skip
    for key in settled.disable:
        name = str(timeline.GetTrackName("audio", int(key)))
        off = (*work.journal.log.switched_off, SwitchedOff(int(key), name))
        work.journal.write(switched_off=off)
        work.guard()
        acts.switch(timeline, int(key), False, work.sleep)
    moved, marks = write_markers(work, landing.markers, landing.placements)
    problems = [*settled.problems, *moved, *save(work)]
    if uneven:
        problems.append(
            "DaVinci Resolve counts sound at another rate than the timeline's here: some clips end a frame "
            "or two beside their cue's end"
        )
    compare(work, laid)
    landed = Landed(
        added=tuple(lane.name for lane in settled.lanes if lane.add),
        replaced=settled.replaced,
        kept=settled.kept,
        problems=tuple(problems),
    )
    removed = {key for lane in settled.lanes for key in lane.remove}
    tracks_now = {one.name: one for one in placed.tracks}
    tracks_now.update(
        {lane.name: PlacedTrack(lane.name, lane.stem) for lane in settled.lanes if not lane.onto}
    )
    verified(
        work,
        staying(placed, ours, removed, {landing.job: landed}, laid),
        tuple(tracks_now.values()),
        [PlacedMarker(landing.job, mark.ident, mark.frame, mark.name) for mark in marks],
        tuple(by_index(ours)[key] for key in settled.empty),
    )
    return landed


def by_index(ours: Ours) -> dict[str, str]:
    return {str(one.track.index): one.track.name for one in ours.tracks}


def _track(work: Work, lane: Lane) -> Track:
    if lane.onto:
        return next(one for one in tracks(work.opened.timeline, "audio") if one.index == int(lane.onto))
    new = NewTrack(lane.name, names(work.opened.timeline))
    work.journal.write(tracks=(*work.journal.log.tracks, new))
    work.guard()
    return acts.add_track(work.opened, lane.name, work.sleep)


def take_away(work: Work, clips: Sequence[OurClip]) -> None:
    """Clips of ours that nobody touched, all of one track."""
    gone = [replace(one.known, ident=one.item.ident) for one in clips if one.known is not None]
    if not gone:
        return
    work.journal.write(taken=(*work.journal.log.taken, *gone))
    work.guard()
    acts.delete(work.opened.timeline, [one.item for one in clips], work.sleep)


def _wish(work: Work, lane: Lane, one: Placement, sound: Sound, ours: Ours) -> Wish:
    rate = work.opened.clock.rate
    frames = one.out_frame_exclusive - one.in_frame
    most = slack(sound.fps, rate)
    after = [other.in_frame for other in lane.add if other.in_frame >= one.out_frame_exclusive]
    after += [
        clip.item.in_frame
        for track in ours.tracks
        if str(track.track.index) == lane.onto
        for clip in track.clips
        if clip.item.ident not in lane.remove and clip.item.in_frame >= one.out_frame_exclusive
    ]
    end = work.opened.timeline.GetEndFrame()
    if end is not None:
        # Nor may the film become longer.
        after.append(max(one.out_frame_exclusive, work.opened.clock.relative(round(end))))
    spare = min([most, *(at - one.out_frame_exclusive for at in after)])
    return Wish(sound.medium, sound.path, one.in_frame, frames, sound.first, sound.end, spare, most)


def _as_it_was(work: Work, clip: OurClip) -> tuple[Wish, str, str]:
    """A clip that moves with its music to another track."""
    item = clip.item
    if item.medium is None:
        raise HostError(
            f"earlier music on '{item.track.name}' cannot be laid on another track: move it there"
        )
    first, rate = clip.source_first, work.opened.clock.rate
    end = first + source_frames(item.frames, rate, fps_of(item.medium))
    short = min(1, slack(fps_of(item.medium), rate))
    wish = Wish(item.medium, item.path, item.in_frame, item.frames, first, end, short=short)
    return wish, clip.job, clip.take


def _lay(work: Work, track: Track, wish: Wish) -> Item:
    before = tuple(one.ident for one in items(work.opened.timeline, track, work.opened.clock))
    laid = Laid(track.name, wish.path, wish.in_frame, wish.frames, wish.source_first, before)
    others = work.journal.log.laid
    work.journal.write(laid=(*others, laid))
    item = acts.lay(work.opened, track, wish, work.guard, work.sleep)
    work.journal.write(laid=(*others, replace(laid, ident=item.ident, frames=item.frames)))
    return item
