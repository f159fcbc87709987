"""Timeline.Export: an .otio file in the dialect that Resolve writes."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from .clock import rate_text
from .state import Edit, Lane, Mark, Piece
from .traps import Traps

Json = dict[str, Any]
KEY = "DEFAULT_MEDIA"


def write_otio(traps: Traps, edit: Edit, path: str) -> bool:
    """False where the folder is not there."""
    target = Path(path)
    if not target.is_absolute() or not target.parent.is_dir():
        return False
    target.write_text(json.dumps(_Writer(traps, edit).timeline(), indent=4), encoding="utf-8")
    return True


class _Writer:
    def __init__(self, traps: Traps, edit: Edit) -> None:
        self.traps = traps
        self.edit = edit
        self.links = self._link_groups()

    def _link_groups(self) -> dict[str, int]:
        groups: dict[str, int] = {}
        for _, piece in self.edit.pieces():
            if piece.kind == "clip" and piece.ident not in groups:
                number = 1 + max(groups.values(), default=0)
                for ident in (piece.ident, *piece.links):
                    groups[ident] = number
        return groups

    def time(self, frames: Fraction | int, fps: Fraction) -> Json:
        text = rate_text(fps)
        rate = float(text) if self.traps.otio_rate == "decimal" else float(fps)
        return {"OTIO_SCHEMA": "RationalTime.1", "rate": rate, "value": float(frames)}

    def span(self, start: Fraction | int, frames: Fraction | int, fps: Fraction) -> Json:
        return {
            "OTIO_SCHEMA": "TimeRange.1",
            "duration": self.time(frames, fps),
            "start_time": self.time(start, fps),
        }

    def timeline(self) -> Json:
        edit = self.edit
        lanes = [self.track(lane) for kind in ("video", "audio") for lane in edit.of_kind(kind)]
        marks = [self.marker(mark) for mark in sorted(edit.marks, key=lambda mark: mark.frame)]
        stack = {**self.item("Stack.1", "", None), "children": lanes, "markers": marks}
        return {
            "OTIO_SCHEMA": "Timeline.1",
            "metadata": {"Resolve_OTIO": {"Resolve OTIO Meta Version": "1.0"}},
            "name": "",
            "global_start_time": self.time(edit.start, edit.fps),
            "tracks": stack,
        }

    def item(self, schema: str, name: str, source_range: Json | None, metadata: Json | None = None) -> Json:
        return {
            "OTIO_SCHEMA": schema,
            "metadata": {"Resolve_OTIO": metadata} if metadata else {},
            "name": name,
            "source_range": source_range,
            "effects": [],
            "markers": [],
            "enabled": True,
        }

    def marker(self, mark: Mark) -> Json:
        return {
            "OTIO_SCHEMA": "Marker.2",
            "metadata": {"Resolve_OTIO": {"Keywords": [], "Note": mark.note}},
            "name": mark.name,
            "color": mark.colour.upper(),
            "comment": "",
            "marked_range": self.span(mark.frame, mark.frames, self.edit.fps),
        }

    def track(self, lane: Lane) -> Json:
        kind = lane.kind.title()
        metadata: Json = {"Locked": lane.locked}
        if lane.kind == "audio":
            metadata = {"Audio Type": lane.subtype.title(), "Locked": lane.locked, "SoloOn": False}
        children: list[Json] = []
        at = self.edit.start
        cuts = {piece.end for piece in lane.pieces if piece.kind != "transition"}
        joins = [piece for piece in lane.sorted() if piece.kind == "transition"]
        for piece in lane.sorted():
            if piece.kind == "transition":
                continue
            if piece.start > at:
                gap = self.span(0, piece.start - at, self.edit.fps)
                children.append(self.item("Gap.1", "", gap))
            children.append(self.clip(lane, piece))
            at = piece.end
            children += [
                self.transition(join, at) for join in joins if at in cuts and join.start < at < join.end
            ]
        return {
            **self.item("Track.1", lane.name, None, metadata),
            "enabled": lane.enabled,
            "children": children,
            "kind": kind,
        }

    def transition(self, piece: Piece, cut: int) -> Json:
        return {
            "OTIO_SCHEMA": "Transition.1",
            "metadata": {"Resolve_OTIO": {"Effect Name": piece.name}},
            "name": piece.name,
            "in_offset": self.time(cut - piece.start, self.edit.fps),
            "out_offset": self.time(piece.end - cut, self.edit.fps),
            "transition_type": "SMPTE_Dissolve",
        }

    def clip(self, lane: Lane, piece: Piece) -> Json:
        source, fps = piece.source, self.edit.fps
        metadata: Json = {"Link Group ID": self.links.get(piece.ident, 0)}
        if lane.kind == "audio":
            metadata["Channels"] = [
                {"Source Channel ID": channel, "Source Track ID": 0}
                for channel in range(2 if lane.subtype == "stereo" else 1)
            ]
        if source is None:
            reference: Json = {
                "OTIO_SCHEMA": "GeneratorReference.1",
                "metadata": {},
                "name": piece.name,
                "available_range": None,
                "generator_kind": piece.name,
                "parameters": {},
            }
            return self._with(
                self.item("Clip.2", piece.name, self.span(0, piece.frames, fps)), reference, piece
            )
        at_source = fps if source.medium.fps is None else source.fps
        zero: Fraction | int = source.medium.timecode
        if source.medium.fps is None:
            zero = round(Fraction(zero, source.medium.sample_rate) * at_source)
        held = int(Fraction(source.frames) / source.fps * at_source)
        first = min(piece.source_start, piece.source_end) / source.fps * at_source
        reference = {
            "OTIO_SCHEMA": "ExternalReference.1",
            "metadata": {},
            "name": source.name,
            "available_range": self.span(zero, held, at_source),
            "available_image_bounds": None,
            "target_url": source.medium.path,
        }
        # The length is that of the record, in frames of the medium.
        length = Fraction(piece.frames) / fps * at_source
        made = self.item("Clip.2", piece.name, self.span(zero + first, length, at_source), metadata)
        made = self._with(made, reference, piece)
        made["effects"] = self.effects(lane, piece, fps)
        return made

    def _with(self, made: Json, reference: Json, piece: Piece) -> Json:
        return {
            **made,
            "enabled": piece.enabled,
            "media_references": {KEY: reference},
            "active_media_reference_key": KEY,
        }

    def effects(self, lane: Lane, piece: Piece, fps: Fraction) -> list[Json]:
        assert piece.source is not None
        span = (piece.source_end - piece.source_start) / piece.source.fps
        speed = span / (Fraction(piece.frames) / fps)
        found: list[Json] = []
        if speed != 1 and not piece.sources_unknown:
            found.append(
                {
                    "OTIO_SCHEMA": "LinearTimeWarp.1",
                    "metadata": {},
                    "name": "",
                    "effect_name": "",
                    "time_scalar": float(speed),
                }
            )
        if lane.kind == "audio":
            found.append(self.volume(piece))
        return found

    def volume(self, piece: Piece) -> Json:
        values: list[Json] = []
        if piece.level_db or piece.level_keys or not self.traps.parameters_empty:
            shift = 0 if self.traps.keys_from_clip else round(piece.source_start)
            keys = {
                str(frame + shift): {"Value": db, "Variant Type": "Double"}
                for frame, db in sorted(piece.level_keys.items())
            }
            values.append(
                {
                    "Parameter ID": "volume",
                    "Variant Type": "Double",
                    "Parameter Value": piece.level_db,
                    "Key Frames": keys,
                }
            )
        return {
            "OTIO_SCHEMA": "Effect.1",
            "metadata": {
                "Resolve_OTIO": {
                    "Effect Name": "Fairlight Clip Volume and Fades",
                    "Enabled": True,
                    "Name": "Volume",
                    "Parameters": values,
                    "Type": 62,
                }
            },
            "name": "",
            "effect_name": "Resolve Effect",
        }
