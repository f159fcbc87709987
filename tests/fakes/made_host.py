"""A program with a timeline, in memory: a `Host` whose edit changes when the test says so.

As a program, `python made_host.py FOLDER [SWITCHES [WORD...]]`, it is asked over its stdin and stdout, or by
the panel that WORD... start, the one of this program; SWITCHES is a JSON object of what `MadeHost` is made
with.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement, Span
from hitpoint.plugin.hosts.base import (
    Capabilities,
    Facts,
    Glance,
    HostError,
    HostMarker,
    Landed,
    Landing,
    Read,
    Seen,
    Selected,
    touching,
)

TITLE = "Made Editor 1.0"
# The panel, whose environment is clean, needs none for its window.
_SCREEN = {"QT_QPA_PLATFORM": "offscreen"}


@dataclass
class Track:
    """One of ours."""

    name: str
    job: str
    placements: list[Placement]
    touched: bool = False
    enabled: bool = True


@dataclass
class MadeHost:
    """`edit` the items, `otio` is what `read` writes; all else may be set from outside, too.

    hangs_s   every call takes so long
    prints    every call prints, by Python and by C
    fails     calls of that name raise what no host should
    refuses   calls of that name raise HostError, with that kind
    """

    folder: Path
    ident: str = "timeline-1"
    name: str = "made"
    otio: bytes = b'{"OTIO_SCHEMA": "Timeline.1"}'
    rate: Rate = field(default_factory=lambda: Rate(24))
    start_frame: int = 86_400
    items: int = 4
    hangs_s: float = 0.0
    prints: bool = False
    fails: str = ""
    refuses: dict[str, str] = field(default_factory=dict)
    capabilities: Capabilities = field(default_factory=Capabilities)
    tracks: list[Track] = field(default_factory=list)
    hits: list[HostMarker] = field(default_factory=list)
    spans: tuple[Span, ...] = ()
    at: int | None = 0
    saved: int = 0
    closed: bool = False
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # The editor's own.
        self.hits.append(HostMarker("", 12, 13, "check this", "", "Red"))
        self.seen = [self._item(at, "first") for at in range(self.items)]

    def edit(self, index: int = 0, what: str = "trimmed") -> None:
        """Have the item changed."""
        self.seen[index] = self._item(index, what)

    def facts(self) -> Facts:
        return Facts(
            "resolve", TITLE, "1.0", "script", platform.python_version(), self.capabilities, ("a note",)
        )

    def read(self) -> Read:
        self._called("read")
        path = self.folder / f"{self.ident}.otio"
        path.write_bytes(self.otio)
        seen, problems = tuple(self.seen), ("one is missing",)
        frames = 24 * len(seen)
        return Read(
            os.fspath(path), self.name, self.ident, self.rate, self.start_frame, frames, seen, problems
        )

    def glance(self) -> Glance:
        self._called("glance")
        # Like some programs, it cannot tell our tracks from others so quickly.
        counted = repr((self.seen, len(self.tracks)))
        return Glance(self.ident, hashlib.sha256(counted.encode()).hexdigest()[:12])

    def selected(self) -> Selected:
        self._called("selected")
        if self.spans:
            return Selected(self.spans, "the selected clips")
        return Selected((Span(0, 24 * len(self.seen)),), "nothing is selected: the whole timeline")

    def playhead(self) -> int | None:
        self._called("playhead")
        return self.at

    def set_playhead(self, frame: int) -> None:
        self._called("set_playhead")
        self.at = frame

    def markers(self) -> tuple[HostMarker, ...]:
        self._called("markers")
        return tuple(self.hits)

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        self._called("write_markers")
        self.hits = [one for one in self.hits if not (one.ident and one.ident.startswith(idents))]
        self.hits += markers

    def place(self, landing: Landing) -> Landed:
        self._called("place")
        if any(track.job == landing.job for track in self.tracks):
            return Landed(tuple(track.name for track in self.tracks if track.job == landing.job))
        if landing.timeline != self.ident:
            raise HostError("another timeline is open there: open the one that was scored", kind="stale")
        if touching(landing.seen, landing.spans) != touching(tuple(self.seen), landing.spans):
            raise HostError("the edit under the music has changed: read it again", kind="stale")
        gone = [track for track in self.tracks if not track.touched]
        kept = [track for track in self.tracks if track.touched]
        self.tracks = [replace(track, enabled=False) for track in kept]
        stems: dict[str, list[Placement]] = {}
        for one in landing.placements:
            stems.setdefault(one.stem, []).append(one)
        taken = {track.name for track in kept}
        for stem, placements in stems.items():
            name = f"Stem: {stem}"
            self.tracks.append(Track(f"{name} v2" if name in taken else name, landing.job, placements))
        for marker in landing.markers:
            self.hits.append(marker)
        added = tuple(track.name for track in self.tracks if track.job == landing.job)
        return Landed(added, tuple(one.name for one in gone), tuple(one.name for one in kept))

    def verify(self, job: str) -> tuple[str, ...]:
        self._called("verify")
        found = [track for track in self.tracks if track.job == job]
        if not found:
            return (f"nothing is placed as {job}",)
        return tuple(f"'{track.name}' was moved" for track in found if track.touched)

    def remove(self, job: str) -> Landed:
        self._called("remove")
        kept = tuple(track.name for track in self.tracks if track.job == job and track.touched)
        gone = tuple(track.name for track in self.tracks if track.job == job and not track.touched)
        self.tracks = [track for track in self.tracks if track.job != job or track.touched]
        return Landed((), gone, kept)

    def save(self) -> None:
        self._called("save")
        self.saved += 1

    def close(self) -> None:
        self.closed = True

    def _item(self, index: int, what: str) -> Seen:
        digest = hashlib.sha256(f"{index} {what}".encode()).hexdigest()
        return Seen(24 * index, 24 * index + 24, digest)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.prints:
            print(f"{name} is called", flush=True)
            libc = ctypes.CDLL(None)
            libc.puts(b"and C says so, too")
            libc.fflush(None)
        if self.hangs_s:
            time.sleep(self.hangs_s)
        if name == self.fails:
            raise AttributeError(f"'NoneType' object has no attribute '{name}'")
        if name in self.refuses:
            raise HostError(f"the program does not {name} now: try again", kind=self.refuses[name])  # type: ignore[arg-type]


def main() -> None:
    from hitpoint.engine.worker.channel import own_stdio

    stdio = own_stdio()
    from hitpoint.plugin.hosts.door import Door
    from hitpoint.plugin.hosts.serving import Answering, Serving

    folder, switches, *words = [*sys.argv[1:], "{}"][: max(2, len(sys.argv) - 1)]
    host = MadeHost(Path(folder), **json.loads(switches))
    if not words:
        Answering(host, *stdio).serve_forever()
    else:
        with Door("resolve") as door:
            taken = door.take()
            os.write(stdio[1], f"{door.refused or 'taken'}\n".encode())
            if taken:
                Serving(host, words, door=door, more=_SCREEN).serve_forever()
                os.write(stdio[1], b"over\n")
    host.close()


if __name__ == "__main__":
    main()
