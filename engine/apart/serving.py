"""The reader's side of a media reader. Every request has one answer, in the order of the requests:

    open {stream, what, with}   the stream's first item
    next {stream}               its next item
    close {stream}              closed

An item that there is not is `end`; a file that is refused is `refused`, with the sentence. While a request
takes long, `alive` says that packets are still being read.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

from ..audio.reading import sound_items
from ..errors import InputError
from ..picture.reading import frame_items, probe_items, shown_items
from . import fence, wire
from .watch import Watch

_PULSE_S = 1.0

Item = tuple[wire.Header, list[wire.Array]]
_Opener = Callable[[dict[str, Any], Watch], Generator[Item]]

_OPENERS: dict[str, _Opener] = {
    "probe": probe_items,
    "frames": frame_items,
    "shown": shown_items,
    "sound": sound_items,
}


class _Dropped(BaseException):
    """Nobody wants the stream's next item any more."""


def serve(reads: int, writes: int) -> None:
    """Answer what comes from descriptor `reads`, until that ends: then this process does."""
    _Server(reads, writes).serve()


class _Server(Watch):
    def __init__(self, reads: int, writes: int) -> None:
        self._source = os.fdopen(reads, "rb")
        self._out = os.fdopen(writes, "wb")
        self._requests: queue.SimpleQueue[wire.Header] = queue.SimpleQueue()
        self._streams: dict[int, Generator[Item]] = {}
        # Streams whose close has come, but not its turn.
        self._unwanted: set[int] = set()
        self._now = 0
        self._told = 0.0

    def serve(self) -> None:
        threading.Thread(target=self._listen, name="requests", daemon=True).start()
        wire.write(self._out, {"ready": os.getpid()})
        while True:
            request = self._requests.get()
            stream = request["stream"]
            fence.renew()
            if request["do"] == "close":
                self._close(stream)
                self._unwanted.discard(stream)
                wire.write(self._out, {"stream": stream, "closed": True})
                continue
            if request["do"] == "open":
                self._streams[stream] = _OPENERS[request["what"]](request["with"], self)
            header, arrays = self._item(stream)
            wire.write(self._out, {**header, "stream": stream}, arrays)

    def alive(self) -> None:
        if self._now in self._unwanted:
            raise _Dropped
        if time.monotonic() - self._told > _PULSE_S:
            wire.write(self._out, {"alive": self._now})
            self._told = time.monotonic()

    def room(self, pixels: int) -> None:
        fence.renew(pixels)

    def _item(self, stream: int) -> Item:
        self._now, self._told = stream, time.monotonic()
        try:
            item = next(self._streams[stream], None) if stream in self._streams else None
        except InputError as error:
            item = {"refused": str(error)}, []
        except _Dropped:
            item = None
        return item or ({"end": True}, [])

    def _close(self, stream: int) -> None:
        items = self._streams.pop(stream, None)
        if items is not None:
            items.close()

    def _listen(self) -> None:
        try:
            while (message := wire.read(self._source)) is not None:
                request = message[0]
                if request["do"] == "close":
                    self._unwanted.add(request["stream"])
                self._requests.put(request)
        finally:
            # The parent is gone: whatever is being decoded is wanted by nobody.
            os._exit(0)
