"""Calls of the editor's program from a thread of their own, one after the other: any of them may wait for as
long as a dialog is open there.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from ...engine.errors import HitpointError, Problem
from ...engine.log import record_fault
from ...ui.task import Task
from ..hosts.base import HostError
from .queue import Post

# A call that does not come back when the program was let go of is left to end by itself.
_END_S = 1.0
_ENDED = 16


@dataclass(slots=True, eq=False)
class _Call:
    task: Task
    work: Callable[[], Any]
    made: Callable[[Any], object]
    held: ExitStack = field(default_factory=ExitStack)


class Calls:
    """Belongs to the interface's thread, in which tasks begin and end."""

    def __init__(self) -> None:
        self._post = Post()
        self._change = threading.Condition()
        self._waiting: deque[_Call] = deque()
        self._running: _Call | None = None
        self._thread: threading.Thread | None = None
        self._over = False
        self._live: set[Task] = set()
        # A QObject must not die in the other thread, which may hold it a moment longer.
        self._ended: deque[Task] = deque(maxlen=_ENDED)

    @property
    def idle(self) -> bool:
        with self._change:
            return self._running is None and not self._waiting

    def put(
        self, what: str, work: Callable[[], Any], made: Callable[[Any], object] = lambda result: result
    ) -> Task:
        """`work` is called in the thread; what `made`, called here, makes of its result is the task's. A task
        that is cancelled ends at once; a call that has begun goes on, unheard."""
        task = Task(what)
        call = _Call(task, work, made)
        self._live.add(task)
        with self._change:
            over = self._over
            if not over:
                self._waiting.append(call)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="host", daemon=True)
                    self._thread.start()
                self._change.notify()
        if over:
            self._end(call, task.give_up)
        else:
            call.held.enter_context(task.flag.calling(lambda: self._drop(call)))
        return task

    def close(self) -> None:
        """Take no more. What waits or runs ends as cancelled."""
        with self._change:
            self._over = True
            self._waiting.clear()
            self._change.notify()
        if self._thread is not None:
            self._thread.join(_END_S)
        self._post.close()
        for task in list(self._live):
            task.give_up()
        self._live.clear()

    def _drop(self, call: _Call) -> None:
        with self._change:
            if call in self._waiting:
                self._waiting.remove(call)
        self._post.send(lambda: self._end(call, call.task.give_up))

    def _run(self) -> None:
        while True:
            with self._change:
                self._running = None
                self._change.wait_for(lambda: self._waiting or self._over)
                if self._over:
                    return
                call = self._running = self._waiting.popleft()
            self._do(call)
            # Nothing of it stays in this thread while there is nothing else to do.
            del call

    def _do(self, call: _Call) -> None:
        task = call.task
        self._post.send(lambda: task.begin() if task.state == "waiting" else None)
        try:
            result = call.work()
        except (HostError, HitpointError) as error:
            problem = Problem(_kind(error), str(error))
            self._post.send(lambda: self._end(call, lambda: task.fail(problem)))
        except Exception as error:  # noqa: BLE001  the thread's border: whatever it was becomes an answer
            fault = Problem("HostFault", f"{type(error).__name__}: {error}")
            log_id = record_fault(error)
            self._post.send(lambda: self._end(call, lambda: task.fail(fault, log_id)))
        else:
            self._post.send(lambda: self._end(call, lambda: _finish(call, result)))

    def _end(self, call: _Call, end: Callable[[], object]) -> None:
        end()
        call.held.close()
        task = call.task
        self._live.discard(task)
        for signal in (task.started, task.progress, task.heard, task.done, task.failed, task.cancelled):
            if task.receivers(signal):
                signal.disconnect()
        self._ended.append(task)


def _kind(error: Exception) -> str:
    return error.kind if isinstance(error, HostError) else type(error).__name__


def _finish(call: _Call, result: object) -> None:
    # What nobody waits for any more has no effect either.
    if not call.task.ended:
        call.task.finish(call.made(result))
