"""Our markers written on their own, and the project saved at the user's wish."""

from __future__ import annotations

from collections.abc import Sequence

from ..base import HostError, HostMarker
from . import acts, ending
from .acts import Sleep
from .api import Resolve
from .opened import manager_of, opened, project_of
from .placing import begin, ready, undone
from .undo import FAULTS


def write_markers(resolve: Resolve, wanted: Sequence[HostMarker], idents: str, sleep: Sleep) -> None:
    """As `Host.write_markers` says. One whose frame is taken goes to the next free one within a second."""
    now = opened(resolve)
    ready(resolve, now, sleep)
    work = begin(resolve, now, sleep)
    try:
        ending.write_markers(work, wanted, (), idents)
    except FAULTS as error:
        raise undone(work, error) from error
    work.journal.clear()


def save(resolve: Resolve, sleep: Sleep) -> None:
    manager = manager_of(resolve)
    project = project_of(resolve)
    done: list[bool] = []
    acts.until(lambda: done[-1:] == [True], lambda: done.append(manager.SaveProject() is True), sleep)
    if done[-1:] != [True]:
        raise HostError(f"DaVinci Resolve did not save the project '{project.GetName()}': save it there")
