"""ImportTimelineFromFile: what Resolve takes of an .otio file, and what it refuses or loses."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from .clock import drops, nominal, rate_of, rate_text
from .state import Edit, Film, Lane, Mark, Medium, Piece, Source

Json = dict[str, Any]


class _Refused(Exception):
    """Resolve says None, and nothing more."""


def import_otio(fake: Any, film: Film, path: object, options: dict[str, Any]) -> Edit | None:
    """The new timeline, current then, its media in the current bin; None on any trouble, and nothing done."""
    try:
        return _Reader(fake, film, path, options).read()
    except _Refused:
        return None


class _Reader:
    def __init__(self, fake: Any, film: Film, path: object, options: dict[str, Any]) -> None:
        self.fake = fake
        self.film = film
        self.options = options
        self.traps = fake.traps
        if not isinstance(path, str) or (self.traps.relative_path_refused and not Path(path).is_absolute()):
            raise _Refused
        try:
            self.data: Json = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise _Refused from None
        if not str(self.data.get("OTIO_SCHEMA", "")).startswith("Timeline."):
            raise _Refused
        self.name = options.get("timelineName") or self.data.get("name") or Path(path).stem
        self.fps = self._rate()

    def _rate(self) -> Fraction:
        start = self.data.get("global_start_time")
        if isinstance(start, dict):
            return rate_of(start["rate"])
        for node in _walk(self.data):
            if str(node.get("OTIO_SCHEMA", "")).startswith("RationalTime"):
                return rate_of(node["rate"])
        raise _Refused

    def read(self) -> Edit:
        if any(edit.name == self.name for edit in self.film.edits):
            if self.traps.taken_name_refused:
                raise _Refused
            self.name = f"{self.name} 2"
        start_time = self.data.get("global_start_time")
        start = round(start_time["value"]) if isinstance(start_time, dict) else 0
        start, drop_frame = self._start(start)
        edit = Edit(self.fake.ident("timeline"), self.name, self.fps, start, drop_frame)
        wanted: dict[str, Source] = {}
        for child in self.data["tracks"]["children"]:
            edit.lanes.append(self._track(child, edit, wanted))
        if not self.traps.picture_only:
            self._linked_sound(edit)
        self._link(edit)
        edit.marks = [self._mark(marker) for marker in self.data["tracks"].get("markers") or ()]
        for path in wanted:
            if self.options.get("importSourceClips", True):
                taken = self.fake.take_in(self.film, self.film.current_bin, path)
                if taken is None:  # offline: there with nothing behind it
                    taken = wanted[path]
                    taken.ident = self.fake.ident("clip")
                    self.film.current_bin.sources.append(taken)
                for _, piece in edit.pieces():
                    if piece.source is wanted[path]:
                        piece.source = taken
            else:
                for _, piece in edit.pieces():
                    if piece.source is wanted[path]:
                        piece.source = None
        self.film.edits.append(edit)
        self.film.current_edit = edit
        return edit

    def _start(self, start: int) -> tuple[int, bool]:
        """A drop-frame start arrives as the non-drop timecode of the same digits."""
        hours = Fraction(start) / self.fps / 3600
        looks_dropped = drops(self.fps) and start != round(hours) * 3600 * nominal(self.fps)
        if not looks_dropped:
            return start, False
        if not self.traps.drop_frame_lost:
            return start, True
        skip = nominal(self.fps) // 15
        ten = nominal(self.fps) * 600 - 9 * skip
        tens, rest = divmod(start, ten)
        minutes = max(0, (rest - nominal(self.fps) * 60) // (nominal(self.fps) * 60 - skip) + 1)
        return start + skip * (9 * tens + (minutes if rest >= nominal(self.fps) * 60 else 0)), False

    def _track(self, track: Json, edit: Edit, wanted: dict[str, Source]) -> Lane:
        kind = "audio" if track.get("kind") == "Audio" else "video"
        own = (track.get("metadata") or {}).get("Resolve_OTIO") or {}
        number = len(edit.of_kind(kind)) + 1
        lane = Lane(self.fake.ident("track"), kind, track.get("name") or f"{kind.title()} {number}")
        lane.subtype = str(own.get("Audio Type", "Mono")).lower() if kind == "audio" else ""
        lane.locked, lane.enabled = bool(own.get("Locked")), bool(track.get("enabled", True))
        at = edit.start
        for child in track.get("children") or ():
            noun = str(child.get("OTIO_SCHEMA", "")).partition(".")[0]
            if noun == "Transition":
                begin = at - round(child["in_offset"]["value"])
                frames = at + round(child["out_offset"]["value"]) - begin
                lane.pieces.append(
                    Piece(self.fake.ident("item"), child.get("name", ""), begin, frames, kind="transition")
                )
                continue
            span = child.get("source_range") or _reference(child).get("available_range")
            if span is None:
                raise _Refused
            length = Fraction(span["duration"]["value"]).limit_denominator(100_000)
            frames = round(length / rate_of(span["duration"]["rate"]) * self.fps)
            if noun == "Clip":
                lane.pieces.append(self._clip(child, lane, at, frames, span, wanted))
            elif noun != "Gap":
                title = Piece(self.fake.ident("item"), child.get("name", ""), at, frames, kind="generator")
                lane.pieces.append(title)
            at += frames
        return lane

    def _clip(
        self, clip: Json, lane: Lane, at: int, frames: int, span: Json, wanted: dict[str, Source]
    ) -> Piece:
        reference = _reference(clip)
        piece = Piece(
            self.fake.ident("item"), clip.get("name", ""), at, frames, enabled=bool(clip.get("enabled", True))
        )
        if not str(reference.get("OTIO_SCHEMA", "")).startswith("ExternalReference"):
            piece.kind = "generator"
            return piece
        source = self._source(reference, wanted)
        rate = rate_of(span["start_time"]["rate"])
        begin = Fraction(span["start_time"]["value"]).limit_denominator(100_000)
        first = begin / rate - self._zero(source.medium)
        held = Fraction(source.frames) / source.fps
        if first < -1 / rate or first > held:
            if self.traps.zero_based_refused:
                raise _Refused
            first = begin / rate
        first = max(Fraction(0), first)
        speed = Fraction(1)
        for effect in clip.get("effects") or ():
            if str(effect.get("OTIO_SCHEMA", "")).startswith("LinearTimeWarp"):
                speed = Fraction(effect["time_scalar"]).limit_denominator(1000)
        piece.source = source
        piece.source_start = first * source.fps
        length = Fraction(frames) / self.fps * speed
        if speed < 0:
            piece.source_start -= length * source.fps
        piece.source_end = piece.source_start + length * source.fps
        for effect in clip.get("effects") or ():
            self._level(effect, piece)
        own = (clip.get("metadata") or {}).get("Resolve_OTIO") or {}
        piece.properties = {"Link Group ID": own.get("Link Group ID")}
        if lane.kind == "audio" and len(own.get("Channels") or ()) > 1 and lane.subtype == "mono":
            lane.subtype = "stereo"
        return piece

    def _zero(self, medium: Medium) -> Fraction:
        """Seconds of timecode at which the file begins; a sound's is that of a whole frame."""
        if medium.fps is not None:
            return Fraction(medium.timecode) / medium.fps
        frame = round(Fraction(medium.timecode, medium.sample_rate) * self.fps)
        return Fraction(frame) / self.fps

    def _source(self, reference: Json, wanted: dict[str, Source]) -> Source:
        url = reference.get("target_url")
        if not isinstance(url, str):
            raise _Refused
        if url.startswith("file://"):
            if self.traps.file_url_refused:
                raise _Refused
            url = url.removeprefix("file://").removeprefix("localhost")
        if url not in wanted:
            medium = self.fake.medium(url)
            if medium is None:
                if self.traps.missing_medium_refused:
                    raise _Refused
                held = (reference.get("available_range") or {}).get("start_time") or {"value": 0}
                medium = Medium(url, self.fps, 1_000_000, round(held["value"]), channels=2)
            fps = medium.fps or self.film.fps
            wanted[url] = Source("", Path(url).name, medium, fps, rate_text(fps))
        return wanted[url]

    def _level(self, effect: Json, piece: Piece) -> None:
        own = (effect.get("metadata") or {}).get("Resolve_OTIO") or {}
        for one in own.get("Parameters") or ():
            if one.get("Parameter ID") == "volume":
                piece.level_db = float(one["Parameter Value"])
                keys = one.get("Key Frames") or {}
                shift = 0 if self.traps.keys_from_clip else round(piece.source_start)
                piece.level_keys = {int(frame) - shift: float(key["Value"]) for frame, key in keys.items()}

    def _linked_sound(self, edit: Edit) -> None:
        for lane in edit.of_kind("video"):
            twin = Lane(self.fake.ident("track"), "audio", f"Audio of {lane.name}", "stereo")
            for piece in lane.pieces:
                if piece.source is not None and piece.source.medium.channels:
                    twin.pieces.append(
                        Piece(
                            self.fake.ident("item"), piece.name, piece.start, piece.frames, piece.source,
                            piece.source_start, piece.source_end,
                        )
                    )  # fmt: skip
            if twin.pieces:
                edit.lanes.append(twin)

    def _link(self, edit: Edit) -> None:
        groups: dict[object, list[Piece]] = {}
        for _, piece in edit.pieces():
            group = piece.properties.pop("Link Group ID", None)
            if group:
                groups.setdefault(group, []).append(piece)
        for pieces in groups.values():
            for piece in pieces:
                piece.links = [other.ident for other in pieces if other is not piece]

    def _mark(self, marker: Json) -> Mark:
        own = (marker.get("metadata") or {}).get("Resolve_OTIO") or {}
        span = marker["marked_range"]
        note = own.get("Note") or ""
        if not note and not self.traps.comments_need_note:
            note = marker.get("comment") or ""
        return Mark(
            round(span["start_time"]["value"]),
            str(marker.get("color") or "Blue").title(),
            marker.get("name", ""),
            note,
            max(1, round(span["duration"]["value"])),
        )


def _reference(clip: Json) -> Json:
    references = clip.get("media_references")
    if isinstance(references, dict):
        found = references.get(clip.get("active_media_reference_key") or "DEFAULT_MEDIA")
    else:
        found = clip.get("media_reference")
    return found if isinstance(found, dict) else {}


def _walk(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from _walk(one)
    elif isinstance(value, list):
        for one in value:
            yield from _walk(one)
