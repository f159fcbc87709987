"""The timeline as the OTIO file that Resolve writes, in a folder of ours that lasts; what we placed carries
our marks in it, which Resolve itself does not keep."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....engine.errors import OutputError
from ....engine.names import slug
from ....engine.store.durable import durable_write
from ....engine.store.temporary import sweep, temporary_path
from ....engine.timebase import Rate
from ....export.earlier import STEM_SCHEMA, TRACK_SCHEMA, positions, sealed
from ....export.hit_markers import without_our_markers
from ....export.nodes import OURS, RESOLVE, children_of, metadata_of, noun
from ..base import HostError
from .api import Resolve, has
from .opened import Opened
from .ours import OurClip, Ours
from .walk import walked

Json = dict[str, Any]

_CONSTANT = "EXPORT_OTIO"
_NAME = "timeline.otio"


@dataclass(frozen=True, slots=True)
class Exported:
    """The JSON of a timeline, and sentences on what it lacks. `whole`: Resolve wrote it itself, and
    levels with it."""

    data: Json
    problems: tuple[str, ...] = ()
    whole: bool = True

    def levels(self, rate: Rate) -> dict[tuple[int, int], bool]:
        """By audio track (from 1) and record frame: whether nothing was done to the level of the clip there,
        and to its speed. Where nobody can say, it is not among them."""
        out = {}
        for index, track in enumerate(audio_tracks(self.data) if self.whole else (), 1):
            for start, _, item in positions(track, rate):
                if noun(item) == "Clip":
                    effects = item.get("effects") or []
                    told = [metadata_of(one, RESOLVE).get("Parameters") for one in effects]
                    out[index, start] = all(one == [] for one in told)
        return out


def exported(resolve: Resolve, opened: Opened, folder: Path) -> Exported:
    """HostError where Resolve does not write it."""
    kind = getattr(resolve, _CONSTANT, None)
    if kind is None or not has(opened.timeline, "Export"):
        data, problems = walked(opened)
        return Exported(data, problems, whole=False)
    room = temporary_path(folder / _NAME)
    path = room / _NAME
    try:
        room.mkdir(parents=True)
        try:
            # It may say False once and do it then, or say True and write nothing.
            for _ in range(2):
                opened.timeline.Export(str(path), kind)
                if path.is_file():
                    break
            data = json.loads(path.read_bytes())
        finally:
            shutil.rmtree(room, ignore_errors=True)
    except FileNotFoundError:
        raise HostError(
            f"DaVinci Resolve did not export the timeline '{opened.name}': close its dialogs and try again"
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from error
    except ValueError as error:
        raise HostError(
            f"the file that DaVinci Resolve exported of '{opened.name}' cannot be read ({error}): export it "
            "there as .otio and open that"
        ) from error
    if noun(data) != "Timeline":
        raise HostError(f"DaVinci Resolve exported no timeline for '{opened.name}': export it there as .otio")
    return Exported(data)


def write(data: Json, opened: Opened, folder: Path) -> Path:
    """Write `data` to the place that this timeline has, wherever its project or name went since."""
    path = _place(opened, folder)
    try:
        durable_write(path, json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        sweep(path.parent, deep=False)
    except (OSError, OutputError) as error:
        raise _unwritable(folder, error) from error
    return path


def project_folder(opened: Opened, folder: Path) -> Path:
    return folder / slug(opened.project_name, fallback="project")


def _place(opened: Opened, folder: Path) -> Path:
    ending = f"-{hashlib.sha256(opened.ident.encode()).hexdigest()[:8]}.otio"
    there = sorted(folder.glob(f"*/*{ending}")) if folder.is_dir() else []
    if there:
        return there[0]
    return project_folder(opened, folder) / f"{slug(opened.name, fallback='timeline')}{ending}"


def _unwritable(folder: Path, error: Exception) -> HostError:
    return HostError(
        f"the timeline cannot be written into '{folder}' ({error}): choose another folder with "
        "hitpoint hosts install resolve --folder DIR"
    )


def audio_tracks(data: Json) -> list[Json]:
    tracks = data.get("tracks")
    return [one for one in children_of(tracks) if noun(one) == "Track" and str(one.get("kind")) == "Audio"]


def signed(data: Json, ours: Ours, rate: Rate) -> Json:
    """`data` with our marks on what is ours, so that its reader never takes earlier music for the editor's,
    and without our markers, which are asked for apart; `data` itself is not changed."""
    data = without_our_markers(data)
    tracks = data.get("tracks")
    by_place = {(one.item.track.index, int(one.item.in_frame)): one for one in ours.clips()}
    by_index = {one.track.index: one for one in ours.tracks}
    children: list[object] = []
    index = 0
    for child in children_of(tracks):
        if noun(child) != "Track" or str(child.get("kind")) != "Audio":
            children.append(child)
            continue
        index += 1
        marked = [
            _marked(item, _stem_metadata(by_place[index, start]))
            if noun(item) == "Clip" and (index, start) in by_place
            else item
            for start, _, item in positions(child, rate)
        ]
        track = {**child, "children": marked} if any(index == key[0] for key in by_place) else child
        ours_here = by_index.get(index)
        if ours_here is not None:
            track = _marked(track, {"schema": TRACK_SCHEMA, "stem": ours_here.stem})
            if not ours_here.touched and not any(one.touched for one in ours_here.clips):
                track = sealed(track, rate)
        children.append(track)
    return {**data, "tracks": {**tracks, "children": children}} if isinstance(tracks, dict) else data


def _marked(item: Json, ours: Json) -> Json:
    return {**item, "metadata": {**(item.get("metadata") or {}), OURS: ours}}


def _stem_metadata(one: OurClip) -> Json:
    return {
        "schema": STEM_SCHEMA,
        "job": one.job,
        "take": one.take,
        "stem": one.placement.stem,
        "cue": one.placement.cue,
    }
