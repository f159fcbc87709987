"""How long work tells what it does, and how it is stopped. Shared by every stage and every generator."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
# Told of sound that can be heard while the rest is made: the path of a WAV that is whole, and from where to
# where it goes, seconds of the cue.
Heard = Callable[[str, float, float], None]


def silent(step: Step) -> None:
    """The progress of callers who do not look."""


def nobody(path: str, from_s: float, to_s: float) -> None:
    """Hears no preview."""


class Cancel:
    """A flag set by one thread and obeyed by another within one unit of work."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._calls: list[Callable[[], object]] = []

    def set(self) -> None:
        self._event.set()
        for call in list(self._calls):
            call()

    @contextmanager
    def calling(self, call: Callable[[], object]) -> Iterator[None]:
        """While the block runs, `call` is called in the thread that sets the flag, or at once where it is set
        already; perhaps twice."""
        self._calls.append(call)
        try:
            if self._event.is_set():
                call()
            yield
        finally:
            self._calls.remove(call)

    @property
    def asked(self) -> bool:
        """Whether the user has asked to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled when the user has asked to stop."""
        if self._event.is_set():
            raise Cancelled("stopped as asked: nothing was written")
