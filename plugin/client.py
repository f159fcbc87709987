"""How the command line, the panel and the hosts reach the engine: a process of its own, and talk with it."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from ..engine.errors import HitpointError
from ..engine.log import record, record_fault
from ..engine.progress import Cancel, Heard, Progress, Step, nobody, silent
from ..engine.worker import life
from ..engine.worker.channel import Channel
from ..engine.worker.frames import FrameError, Message
from ..engine.worker.messages import CRASHED, PROTOCOL, STOPPED, EngineError, raised, request

# The engine's side of the pipes, and what it does there.
SUPERVISOR = "hitpoint.engine.worker.main"
WORKER = ("-m", "hitpoint.plugin.jobs")
_PAUSE_S = 1.0
_END_S = 3.0
# A supervisor starts within a tenth of a second; a busy machine takes longer.
_HELLO_S = 60.0


@dataclass(slots=True)
class _Call:
    """A request that waits for its answer; `job` where it is one."""

    job: str = ""
    progress: Progress = silent
    heard: Heard = nobody
    done: threading.Event = field(default_factory=threading.Event)
    reply: Message | None = None
    # What `progress` or `heard` raised: the caller's, and raised in the caller's thread.
    broken: BaseException | None = None


class Client:
    """One engine process and the talk with it; started with the first request, again when it has died.

    Every method may be called from any thread. EngineError when it cannot be started, or dies twice over one
    request.
    """

    def __init__(
        self,
        *,
        python: str = sys.executable,
        worker: tuple[str, ...] = (),
        limits: str = "{}",
        told: Callable[[str], None] | None = None,
    ) -> None:
        """`python` is the engine's interpreter: another than this one where a host asks. `worker` are the
        words that start a worker, () for the engine's own. `told` hears, in another thread, what becomes of
        the engine: sentences for the user.
        """
        worker = worker or (python, "-I", *WORKER)
        self._words = [python, "-I", "-m", SUPERVISOR, "--parent", str(os.getpid())]
        self._words += ["--limits", limits, "--", *worker]
        self._told = told
        self._lock = threading.Lock()
        self._link: _Link | None = None
        self._over = False

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
        heard: Heard = nobody,
        cancel: Cancel | None = None,
    ) -> dict[str, Any]:
        """The result of a job. Its error is raised as what it was: UserError, Cancelled, EngineError.

        `progress` and `heard` are called in another thread; what they raise ends the job, and is raised here.
        When the supervisor dies over the job, it is asked for once more: finished stages are kept.
        """
        params = {**params, "job": job}
        try:
            return self._open().ask(method, params, _Call(job, progress, heard), cancel)
        except _Gone:
            link = self._open()
            if self._told is not None:
                self._told("the engine ended: it was started again and goes on")
            return link.ask(method, params, _Call(job, progress, heard), cancel)

    def close(self) -> None:
        """End the engine."""
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            link.end()

    def end(self) -> None:
        """End the engine and start none any more: who still asks or waits for an answer gets EngineError."""
        self._over = True
        self.close()

    def _open(self) -> _Link:
        with self._lock:
            if self._over:
                raise EngineError("the engine was ended: start Hitpoint again", kind=STOPPED)
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
        try:
            protocol = ".".join(map(str, PROTOCOL))
            self.facts = self.ask("hello", {"protocol": protocol, "client": "hitpoint"}, most_s=_HELLO_S)
        except BaseException:
            self.end()
            raise

    def ask(
        self,
        method: str,
        params: dict[str, Any],
        call: _Call | None = None,
        cancel: Cancel | None = None,
        *,
        most_s: float | None = None,
    ) -> dict[str, Any]:
        """The result that `method` is answered with, its error raised; _Gone when no answer will come.

        EngineError when none has come within `most_s` seconds, or what is asked does not fit a message.
        """
        call = call or _Call()
        try:
            ident = self._send(call, method, params)
        except FrameError as error:
            raise EngineError(
                f"this is too much to ask at once ({error}): put it into a file, or ask for less",
                kind="FrameError",
            ) from error
        try:
            self._wait(call, cancel, most_s)
        except BaseException:
            # A KeyboardInterrupt: nobody waits for this any more.
            self._stop(call)
            raise
        finally:
            with self._lock:
                self._waiting.pop(ident, None)
        if call.broken is not None:
            self._stop(call)
            raise call.broken
        if call.reply is None:
            raise _Gone(
                "the engine ended without an answer: try again, then run 'hitpoint doctor'",
                kind=CRASHED,
                log_id=self._log_id,
            )
        if "error" in call.reply:
            raise _logged(raised(call.reply["error"]), method)
        result = call.reply.get("result")
        if not isinstance(result, dict):
            raise nonsense(method, f"a result that is no object: {str(result)[:200]}")
        return result

    def _wait(self, call: _Call, cancel: Cancel | None, most_s: float | None) -> None:
        until = time.monotonic() + most_s if most_s is not None else None
        with cancel.calling(lambda: self._stop(call)) if cancel is not None else nullcontext():
            # Never for ever: Windows lets no Ctrl-C through to who waits so.
            while not call.done.wait(_PAUSE_S):
                if until is not None and time.monotonic() >= until:
                    raise EngineError(f"the engine did not answer within {most_s:g} s: run 'hitpoint doctor'")

    def _stop(self, call: _Call) -> None:
        if call.job:
            self._send(_Call(), "cancel", {"job": call.job})

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
        message = request(ident, method, params)
        with self._lock:
            self._waiting[ident] = call
            if self.gone:
                call.done.set()
        try:
            self._channel.send(message)
        except FrameError:
            with self._lock:
                del self._waiting[ident]
            raise
        return ident

    def _hear(self, message: Message | FrameError | None) -> None:
        if not isinstance(message, dict):
            self._died(message)
        elif "id" in message:
            ident = message["id"]
            with self._lock:
                # A cancel's own answer is nobody's: forgotten here.
                call = self._waiting.get(ident) if isinstance(ident, int) else None
                if call is not None and not call.job:
                    del self._waiting[ident]
            if call is not None:
                call.reply = message
                call.done.set()
        elif isinstance(message.get("params"), dict):
            self._notice(str(message.get("method")), message["params"])

    def _notice(self, method: str, params: dict[str, Any]) -> None:
        if method == "engine":
            if self._told is not None:
                try:
                    self._told(str(params.get("text", "")))
                except Exception as error:  # noqa: BLE001  whoever is told must not stop us from listening
                    record_fault(error)
            return
        with self._lock:
            calls = [call for call in self._waiting.values() if call.job and call.job == params.get("job")]
        for call in calls:
            try:
                _pass_on(method, params, call)
            except Exception as error:  # noqa: BLE001  it is the caller's, and goes back there
                call.broken = error
                call.done.set()

    def _died(self, error: FrameError | None) -> None:
        with self._lock:
            self.gone = True
            calls = list(self._waiting.values())
        if calls:
            self._log_id = record("supervisor ended", {"how": str(error or "its pipe closed")})
        for call in calls:
            call.done.set()


def nonsense(method: str, why: str) -> EngineError:
    """The error for an answer that no engine of this release gives; `why` goes into the log."""
    text = "the engine's answer makes no sense: install Hitpoint and its engine from one release"
    return EngineError(
        text, kind="Nonsense", log_id=record("answer without sense", {"to": method, "why": why})
    )


def _logged(error: HitpointError, method: str) -> HitpointError:
    """With an entry in the log, where the engine wrote none itself."""
    if isinstance(error, EngineError) and not error.log_id:
        error.log_id = record(
            "refused by the engine", {"what": method, "kind": error.kind, "why": str(error)}
        )
    return error


def _pass_on(method: str, params: dict[str, Any], call: _Call) -> None:
    """What is not as this release says it is passed over: progress and previews may be lost."""
    numbers = ("done", "total") if method == "progress" else ("from_s", "to_s")
    one, two = (params.get(name) for name in numbers)
    text = params.get("stage" if method == "progress" else "path")
    if not isinstance(one, int | float) or not isinstance(two, int | float) or not isinstance(text, str):
        return
    if method == "progress":
        call.progress(Step(text, one, two, str(params.get("text", ""))))
    elif method == "preview":
        call.heard(text, one, two)
