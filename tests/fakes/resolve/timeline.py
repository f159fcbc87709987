"""Timeline."""

from __future__ import annotations

from typing import Any

from .clock import drops, frame_of, rate_text, timecode
from .item import TimelineItem
from .otio_out import write_otio
from .remote import Remote, api, api_since, whole
from .state import Edit, Film, Lane, Mark

MARKER_COLOURS = (
    "Blue", "Cyan", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky", "Mint",
    "Lemon", "Sand", "Cocoa", "Cream",
)  # fmt: skip


class Timeline(Remote):
    def __init__(self, fake: Any, film: Film, edit: Edit) -> None:
        super().__init__(fake)
        self._film = film
        self._it = edit

    def _alive(self) -> bool:
        return self._fake.film is self._film and any(edit is self._it for edit in self._film.edits)

    # --- itself ---

    @api
    def GetName(self) -> str:
        return self._it.name

    @api
    def SetName(self, name: str) -> bool:
        if not name or any(edit.name == name for edit in self._film.edits):
            return False
        self._it.name = name
        return True

    @api
    def GetUniqueId(self) -> str:
        return self._it.ident

    @api
    def GetStartFrame(self) -> int:
        return self._it.start

    @api
    def GetEndFrame(self) -> int:
        return self._it.end

    @api
    def GetStartTimecode(self) -> str:
        return timecode(self._it.start, self._it.fps, self._it.drop_frame)

    @api
    def SetStartTimecode(self, text: str) -> bool:
        frame = frame_of(text, self._it.fps, self._it.drop_frame)
        if frame is None:
            return False
        shift = frame - self._it.start
        for _, piece in self._it.pieces():
            piece.start += shift
        self._it.start = frame
        return True

    @api
    def GetCurrentTimecode(self) -> str:
        return timecode(self._it.start + self._it.playhead, self._it.fps, self._it.drop_frame)

    @api
    def SetCurrentTimecode(self, text: str) -> bool:
        frame = frame_of(text, self._it.fps, self._it.drop_frame)
        if frame is None or not self._it.start <= frame <= self._it.end:
            return False
        self._it.playhead = frame - self._it.start
        return True

    @api
    def GetSetting(self, name: str | None = None) -> Any:
        settings = self._settings()
        return settings if name is None else settings.get(name, "")

    @api_since(21, 1, studio=True)
    def GetSettings(self) -> dict[str, Any]:
        return self._settings()

    @api
    def SetSetting(self, name: str, value: str) -> bool:
        """The rate is fixed as soon as there is an item."""
        if name == "timelineFrameRate":
            return False
        self._it.settings[name] = str(value)
        return True

    def _settings(self) -> dict[str, Any]:
        edit, how = self._it, self._fake.traps.rate_as
        text: Any = rate_text(edit.fps)
        if how == "number":
            text = float(text)
        elif how == "df" and drops(edit.fps):
            text = f"{text} DF"
        return {
            "timelineFrameRate": text,
            "timelineDropFrameTimecode": "1" if edit.drop_frame else "0",
            "timelineResolutionWidth": "1920",
            "timelineResolutionHeight": "1080",
            **edit.settings,
        }

    @api
    def DuplicateTimeline(self, name: str | None = None) -> Timeline | None:
        """The copy is current then."""
        name = name or f"{self._it.name} copy"
        if any(edit.name == name for edit in self._film.edits):
            return None
        return Timeline(self._fake, self._film, self._fake.copied(self._film, self._it, name))

    @api
    def Export(self, path: str, kind: Any = None, subtype: Any = None) -> bool:
        if kind is None or kind != self._fake.otio_constant:
            return False
        return write_otio(self._fake.traps, self._it, path)

    # --- tracks ---

    def _track(self, kind: str, index: Any) -> Lane | None:
        lanes, number = self._it.of_kind(kind), whole(index)
        return lanes[number - 1] if number is not None and 1 <= number <= len(lanes) else None

    @api
    def GetTrackCount(self, kind: str) -> int:
        return len(self._it.of_kind(kind))

    @api
    def AddTrack(self, kind: str, options: Any = None) -> bool:
        if kind not in ("video", "audio", "subtitle"):
            return False
        given = options if isinstance(options, dict) else {"audioType": options} if options else {}
        subtype = given.get("audioType") or ("mono" if self._fake.traps.mono_default else "stereo")
        lanes = self._it.of_kind(kind)
        index = whole(given.get("index", len(lanes) + 1))
        if index is None:
            return False
        self._film.tracked_edit = self._it
        if index > len(lanes) + 1 and not self._fake.traps.index_appends:
            for number in range(len(lanes) + 1, index):
                self._put(kind, subtype, number)
        elif not 1 <= index <= len(lanes):
            index = len(lanes) + 1
        self._put(kind, subtype, index)
        return True

    def _put(self, kind: str, subtype: str, index: int) -> None:
        lanes = self._it.of_kind(kind)
        made = Lane(self._fake.ident("track"), kind, f"{kind.title()} {len(lanes) + 1}")
        made.subtype = subtype if kind == "audio" else ""
        before = lanes[index - 1] if index <= len(lanes) else None
        at = self._it.lanes.index(before) if before is not None else len(self._it.lanes)
        self._it.lanes.insert(at, made)

    @api
    def DeleteTrack(self, kind: str, index: int) -> bool:
        """With all that lies on it. A locked one stays."""
        lane = self._track(kind, index)
        if lane is None or lane.locked:
            return False
        self._it.lanes.remove(lane)
        return True

    @api
    def GetTrackName(self, kind: str, index: int) -> str | None:
        lane = self._track(kind, index)
        return None if lane is None else lane.name

    @api
    def SetTrackName(self, kind: str, index: int, name: str) -> bool:
        lane = self._track(kind, index)
        if lane is None or not isinstance(name, str):
            return False
        lane.name = name
        return True

    @api
    def GetTrackSubType(self, kind: str, index: int) -> str | None:
        lane = self._track(kind, index)
        return None if lane is None else lane.subtype

    @api
    def GetIsTrackLocked(self, kind: str, index: int) -> bool | None:
        lane = self._track(kind, index)
        return None if lane is None else lane.locked

    @api
    def SetTrackLock(self, kind: str, index: int, locked: bool) -> bool:
        lane = self._track(kind, index)
        if lane is None:
            return False
        lane.locked = bool(locked)
        return True

    @api
    def GetIsTrackEnabled(self, kind: str, index: int) -> bool | None:
        lane = self._track(kind, index)
        return None if lane is None else lane.enabled

    @api
    def SetTrackEnable(self, kind: str, index: int, enabled: bool) -> bool:
        lane = self._track(kind, index)
        if lane is None:
            return False
        lane.enabled = bool(enabled)
        return True

    # --- items ---

    @api
    def GetItemListInTrack(self, kind: str, index: int) -> list[TimelineItem] | None:
        lane = self._track(kind, index)
        if lane is None:
            return None
        traps = self._fake.traps
        hidden = set() if traps.transitions_listed else {"transition"}
        hidden |= set() if traps.generators_listed else {"generator"}
        return [self._item(piece) for piece in lane.sorted() if piece.kind not in hidden]

    def _item(self, piece: Any) -> TimelineItem:
        return TimelineItem(self._fake, self._film, self._it, piece)

    @api_since(21, 0, 4)
    def GetSelectedClips(self) -> list[TimelineItem]:
        return [self._item(piece) for _, piece in self._it.pieces() if piece.ident in self._it.selected]

    @api
    def GetCurrentVideoItem(self) -> TimelineItem | None:
        at = self._it.start + self._it.playhead
        found = [
            piece
            for lane in self._it.of_kind("video")
            for piece in lane.sorted()
            if piece.kind != "transition" and piece.start <= at < piece.end
        ]
        return self._item(found[-1]) if found else None

    @api
    def DeleteClips(self, items: list[TimelineItem], ripple: bool = False) -> bool:
        if not items or not all(isinstance(one, TimelineItem) and one._alive() for one in items):
            return False
        gone = {one._it.ident for one in items}
        if not self._fake.traps.linked_stays:
            gone |= {link for one in items for link in one._it.links}
        if any(lane.locked and any(p.ident in gone for p in lane.pieces) for lane in self._it.lanes):
            return False
        for lane in self._it.lanes:
            lane.pieces = [piece for piece in lane.pieces if piece.ident not in gone]
        return True

    # --- markers and marks ---

    @api
    def AddMarker(
        self, frame: float, colour: str, name: str, note: str, duration: float = 1, custom: str = ""
    ) -> bool:
        at = whole(frame)
        if at is None or colour not in MARKER_COLOURS:
            return False
        if not self._fake.traps.markers_are_relative and at >= self._it.start:
            at -= self._it.start
        taken = any(mark.frame == at for mark in self._it.marks)
        if at < 0 or (taken and self._fake.traps.marker_per_frame):
            return False
        self._it.marks.append(Mark(at, colour, name, note, max(1, int(duration)), custom))
        return True

    def _told(self, mark: Mark) -> dict[str, Any]:
        number = float if self._fake.traps.marker_floats else int
        return {
            "color": mark.colour,
            "duration": number(mark.frames),
            "note": mark.note,
            "name": mark.name,
            "customData": mark.custom,
        }

    @api
    def GetMarkers(self) -> dict[float, dict[str, Any]]:
        number = float if self._fake.traps.marker_floats else int
        return {
            number(mark.frame): self._told(mark) for mark in sorted(self._it.marks, key=lambda m: m.frame)
        }

    @api
    def GetMarkerByCustomData(self, custom: str) -> dict[str, Any]:
        return next((self._told(mark) for mark in self._it.marks if mark.custom == custom), {})

    @api
    def GetMarkerCustomData(self, frame: float) -> str:
        return next((mark.custom for mark in self._it.marks if mark.frame == frame), "")

    @api
    def UpdateMarkerCustomData(self, frame: float, custom: str) -> bool:
        mark = next((mark for mark in self._it.marks if mark.frame == frame), None)
        if mark is None:
            return False
        mark.custom = custom
        return True

    @api
    def DeleteMarkerByCustomData(self, custom: str) -> bool:
        """The first that carries it."""
        return self._without(next((mark for mark in self._it.marks if mark.custom == custom), None))

    @api
    def DeleteMarkerAtFrame(self, frame: float) -> bool:
        return self._without(next((mark for mark in self._it.marks if mark.frame == frame), None))

    @api
    def DeleteMarkersByColor(self, colour: str) -> bool:
        self._it.marks = [m for m in self._it.marks if colour != "All" and m.colour != colour]
        return True

    def _without(self, mark: Mark | None) -> bool:
        self._it.marks = [one for one in self._it.marks if one is not mark]
        return mark is not None

    @api_since(20)
    def GetMarkInOut(self) -> dict[str, Any]:
        marks = {"in": self._it.mark_in, "out": self._it.mark_out}
        if self._fake.traps.unset_marks_omitted:
            marks = {key: value for key, value in marks.items() if value is not None}
            return {"video": dict(marks), "audio": dict(marks)} if marks else {}
        return {"video": dict(marks), "audio": dict(marks)}

    @api_since(20)
    def SetMarkInOut(self, mark_in: int, mark_out: int, kind: str = "all") -> bool:
        self._it.mark_in, self._it.mark_out = mark_in, mark_out
        return True

    @api_since(20)
    def ClearMarkInOut(self, kind: str = "all") -> bool:
        self._it.mark_in = self._it.mark_out = None
        return True
