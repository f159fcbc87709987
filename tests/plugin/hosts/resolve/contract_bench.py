"""The project that the assertions of `contract` are tried in. Standard library only."""

from __future__ import annotations

import contextlib
import json
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAME = "hitpoint-contract"
RATE, HOUR = 24, 86_400
CHECKS: dict[str, Callable[[Bench], None]] = {}


def check(act: Callable[[Bench], None]) -> Callable[[Bench], None]:
    CHECKS[act.__name__] = act
    return act


def wav(path: Path, seconds: int = 10, timecode_s: int | None = None) -> str:
    """Silence at 48 kHz in stereo; with a broadcast wave's timecode."""
    data = bytes(seconds * 48_000 * 4)
    chunks = [(b"fmt ", struct.pack("<HHIIHH", 1, 2, 48_000, 192_000, 4, 16)), (b"data", data)]
    if timecode_s is not None:
        chunks.insert(1, (b"bext", bytes(338) + struct.pack("<Q", timecode_s * 48_000) + bytes(256)))
    body = b"".join(name + struct.pack("<I", len(part)) + part for name, part in chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)
    return str(path)


class Bench:
    """A project of our own, with a new timeline for every check."""

    def __init__(self, resolve: Any, folder: Path) -> None:
        self.resolve = resolve
        self.folder = folder
        self.manager = resolve.GetProjectManager()
        self.project: Any = None
        self.pool: Any = None
        self.timeline: Any = None
        self.number = 0

    @property
    def version(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.resolve.GetVersion()[:3])

    def new_timeline(self) -> Any:
        self.number += 1
        self.timeline = self.pool.CreateEmptyTimeline(f"{NAME} {self.number}")
        self.project.SetCurrentTimeline(self.timeline)
        return self.timeline

    def sound(self, name: str = "sound.wav") -> Any:
        """An imported WAV of ten seconds."""
        path = self.folder / name
        if not path.exists():
            wav(path)
        (item,) = self.pool.ImportMedia([str(path)])
        return item

    def track(self) -> int:
        """A new stereo track."""
        self.timeline.AddTrack("audio", {"audioType": "stereo"})
        return int(self.timeline.GetTrackCount("audio"))

    def append(self, track: int, **other: Any) -> Any:
        """48 frames from the file's 12th at record frame 96."""
        plan = {"mediaPoolItem": self.sound(), "startFrame": 12, "endFrame": 60, "mediaType": 2}
        plan |= {"trackIndex": track, "recordFrame": HOUR + 96}
        return self.pool.AppendToTimeline([plan | other])

    def items(self, track: int) -> list[Any]:
        return list(self.timeline.GetItemListInTrack("audio", track) or [])

    def placed(self) -> Any:
        track = self.track()
        self.append(track)
        (item,) = self.items(track)
        return item

    def exported(self) -> Any:
        """The JSON of the current timeline with one item."""
        self.placed()
        path = self.folder / f"export{self.number}.otio"
        assert self.timeline.Export(str(path), self.resolve.EXPORT_OTIO) is True
        return json.loads(path.read_text(encoding="utf-8"))

    def imports(self, data: Any, name: str = "", path: str = "") -> Any:
        self.number += 1
        target = self.folder / f"import{self.number}.otio"
        target.write_text(json.dumps(data), encoding="utf-8")
        options = {"timelineName": name or f"{NAME} {self.number}", "importSourceClips": True}
        return self.pool.ImportTimelineFromFile(path or str(target), options)


@contextlib.contextmanager
def bench(resolve: Any) -> Iterator[Bench]:
    """A project of our own, deleted at the end, whatever happened."""
    with tempfile.TemporaryDirectory(prefix=NAME) as folder:
        at = Bench(resolve, Path(folder))
        before = at.manager.GetCurrentProject()
        name = before.GetName() if before else ""
        at.project = at.manager.CreateProject(NAME)
        if at.project is None:
            raise RuntimeError(f"the project '{NAME}' cannot be made: delete the one of that name")
        try:
            at.project.SetSetting("timelineFrameRate", str(RATE))
            at.pool = at.project.GetMediaPool()
            yield at
        finally:
            at.manager.SaveProject()
            if not name or not at.manager.LoadProject(name):
                at.manager.CloseProject(at.project)
            at.manager.DeleteProject(NAME)
