"""Blender's sequencer as `Host` says. In Blender's own thread, and never while a panel is drawn.

The timeline is the scene that the sequencer shows: frame 0 is its start frame, and what lies after its end
frame does not count, since it is not rendered.
"""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Any

from ....engine.errors import OutputError
from ....engine.store.durable import durable_write
from ....engine.types import Span
from ..base import Capabilities, Facts, Glance, HostError, HostMarker, Landed, Landing, Read, Selected
from . import api, otio, placing
from .laid import is_ours
from .markers import markers_of, write
from .pieces import digest
from .strips import read_edit, seen_of
from .table import Idents

_UNSAID = (
    "the file has no place on the disk yet: save it, so that its music lies beside it and is found again"
)
_NO_FILE_NAME = re.compile(r"[^\w .()\-]+")
_MOST_LETTERS = 80


class BlenderHost:
    """`bpy` is Blender's module; timelines of files that were never saved go into `folder_of_unsaved`."""

    def __init__(self, bpy: Any, *, folder_of_unsaved: str) -> None:
        self._bpy = bpy
        self._folder_of_unsaved = folder_of_unsaved
        self._idents = Idents(bpy)
        # (path, bytes, time of the last change) of a movie -> its pictures.
        self._measured: dict[tuple[str, int, int], int | None] = {}

    def facts(self) -> Facts:
        version = self._bpy.app.version_string
        return Facts(
            "blender", f"Blender {version}", version, "extension", platform.python_version(), Capabilities()
        )

    def read(self) -> Read:
        scene = self._scene()
        self._check_local(scene)
        edit = read_edit(self._bpy, scene, self._pictures)
        path = self._path(scene)
        problems = list(edit.problems)
        if not self._bpy.data.filepath:
            problems.append(_UNSAID)
        editors = tuple(one for one in markers_of(scene) if not one.ident)
        self._write(path, otio.timeline(edit, editors))
        return Read(
            path=str(path),
            name=scene.name,
            ident=self._idents.note(scene),
            rate=edit.rate,
            start_frame=max(edit.start_frame, 0),
            frames=edit.frames,
            seen=seen_of(self._bpy, scene),
            problems=tuple(problems),
        )

    def glance(self) -> Glance:
        scene = self._scene()
        strips = [[one.in_frame, one.out_frame_exclusive, one.digest] for one in seen_of(self._bpy, scene)]
        if not strips:
            return Glance("", "")
        notes = [[one.in_frame, one.name] for one in markers_of(scene) if not one.ident]
        frame = [scene.name, str(api.rate_of(scene)), int(scene.frame_start), int(scene.frame_end)]
        return Glance(self._idents.of(scene), digest([frame, strips, notes]))

    def selected(self) -> Selected:
        scene = self._scene()
        start = int(scene.frame_start)
        frames = read_edit(self._bpy, scene, self._pictures).frames
        chosen = [one for one in api.strips(scene) if one.select and not is_ours(one)]
        places = [(times.first - start, times.end - start) for times in map(api.times, chosen)]
        spans = _spans(places, frames)
        if spans:
            return Selected(
                spans, "the selected strip" if len(chosen) == 1 else f"the {len(chosen)} selected strips"
            )
        if scene.use_preview_range:
            place = (scene.frame_preview_start - start, scene.frame_preview_end + 1 - start)
            spans = _spans([place], frames)
            if spans:
                return Selected(spans, "the preview range")
        return Selected(_spans([(0, frames)], frames), "no strip is selected: the whole edit")

    def playhead(self) -> int | None:
        scene = self._scene()
        frame = int(scene.frame_current) - int(scene.frame_start)
        return frame if 0 <= frame < self._frames(scene) else None

    def set_playhead(self, frame: int) -> None:
        scene = self._scene()
        scene.frame_set(frame + int(scene.frame_start))

    def markers(self) -> tuple[HostMarker, ...]:
        return markers_of(self._scene())

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        scene = self._changeable()
        write(scene, markers, idents)

    def place(self, landing: Landing) -> Landed:
        scene = self._changeable()
        if landing.timeline and landing.timeline != self._idents.of(scene):
            raise HostError(
                f"the music is for another timeline than '{scene.name}', which is open: open that and place "
                "it again",
                kind="stale",
            )
        return placing.place(self._bpy, scene, landing)

    def verify(self, job: str) -> tuple[str, ...]:
        return placing.verify(self._bpy, self._scene(), job)

    def remove(self, job: str) -> Landed:
        return placing.remove(self._bpy, self._changeable(), job)

    def save(self) -> None:
        if not self._bpy.data.filepath:
            raise HostError("this file was never saved: save it with a name first")
        try:
            self._bpy.ops.wm.save_mainfile()
        except RuntimeError as error:
            raise HostError(f"Blender could not save the file ({_reason(error)}): save it there") from None

    def close(self) -> None:
        self._measured.clear()

    def _scene(self) -> Any:
        return api.scene_of(self._bpy.context)

    def _changeable(self) -> Any:
        if api.is_rendering(self._bpy):
            raise HostError("Blender renders: try again when it has finished", kind="busy")
        scene = self._scene()
        self._check_local(scene)
        return scene

    def _check_local(self, scene: Any) -> None:
        if scene.library is not None:
            raise HostError(f"the scene '{scene.name}' is linked from another file: open that file")

    def _frames(self, scene: Any) -> int:
        """Up to the last strip inside the scene's range, cheaply: without looking into metas."""
        start = int(scene.frame_start)
        limit = int(scene.frame_end) + 1 - start
        ends = [api.times(one).end - start for one in api.strips(scene) if not is_ours(one)]
        return max(0, min(limit, max(ends, default=0)))

    def _pictures(self, path: str) -> int | None:
        try:
            told = Path(path).stat()
        except OSError:
            return None
        key = (path, told.st_size, told.st_mtime_ns)
        if key not in self._measured:
            self._measured[key] = api.movie_frames(self._bpy, path)
        return self._measured[key]

    def _path(self, scene: Any) -> Path:
        name = _NO_FILE_NAME.sub("_", scene.name)[:_MOST_LETTERS].strip(" .") or "scene"
        if name != scene.name:
            name += f" {digest(scene.name)[:8]}"
        blend = self._bpy.data.filepath
        if blend:
            return Path(blend).parent / "hitpoint" / f"{Path(blend).stem} {name}.otio"
        # Of all files that were never saved: told apart by the scene's own name among timelines.
        return Path(self._folder_of_unsaved) / f"{name} {self._idents.of(scene)[:8]}.otio"

    def _write(self, path: Path, data: bytes) -> None:
        try:
            if path.is_file() and path.read_bytes() == data:
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            durable_write(path, data)
        except OutputError as error:
            raise HostError(str(error)) from None
        except OSError as error:
            raise HostError(
                f"'{path.parent}' cannot be written ({error.strerror}): save the .blend file in a folder of "
                "yours"
            ) from None


def _spans(places: list[tuple[int, int]], frames: int) -> tuple[Span, ...]:
    """Inside the timeline, in time, those that touch as one."""
    out: list[list[int]] = []
    for first, end in sorted((max(first, 0), min(end, frames)) for first, end in places):
        if first >= end:
            continue
        if out and first <= out[-1][1]:
            out[-1][1] = max(out[-1][1], end)
        else:
            out.append([first, end])
    return tuple(Span(first, end) for first, end in out)


def _reason(error: RuntimeError) -> str:
    """Blender's own words: "Error: ..." and a line end around them."""
    return str(error).strip().removeprefix("Error: ")
