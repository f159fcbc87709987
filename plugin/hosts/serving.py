"""The program's side of the pipes: the panel is started as a child, and what it asks is answered in the one
thread that may talk with the program. Standard library only.

A script of DaVinci Resolve answers in its main thread until the panel ends (`serve_forever`), an extension of
Blender whenever its timer calls (`open_panel`, then `step`).
"""

from __future__ import annotations

import queue
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from ...engine.errors import OutputError
from ...engine.log import record
from ...engine.worker.channel import Channel
from ...engine.worker.frames import FrameError, Message
from ...engine.worker.messages import notice, refusal
from .base import Host, HostError
from .child import Child
from .door import Door
from .wire import END, FAULT, RAISE_WINDOW, answer, is_over, trace_of

# Who asks more at once than we hear has to wait, and nothing grows.
_MOST_WAITING = 64
# A second click at the menu is seen within this.
_LOOK_S = 0.2
_LAST_WORDS_S = 1.0
# A panel that has closed its pipes ends within this, or lives on without us.
_END_S = 2.0


def panel_words(python: str, name: str) -> list[str]:
    """What starts the panel for the program `name` ("resolve", "blender"); `python` is the engine's own
    interpreter, absolute."""
    return [python, "-I", "-m", "hitpoint.plugin.cli", "panel", "--host", name, "--connected"]


def open_panel(
    host: Host, python: str, name: str, *, many: bool = False, more: Mapping[str, str] | None = None
) -> Serving:
    """Start the panel with the engine's interpreter `python`; `many` for a program of which several may run.

    HostError, "busy": the panel that runs already was asked to come to the front; "refused": it cannot be
    started, or not be noted.
    """
    door = Door(name, many=many)
    try:
        if door.take():
            return Serving(host, panel_words(python, name), door=door, more=more)
    except OSError as error:
        door.close()
        text = f"the panel could not be started with '{python}' ({error.strerror})"
        raise HostError(f"{text}: run 'hitpoint hosts install {name}' again") from error
    except OutputError as error:
        door.close()
        raise HostError(str(error)) from error
    raise HostError(door.refused, kind="busy")


class Answering:
    """Answers what comes from descriptor `reads` on `writes`; both belong to it."""

    def __init__(self, host: Host, reads: int, writes: int) -> None:
        self._host = host
        self._heard: queue.Queue[Message | FrameError | None] = queue.Queue(_MOST_WAITING)
        self._closed = False
        self._channel = Channel(reads, writes, self._hear)
        self._channel.start()

    @property
    def alive(self) -> bool:
        """Whether somebody may still ask."""
        return not self._closed

    def serve_forever(self) -> None:
        """Until who asks has gone, or the program has. In the thread that may talk with the program."""
        while self.alive:
            # Never for ever: Windows lets no Ctrl-C through to who waits so.
            with suppress(queue.Empty):
                self._serve(self._heard.get(timeout=_LOOK_S))
            self._look()

    def step(self, most_s: float = 0.02) -> bool:
        """Answer what waits, and begin nothing more after `most_s` seconds; never wait. Whether it is to be
        called again. In the thread that may talk with the program."""
        until = time.monotonic() + most_s
        while self.alive:
            try:
                message = self._heard.get_nowait()
            except queue.Empty:
                break
            self._serve(message)
            if time.monotonic() >= until:
                break
        self._look()
        return self.alive

    def let_go(self) -> None:
        """Have no more asked: the panel sees the end of the pipe, and goes on without the program. Again:
        nothing."""
        self._closed = True
        self._channel.flush(_LAST_WORDS_S)
        self._channel.close()

    def _look(self) -> None:
        """Whatever else is to be seen to between two answers."""

    def _answer(self, message: Message) -> Message:
        return answer(self._host, message)

    def _serve(self, message: Message | FrameError | None) -> None:
        if isinstance(message, FrameError):
            record("what was asked makes no sense", {"how": str(message)})
        if not isinstance(message, dict):
            self.let_go()
            return
        if "id" not in message:
            # A notice: none is known yet, and a newer panel may send some.
            return
        reply = self._answer(message)
        trace = trace_of(reply)
        if trace:
            logged = record("fault at the program", {"what": str(message.get("method")), "trace": trace})
            reply["error"]["data"]["log_id"] = logged
        try:
            self._channel.send(reply)
        except FrameError as error:
            text = f"the answer to '{message['method']}' cannot be sent ({error})"
            self._channel.send(refusal(message["id"], text, kind=FAULT))
        if is_over(reply):
            self.let_go()

    def _hear(self, message: Message | FrameError | None) -> None:
        while not self._closed:
            with suppress(queue.Full):
                self._heard.put(message, timeout=_LOOK_S)
                return


class Serving(Answering):
    """Starts the panel, and answers it."""

    def __init__(
        self,
        host: Host,
        words: Sequence[str],
        *,
        door: Door | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """`words` start the panel (`panel_words`), in a clean environment and `more`; `door` was taken, is
        watched for further clicks, and closed at the end. OSError when it cannot be started, OutputError
        when it cannot be noted."""
        # Not tied to us: a panel whose program has ended keeps its work open.
        self._child = Child(words, tied=False, more=more)
        self._door = door
        self._ending = False
        # When the pipes ended, monotonic seconds.
        self._over_s = float("inf")
        super().__init__(host, self._child.reads, self._child.writes)
        if door is not None:
            try:
                door.tell(self._child.pid)
            except BaseException:
                self.end()
                raise

    @property
    def pid(self) -> int:
        """Of the panel."""
        return self._child.pid

    def raise_window(self) -> None:
        """Have the panel come to the front."""
        if self.alive:
            self._channel.send(notice(RAISE_WINDOW, {}))

    def step(self, most_s: float = 0.02) -> bool:
        """As above; for a moment still when the panel has gone, so that it is known how it ended."""
        return super().step(most_s) or (self._child.runs and self._left_s() > 0)

    def end(self) -> None:
        """End the panel: it is asked to save and end, and killed with all that it started when it has not
        done so in 2 seconds. Again: nothing."""
        self._ending = True
        if self.alive:
            self._channel.send(notice(END, {}))
            self.let_go()
        self._child.end()

    def let_go(self) -> None:
        super().let_go()
        self._over_s = min(self._over_s, time.monotonic())
        if self._door is not None:
            self._door.close()

    def problem(self) -> str:
        """When the panel has ended: what went wrong with it, one sentence; "" when nothing did, or when it
        was let go of and lives. Waits for a moment where `step` was not called until it said no."""
        if self.alive or self._ending:
            return ""
        return self._child.problem("the panel", max(0.0, self._left_s()))

    def _left_s(self) -> float:
        """For how long the end of a panel that has gone is still waited for."""
        return self._over_s + _END_S - time.monotonic()

    def _answer(self, message: Message) -> Message:
        door = self._door
        told = {"note": str(door.note), "token": door.token} if door is not None else {}
        return answer(self._host, message, hello=told)

    def _look(self) -> None:
        if self._door is not None and self._door.knocked():
            self.raise_window()
