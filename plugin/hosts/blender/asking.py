"""The engine, asked from a program that must never wait: one thread of ours talks with it, and what it has to
say lies in a queue until the program looks. Standard library only.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ....engine.errors import Cancelled, HitpointError
from ....engine.log import record_fault
from ....engine.progress import Cancel, Step
from ....engine.worker.messages import CRASHED, QUARANTINED, STOPPED, EngineError
from ...client import Client

# An engine that nobody asks anything is ended after this; the next question starts another.
_IDLE_S = 300.0
# What it takes at most until a thread that was asked to end has.
_END_S = 4.0

# step        how far a job is
# told        what became of the engine, a sentence
# done        its result
# failed      one sentence
# cancelled   as it was asked to
Kind = Literal["step", "told", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class News:
    """`job` is the id that it was asked under."""

    job: str
    kind: Kind
    text: str = ""
    step: Step | None = None
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    python: str
    method: str
    job: str
    params: dict[str, Any]
    cancel: Cancel


MakeClient = Callable[[str, Callable[[str], None]], Client]


def _client(python: str, told: Callable[[str], None]) -> Client:
    return Client(python=python, told=told)


class Asking:
    """Jobs are done one after the other. All methods return at once; `news` is emptied by who asked."""

    def __init__(self, make_client: MakeClient = _client) -> None:
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._asked: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._make_client = make_client
        self._client: Client | None = None
        self._python = ""
        self._thread: threading.Thread | None = None
        self._cancels: dict[str, Cancel] = {}
        self._job = ""
        self._over = False

    def ask(self, python: str, method: str, job: str, params: dict[str, Any]) -> None:
        """`python` is the engine's interpreter; news of it come under `job`."""
        cancel = self._cancels[job] = Cancel()
        self._asked.put(_Asked(python, method, job, params, cancel))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hitpoint engine", daemon=True)
            self._thread.start()

    def cancel(self, job: str) -> None:
        """Nothing for a job that has ended."""
        cancel = self._cancels.get(job)
        if cancel is not None:
            cancel.set()

    @property
    def is_at_work(self) -> bool:
        """Whether anything asked has not ended."""
        return bool(self._cancels)

    def end(self) -> None:
        """End the engine and the thread: pipes are closed, and what does not end then is killed. Waits for
        that, four seconds at most."""
        self._over = True
        for cancel in list(self._cancels.values()):
            cancel.set()
        self._asked.put(None)
        client = self._client
        if client is not None:
            client.end()
        if self._thread is not None:
            self._thread.join(_END_S)

    def _run(self) -> None:
        while not self._over:
            try:
                asked = self._asked.get(timeout=_IDLE_S)
            except queue.Empty:
                self._let_go()
                continue
            if asked is None:
                break
            self._job = asked.job
            self.news.put(self._answer(asked))
            self._job = ""
            self._cancels.pop(asked.job, None)
        self._let_go()

    def _answer(self, asked: _Asked) -> News:
        try:
            asked.cancel.check()
            result = self._do(asked)
        except Cancelled as error:
            return News(asked.job, "cancelled", str(error))
        except HitpointError as error:
            if isinstance(error, EngineError) and error.kind in (STOPPED, CRASHED, QUARANTINED):
                # It starts no worker any more, or soon will not: the next wish is for another engine.
                self._let_go()
            return News(asked.job, "cancelled" if asked.cancel.asked else "failed", str(error))
        except Exception as error:  # noqa: BLE001  the thread's border: whatever it was becomes an answer
            log_id = record_fault(error)
            return News(asked.job, "failed", f"{type(error).__name__}: {error} (log {log_id})")
        return News(asked.job, "done", result=result)

    def _do(self, asked: _Asked) -> dict[str, Any]:
        begun = False

        def hear(step: Step) -> None:
            nonlocal begun
            begun = True
            self.news.put(News(asked.job, "step", step=step))

        def do() -> dict[str, Any]:
            client = self._open(asked.python)
            return client.do(asked.method, asked.job, asked.params, progress=hear, cancel=asked.cancel)

        try:
            return do()
        except EngineError as error:
            if error.kind != STOPPED or begun or self._over:
                raise
        # It had given up over an earlier job.
        self._let_go()
        return do()

    def _open(self, python: str) -> Client:
        if self._client is None or python != self._python:
            self._let_go()
            self._client = self._make_client(python, self._tell)
            self._python = python
            if self._over:
                self._client.end()
        return self._client

    def _tell(self, text: str) -> None:
        self.news.put(News(self._job, "told", text))

    def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()
