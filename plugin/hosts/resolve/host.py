"""DaVinci Resolve as a host: its objects, asked in the thread that may talk with it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

from ....engine.errors import HitpointError
from ..base import (
    Facts,
    Glance,
    HostError,
    HostMarker,
    Landed,
    Landing,
    Read,
    Road,
    Selected,
)
from . import playhead as head
from .acts import Sleep
from .api import Resolve
from .facts import NAME, facts, media_folder
from .markers import all_of
from .marking import save, write_markers
from .opened import opened
from .placing import place
from .reading import glance, read
from .selection import selected
from .taking import remove, verify
from .undo import FAULTS, recover

P = ParamSpec("P")
T = TypeVar("T")


class ResolveHost:
    """`resolve` is what `scriptapp("Resolve")` gives, or a script's own global. `folder` is where timelines
    and sound for it lie, "" the usual place. `road`: how we came to it."""

    name = NAME

    def __init__(
        self, resolve: object, *, folder: str = "", road: Road = "script", sleep: Sleep = time.sleep
    ) -> None:
        self._resolve: Resolve | None = cast(Resolve, resolve)
        self._folder = Path(folder) if folder else media_folder(sys.platform, Path.home())
        self._road = road
        self._sleep = sleep

    def recover(self) -> tuple[str, ...]:
        """End a placing that was cut off, with a sentence on each: to be called first."""
        return self._asked(recover, self._api(), self._sleep)

    def facts(self) -> Facts:
        return facts(self._api(), self._road)

    def read(self) -> Read:
        return self._asked(read, self._api(), self._folder)

    def glance(self) -> Glance:
        return self._asked(glance, self._api())

    def selected(self) -> Selected:
        return self._asked(lambda: selected(opened(self._api())))

    def playhead(self) -> int | None:
        return self._asked(lambda: head.playhead(opened(self._api())))

    def set_playhead(self, frame: int) -> None:
        self._asked(lambda: head.set_playhead(opened(self._api()), frame))

    def markers(self) -> tuple[HostMarker, ...]:
        return self._asked(lambda: tuple(mark.told() for mark in all_of(opened(self._api()).timeline)))

    def write_markers(self, markers: tuple[HostMarker, ...], idents: str) -> None:
        self._asked(write_markers, self._api(), markers, idents, self._sleep)

    def place(self, landing: Landing) -> Landed:
        return self._asked(place, self._api(), landing, self._folder, self._sleep)

    def verify(self, job: str) -> tuple[str, ...]:
        return self._asked(verify, self._api(), job)

    def remove(self, job: str) -> Landed:
        return self._asked(remove, self._api(), job, self._folder, self._sleep)

    def save(self) -> None:
        self._asked(save, self._api(), self._sleep)

    def close(self) -> None:
        self._resolve = None

    def _api(self) -> Resolve:
        if self._resolve is None:
            raise HostError("DaVinci Resolve was let go of: start Hitpoint again there", kind="gone")
        return self._resolve

    def _asked(self, act: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """A handle that died in between has None for its methods: that is no fault of ours to crash with."""
        try:
            return act(*args, **named)
        except HostError:
            raise
        except HitpointError as error:
            raise HostError(str(error)) from error
        except FAULTS as error:
            raise HostError(
                f"DaVinci Resolve did not answer as it should ({error}): was something closed? Try again"
            ) from error
