"""The worker's side: jobs one by one in the main thread, and beside it a pulse, and an ear for `cancel`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ..errors import Cancelled, UserError
from ..progress import Cancel, Step
from .channel import Channel
from .frames import FrameError, Message
from .life import die_with_parent
from .messages import NO_SUCH_METHOD, EngineError, answer, notice, refusal, refusal_of

_PULSE_S = 1.0
# The channel lets ten a second through; a job's steps are not even put into words more often.
_PROGRESS_S = 0.1
_LAST_WORDS_S = 2.0


class Desk:
    """What a job may say and must hear while it works."""

    def __init__(self, job: str, channel: Channel, count: Callable[[], None]) -> None:
        self.job = job
        self.cancel = Cancel()
        self._channel = channel
        self._count = count
        self._stage = ""
        self._next = 0.0
        self._later: list[Callable[[], object]] = []

    def progress(self, step: Step) -> None:
        """Told at most ten times a second, the newest first, and the beginning and the end of a stage rather
        than its middle."""
        self._count()
        now = time.monotonic()
        if step.stage == self._stage and step.done < step.total and now < self._next:
            return
        self._stage, self._next = step.stage, now + _PROGRESS_S
        told = {"job": self.job, "stage": step.stage, "done": step.done, "total": step.total}
        self._channel.offer("progress", notice("progress", {**told, "text": step.text}))

    def preview(self, path: str, from_s: float, to_s: float) -> None:
        """Sound that can be heard already."""
        told = {"job": self.job, "path": path, "from_s": from_s, "to_s": to_s}
        self._channel.send(notice("preview", told))

    def afterwards(self, call: Callable[[], object]) -> None:
        """Have `call` called once the answer is on its way; not at all when the process ends with it."""
        self._later.append(call)

    def close(self) -> None:
        while self._later:
            self._later.pop(0)()


# What a job does: its params to its result, both small JSON objects.
Work = Callable[[dict[str, Any], Desk], dict[str, Any]]
# Writes a fault into the log and gives its id.
Record = Callable[[BaseException], str]


class Worker:
    """Reads requests from `reads`, answers on `writes`."""

    def __init__(self, table: Mapping[str, Work], reads: int, writes: int, record: Record) -> None:
        self._table = table
        self._record = record
        self._channel = Channel(reads, writes, self._hear)
        self._asked = threading.Condition()
        self._request: Message | None = None
        self._desk: Desk | None = None
        self._steps = 0
        # A fault after which nothing in this process can be relied on: a lost graphics card.
        self._spoiled = False

    def run(self) -> None:
        """Until the process ends: with its stdin."""
        self._channel.start()
        threading.Thread(target=self._pulse, name="pulse", daemon=True).start()
        self._channel.send(notice("ready", {"pid": os.getpid()}))
        while True:
            with self._asked:
                self._asked.wait_for(lambda: self._request is not None)
                message, self._request = self._request, None
                desk = self._desk
                assert message is not None and desk is not None
            reply = self._done(message, desk)
            with self._asked:
                self._desk = None
            self._answer(reply)
            try:
                desk.close()
            except Exception as error:  # the border of the process: the next job is not to blame
                self._record(error)
            if self._spoiled:
                self._channel.flush(_LAST_WORDS_S)
                end_with_children()

    def _done(self, message: Message, desk: Desk) -> Message:
        ident, method = message["id"], str(message.get("method"))
        work = self._table.get(method)
        if work is None:
            return refusal(ident, f"there is no job '{method}'", kind="NoSuchMethod", code=NO_SUCH_METHOD)
        try:
            return answer(ident, work(message["params"], desk))
        except (UserError, Cancelled, EngineError) as error:
            return refusal_of(ident, error, "")
        except Exception as error:  # the border of the process: whatever went wrong becomes an answer
            self._spoiled = self._spoiled or getattr(error, "ends_process", False)
            return refusal_of(ident, error, self._record(error))

    def _answer(self, reply: Message) -> None:
        try:
            self._channel.send(reply)
        except FrameError as error:
            # A result is small, or lies in a file: this one is our mistake, and no reason to die over.
            self._channel.send(refusal_of(reply["id"], error, self._record(error)))

    def _hear(self, message: Message | FrameError | None) -> None:
        if not isinstance(message, dict):
            end_with_children()
            return
        with self._asked:
            if message.get("method") == "cancel":
                desk = self._desk
                if desk is not None and message["params"].get("job") == desk.job:
                    desk.cancel.set()
            elif "id" in message:
                # At once, not when the main thread wakes: a cancel may come right behind.
                self._desk = Desk(str(message["id"]), self._channel, self._counted)
                self._request = message
                self._asked.notify()

    def _counted(self) -> None:
        self._steps += 1

    def _pulse(self) -> None:
        while True:
            self._channel.offer("alive", notice("alive", {"steps": self._steps}))
            time.sleep(_PULSE_S)


def serve(table: Mapping[str, Work], stdio: tuple[int, int], parent: int, record: Record) -> None:
    """Be a worker of process `parent` until it is gone. `stdio` are the pipes, from `own_stdio`."""
    die_with_parent(parent)
    Worker(table, *stdio, record).run()


def end_with_children() -> None:
    """End at once, and all that was started: nobody is there any more who could use it."""
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        with suppress(OSError):
            os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)
