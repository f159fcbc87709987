"""Work spread over processes of this machine, one thread of numpy's libraries each. Standard library only."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from .worker.life import die_with_parent

Job = TypeVar("Job")
Result = TypeVar("Result")

# What numpy's libraries read when they start.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def spread(
    work: Callable[[Job], Result],
    jobs: Iterable[Job],
    *,
    processes: int,
    told: Callable[[int], None],
) -> list[Result]:
    """`work` of every job, in the jobs' order. `told` hears how many are done, and may raise to stop.

    `work`, jobs and results are pickled: a function of a module, or a partial of one. What a job raises is
    raised here; jobs that have begun then end first, the others never begin.
    """
    results: dict[int, Result] = {}
    with _one_thread_each():
        pool = ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=die_with_parent,
            initargs=(os.getpid(),),
        )
        try:
            running: dict[Future[Result], int] = {}

            def collect() -> None:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    results[running.pop(future)] = future.result()
                told(len(results))

            for index, job in enumerate(jobs):
                running[pool.submit(work, job)] = index
                # Few in flight, so that little is waited for when the work is stopped.
                if len(running) >= 2 * processes:
                    collect()
            while running:
                collect()
        finally:
            pool.shutdown(cancel_futures=True)
    return [results[index] for index in range(len(results))]


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """For processes that start meanwhile; what was set before is set again."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
