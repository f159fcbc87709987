"""What the supervisor writes into the journal about jobs whose worker is gone and cannot do so itself.

A journal that cannot be written is told in the log, and takes nothing with it: the job goes on.
"""

from __future__ import annotations

from collections.abc import Callable

from ..errors import OutputError
from ..log import record


def died(job: str) -> int:
    """The worker died over `job`; how often that has happened under any supervisor, 0 where nobody knows."""
    from ..store.journal import Journal

    deaths = 0

    def note() -> None:
        nonlocal deaths
        deaths = Journal().died(job)

    _written(note, job)
    return deaths


def set_aside(job: str, method: str, text: str, log_id: str) -> None:
    """Nobody does `job` again: whoever asks for it is told `text`."""
    from ..store.journal import Journal

    def note() -> None:
        journal = Journal()
        journal.plan(job, method, {})  # it may have died before it wrote itself down
        journal.settle(job, "quarantined", {"error": text, "log_id": log_id})

    _written(note, job)


def cancelled(job: str) -> None:
    """`job` did not listen, and its worker was killed."""
    from ..store.journal import Journal

    _written(lambda: Journal().settle(job, "cancelled"), job)


def _written(note: Callable[[], object], job: str) -> None:
    try:
        note()
    except OutputError as error:
        record("journal not written", {"job": job, "how": str(error)})
