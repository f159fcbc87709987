"""A placing that did not end is undone from its journal: only what that names as ours is taken away."""

from __future__ import annotations

from ....engine.errors import HitpointError
from ..base import HostError
from . import acts, bins, markers
from .acts import Sleep, Wish
from .api import Folder, MediaPoolItem, Resolve, Timeline, listed, whole
from .frames import source_frames
from .items import Item, fps_of, items, same_path, tracks
from .journal import Journal, left
from .opened import Opened, ident_of, manager_of, of_timeline, project_ident, project_of, timelines
from .ours import PlacedClip, note

# What goes wrong inside a step: beside what we say ourselves, a handle that died has None for its methods.
FAULTS = (HostError, HitpointError, AttributeError, TypeError, ValueError, KeyError, IndexError, OSError)
# How often clips that were laid again are looked at after a save.
_SAVES = 3


def recover(resolve: Resolve, sleep: Sleep) -> tuple[str, ...]:
    """End what was cut off, in the project that is open: one sentence each. Others wait for theirs."""
    done = []
    for journal in left():
        log = journal.log
        if journal.elsewhere:
            continue
        project = manager_of(resolve).GetCurrentProject()
        if project is None or project_ident(project) != log.project:
            done.append(
                f"music was being placed in the project '{log.project_name}' when that was cut off: open it "
                "in DaVinci Resolve and start Hitpoint there, it is then undone"
            )
            continue
        try:
            if log.state == "verified":
                finish(resolve, journal, sleep)
                done.append(f"the music that was placed on '{log.timeline_name}' is whole")
            else:
                undo(resolve, journal, sleep)
                done.append(
                    f"music was being placed on '{log.timeline_name}' when that was cut off: it was undone, "
                    "place it again"
                )
        except FAULTS as error:
            # Tried again before the next music is placed there.
            done.append(f"what was left of a placing on '{log.timeline_name}' is not undone yet: {error}")
    return tuple(done)


def finish(resolve: Resolve, journal: Journal, sleep: Sleep) -> None:
    """What is left once all lies there: the note of it, tracks of ours on which nothing is left, and what was
    open before."""
    log = journal.log
    if log.placed is not None:
        note(log.placed)
    now = _opened(resolve, journal)
    if now is not None:
        for name in log.empty:
            acts.delete_track(now.timeline, name, sleep)
        _put_back(now, journal, sleep)
    journal.clear()


def undo(resolve: Resolve, journal: Journal, sleep: Sleep) -> None:
    """HostError where Resolve does not do it; the journal stays then, and it is tried again."""
    log = journal.log
    now = _opened(resolve, journal)
    if now is not None:
        chosen = now.project.GetCurrentTimeline()
        _make_current(now, now.timeline, sleep)
        for mark in log.markers_put:
            markers.take(now.timeline, mark)
        for mark in log.markers_taken:
            markers.put(now.timeline, mark)
        for off in log.switched_off:
            if now.timeline.GetTrackName("audio", off.index) == off.name:
                acts.switch(now.timeline, off.index, True, sleep)
        _unlay(now, journal, sleep)
        for clip in log.taken:
            _lay_again(now, clip, sleep)
        if log.saved and log.taken:
            # What was laid again can vanish when the project is saved, as anything laid can.
            for _ in range(_SAVES):
                now.manager.SaveProject()
                for clip in log.taken:
                    _lay_again(now, clip, sleep)
        _delete_tracks(now, journal, sleep)
        _delete_media(now, journal, sleep)
        if chosen is not None and ident_of(now.project, chosen) != log.timeline:
            # Somebody opened it in the middle.
            _make_current(now, chosen, sleep)
        _put_back(now, journal, sleep)
        if log.saved:
            now.manager.SaveProject()
    journal.clear()


def _opened(resolve: Resolve, journal: Journal) -> Opened | None:
    """The journal's timeline; None where the user deleted it since. HostError with another project open."""
    log = journal.log
    manager = manager_of(resolve)
    project = project_of(resolve)
    if project_ident(project) != log.project:
        raise HostError(
            f"another project is open in DaVinci Resolve by now: open '{log.project_name}' and start "
            "Hitpoint there, what was begun is then undone",
            kind="stale",
        )
    for timeline in timelines(project):
        if ident_of(project, timeline) == log.timeline:
            return of_timeline(manager, project, timeline)
    return None


def _make_current(now: Opened, timeline: Timeline, sleep: Sleep) -> None:
    """Clips land in the timeline that is current."""
    ident = ident_of(now.project, timeline)

    def is_current() -> bool:
        there = now.project.GetCurrentTimeline()
        return there is not None and ident_of(now.project, there) == ident

    if not is_current() and not acts.until(
        is_current, lambda: now.project.SetCurrentTimeline(timeline), sleep
    ):
        raise HostError(f"DaVinci Resolve does not open the timeline '{timeline.GetName()}': open it there")


def _put_back(now: Opened, journal: Journal, sleep: Sleep) -> None:
    """Bin, playhead and timeline of before; those that the user chose meanwhile stay. Of a journal that was
    found, the playhead is long another."""
    log = journal.log
    here = now.pool.GetCurrentFolder()
    if log.was_bin and here is not None and bins.ident(here) != log.was_bin:
        ours = bins.our_bin(now.pool)
        before = bins.by_ident(now.pool, log.was_bin)
        if before is not None and ours is not None and bins.ident(here) == bins.ident(ours):
            now.pool.SetCurrentFolder(before)
    if not journal.found and log.was_timecode and now.timeline.GetCurrentTimecode() != log.was_timecode:
        now.timeline.SetCurrentTimecode(log.was_timecode)
    if log.was_timeline and log.was_timeline != log.timeline:
        there = now.project.GetCurrentTimeline()
        if there is not None and ident_of(now.project, there) == log.timeline:
            for timeline in timelines(now.project):
                if ident_of(now.project, timeline) == log.was_timeline:
                    _make_current(now, timeline, sleep)


def _unlay(now: Opened, journal: Journal, sleep: Sleep) -> None:
    for track in tracks(now.timeline, "audio"):
        lane = items(now.timeline, track, now.clock)
        ours = []
        for item in lane:
            for laid in journal.log.laid:
                by_place = (
                    not laid.ident
                    and laid.track == track.name
                    and item.ident not in laid.before
                    and item.in_frame == laid.in_frame
                    and same_path(item.path, laid.path)
                )
                if (laid.ident and item.ident == laid.ident) or by_place:
                    ours.append(item)
                    break
        acts.delete(now.timeline, ours, sleep)


def _lay_again(now: Opened, clip: PlacedClip, sleep: Sleep) -> None:
    track = acts.track_of(now.timeline, clip.track)
    lane = items(now.timeline, track, now.clock)
    if any(_is(item, clip) for item in lane):
        return
    found = bins.of_path(bins.our_bin(now.pool), clip.path)
    medium = found[0] if found else bins.anywhere(now.pool, clip.path)
    if medium is None:
        raise HostError(
            f"'{clip.path}' is gone from the media pool: earlier music of '{clip.placement.cue}' could not "
            f"be laid on '{clip.track}' again, do that by hand"
        )
    acts.lay(now, track, wish_again(medium, clip, now), lambda: None, sleep)


def wish_again(medium: MediaPoolItem, clip: PlacedClip, now: Opened) -> Wish:
    """The same clip once more."""
    first = clip.source_first
    frames = clip.out_frame_exclusive - clip.in_frame
    end = first + source_frames(frames, now.clock.rate, fps_of(medium))
    return Wish(medium, clip.path, clip.in_frame, frames, first, end)


def _is(item: Item, clip: PlacedClip) -> bool:
    return (
        item.in_frame == clip.in_frame
        and item.out_frame_exclusive == clip.out_frame_exclusive
        and same_path(item.path, clip.path)
    )


def _delete_tracks(now: Opened, journal: Journal, sleep: Sleep) -> None:
    for new in reversed(journal.log.tracks):
        acts.delete_track(now.timeline, new.name, sleep)
        there = [one.name for one in tracks(now.timeline, "audio")]
        # Made, and the end came before it had its name: the one track more than there were, and empty.
        if len(there) == len(new.before) + 1 and tuple(there[:-1]) == new.before:
            acts.delete_last_track(now.timeline, len(there), sleep)


def _delete_media(now: Opened, journal: Journal, sleep: Sleep) -> None:
    log = journal.log
    ours = bins.our_bin(now.pool)
    if ours is None or not log.was_bin:
        return

    def new() -> list[MediaPoolItem]:
        return [
            one
            for path, one in bins.media(ours)
            if any(same_path(path, wanted) for wanted in log.media)
            and str(one.GetUniqueId()) not in log.media_before
            and not is_used(one)
        ]

    acts.until(lambda: not new(), lambda: new() and now.pool.DeleteClips(new()), sleep)
    _put_back_bin(now, log.was_bin, ours)
    if log.bin_made and not listed(ours.GetClipList()) and not listed(ours.GetSubFolderList()):
        acts.until(lambda: bins.our_bin(now.pool) is None, lambda: now.pool.DeleteFolders([ours]), sleep)


def _put_back_bin(now: Opened, ident: str, ours: Folder) -> None:
    here, before = now.pool.GetCurrentFolder(), bins.by_ident(now.pool, ident)
    if here is not None and before is not None and bins.ident(here) == bins.ident(ours):
        now.pool.SetCurrentFolder(before)


def is_used(medium: MediaPoolItem) -> bool:
    """Whether a timeline shows it, as far as Resolve tells."""
    return (whole(medium.GetClipProperty("Usage")) or 0) > 0
