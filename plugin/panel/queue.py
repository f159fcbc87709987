"""Work of the panel that waits for an engine: one thread and one engine a lane, one piece after the other.

Tasks live in the interface's thread; what a lane has to say to them goes there through `Post`.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from ...engine.errors import Cancelled, HitpointError, Problem
from ...engine.log import record_fault
from ...engine.progress import Cancel, Heard, Progress
from ...engine.worker.messages import EngineError
from ...ui.task import Task
from ..client import Client

# An engine that was asked to end is done within this, or it is killed.
_END_S = 5.0


class Post(QObject):
    """Has things done in the thread that it was made in."""

    _sent = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open = True
        # The stubs know one argument only.
        self._sent.connect(self._deliver, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]

    def send(self, call: Callable[[], object]) -> None:
        """`call` is called there soon, in the order in which it was sent. From any thread."""
        if self._open:
            self._sent.emit(call)

    def close(self) -> None:
        """Nothing is delivered any more."""
        self._open = False

    def _deliver(self, call: Callable[[], object]) -> None:
        if self._open:
            call()


@dataclass(slots=True)
class Ask:
    """What a piece of work asks its engine with."""

    client: Client
    progress: Progress
    heard: Heard
    cancel: Cancel

    def do(self, method: str, params: dict[str, Any], *, job: str = "") -> dict[str, Any]:
        """As `Client.do`; without an id of its own, the job has a new one."""
        return self.client.do(
            method,
            job or secrets.token_hex(16),
            params,
            progress=self.progress,
            heard=self.heard,
            cancel=self.cancel,
        )


@dataclass(slots=True, eq=False)
class Piece:
    """`work` runs in the lane's thread; its result is the task's.

    gives_way   it may be stopped for others and begun again, since it keeps what it did
    urgent      it is done before all that waits
    """

    task: Task
    work: Callable[[Ask], object]
    heard: Callable[[Task, str, float, float], object]
    gives_way: bool = False
    urgent: bool = False
    # Set to have it step back.
    aside: Cancel | None = None
    held: ExitStack = field(default_factory=ExitStack)


class Lane:
    """Pieces of work in the order in which they came. What gives way waits until nothing else does."""

    def __init__(
        self, name: str, post: Post, client: Callable[[], Client], ended: Callable[[Task], object]
    ) -> None:
        """`ended` is called in the interface's thread, of every task that has."""
        self._name = name
        self._post = post
        self._ended = ended
        self._make_client = client
        self._client: Client | None = None
        self._change = threading.Condition()
        self._waiting: deque[Piece] = deque()
        self._running: Piece | None = None
        self._thread: threading.Thread | None = None
        self._over = False

    def put(self, piece: Piece) -> None:
        """In the interface's thread."""
        with self._change:
            if self._over:
                self._close(piece.task, piece.task.give_up)
                return
            if piece.urgent:
                self._waiting.appendleft(piece)
            else:
                self._waiting.append(piece)
            running = self._running
            if running is not None and running.aside is not None and not piece.gives_way:
                running.aside.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._change.notify()
        # What is cancelled while it waits ends at once.
        piece.held.enter_context(piece.task.flag.calling(lambda: self.drop(piece.task)))

    def drop(self, task: Task) -> None:
        """Take a task that still waits off the list; it ends as cancelled. Nothing for one that runs."""
        with self._change:
            found = [piece for piece in self._waiting if piece.task is task]
            for piece in found:
                self._waiting.remove(piece)
                piece.held.close()
        if found:
            self._close(task, task.give_up)

    def end(self) -> list[Task]:
        """Take no more, and end the engine; the tasks that had not ended. In the interface's thread."""
        with self._change:
            self._over = True
            left = [piece.task for piece in self._waiting]
            for piece in self._waiting:
                piece.held.close()
            self._waiting.clear()
            if self._running is not None:
                left.append(self._running.task)
            client, self._client = self._client, None
            self._change.notify()
        if client is not None:
            threading.Thread(target=client.end, name=f"{self._name} ends", daemon=True).start()
        return left

    def join(self) -> None:
        """Wait for the thread's end, a moment."""
        if self._thread is not None:
            self._thread.join(_END_S)

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._over)
                if self._over:
                    return
                piece = next((one for one in self._waiting if not one.gives_way), self._waiting[0])
                self._waiting.remove(piece)
                self._running = piece
                if piece.gives_way:
                    piece.aside = Cancel()
                if self._client is None:
                    self._client = self._make_client()
                client = self._client
            again = self._do(piece, client)
            with self._change:
                self._running = None
                if again and not self._over:
                    self._waiting.appendleft(piece)
                else:
                    piece.held.close()
            # Nothing of it stays in this thread while there is nothing else to do.
            del piece

    def _do(self, piece: Piece, client: Client) -> bool:
        """Whether it stepped aside and is to be done again."""
        task, post = piece.task, self._post
        if task.flag.asked:
            self._close(task, task.give_up)
            return False
        post.send(lambda: task.begin() if task.state == "waiting" else None)
        stop = Cancel()
        ask = Ask(
            client,
            lambda step: post.send(lambda: task.step_to(step)),
            lambda path, from_s, to_s: post.send(lambda: piece.heard(task, path, from_s, to_s)),
            stop,
        )
        aside = piece.aside or Cancel()
        try:
            with task.flag.calling(stop.set), aside.calling(stop.set):
                result = piece.work(ask)
        except Cancelled:
            if aside.asked and not task.flag.asked:
                return True
            self._close(task, task.give_up)
        except HitpointError as error:
            kind = error.kind if isinstance(error, EngineError) else type(error).__name__
            log_id = error.log_id if isinstance(error, EngineError) else ""
            problem = Problem(kind, str(error))
            self._close(task, lambda: task.fail(problem, log_id))
        except Exception as error:  # noqa: BLE001  the thread's border: whatever it was becomes an answer
            fault = Problem("EngineFault", f"{type(error).__name__}: {error}")
            log_id = record_fault(error)
            self._close(task, lambda: task.fail(fault, log_id))
        else:
            self._close(task, lambda: task.finish(result))
        return False

    def _close(self, task: Task, call: Callable[[], object]) -> None:
        self._post.send(call)
        self._post.send(lambda: self._ended(task))
