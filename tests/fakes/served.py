"""A program behind real pipes, served by a thread of this process: for a connected panel in a test.

served = Served(MadeHost(folder, otio=..., items=...))
make_panel(beside=Beside("resolve", served.stdio))
with served.busy:       while this is held, it answers nothing
served.end()            as when its process dies
"""

from __future__ import annotations

import os
import threading
from typing import Generic, TypeVar

from hitpoint.engine.worker.frames import Decoder, encode
from hitpoint.plugin.hosts.base import Host
from hitpoint.plugin.hosts.wire import answer

H = TypeVar("H", bound=Host)


class Served(Generic[H]):
    def __init__(self, host: H) -> None:
        self.host = host
        self.busy = threading.Lock()
        self._reads, theirs = os.pipe()
        mine, self._writes = os.pipe()
        # Of the panel, who closes them.
        self.stdio = (mine, theirs)
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._serve, name="served", daemon=True)
        self._thread.start()

    def end(self) -> None:
        with self._lock:
            if not self._ended:
                self._ended = True
                os.close(self._writes)

    def join(self) -> None:
        """When the panel has closed."""
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        decoder = Decoder()
        while data := os.read(self._reads, 1 << 16):
            for message in decoder.feed(data):
                with self.busy:
                    told = encode(answer(self.host, message))
                with self._lock:
                    if not self._ended:
                        os.write(self._writes, told)
        os.close(self._reads)
        self.end()
