"""Whether what was placed is still there, and taking it away again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..base import HostError, Landed
from ..settle import take_back
from . import bins, markers
from .acts import Sleep
from .api import Resolve
from .ending import compare, finished, save, staying, verified
from .export import exported
from .frames import RelFrame
from .items import lanes
from .opened import Opened, opened
from .ours import Levels, Ours, Placed, found, noted
from .placing import Work, begin, by_index, ready, take_away, undone
from .undo import FAULTS


def verify(resolve: Resolve, job: str) -> tuple[str, ...]:
    """As `Host.verify` says; of the timeline that is open."""
    now = opened(resolve)
    placed = noted(now.ident)
    wanted = placed.of_job(job)
    if not wanted:
        return (f"nothing of this music is noted on '{now.name}': it was placed elsewhere, or taken away",)
    ours = _ours(now, placed)
    here = {one.known.ident: one for one in ours.clips() if one.known is not None}
    off = {track.track.name for track in ours.tracks if not track.track.enabled}
    out = []
    for clip in wanted:
        what = f"'{clip.placement.stem}' of '{clip.placement.cue}'"
        one = here.get(clip.ident)
        if one is None:
            out.append(f"{what} is gone from '{clip.track}'")
        elif one.item.track.name != clip.track:
            out.append(f"{what} lies on '{one.item.track.name}' instead of '{clip.track}'")
        elif one.item.in_frame != clip.in_frame:
            out.append(
                f"{what} lies at {now.clock.timecode(one.item.in_frame)} instead of "
                f"{now.clock.timecode(RelFrame(clip.in_frame))}"
            )
        elif one.item.out_frame_exclusive != clip.out_frame_exclusive or one.item.source != clip.source:
            out.append(f"{what} on '{clip.track}' was trimmed or slipped")
        elif not one.item.enabled:
            out.append(f"{what} on '{clip.track}' is switched off")
        elif clip.track in off:
            out.append(f"{what} is silent: its track '{clip.track}' is switched off")
    return tuple(out)


def remove(resolve: Resolve, job: str, folder: Path, sleep: Sleep) -> Landed:
    """As `Host.remove` says; of the timeline that is open."""
    now = opened(resolve)
    ready(resolve, now, sleep)
    placed = noted(now.ident)
    here = _ours(now, placed)
    if not any(one.job == job for one in here.clips()):
        raise HostError(f"nothing of this music lies on '{now.name}': it is gone already")
    ours = _ours(now, placed, exported(resolve, now, folder).levels(now.clock.rate))
    back = take_back([one.earlier() for one in ours.tracks], job)
    work = begin(resolve, now, sleep)
    try:
        for track in ours.tracks:
            take_away(work, [one for one in track.clips if one.item.ident in back.remove])
        _take_markers(work, placed, job)
        said = save(work)
        compare(work, [])
        removed = set(back.remove)
        left = staying(placed, ours, removed, {}, [])
        left = replace(left, markers=tuple(one for one in left.markers if one.job != job))
        verified(work, left, left.tracks, [], tuple(by_index(ours)[key] for key in back.empty))
    except FAULTS as error:
        raise undone(work, error) from error
    gone = tuple(
        track.track.name for track in ours.tracks if any(one.item.ident in removed for one in track.clips)
    )
    return finished(work, Landed(added=(), replaced=gone, kept=back.kept, problems=said))


def _take_markers(work: Work, placed: Placed, job: str) -> None:
    """Those that lie where they were set: one that was moved is the editor's word."""
    timeline = work.opened.timeline
    mine = {(one.ident, one.frame, one.name) for one in placed.markers if one.job == job}
    gone = [one for one in markers.all_of(timeline) if (one.ident, one.frame, one.name) in mine]
    work.journal.write(markers_taken=tuple(gone))
    for mark in gone:
        work.guard()
        markers.take(timeline, mark)


def _ours(now: Opened, placed: Placed, told: Levels | None = None) -> Ours:
    paths = [path for path, _ in bins.media(bins.our_bin(now.pool))]
    return found(now, lanes(now.timeline, now.clock), placed, paths, told)
