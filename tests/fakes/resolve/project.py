"""Resolve, ProjectManager and Project."""

from __future__ import annotations

from typing import Any

from .clock import rate_of, rate_text
from .pool import MediaPool
from .remote import Remote, api, api_since
from .state import Film
from .timeline import Timeline

OTIO = "EXPORT_OTIO"
PAGES = ("media", "cut", "edit", "fusion", "color", "fairlight", "deliver")


class Resolve(Remote):
    def __getattr__(self, name: str) -> Any:
        if name == OTIO and self._fake.otio_constant is not None:
            return self._fake.otio_constant
        return super().__getattr__(name)

    def __dir__(self) -> list[str]:
        return sorted([*super().__dir__(), *([OTIO] if self._fake.otio_constant is not None else [])])

    @api
    def GetProductName(self) -> str:
        return "DaVinci Resolve Studio" if self._fake.traps.edition == "studio" else "DaVinci Resolve"

    @api
    def GetVersion(self) -> list[Any]:
        parts = [int(part) for part in self._fake.traps.version.split(".")]
        return [*parts, *[0] * (4 - len(parts)), ""]

    @api
    def GetVersionString(self) -> str:
        return str(self._fake.traps.version)

    @api
    def GetProjectManager(self) -> ProjectManager:
        return ProjectManager(self._fake)

    @api
    def GetCurrentPage(self) -> str:
        return str(self._fake.page)

    @api
    def OpenPage(self, page: str) -> bool:
        if page not in PAGES:
            return False
        self._fake.page = page
        return True


class ProjectManager(Remote):
    @api
    def GetCurrentProject(self) -> Project | None:
        film = self._fake.film
        return None if film is None else Project(self._fake, film)

    @api
    def GetProjectListInCurrentFolder(self) -> list[str]:
        return [film.name for film in self._fake.films]

    @api
    def SaveProject(self) -> bool:
        film = self._fake.film
        if film is None:
            return False
        self._fake.save(film)
        return True

    @api
    def CreateProject(self, name: str) -> Project | None:
        """Opened then."""
        if any(film.name == name for film in self._fake.films):
            return None
        self._fake.film = self._fake.new_film(name)
        return Project(self._fake, self._fake.film)

    @api
    def LoadProject(self, name: str) -> Project | None:
        film = next((film for film in self._fake.films if film.name == name), None)
        if film is None:
            return None
        self._fake.film = film
        return Project(self._fake, film)

    @api
    def CloseProject(self, project: Project) -> bool:
        if not project._alive():
            return False
        self._fake.film = None
        return True

    @api
    def DeleteProject(self, name: str) -> bool:
        """Not the one that is open."""
        film = next((film for film in self._fake.films if film.name == name), None)
        if film is None or film is self._fake.film:
            return False
        self._fake.films.remove(film)
        return True


class Project(Remote):
    def __init__(self, fake: Any, film: Film) -> None:
        super().__init__(fake)
        self._it = film

    def _alive(self) -> bool:
        return self._fake.film is self._it

    @api
    def GetName(self) -> str:
        return self._it.name

    @api
    def GetUniqueId(self) -> str:
        return self._it.ident

    @api
    def GetMediaPool(self) -> MediaPool:
        return MediaPool(self._fake, self._it)

    @api
    def GetTimelineCount(self) -> int:
        return len(self._it.edits)

    @api
    def GetTimelineByIndex(self, index: int) -> Timeline | None:
        if not 1 <= index <= len(self._it.edits):
            return None
        return Timeline(self._fake, self._it, self._it.edits[int(index) - 1])

    @api
    def GetCurrentTimeline(self) -> Timeline | None:
        edit = self._it.current_edit
        return None if edit is None else Timeline(self._fake, self._it, edit)

    @api
    def IsRenderingInProgress(self) -> bool:
        return bool(self._fake.renders)

    @api
    def SetCurrentTimeline(self, timeline: Timeline) -> bool:
        if not isinstance(timeline, Timeline) or not timeline._alive():
            return False
        self._it.current_edit = timeline._it
        return True

    @api
    def GetSetting(self, name: str | None = None) -> Any:
        settings = {"timelineFrameRate": rate_text(self._it.fps)}
        return settings if name is None else settings.get(name, "")

    @api_since(21, 1, studio=True)
    def GetSettings(self) -> dict[str, Any]:
        return {"timelineFrameRate": rate_text(self._it.fps)}

    @api
    def SetSetting(self, name: str, value: Any) -> bool:
        """The rate is fixed as soon as there is a timeline."""
        if name != "timelineFrameRate" or self._it.edits:
            return False
        self._it.fps = rate_of(value)
        return True
