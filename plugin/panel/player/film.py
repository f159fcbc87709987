"""The pictures of a proxy: a folder of `000000.jpg` ... , one a record frame from its in-frame on, of which
`proxy.json` says how many are whole; it may grow meanwhile. They are decoded in a thread, a few ahead in the
direction of travel; when it cannot keep up, the newest wish counts.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage

from ....ui.ports import Proxy

# 640 by 360 in 32 bits is 0.9 MB.
_KEPT = 32
_AHEAD = 8
# How often a proxy that lacks a wanted picture is asked again.
_RECOUNT_S = 0.25


class Film(QObject):
    """`decoded(frame)`: a picture is there; heard in the thread that made the Film."""

    decoded = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self._proxy: Proxy | None = None
        # Counts up with every proxy: pictures of an older one are not kept.
        self._edition = 0
        self._pictures: dict[int, QImage] = {}
        # Cannot be read; asked for again only with a new proxy.
        self._missing: set[int] = set()
        # Pictures that are whole, from the first on; and when that was last looked up.
        self._whole = 0
        self._counted_s = 0.0
        self._wanted: tuple[int, ...] = ()
        self._chosen = _NOTHING
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True, name="player-film")
        self._thread.start()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    def set_proxy(self, proxy: Proxy | None) -> None:
        with self._changed:
            old, self._proxy = self._proxy, proxy
            self._edition += 1
            self._missing.clear()
            self._whole, self._counted_s = proxy.frames if proxy is not None else 0, 0.0
            # A proxy that has grown: what was there is the same.
            if old is None or proxy is None or (old.path, old.in_frame) != (proxy.path, proxy.in_frame):
                self._pictures.clear()
            self._changed.notify_all()

    def picture(self, frame: int) -> QImage | None:
        """Of a record frame, if it is there."""
        return self._pictures.get(frame)

    def want(self, frame: int, step: int = 1, ahead: int = _AHEAD) -> None:
        """`frame` now, and then every `step`th after it (before it, where `step` is below 0)."""
        wanted = tuple(frame + step * index for index in range(ahead + 1))
        if wanted != self._wanted:
            with self._changed:
                self._wanted = wanted
                self._changed.notify_all()

    def _run(self) -> None:
        while (edition := self._next()) is not None:
            frame, path = self._chosen
            if frame is None:
                self._count(path, edition)
                continue
            picture = QImage(str(path))
            with self._changed:
                if edition != self._edition:
                    continue
                if picture.isNull():
                    self._missing.add(frame)
                    continue
                self._pictures[frame] = picture
                self._make_room()
            self.decoded.emit(frame)

    def _next(self) -> int | None:
        """Wait for something to do, which is then `_chosen`; the edition that it belongs to."""
        with self._changed:
            while not self._closing:
                lacking = self._choose()
                if self._chosen is not _NOTHING:
                    return self._edition
                self._changed.wait(_RECOUNT_S if lacking else None)
        return None

    def _choose(self) -> bool:
        """A picture to decode; or the proxy, to be counted again. Whether a wanted picture is lacking."""
        self._chosen = _NOTHING
        proxy = self._proxy
        if proxy is None:
            return False
        lacking = False
        for frame in self._wanted:
            inside = proxy.in_frame <= frame < proxy.out_frame_exclusive
            if not inside or frame in self._pictures or frame in self._missing:
                continue
            index = frame - proxy.in_frame
            if index < self._whole:
                self._chosen = frame, Path(proxy.path) / f"{index:06d}.jpg"
                return False
            lacking = True
        if lacking and time.monotonic() - self._counted_s >= _RECOUNT_S:
            self._chosen = None, Path(proxy.path) / "proxy.json"
        return lacking

    def _count(self, path: Path, edition: int) -> None:
        """How far the proxy has grown."""
        try:
            whole = int(json.loads(path.read_bytes())["frames"])
        except (OSError, ValueError, KeyError, TypeError):
            # Just being replaced, or gone: asked again.
            whole = 0
        with self._changed:
            self._counted_s = time.monotonic()
            if edition == self._edition:
                self._whole = max(self._whole, whole)

    def _make_room(self) -> None:
        for old in [each for each in self._pictures if each not in self._wanted]:
            if len(self._pictures) <= _KEPT:
                return
            del self._pictures[old]


_NOTHING: tuple[int | None, Path] = (None, Path())
