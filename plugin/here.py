"""The jobs done in the caller's own process: journalled, resumed and locked as in the engine's, but a crash
takes the caller with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..engine.progress import Cancel, Heard, Progress, nobody, silent
from .jobs import TABLE


@dataclass(frozen=True, slots=True)
class _Desk:
    job: str
    progress: Progress
    preview: Heard
    cancel: Cancel = field(default_factory=Cancel)
    later: list[Callable[[], object]] = field(default_factory=list)

    def afterwards(self, call: Callable[[], object]) -> None:
        self.later.append(call)


class Here:
    """Stands where a Client stands."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        return

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
        """The result of a job. What goes wrong is raised as it is."""
        desk = _Desk(job, progress, heard, cancel or Cancel())
        try:
            return TABLE[method]({**params, "job": job}, desk)
        finally:
            for call in desk.later:
                call()
