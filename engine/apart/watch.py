"""What those who read media tell the process they read in."""

from __future__ import annotations


class Watch:
    """Of a reader that nobody watches; a reader process has its own (`child`)."""

    def alive(self) -> None:
        """Another packet was read: the work goes on. May raise what ends it."""

    def room(self, pixels: int) -> None:
        """Pictures of so many pixels come next, and need room."""


UNWATCHED = Watch()
