"""TimelineItem."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from .pool import MediaPoolItem
from .remote import Remote, api, api_since
from .state import Edit, Film, Lane, Piece

CLIP_COLOURS = (
    "Orange", "Apricot", "Yellow", "Lime", "Olive", "Green", "Teal", "Navy", "Blue", "Purple", "Violet",
    "Pink", "Tan", "Beige", "Brown", "Chocolate",
)  # fmt: skip


class TimelineItem(Remote):
    def __init__(self, fake: Any, film: Film, edit: Edit, piece: Piece, *, dead: bool = False) -> None:
        super().__init__(fake, dead=dead)
        self._film = film
        self._edit = edit
        self._it = piece

    def _alive(self) -> bool:
        return not self._dead and self._fake.film is self._film and self._lane() is not None

    def _lane(self) -> Lane | None:
        if not any(edit is self._edit for edit in self._film.edits):
            return None
        return next((lane for lane in self._edit.lanes if any(p is self._it for p in lane.pieces)), None)

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
    def GetStart(self, subframe: bool = False) -> float:
        return float(self._it.start) if subframe else self._it.start

    @api
    def GetEnd(self, subframe: bool = False) -> float:
        return float(self._it.end) if subframe else self._it.end

    @api
    def GetDuration(self, subframe: bool = False) -> float:
        return float(self._it.frames) if subframe else self._it.frames

    @api
    def GetSourceStartFrame(self) -> int | None:
        return self._source_frame(self._it.source_start)

    @api
    def GetSourceEndFrame(self) -> int | None:
        return self._source_frame(self._it.source_end)

    def _source_frame(self, frame: Fraction) -> int | None:
        if self._it.kind != "clip":
            return None
        return 0 if self._it.sources_unknown else round(frame)

    @api
    def GetLeftOffset(self, subframe: bool = False) -> float | None:
        """Blind to speed: what lies before the item at speed 1."""
        if self._it.source is None:
            return None
        left = min(self._it.source_start, self._it.source_end)
        return float(left) if subframe else int(left)

    @api
    def GetRightOffset(self, subframe: bool = False) -> float | None:
        source = self._it.source
        if source is None:
            return None
        right = source.frames - max(self._it.source_start, self._it.source_end)
        return float(right) if subframe else int(right)

    @api
    def GetMediaPoolItem(self) -> MediaPoolItem | None:
        source = self._it.source
        return None if source is None else MediaPoolItem(self._fake, self._film, source)

    @api
    def GetTrackTypeAndIndex(self) -> list[Any]:
        lane = self._lane()
        assert lane is not None
        return [lane.kind, 1 + next(i for i, one in enumerate(self._edit.of_kind(lane.kind)) if one is lane)]

    @api
    def GetLinkedItems(self) -> list[TimelineItem]:
        return [
            TimelineItem(self._fake, self._film, self._edit, piece)
            for _, piece in self._edit.pieces()
            if piece.ident in self._it.links
        ]

    @api
    def GetProperty(self, name: str | None = None) -> Any:
        """Of sound an empty dictionary."""
        lane = self._lane()
        if lane is None or lane.kind == "audio" or self._it.kind == "transition":
            found: dict[str, Any] = {}
        else:
            found = {"Pan": 0.0, "Tilt": 0.0, "ZoomX": 1.0, "ZoomY": 1.0, "Opacity": 100.0}
            found.update(self._it.properties)
        if not self._fake.traps.speed_hidden and self._it.source is not None:
            found["Speed"] = self._percent()
        return found if name is None else found.get(name)

    def _percent(self) -> float:
        piece = self._it
        assert piece.source is not None
        span = (piece.source_end - piece.source_start) / piece.source.fps
        return float(100 * span / (Fraction(piece.frames) / self._edit.fps))

    @api
    def SetProperty(self, name: str, value: Any) -> bool:
        if name not in ("Pan", "Tilt", "ZoomX", "ZoomY", "Opacity"):
            return False
        self._it.properties[name] = value
        return True

    @api
    def GetClipColor(self) -> str:
        return self._it.colour

    @api
    def SetClipColor(self, colour: str) -> bool:
        if colour not in CLIP_COLOURS:
            return False
        self._it.colour = colour
        return True

    @api
    def ClearClipColor(self) -> bool:
        self._it.colour = ""
        return True

    @api
    def GetClipEnabled(self) -> bool:
        return self._it.enabled

    @api
    def SetClipEnabled(self, enabled: bool) -> bool:
        self._it.enabled = bool(enabled)
        return True

    @api
    def GetMarkers(self) -> dict[float, Any]:
        return {}

    @api_since(21, 1, studio=True)
    def GetFades(self) -> dict[str, int]:
        return {"FadeIn": 0, "FadeOut": 0}

    @api_since(21, 1, studio=True)
    def SetFades(self, fades: dict[str, int]) -> bool:
        return sum(fades.values()) <= self._it.frames
