"""How long work tells what it does, and how it is stopped. Shared by every stage and every generator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from .errors import Cancelled


@dataclass(frozen=True, slots=True)
class Step:
    """`done` of `total` units of one stage; `text` says what is worked on now."""

    stage: str
    done: float
    total: float
    text: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """The progress of callers who do not look."""


class Cancel:
    """A flag set by one thread and obeyed by another within one unit of work."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    @property
    def asked(self) -> bool:
        """Whether the user has asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled when the user has asked to stop."""
        if self._event.is_set():
            raise Cancelled("stopped as asked: nothing was written")
