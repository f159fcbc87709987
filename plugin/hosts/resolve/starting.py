"""Resolve as a host, begun: a placing that an earlier process of ours was cut off in is ended first. Standard
library only.
"""

from __future__ import annotations

from dataclasses import replace

from ..base import Facts, HostError, Road
from .api import Resolve
from .host import ResolveHost


class StartedHost(ResolveHost):
    """Tells among its notes what it found cut off, and what became of that. HostError of kind "gone" where
    Resolve has no answer at all."""

    def __init__(self, resolve: Resolve, *, folder: str, road: Road) -> None:
        super().__init__(resolve, folder=folder, road=road)
        try:
            self._ended = self.recover()
        except HostError as error:
            if error.kind == "gone":
                raise
            # The journal waits for the next start.
            self._ended = (str(error),)

    def facts(self) -> Facts:
        known = super().facts()
        return replace(known, notes=(*self._ended, *known.notes))
