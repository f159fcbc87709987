"""`make bench-process`: how fast the engine's process answers, stops and comes back. Never pass or fail.

python -m tools.bench_process [REPEATS]
"""

from __future__ import annotations

import itertools
import os
import queue
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from hitpoint.engine.errors import Cancelled
from hitpoint.engine.generator import NeuralOptions, TakeRequest
from hitpoint.engine.models.importing.random import install_random
from hitpoint.engine.models.tiny import TINY_MODELS
from hitpoint.engine.progress import Cancel, Step
from hitpoint.engine.worker.messages import EngineError
from hitpoint.plugin.client import Client
from hitpoint.plugin.distant import DistantGenerator

from .made import take_request

_PINGS = 1000
_MODEL = "tiny-musicgen"
# Kills are meant here: nobody gives up over them.
_PATIENT = '{"deaths_of_a_job": 1000000, "most_crashes": 1000000}'

Row = tuple[str, str, str]
# Gives a folder that nobody has used.
Fresh = Callable[[], Path]


def rows(repeats: int) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HITPOINT_HOME"] = f"{folder}/home"
        config, state = TINY_MODELS[_MODEL]()
        install_random(config, _MODEL, state=state)
        numbers = itertools.count()

        def fresh() -> Path:
            return Path(folder) / f"work{next(numbers)}"

        yield _round_trip()
        sketch = take_request(seconds=900, style="cinematic", energy=0.6)
        yield "cancel acknowledged in sketch", _told(_cancels(sketch, "sketch", fresh, repeats)), "<= 2000 ms"
        neural = replace(sketch, neural=NeuralOptions(guide="none", candidates=1))
        steps: list[float] = []
        found = _cancels(neural, _MODEL, fresh, repeats, steps)
        step_ms = statistics.median(steps)
        yield "cancel acknowledged in a tiny neural model", _told(found), f"<= {step_ms:.1f} + 20 ms"
        noticed, ready, back = _kills(sketch, fresh, repeats)
        yield "worker killed: the client is told", _told(noticed), "<= 1000 ms"
        yield "worker killed: a new one is ready", _told(ready), ""
        yield "worker killed: the new one makes music of 15 minutes", _told(back), ""


def _told(found: Iterable[float]) -> str:
    ordered = sorted(found)
    return f"{statistics.median(ordered):.1f} ms, most {ordered[-1]:.1f} ms"


def _round_trip() -> Row:
    with Client() as client:
        client.hello()
        times = []
        for _ in range(_PINGS):
            start = time.perf_counter()
            client.ping()
            times.append(1e3 * (time.perf_counter() - start))
    times.sort()
    mean, p99 = statistics.mean(times), times[_PINGS * 99 // 100]
    return f"round trip, mean and 99th percentile of {_PINGS}", f"{mean:.3f} ms, {p99:.3f} ms", "< 1 ms"


class _Job:
    """A take that is made in another thread; `error` is how it ended."""

    def __init__(self, client: Client, request: TakeRequest, name: str, folder: Path) -> None:
        self.cancel = Cancel()
        self.steps: list[tuple[float, Step]] = []
        self.error: BaseException | None = None
        self._moved = threading.Condition()
        self._generator = DistantGenerator(client, name, folder)
        self._thread = threading.Thread(target=self._make, args=(request,))
        self._thread.start()

    def _make(self, request: TakeRequest) -> None:
        try:
            self._generator.generate(request, progress=self._step, cancel=self.cancel)
        except (Cancelled, EngineError) as error:
            self.error = error

    def _step(self, step: Step) -> None:
        with self._moved:
            self.steps.append((time.perf_counter(), step))
            self._moved.notify_all()

    def wait(self, steps: int) -> None:
        """Until so many steps of the music itself were told of."""
        with self._moved:
            enough = self._moved.wait_for(lambda: sum(one.done > 0 for _, one in self.steps) >= steps, 120)
        if not enough:
            raise SystemExit(f"the job does not go on: {self.error}")

    def forget(self) -> None:
        """The steps so far."""
        with self._moved:
            self.steps.clear()

    def end(self) -> float:
        """Stop it; how many ms that took."""
        start = time.perf_counter()
        self.cancel.set()
        self._thread.join()
        if not isinstance(self.error, Cancelled):
            raise SystemExit(f"the job was not stopped: {self.error}")
        return 1e3 * (time.perf_counter() - start)


def _cancels(
    request: TakeRequest, name: str, fresh: Fresh, repeats: int, steps: list[float] | None = None
) -> list[float]:
    """ms from the wish to the answer; `steps` gets the decoder's ms a step, where it has steps."""
    found = []
    random_ = random.Random(1)
    with Client(limits=_PATIENT) as client:
        for _ in range(repeats):
            job = _Job(client, request, name, fresh())
            job.wait(2)
            time.sleep(random_.random() / 5)
            found.append(job.end())
            (first, a), (last, b) = job.steps[-2:]
            if steps is not None and b.done > a.done:
                # 50 steps are a second of music.
                steps.append(1e3 * (last - first) / (50 * (b.done - a.done)))
    return found


def _kills(request: TakeRequest, fresh: Fresh, repeats: int) -> tuple[list[float], ...]:
    """ms from the kill of a worker that works to the word of it, to the word that there is a new one, and to
    the first step of that one."""
    noticed, ready, back = [], [], []
    heard: queue.Queue[float] = queue.Queue()
    with Client(limits=_PATIENT, told=lambda _: heard.put(time.perf_counter())) as client:
        supervisor = client.hello()["pid"]
        job = _Job(client, request, "sketch", fresh())
        for _ in range(repeats):
            job.wait(1)
            start = time.perf_counter()
            os.kill(_child(supervisor), signal.SIGKILL)
            noticed.append(1e3 * (heard.get(timeout=30) - start))
            ready.append(1e3 * (heard.get(timeout=30) - start))
            job.forget()
            job.wait(1)
            back.append(1e3 * (next(at for at, step in job.steps if step.done > 0) - start))
        job.end()
    return noticed, ready, back


def _child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def main() -> None:
    if not sys.platform.startswith("linux"):
        raise SystemExit("bench_process finds its processes in /proc: run it on Linux")
    print(f"{'what':58} {'measured':>26}  target")
    for what, measured, target in rows(int(sys.argv[1]) if len(sys.argv) > 1 else 20):
        print(f"{what:58} {measured:>26}  {target}", flush=True)


if __name__ == "__main__":
    main()
