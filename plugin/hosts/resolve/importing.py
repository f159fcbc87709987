"""Sound files into our bin, and which of their frames Resolve is asked for.

Resolve counts the frames of a WAV at a rate that it gives the file at import, and keeps: mostly the
project's, which need not be the timeline's. It is read from each file. Where a stem's music would begin
between two such frames, or the file is over before a number of them fills its place, a copy with silence
around it is taken instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ....engine.names import slug
from ....engine.timebase import SAMPLE_RATE, Rate
from ....engine.types import Placement
from ..base import HostError
from . import acts, bins
from .api import Folder, MediaPoolItem
from .export import project_folder
from .frames import padding, source_frames, source_range
from .items import fps_of, path_of, same_path
from .padding import padded

if TYPE_CHECKING:
    from .placing import Work

_COPIES = "sound"


@dataclass(frozen=True, slots=True)
class Sound:
    """A placement's medium, and the source frames at `fps` that fill its place."""

    medium: MediaPoolItem
    path: str
    fps: Rate
    first: int
    end: int


def slack(fps: Rate, rate: Rate) -> int:
    """By how many frames of `rate` a place may be missed where no number of frames at `fps` fills it."""
    return 0 if fps == rate else math.ceil(rate.fps / fps.fps)


def bring_in(
    work: Work, wanted: Sequence[Placement], rewritten: Sequence[str], folder: Path
) -> dict[Placement, Sound]:
    """Import what is not there yet. `rewritten`: paths that held other sound when they were imported once.
    The bin that was current is current again."""
    target = _enter(work)
    plain = [one for one in wanted if one.path not in rewritten]
    found = _imported(work, target, list(dict.fromkeys(one.path for one in plain)))
    out: dict[Placement, Sound] = {}
    # With the samples before the music begins.
    copies: dict[Placement, tuple[Path, int]] = {}
    rate = work.opened.clock.rate
    for one in wanted:
        if one.path in rewritten:
            copies[one] = _copy(work, one, (0, 0), folder), _head(one, rate)
            continue
        medium = found[one.path]
        fps = fps_of(medium)
        frames = one.out_frame_exclusive - one.in_frame
        asked = source_range(one.source_in_frame, frames, rate, fps)
        tail = one.available_frames - one.source_in_frame - frames
        lacking = max(0, slack(fps, rate) - tail)
        if asked is not None and not lacking:
            out[one] = Sound(medium, one.path, fps, asked.first, asked.end)
            continue
        before = padding(_head(one, rate), fps, SAMPLE_RATE)
        after = rate.sample(lacking + 1) if lacking else 0
        copies[one] = _copy(work, one, (before, after), folder), _head(one, rate) + before
    if copies:
        media = _imported(work, target, [str(path) for path, _ in copies.values()])
        for one, (path, head) in copies.items():
            medium = media[str(path)]
            fps = fps_of(medium)
            first = round(head * fps.fps / SAMPLE_RATE)
            frames = one.out_frame_exclusive - one.in_frame
            out[one] = Sound(medium, str(path), fps, first, first + source_frames(frames, rate, fps))
        _drop_unused(work, target, {sound.path for sound in out.values()})
    _leave(work)
    return out


def _head(one: Placement, rate: Rate) -> int:
    """Samples of the file before its place begins: files begin on a frame's border."""
    return rate.sample(one.in_frame) - rate.sample(one.in_frame - one.source_in_frame)


def _copy(work: Work, one: Placement, silence: tuple[int, int], folder: Path) -> Path:
    before, after = silence
    name = slug(f"{Path(one.path).stem}-{one.sha256[:12]}-{before}-{after}")
    path = project_folder(work.opened, folder) / _COPIES / f"{name}.wav"
    if not path.is_file():
        padded(Path(one.path), path, before, after)
    return path.absolute()


def _enter(work: Work) -> Folder:
    """Make our bin, where there is none, and make it current."""
    pool = work.opened.pool
    found = bins.our_bin(pool)
    if found is None:
        work.journal.write(bin_made=True)
        work.guard()
        acts.until(
            lambda: bins.our_bin(pool) is not None,
            lambda: pool.AddSubFolder(bins.root(pool), bins.NAME),
            work.sleep,
        )
        found = bins.our_bin(pool)
    if found is None:
        raise HostError("DaVinci Resolve made no bin 'Hitpoint' in the media pool: make it there, try again")
    ours = found
    if not acts.until(lambda: _is_current(work, ours), lambda: pool.SetCurrentFolder(ours), work.sleep):
        raise HostError("DaVinci Resolve did not open the bin 'Hitpoint': close its dialogs and try again")
    return ours


def _is_current(work: Work, folder: Folder) -> bool:
    here = work.opened.pool.GetCurrentFolder()
    return here is not None and bins.ident(here) == bins.ident(folder)


def _leave(work: Work) -> None:
    pool, before = work.opened.pool, work.journal.log.was_bin
    folder = bins.by_ident(pool, before)
    if folder is not None and not _is_current(work, folder):
        pool.SetCurrentFolder(folder)


def _imported(work: Work, target: Folder, paths: Sequence[str]) -> dict[str, MediaPoolItem]:
    there = bins.media(target)
    missing = [path for path in paths if not any(same_path(path, known) for known, _ in there)]
    handed: list[MediaPoolItem] = []
    if missing:
        log = work.journal.log
        # Of the first import: what came with it is ours as well.
        before = log.media_before if log.media else tuple(str(one.GetUniqueId()) for _, one in there)
        work.journal.write(media=(*log.media, *missing), media_before=before)
        for turn in range(2):
            if turn:
                work.sleep(acts.SLEEP_S)
            work.guard()
            handed += [one for one in work.opened.pool.ImportMedia(missing) or () if one is not None]
            known = bins.media(target)
            missing = [path for path in missing if not any(same_path(path, one) for one, _ in known)]
            if not missing:
                break
    out: dict[str, MediaPoolItem] = {}
    pool_items = bins.media(target) + [(path_of(one), one) for one in handed]
    for path in paths:
        medium = next((one for known, one in pool_items if same_path(path, known)), None)
        if medium is None:
            # The user may have imported it before, which some versions do not do twice.
            medium = bins.anywhere(work.opened.pool, path)
        if medium is None:
            raise HostError(
                f"DaVinci Resolve did not import '{path}': look whether it plays there, then place again"
            )
        out[path] = medium
    return out


def _drop_unused(work: Work, target: Folder, used: set[str]) -> None:
    """Files that were imported just now and had to give way to their copies."""
    log = work.journal.log

    def idle() -> list[MediaPoolItem]:
        return [
            one
            for path, one in bins.media(target)
            if any(same_path(path, mine) for mine in log.media)
            and not any(same_path(path, mine) for mine in used)
            and str(one.GetUniqueId()) not in log.media_before
        ]

    if idle():
        acts.until(lambda: not idle(), lambda: work.opened.pool.DeleteClips(idle()), work.sleep)
