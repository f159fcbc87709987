"""How long a group may take, and trials side by side within that."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial


@dataclass(slots=True)
class Budget:
    """Of wall time, seconds; trials that have begun are brought to their end."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        return time.monotonic() - self.began >= self.seconds


def in_parallel(trials: Iterator[Callable[[], None]], budget: Budget, *, at_once: int | None = None) -> int:
    """Do trials, as many at once as there are processors, until there are no more or the time is over.

    How many were done. What one raises ends it all.
    """
    most = at_once or os.cpu_count() or 1
    done, running = 0, set[Future[None]]()
    with ThreadPoolExecutor(most) as pool:
        while not budget.over:
            trial = next(trials, None)
            if trial is None:
                break
            running.add(pool.submit(trial))
            if len(running) == most:
                finished, running = wait(running, return_when=FIRST_COMPLETED)
                for one in finished:
                    one.result()
                done += len(finished)
        for one in running:
            one.result()
        return done + len(running)


def numbered(trial: Callable[[int], None], count: int) -> Iterator[Callable[[], None]]:
    """The trials number 0, 1, ... of `count`."""
    for number in range(count):
        yield partial(trial, number)
