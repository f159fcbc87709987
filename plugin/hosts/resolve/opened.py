"""What is open in Resolve just now: the chain of calls to project and timeline, every link checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..base import HostError
from .api import Folder, MediaPool, Project, ProjectManager, Resolve, Timeline, has, must, whole
from .frames import AbsFrame, Clock, rate_of

_RATE = "timelineFrameRate"
_DROP = "timelineDropFrameTimecode"


@dataclass(frozen=True, slots=True)
class Opened:
    """Project and timeline. `ident` is the timeline's."""

    manager: ProjectManager
    project: Project
    pool: MediaPool
    timeline: Timeline
    clock: Clock
    ident: str
    name: str
    project_ident: str
    project_name: str


def manager_of(resolve: Resolve) -> ProjectManager:
    manager = resolve.GetProjectManager() if has(resolve, "GetProjectManager") else None
    if manager is None:
        raise HostError(
            "DaVinci Resolve does not answer any more: what was made stays; start Hitpoint again there",
            kind="gone",
        )
    return manager


def project_of(resolve: Resolve) -> Project:
    return must(manager_of(resolve).GetCurrentProject(), "no project is open in DaVinci Resolve: open one")


def opened(resolve: Resolve) -> Opened:
    """HostError where no timeline is open."""
    manager = manager_of(resolve)
    project = must(manager.GetCurrentProject(), "no project is open in DaVinci Resolve: open one")
    timeline = must(
        project.GetCurrentTimeline(), "no timeline is open in DaVinci Resolve: open the one to score"
    )
    return of_timeline(manager, project, timeline)


def of_timeline(manager: ProjectManager, project: Project, timeline: Timeline) -> Opened:
    pool = must(
        project.GetMediaPool(), "DaVinci Resolve does not give its media pool: open the project again"
    )
    name = str(timeline.GetName() or "")
    return Opened(
        manager,
        project,
        pool,
        timeline,
        clock_of(project, timeline),
        ident_of(project, timeline),
        name,
        project_ident(project),
        str(project.GetName() or ""),
    )


def ident_of(project: Project, timeline: Timeline) -> str:
    """Resolve's own number of the timeline; where a version has none, the names of project and timeline."""
    found = timeline.GetUniqueId() if has(timeline, "GetUniqueId") else None
    return str(found or f"{project.GetName()}/{timeline.GetName()}")


def project_ident(project: Project) -> str:
    found = project.GetUniqueId() if has(project, "GetUniqueId") else None
    return str(found or project.GetName())


def timelines(project: Project) -> Iterator[Timeline]:
    for index in range(1, (whole(project.GetTimelineCount()) or 0) + 1):
        found = project.GetTimelineByIndex(index)
        if found is not None:
            yield found


def folders(folder: Folder) -> Iterator[Folder]:
    """`folder` and all below it."""
    waiting = [folder]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(one.GetSubFolderList() or ())


def clock_of(project: Project, timeline: Timeline) -> Clock:
    """The timeline's own rate, which may be another than the project's."""
    rate, drop = rate_of(_setting(timeline, _RATE) or _setting(project, _RATE))
    if rate.drops and not drop:
        drop = str(_setting(timeline, _DROP) or "0").lower() in ("1", "true")
    start = must(
        whole(timeline.GetStartFrame()),
        "DaVinci Resolve does not tell where the timeline begins: open the timeline again",
    )
    return Clock(rate, AbsFrame(start), drop)


def _setting(owner: Any, name: str) -> Any:
    """The older call first: the newer is of Studio alone, and to try it elsewhere does harm."""
    if has(owner, "GetSetting"):
        return owner.GetSetting(name)
    found = owner.GetSettings() if has(owner, "GetSettings") else None
    return found.get(name) if isinstance(found, dict) else None
