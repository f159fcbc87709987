"""The process between a client and the worker: it imports nothing heavy, so nothing heavy can take it down.

It takes jobs, gives them to the worker one by one, watches it, starts it anew when it dies, and tells. What
a job does it does not know. It ends when its client does, and the worker with it.
"""

from __future__ import annotations

import os
import queue
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from . import ledger
from .channel import Channel
from .child import Child
from .frames import FrameError, Message
from .limits import Limits
from .messages import (
    BAD_PARAMS,
    BUSY,
    MOST_NAME,
    NO_SUCH_METHOD,
    NOT_A_REQUEST,
    PROTOCOL,
    QUARANTINED,
    STOPPED,
    answer,
    is_name,
    notice,
    refusal,
    request,
)

JOBS = (
    "score", "score_host", "analyse", "generate", "made_by", "models",
    "open", "look", "warm", "plan", "passage", "take", "unfinished", "peaks", "doubts", "thumbs", "proxy",
    "rows", "preview_place", "place", "demo",
)  # fmt: skip
_TICK_S = 0.05
_MOST_EVENTS = 64
_LAST_WORDS_S = 2.0


@dataclass(slots=True)
class Job:
    """`ident` is the request's, `job` the sender's name for the work itself."""

    ident: int | str
    job: str
    method: str
    params: dict[str, Any]
    deaths: int = 0
    stage: str = ""
    # When the worker must have let go of it, seconds of the monotonic clock; None while nobody cancelled.
    kill_at: float | None = None


@dataclass(slots=True)
class Supervisor:
    """`words` start the worker; `said` takes what the client is to hear."""

    words: list[str]
    limits: Limits
    client: Channel | None = None
    # Bounded: whoever says more than we hear has to wait, and nothing grows.
    events: queue.Queue[tuple[str, int, Any]] = field(default_factory=lambda: queue.Queue(_MOST_EVENTS))
    waiting: deque[Job] = field(default_factory=deque)
    running: Job | None = None
    child: Child | None = None
    # Numbers the workers, so that late words of a dead one are told from those of the living.
    generation: int = 0
    crashes: deque[float] = field(default_factory=deque)
    stopped: str = ""
    # Whether the client was told of a death, and of no successor yet.
    broken_off: bool = False
    idle_since: float = 0.0
    ending: bool = False

    def run(self) -> None:
        """Until the client is gone or says `shutdown`. Children are started here, in the main thread: Linux
        ties them to the thread that made them."""
        self.idle_since = time.monotonic()
        while not self.ending:
            try:
                source, generation, message = self.events.get(timeout=_TICK_S)
            except queue.Empty:
                pass
            else:
                if source == "client":
                    self._from_client(message)
                elif self.child is not None and generation == self.generation:
                    self._from_worker(message)
            self._look()
        if self.child is not None:
            self.child.end()
        if self.client is not None:
            self.client.flush(_LAST_WORDS_S)
            self.client.close()

    # --- the client's words ---------------------------------------------------------------------------------

    def _from_client(self, message: Message | FrameError | None) -> None:
        if message is None:
            self.ending = True
            return
        if isinstance(message, FrameError):
            self._say(refusal(None, f"the engine was sent {message}", kind="FrameError", code=NOT_A_REQUEST))
            self.ending = True
            return
        ident, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if not is_name(ident) or not isinstance(method, str) or not isinstance(params, dict):
            self._say(refusal(None, "this is no request", kind="BadRequest", code=NOT_A_REQUEST))
        elif method == "hello":
            self._hello(ident, params)
        elif method == "ping":
            self._say(answer(ident, {}))
        elif method == "cancel":
            self._say(answer(ident, {"found": self._cancel(str(params.get("job", "")))}))
        elif method == "shutdown":
            self._say(answer(ident, {}))
            self.ending = True
        elif method in JOBS:
            self._take(ident, method, params)
        else:
            text = f"the engine knows no '{method[:MOST_NAME]}': is it of another version?"
            self._say(refusal(ident, text, kind="NoSuchMethod", code=NO_SUCH_METHOD))

    def _hello(self, ident: int | str, params: dict[str, Any]) -> None:
        theirs = str(params.get("protocol", ""))
        if theirs.split(".")[0] != str(PROTOCOL[0]):
            ours = ".".join(map(str, PROTOCOL))
            text = f"the engine speaks protocol {ours}, not '{theirs[:20]}': install both from one release"
            self._say(refusal(ident, text, kind="Protocol"))
            self.ending = True
            return
        from ..build import build_id
        from ..manifest import version

        self._say(
            answer(
                ident,
                {
                    "protocol": ".".join(map(str, PROTOCOL)),
                    "version": version(),
                    "build": build_id(),
                    "capabilities": [*JOBS, "cancel", "preview"],
                    "pid": os.getpid(),
                    "python": sys.executable,
                },
            )
        )

    def _take(self, ident: int | str, method: str, params: dict[str, Any]) -> None:
        job = params.get("job")
        job, named = (job, is_name(job)) if isinstance(job, str) else ("", False)
        if not named:
            text = f"a job needs an id, of at most {MOST_NAME} characters that can be printed"
            self._say(refusal(ident, text, kind="BadRequest", code=BAD_PARAMS))
        elif self.stopped:
            self._say(refusal(ident, self.stopped, kind=STOPPED))
        elif any(known.job == job for known in self._all()):
            self._say(refusal(ident, f"the job '{job}' is being done already", kind=BUSY))
        elif len(self._all()) > self.limits.most_waiting:
            text = f"{len(self.waiting)} jobs are waiting already: try again when one is done"
            self._say(refusal(ident, text, kind=BUSY))
        else:
            self.waiting.append(Job(ident, job, method, params))

    def _cancel(self, job: str) -> bool:
        for waiting in self.waiting:
            if waiting.job == job:
                self.waiting.remove(waiting)
                self._say(refusal(waiting.ident, "stopped as asked: nothing was written", kind="Cancelled"))
                if waiting.deaths:
                    ledger.cancelled(job)
                return True
        running = self.running
        if running is None or running.job != job or self.child is None:
            return False
        if running.kill_at is None:
            # A model that loads listens to nobody.
            patience = 0.0 if running.stage == "load" else self.limits.cancel_s
            running.kill_at = time.monotonic() + patience
            self.child.say(notice("cancel", {"job": job}))
        return True

    # --- the worker's words ---------------------------------------------------------------------------------

    def _from_worker(self, message: Message | FrameError | None) -> None:
        child, job = self.child, self.running
        if child is None or message is None:
            return  # its death is noticed by `_look`
        if isinstance(message, FrameError):
            child.kill(f"it sent {message}")
            return
        child.heard = time.monotonic()
        method, params = message.get("method"), message.get("params", {})
        if not isinstance(params, dict):
            child.kill("it sent a message without parameters")
        elif method == "ready":
            child.ready = True
            if self.broken_off:
                self.broken_off = False
                self._say(notice("engine", {"state": "ready", "text": "the engine runs again and goes on"}))
        elif method == "alive":
            child.alive(params.get("steps", 0))
        elif method == "progress" and job is not None and params.get("job") == job.job:
            job.stage = str(params.get("stage", ""))
            if self.client is not None:
                self.client.offer(job.job, message)
        elif method == "preview":
            self._say(message)
        elif method is None and job is not None and message.get("id") == job.job:
            self.running = None
            self.idle_since = time.monotonic()
            self._say({**message, "id": job.ident})

    # --- what time brings -----------------------------------------------------------------------------------

    def _look(self) -> None:
        now = time.monotonic()
        child = self.child
        if child is not None:
            if child.gone():
                self._died(child)
            else:
                self._watch(child, now)
        if self.ending or self.stopped:
            return
        if self.running is None and self.waiting:
            if self.child is None:
                self._start()
            elif self.child.ready:
                self._give(self.waiting.popleft())

    def _watch(self, child: Child, now: float) -> None:
        job = self.running
        if job is not None and job.kill_at is not None and now >= job.kill_at:
            child.kill("cancelled")
        elif child.asked_to_end is not None:
            if now >= child.asked_to_end + self.limits.term_s:
                child.kill("it did not end when it was asked to")
        elif now - child.heard > self.limits.silent_s:
            child.terminate(f"it was silent for {self.limits.silent_s:g} s")
        elif job is not None and now - child.moved > self.limits.stuck_s:
            child.terminate(f"it made no step for {self.limits.stuck_s:g} s")
        elif job is None and not self.waiting and now - self.idle_since > self.limits.idle_s:
            # The surest way to give memory back, the card's too.
            child.end()
            self.child = None

    def _start(self) -> None:
        self.generation += 1
        generation = self.generation
        self.child = Child(self.words, lambda message: self.events.put(("worker", generation, message)))

    def _give(self, job: Job) -> None:
        assert self.child is not None
        try:
            self.child.say(request(job.job, job.method, job.params))
        except FrameError as error:
            # The job's name is longer than the request's, which just fitted.
            self._say(refusal(job.ident, f"the engine was sent {error}", kind="FrameError", code=BAD_PARAMS))
            return
        self.running = job
        self.child.heard = self.child.moved = time.monotonic()

    def _died(self, child: Child) -> None:
        job, self.running, self.child = self.running, None, None
        self.idle_since = time.monotonic()
        why = child.end()
        if job is not None and job.kill_at is not None:
            self._say(refusal(job.ident, "stopped as asked: nothing was written", kind="Cancelled"))
            ledger.cancelled(job.job)
            return
        self.broken_off = True
        self._say(notice("engine", {"state": "restarting", "text": f"the engine ended: {why}"}))
        log_id = child.record(job.job if job is not None else "")
        now = time.monotonic()
        self.crashes.append(now)
        while self.crashes and now - self.crashes[0] > self.limits.crashes_within_s:
            self.crashes.popleft()
        if job is not None:
            self._again(job, why, log_id)
        if len(self.crashes) > self.limits.most_crashes:
            self._stop(why, log_id)

    def _again(self, job: Job, why: str, log_id: str) -> None:
        """A job that was being done when the worker died is done again, once: finished stages are kept."""
        # The journal has those under other supervisors, too.
        job.deaths = max(job.deaths + 1, ledger.died(job.job))
        job.stage = ""
        if job.deaths < self.limits.deaths_of_a_job:
            self.waiting.appendleft(job)
            return
        text = (
            f"the engine ended {job.deaths} times over this job ({why}), so it is set aside: "
            "try a shorter range or another model"
        )
        ledger.set_aside(job.job, job.method, text, log_id)
        self._say(refusal(job.ident, text, kind=QUARANTINED, log_id=log_id))

    def _stop(self, why: str, log_id: str) -> None:
        self.stopped = (
            f"the engine ended {len(self.crashes)} times within {self.limits.crashes_within_s / 60:g} "
            f"minutes ({why}) and is not started again: run 'hitpoint doctor'"
        )
        for job in self.waiting:
            self._say(refusal(job.ident, self.stopped, kind=STOPPED, log_id=log_id))
        self.waiting.clear()
        self._say(notice("engine", {"state": "stopped", "text": self.stopped}))

    def _all(self) -> list[Job]:
        return [*self.waiting, *([self.running] if self.running is not None else [])]

    def _say(self, message: Message) -> None:
        if self.client is None:
            return
        try:
            taken = self.client.send(message)
        except FrameError as error:
            # It came as a message and does not fit as one: names were put in, or text that cannot be written.
            text = f"the engine's answer cannot be sent: {error}"
            taken = self.client.send(refusal(message.get("id"), text, kind="FrameError"))
        if not taken:
            self.ending = True  # a client that reads no more is gone, and takes nothing with it
