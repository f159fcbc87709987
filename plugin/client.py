"""How the command line, the panel and the hosts reach the engine: a process of its own, and talk with it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..engine.log import record
from ..engine.progress import Cancel, Progress, Step, silent
from ..engine.worker import life
from ..engine.worker.channel import Channel
from ..engine.worker.frames import FrameError, Message
from ..engine.worker.messages import CRASHED, PROTOCOL, EngineError, raised, request

# The engine's side of the pipes, and what it does there.
SUPERVISOR = "hitpoint.engine.worker.main"
WORKER = ("-m", "hitpoint.plugin.jobs")
_LOOK_S = 0.05
_END_S = 3.0

# Told of sound that can be heard already: its file, and from where to where, seconds of the cue.
Heard = Callable[[str, float, float], None]


@dataclass(slots=True)
class _Call:
    """A request that waits for its answer; `job` where it is one."""

    job: str = ""
    progress: Progress = silent
    heard: Heard | None = None
    done: threading.Event = field(default_factory=threading.Event)
    reply: Message | None = None


class Client:
    """One engine process and the talk with it; started with the first request, again when it has died.

    Every method may be called from any thread. EngineError when it cannot be started, or dies twice over one
    request.
    """

    def __init__(
        self,
        *,
        worker: tuple[str, ...] = (sys.executable, "-I", *WORKER),
        limits: str = "{}",
        told: Callable[[str], None] | None = None,
    ) -> None:
        """`told` hears, in another thread, what becomes of the engine: sentences for the user."""
        self._words = [sys.executable, "-I", "-m", SUPERVISOR, "--parent", str(os.getpid())]
        self._words += ["--limits", limits, "--", *worker]
        self._told = told
        self._lock = threading.Lock()
        self._link: _Link | None = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hello(self) -> dict[str, Any]:
        """What the engine is: protocol, build, capabilities, pid, python."""
        return self._open().facts

    def ping(self) -> None:
        """A round trip to the supervisor."""
        self._open().ask("ping", {})

    def do(
        self,
        method: str,
        job: str,
        params: dict[str, Any],
        *,
        progress: Progress = silent,
        heard: Heard | None = None,
        cancel: Cancel | None = None,
    ) -> dict[str, Any]:
        """The result of a job. Its error is raised as what it was: UserError, Cancelled, EngineError.

        When the supervisor dies over it, it is asked for once more: finished stages are kept.
        """
        params = {**params, "job": job}
        try:
            return self._open().ask(method, params, _Call(job, progress, heard), cancel)
        except _Gone:
            return self._open().ask(method, params, _Call(job, progress, heard), cancel)

    def close(self) -> None:
        """End the engine."""
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            link.end()

    def _open(self) -> _Link:
        with self._lock:
            if self._link is None or self._link.gone:
                if self._link is not None:
                    self._link.end()
                self._link = _Link(self._words, self._told)
            return self._link


class _Gone(EngineError):
    """The supervisor died while it was asked."""


class _Link:
    """A supervisor that runs, and the pipes to it."""

    def __init__(self, words: list[str], told: Callable[[str], None] | None) -> None:
        self._told = told
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, _Call] = {}
        self._log_id = ""
        self.gone = False
        try:
            self._process = life.start(words, stderr=subprocess.DEVNULL)
        except OSError as error:
            raise EngineError(
                f"the engine could not be started ({error.strerror}): run 'hitpoint doctor'"
            ) from error
        assert self._process.stdin and self._process.stdout
        ends = os.dup(self._process.stdout.fileno()), os.dup(self._process.stdin.fileno())
        self._process.stdout.close()
        self._process.stdin.close()
        self._channel = Channel(*ends, self._hear)
        self._channel.start()
        self.facts = self.ask("hello", {"protocol": ".".join(map(str, PROTOCOL)), "client": "hitpoint"})

    def ask(
        self, method: str, params: dict[str, Any], call: _Call | None = None, cancel: Cancel | None = None
    ) -> dict[str, Any]:
        """The result that `method` is answered with, its error raised; _Gone when no answer will come."""
        call = call or _Call()
        ident = self._send(call, method, params)
        try:
            asked = False
            while not call.done.wait(_LOOK_S if cancel is not None and not asked else None):
                if cancel is not None and cancel.asked:
                    asked = True
                    self._send(_Call(), "cancel", {"job": call.job})
        except BaseException:
            # A KeyboardInterrupt: nobody waits for this any more.
            if call.job:
                self._send(_Call(), "cancel", {"job": call.job})
            raise
        finally:
            with self._lock:
                self._waiting.pop(ident, None)
        if call.reply is None:
            raise _Gone(
                "the engine ended without an answer: try again, then run 'hitpoint doctor'",
                kind=CRASHED,
                log_id=self._log_id,
            )
        if "error" in call.reply:
            raise raised(call.reply["error"])
        result = call.reply.get("result")
        return result if isinstance(result, dict) else {}

    def end(self) -> None:
        """Close the pipes, wait for the end, kill when it does not come."""
        self._channel.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            life.kill(self._process)
            self._process.wait()

    def _send(self, call: _Call, method: str, params: dict[str, Any]) -> int:
        ident = next(self._numbers)
        with self._lock:
            self._waiting[ident] = call
            if self.gone:
                call.done.set()
        self._channel.send(request(ident, method, params))
        return ident

    def _hear(self, message: Message | FrameError | None) -> None:
        if not isinstance(message, dict):
            self._died(message)
        elif "id" in message:
            with self._lock:
                call = self._waiting.get(message["id"])
            if call is not None:
                call.reply = message
                call.done.set()
        else:
            self._notice(str(message.get("method")), message.get("params", {}))

    def _notice(self, method: str, params: dict[str, Any]) -> None:
        if method == "engine":
            if self._told is not None:
                self._told(str(params.get("text", "")))
            return
        with self._lock:
            calls = [call for call in self._waiting.values() if call.job and call.job == params.get("job")]
        for call in calls:
            if method == "progress":
                call.progress(Step(params["stage"], params["done"], params["total"], params.get("text", "")))
            elif method == "preview" and call.heard is not None:
                call.heard(params["path"], params["from_s"], params["to_s"])

    def _died(self, error: FrameError | None) -> None:
        with self._lock:
            self.gone = True
            calls = list(self._waiting.values())
        if calls:
            self._log_id = record("supervisor ended", {"how": str(error or "its pipe closed")})
        for call in calls:
            call.done.set()
