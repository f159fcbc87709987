"""MediaPool, Folder and MediaPoolItem."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from .appending import append
from .clock import nominal, rate_of, rate_text, timecode
from .otio_in import import_otio
from .remote import Remote, api
from .state import Bin, Edit, Film, Source


class MediaPoolItem(Remote):
    def __init__(self, fake: Any, film: Film, source: Source) -> None:
        super().__init__(fake)
        self._film = film
        self._it = source

    def _alive(self) -> bool:
        return self._fake.film is self._film and self._film.bin_of(self._it) is not None

    @api
    def GetName(self) -> str:
        return self._it.name

    @api
    def SetName(self, name: str) -> bool:
        self._it.name = name
        return True

    @api
    def GetUniqueId(self) -> str:
        return self._it.ident

    @api
    def GetMediaId(self) -> str:
        return f"media-{self._it.ident}"

    @api
    def GetClipColor(self) -> str:
        return self._it.colour

    @api
    def SetClipColor(self, colour: str) -> bool:
        self._it.colour = colour
        return True

    @api
    def GetMetadata(self, key: str | None = None) -> Any:
        return {} if key is None else ""

    @api
    def GetClipProperty(self, name: str | None = None) -> Any:
        source, medium = self._it, self._it.medium
        sound_alone = medium.frames is None
        start = _start_frame(source)
        known = {
            "File Path": medium.path,
            "File Name": Path(medium.path).name,
            "Clip Name": source.name,
            "FPS": float(source.fps_text) if self._fake.traps.rate_as == "number" else source.fps_text,
            "Frames": "" if sound_alone else str(source.frames),
            "Type": "Audio" if sound_alone else "Video + Audio" if medium.channels else "Video",
            "Start": str(0),
            "End": str(source.frames - 1),
            "Start TC": timecode(start, source.fps),
            "End TC": timecode(start + source.frames, source.fps),
            "Duration": timecode(source.frames, source.fps),
            "Usage": str(sum(p.source is source for e in self._film.edits for _, p in e.pieces())),
            "Audio Ch": str(medium.channels),
            "Sample Rate": str(medium.sample_rate) if medium.channels else "",
            "Online Status": "Online" if self._fake.medium(medium.path) else "Offline",
        }
        return known if name is None else known.get(name, "")


def _start_frame(source: Source) -> int:
    if source.medium.frames is not None:
        return source.medium.timecode
    return round(Fraction(source.medium.timecode, source.medium.sample_rate) * source.fps)


class Folder(Remote):
    def __init__(self, fake: Any, film: Film, one: Bin) -> None:
        super().__init__(fake)
        self._film = film
        self._it = one

    def _alive(self) -> bool:
        return self._fake.film is self._film and any(one is self._it for one in self._film.root.walk())

    @api
    def GetName(self) -> str:
        return self._it.name

    @api
    def GetUniqueId(self) -> str:
        return self._it.ident

    @api
    def GetClipList(self) -> list[MediaPoolItem]:
        return [MediaPoolItem(self._fake, self._film, source) for source in self._it.sources]

    @api
    def GetSubFolderList(self) -> list[Folder]:
        return [Folder(self._fake, self._film, one) for one in self._it.bins]


class MediaPool(Remote):
    def __init__(self, fake: Any, film: Film) -> None:
        super().__init__(fake)
        self._film = film

    def _alive(self) -> bool:
        return self._fake.film is self._film

    @api
    def GetUniqueId(self) -> str:
        return f"pool-{self._film.ident}"

    @api
    def GetRootFolder(self) -> Folder:
        return Folder(self._fake, self._film, self._film.root)

    @api
    def GetCurrentFolder(self) -> Folder:
        return Folder(self._fake, self._film, self._film.current_bin)

    @api
    def SetCurrentFolder(self, folder: Folder) -> bool:
        if not isinstance(folder, Folder) or not folder._alive():
            return False
        self._film.current_bin = folder._it
        return True

    @api
    def AddSubFolder(self, folder: Folder, name: str) -> Folder | None:
        """The new bin is current then."""
        if not isinstance(folder, Folder) or not folder._alive() or not name:
            return None
        if any(one.name == name for one in folder._it.bins):
            return None
        made = Bin(self._fake.ident("bin"), name)
        folder._it.bins.append(made)
        self._film.made_bin = self._film.current_bin = made
        return Folder(self._fake, self._film, made)

    @api
    def DeleteFolders(self, folders: list[Folder]) -> bool:
        if not all(isinstance(one, Folder) and one._alive() for one in folders):
            return False
        gone = {one._it.ident for one in folders}
        if self._film.root.ident in gone:
            return False
        for one in list(self._film.root.walk()):
            one.bins = [child for child in one.bins if child.ident not in gone]
        if not any(one is self._film.current_bin for one in self._film.root.walk()):
            self._film.current_bin = self._film.root
        return True

    @api
    def DeleteClips(self, clips: list[MediaPoolItem]) -> bool:
        """Items of timelines that show them go too."""
        if not all(isinstance(one, MediaPoolItem) and one._alive() for one in clips):
            return False
        gone = {one._it.ident for one in clips}
        for one in self._film.root.walk():
            one.sources = [source for source in one.sources if source.ident not in gone]
        for edit in self._film.edits:
            for lane in edit.lanes:
                lane.pieces = [p for p in lane.pieces if p.source is None or p.source.ident not in gone]
        return True

    @api
    def MoveClips(self, clips: list[MediaPoolItem], folder: Folder) -> bool:
        if not folder._alive():
            return False
        for clip in clips:
            home = self._film.bin_of(clip._it)
            if home is not None:
                home.sources.remove(clip._it)
                folder._it.sources.append(clip._it)
        return True

    @api
    def GetSelectedClips(self) -> list[MediaPoolItem]:
        """Those chosen in the pool, not those of the timeline."""
        return []

    @api
    def ImportMedia(self, paths: list[Any]) -> list[MediaPoolItem | None]:
        traps, film = self._fake.traps, self._film
        target = film.current_bin if traps.import_into_current else film.made_bin or film.root
        found: list[MediaPoolItem | None] = []
        for path in paths:
            source = self._fake.take_in(film, target, path)
            if source is not None:
                found.append(MediaPoolItem(self._fake, film, source))
            elif not traps.bad_path_shortens:
                found.append(None)
        return found

    @api
    def AppendToTimeline(self, wanted: list[Any]) -> list[Any] | None:
        from .item import TimelineItem

        film = self._film
        edit = film.current_edit
        if not self._fake.traps.append_to_current and film.tracked_edit is not None:
            edit = film.tracked_edit
        if edit is None:
            return None
        made = append(self._fake, film, edit, wanted)
        if made is None:
            return None
        dead = self._fake.traps.handles_dead
        return [
            TimelineItem(self._fake, film, edit, piece, dead=dead or not _lies_in(edit, piece))
            for piece in made
        ]

    @api
    def CreateEmptyTimeline(self, name: str) -> Any:
        """With one picture and one sound track; current then."""
        from .timeline import Timeline

        if any(edit.name == name for edit in self._film.edits):
            return None
        edit = self._fake.new_edit(self._film, name)
        return Timeline(self._fake, self._film, edit)

    @api
    def CreateTimelineFromClips(self, name: str, clips: list[Any]) -> Any:
        from .timeline import Timeline

        if any(edit.name == name for edit in self._film.edits):
            return None
        edit = self._fake.new_edit(self._film, name)
        append(self._fake, self._film, edit, clips)
        return Timeline(self._fake, self._film, edit)

    @api
    def DeleteTimelines(self, timelines: list[Any]) -> bool:
        film = self._film
        gone = {one._it.ident for one in timelines if one is not None and one._alive()}
        if not gone:
            return False
        film.edits = [edit for edit in film.edits if edit.ident not in gone]
        if film.current_edit is not None and film.current_edit.ident in gone:
            film.current_edit = film.edits[0] if film.edits else None
        return True

    @api
    def ImportTimelineFromFile(self, path: str, options: dict[str, Any] | None = None) -> Any:
        from .timeline import Timeline

        edit = import_otio(self._fake, self._film, path, options or {})
        return None if edit is None else Timeline(self._fake, self._film, edit)


def _lies_in(edit: Edit, piece: Any) -> bool:
    return any(piece is one for _, one in edit.pieces())


def wav_rate(fake: Any, film: Film) -> tuple[Fraction, str]:
    """At which a WAV's source frames count when it is imported now."""
    traps = fake.traps
    if traps.wav_always_24:
        return Fraction(24), "24"
    edit = film.current_edit
    fps = film.fps if traps.wav_rate_frozen or edit is None else edit.fps
    text = rate_text(fps)
    assert rate_of(text) == fps and nominal(fps) > 0
    return fps, text
