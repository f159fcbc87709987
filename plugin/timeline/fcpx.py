"""Final Cut Pro X XML (.fcpxml, also written by Resolve) to an OpenTimelineIO timeline.

Own code, since the library's reader takes 23.976 for 23 and loses markers, order and the start timecode
(measured). Element meanings: https://developer.apple.com/documentation/professional-video-
applications/fcpxml-reference
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree.ElementTree import Element

from ...engine.errors import InputError, OptionError, Problem
from ...engine.timebase import Rate
from . import otiojson
from .otiojson import clip, composition, gap, span
from .schemas import Json

_SHOWN = (
    "asset-clip",
    "clip",
    "ref-clip",
    "sync-clip",
    "mc-clip",
    "video",
    "audio",
    "title",
    "gap",
    "audition",
    "spine",
)
_MAX_NESTS = 20


@dataclass(frozen=True, slots=True)
class FcpxTimeline:
    json_bytes: bytes
    rate: Rate
    drop_frame: bool
    problems: tuple[Problem, ...]


def timeline(root: Element, name: str) -> FcpxTimeline:
    """The first sequence of the file. InputError when there is none, or its times are none."""
    sequences = [(element.get("name", ""), element.find("sequence")) for element in root.iter("project")]
    sequences += [("", element) for element in root.iter("sequence")]
    first = next(((title, sequence) for title, sequence in sequences if sequence is not None), None)
    if first is None:
        raise InputError(f"'{name}' holds no sequence: export a project, not an event or a library")
    title, sequence = first
    try:
        reader = _Reader(root, sequence)
        tracks = reader.tracks(sequence)
        start = _seconds(sequence.get("tcStart"))
        data = otiojson.timeline(title or name, tracks, otiojson.time(start, reader.rate))
    except (ValueError, ZeroDivisionError, OptionError, RecursionError) as error:
        raise InputError(f"'{name}' is damaged ({error}): export it again, or as .otio") from None
    drop = sequence.get("tcFormat") == "DF"
    projects = sum(1 for _ in root.iter("project"))
    if projects > 1:
        text = f"'{name}' holds {projects} projects: the first was taken, '{title}'"
        reader.problems.append(Problem("timelines", text))
    return FcpxTimeline(json.dumps(data).encode(), reader.rate, drop, tuple(dict.fromkeys(reader.problems)))


def _seconds(text: str | None, default: Fraction | None = None) -> Fraction:
    """ "1001/24000s" or "5s"."""
    if text is None:
        return Fraction(0) if default is None else default
    return Fraction(text.strip().removesuffix("s"))


@dataclass(frozen=True, slots=True)
class _Piece:
    """An item at its time in the container, in seconds."""

    lane: int
    begin_s: Fraction
    length_s: Fraction
    item: Json
    audio: bool = False


@dataclass(frozen=True, slots=True)
class _Timing:
    """How an element's own time (in which its children lie) maps to its medium: linear."""

    start_s: Fraction
    length_s: Fraction
    source_s: Fraction
    speed: Fraction


@dataclass(slots=True)
class _Reader:
    root: Element
    sequence: Element
    rate: Rate = field(init=False)
    problems: list[Problem] = field(default_factory=list)
    _resources: dict[str, Element] = field(default_factory=dict)
    _depth: int = 0

    def __post_init__(self) -> None:
        for element in self.root.iterfind("resources/*"):
            self._resources[element.get("id", "")] = element
        duration = self._resource(self.sequence.get("format")).get("frameDuration")
        if duration is None:
            raise ValueError("its sequence has no frame rate")
        self.rate = Rate.of(1 / _seconds(duration))

    def _resource(self, key: str | None) -> Element:
        found = self._resources.get(key or "")
        return found if found is not None else Element("missing")

    # --- containers ---

    def tracks(self, container: Element) -> list[Json]:
        """The tracks of a sequence or an angle: one for each lane, the lowest first, then those of sound."""
        spine = container.find("spine")
        return self._tracks_of(list(self._spine(container if spine is None else spine, Fraction(0), 0)))

    def _tracks_of(self, pieces: list[_Piece]) -> list[Json]:
        tracks = []
        for kind in ("Video", "Audio"):
            mine = [piece for piece in pieces if piece.audio is (kind == "Audio")]
            # Pictures from the lowest lane up; sound from the storyline down, where it is connected.
            lanes = sorted({piece.lane for piece in mine}, reverse=kind == "Audio")
            rows = [row for lane in lanes for row in _rows([piece for piece in mine if piece.lane == lane])]
            for number, row in enumerate(rows, 1):
                name = f"{kind[0]}{number}"
                tracks.append(composition("Track", self._row(row), track=kind, name=name))
        return tracks

    def _row(self, row: list[_Piece]) -> list[Json]:
        """Pieces in order with the gaps between them; transitions take no time."""
        children: list[Json] = []
        cursor = Fraction(0)
        for piece in row:
            if piece.begin_s > cursor:
                children.append(gap(span(Fraction(0), piece.begin_s - cursor, self.rate)))
            children.append(piece.item)
            cursor = max(cursor, piece.begin_s + piece.length_s)
        return children

    def _spine(self, spine: Element, at_s: Fraction, lane: int) -> Iterator[_Piece]:
        """A storyline: its elements follow each other, whatever clock their offsets are written in."""
        cursor = at_s
        for element in spine:
            if element.tag == "transition":
                half = _seconds(element.get("duration")) / 2
                yield _Piece(
                    lane,
                    cursor,
                    Fraction(0),
                    otiojson.transition(half, half, self.rate, element.get("name", "")),
                )
            elif element.tag in _SHOWN:
                length = self._length(element)
                yield from self._element(element, cursor, lane)
                cursor += length

    def _length(self, element: Element) -> Fraction:
        if element.tag == "spine":
            return sum((self._length(child) for child in element if child.tag in _SHOWN), Fraction(0))
        if element.tag == "audition":
            return next((self._length(child) for child in element if child.tag in _SHOWN), Fraction(0))
        duration = element.get("duration")
        if duration is None:
            resource = self._resource(element.get("ref"))
            inner = resource.find("sequence")
            duration = (resource if inner is None else inner).get("duration")
        return _seconds(duration)

    # --- elements ---

    def _element(self, element: Element, at_s: Fraction, lane: int) -> Iterator[_Piece]:
        """An element that begins at `at_s` of its container, and all that is connected to it."""
        self._depth += 1
        if self._depth > _MAX_NESTS * 4:
            raise ValueError("its clips are nested too deeply")
        if element.tag == "audition":
            active = next((child for child in element if child.tag in _SHOWN), None)
            if active is not None:
                yield from self._element(active, at_s, lane)
        elif element.tag == "spine":
            yield from self._spine(element, at_s, lane)
        else:
            timing = self._timing(element)
            yield from self._own(element, timing, at_s, lane)
            for child in element:
                if child.tag in _SHOWN and child.get("lane") is not None:
                    begin_s = at_s + _seconds(child.get("offset"), timing.start_s) - timing.start_s
                    yield from self._element(child, begin_s, lane + int(child.get("lane", "0")))
        self._depth -= 1

    def _own(self, element: Element, timing: _Timing, at_s: Fraction, lane: int) -> Iterator[_Piece]:
        enabled = element.get("enabled", "1") != "0"
        name = element.get("name", "")
        marks = list(self._markers(element, timing))
        source = span(timing.source_s, timing.length_s, self.rate)
        effects = [] if timing.speed == 1 else [otiojson.speed_effect(timing.speed)]
        tag = element.tag
        if tag == "gap":
            yield _Piece(lane, at_s, timing.length_s, gap(source, marks))
            return
        if tag in ("ref-clip", "sync-clip", "mc-clip", "clip"):
            tracks = self._inside(element)
            nested = composition(
                "Stack", tracks, name=name, source_range=source, effects=effects, markers=marks
            )
            nested["enabled"] = enabled
            wanted = element.get("srcEnable", "all")
            kinds = {track["kind"] for track in tracks}
            if "Video" in kinds and wanted != "audio":
                yield _Piece(lane, at_s, timing.length_s, nested)
            if "Audio" in kinds and wanted != "video":
                yield _Piece(lane, at_s, timing.length_s, {**nested, "markers": []}, audio=True)
            return
        asset = self._resource(element.get("ref"))
        reference = self._reference(asset, element)
        item = clip(name, source, reference, effects=effects, markers=marks)
        item["enabled"] = enabled
        wanted = element.get("srcEnable", "all")
        picture = tag in ("title", "video") or (tag == "asset-clip" and asset.get("hasVideo") == "1")
        sound = tag == "audio" or (tag == "asset-clip" and asset.get("hasAudio") == "1")
        if asset.tag == "missing" and tag == "asset-clip":
            picture = True
        if picture and wanted != "audio":
            yield _Piece(lane, at_s, timing.length_s, item)
        if sound and wanted != "video":
            yield _Piece(lane, at_s, timing.length_s, {**item, "markers": []}, audio=True)

    def _inside(self, element: Element) -> list[Json]:
        """The tracks within a compound, synchronised or multicam clip."""
        resource = self._resource(element.get("ref"))
        if element.tag == "ref-clip":
            inner = resource.find("sequence")
            return self.tracks(inner) if inner is not None else []
        if element.tag == "mc-clip":
            return self._angles(element, resource)
        # A clip or sync-clip holds its parts itself, at offsets of its own time.
        pieces = [
            piece
            for child in element
            if child.tag in _SHOWN and child.get("lane") is None
            for piece in self._element(child, _seconds(child.get("offset")), 0)
        ]
        return self._tracks_of(pieces)

    def _angles(self, element: Element, resource: Element) -> list[Json]:
        angles = {angle.get("angleID", ""): angle for angle in resource.iterfind("multicam/mc-angle")}
        tracks: list[Json] = []
        chosen = [
            (source.get("angleID", ""), source.get("srcEnable", "all"))
            for source in element.iter("mc-source")
        ]
        for key, wanted in chosen or [(key, "all") for key in list(angles)[:1]]:
            angle = angles.get(key)
            if angle is not None:
                kinds = {"all": ("Video", "Audio"), "video": ("Video",), "audio": ("Audio",)}.get(wanted, ())
                tracks += [track for track in self.tracks(angle) if track["kind"] in kinds]
        return tracks

    def _timing(self, element: Element) -> _Timing:
        length_s = self._length(element)
        start_s = _seconds(element.get("start"), self._natural_start(element))
        points = element.findall("timeMap/timept")
        if len(points) < 2:
            return _Timing(start_s, length_s, start_s, Fraction(1))
        times = [(_seconds(point.get("time")), _seconds(point.get("value"))) for point in points]
        (t0, v0), (t1, v1) = times[0], times[-1]
        if t1 <= t0:
            return _Timing(start_s, length_s, start_s, Fraction(1))
        speed = (v1 - v0) / (t1 - t0)
        if any(abs(v0 + speed * (t - t0) - v) > 1 / self.rate.fps for t, v in times[1:-1]):
            text = f"'{element.get('name', '')}' changes its speed as it plays: its mean is looked at"
            self.problems.append(Problem("speed", text))
        source_s = v0 + speed * (start_s - t0)
        if speed < 0:
            # Our clips say which source they cover; backwards they begin at its end.
            source_s += speed * length_s
        return _Timing(start_s, length_s, source_s, speed)

    def _natural_start(self, element: Element) -> Fraction:
        """Where an element without `start` begins: 0 by the reference, unless its file has a timecode after
        that.
        """
        return (
            _seconds(self._resource(element.get("ref")).get("start"))
            if element.tag == "asset-clip"
            else Fraction(0)
        )

    def _reference(self, asset: Element, element: Element) -> Json:
        if asset.tag != "asset":
            if element.tag in ("title", "video"):
                kind = asset.get("name") or element.get("name") or element.tag
                return {"OTIO_SCHEMA": "GeneratorReference.1", "metadata": {}, "generator_kind": kind}
            return {"OTIO_SCHEMA": "MissingReference.1", "metadata": {}}
        representation = asset.find("media-rep")
        url = asset.get("src") or (representation.get("src") if representation is not None else None)
        available = None
        if asset.get("duration") is not None and _seconds(asset.get("duration")) > 0:
            available = span(_seconds(asset.get("start")), _seconds(asset.get("duration")), self.rate)
        return otiojson.file_reference(url, asset.get("name", ""), available)

    def _markers(self, element: Element, timing: _Timing) -> Iterator[Json]:
        for mark in element:
            if mark.tag in ("marker", "chapter-marker"):
                own_s = _seconds(mark.get("start")) - timing.start_s
                begin_s = timing.source_s + timing.speed * own_s if timing.speed >= 0 else timing.source_s
                length = span(begin_s, _seconds(mark.get("duration")) * abs(timing.speed), self.rate)
                yield otiojson.marker(mark.get("value", ""), length, mark.get("note", ""))


def _rows(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Pieces of one lane in as few tracks as hold them without overlap."""
    rows: list[list[_Piece]] = []
    for piece in pieces:
        row = next((row for row in rows if row[-1].begin_s + row[-1].length_s <= piece.begin_s), None)
        if row is None:
            rows.append([piece])
        else:
            row.append(piece)
    return rows
