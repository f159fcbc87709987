"""The sequencer's strips, read: what is seen and heard where, and at what speed.

Strips of ours are never among them. Muted ones, and those on muted channels, show nothing. An effect with one
input shows that input; of one that mixes, the upper input is taken. Blender counts a movie's own pictures and
not its seconds, so a movie of another rate plays faster or slower, unless it was told to keep its time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from ....engine.timebase import Rate
from ..base import HostError, Seen
from . import api
from .laid import is_ours
from .pieces import Edit, Fade, Medium, Piece, digest

_FADES = ("CROSS", "GAMMA_CROSS", "WIPE")
# It changes what is below, which stays visible.
_TRANSPARENT = "ADJUSTMENT"
_GENERATED = ("COLOR", "TEXT")
_NUMBERED = re.compile(r"(?P<prefix>.*?)(?P<number>\d+)(?P<suffix>\.[^.]*)")
_MOST_NESTED = 32

# Path of a movie -> how many pictures it has, None where it cannot be opened.
Measure = Callable[[str], int | None]


def read_edit(bpy: Any, scene: Any, measure: Measure) -> Edit:
    """HostError where the scene's rate is none, or it has no strips."""
    rate = api.rate_of(scene)
    start = int(scene.frame_start)
    edit = Edit(scene.name, rate, start, limit=int(scene.frame_end) + 1 - start)
    reader = _Reader(bpy, scene, rate, measure, edit.problems)
    edit.pieces, edit.fades = reader.level(scene.sequence_editor, api.strips(scene), start, 0)
    if not edit.frames:
        what = "no strips" if not edit.pieces else "no strip inside its frame range"
        raise HostError(f"the scene '{scene.name}' has {what}: there is nothing to score yet")
    beyond = max(piece.end for piece in edit.pieces)
    if beyond > edit.limit:
        edit.problems.append(
            f"the strips go on to frame {beyond - 1 + start}, and the scene ends at {scene.frame_end}: what "
            "comes after is left out; set the scene's End to score it"
        )
    if scene.render.frame_map_old != scene.render.frame_map_new:
        edit.problems.append(
            "the scene stretches its time (Time Stretching in the Output properties): the music is made "
            "for the strips as they lie"
        )
    return edit


def seen_of(bpy: Any, scene: Any) -> tuple[Seen, ...]:
    """The editor's strips that are not in metas; no file is asked, so that it is quick."""
    start = int(scene.frame_start)
    found = []
    for strip in api.strips(scene):
        if not is_ours(strip):
            times = api.times(strip)
            muted = _is_muted(strip, scene.sequence_editor)
            found.append(Seen(times.first - start, times.end - start, digest([muted, *_raw(bpy, strip)])))
    return tuple(found)


def _raw(bpy: Any, strip: Any) -> list[Any]:
    """What of a strip music depends on, wherever it lies in time."""
    times = api.times(strip)
    out: list[Any] = [strip.type, strip.channel, times.first - times.zero, times.length, times.trimmed]
    out.append([key.timeline_frame - times.first for key in getattr(strip, "retiming_keys", ())])
    if strip.type in ("MOVIE", "SOUND", "IMAGE"):
        out.append(_path(bpy, strip))
    if strip.type == "SOUND":
        out.append(round(strip.sound_offset, 6))
    elif strip.type == "IMAGE":
        out += [len(strip.elements), strip.elements[-1].filename if strip.elements else ""]
    elif strip.type == "MOVIE":
        out.append(bool(strip.use_reverse_frames))
    elif strip.type == "SCENE":
        out.append(strip.scene.name if strip.scene is not None else "")
    elif strip.type == "META":
        for child in api.strips(strip):
            if not is_ours(child):
                first = api.times(child)
                place = [first.first - times.zero, first.end - times.zero]
                out.append([_is_muted(child, strip), *place, *_raw(bpy, child)])
    elif strip.type == "SPEED":
        out += [strip.speed_control, strip.speed_factor, strip.speed_frame_number, strip.speed_length]
    elif strip.type == "MULTICAM":
        out.append(strip.multicam_source)
    out.append([one.name for one in _inputs(strip)])
    return out


def _inputs(strip: Any) -> list[Any]:
    count = getattr(strip, "input_count", 0)
    return [one for one in (getattr(strip, f"input_{number}", None) for number in range(1, count + 1)) if one]


def _is_muted(strip: Any, owner: Any) -> bool:
    return bool(strip.mute or owner.channels[strip.channel].mute)


def _path(bpy: Any, strip: Any) -> str:
    if strip.type == "SOUND":
        return api.absolute(bpy, strip.sound.filepath, strip.sound) if strip.sound is not None else ""
    if strip.type == "IMAGE":
        name = strip.elements[0].filename if strip.elements else ""
        return api.absolute(bpy, strip.directory + name, strip.id_data)
    return api.absolute(bpy, strip.filepath, strip.id_data)


@dataclass(slots=True)
class _Reader:
    bpy: Any
    scene: Any
    rate: Rate
    measure: Measure
    problems: list[str]
    _told: set[str] = field(default_factory=set)

    def level(self, owner: Any, strips: list[Any], zero: int, depth: int) -> tuple[list[Piece], list[Fade]]:
        """What lies side by side, in a scene or in a meta; `zero` is the scene frame counted from."""
        pieces: dict[str, Piece] = {}
        effects: list[Any] = []
        for strip in strips:
            if is_ours(strip) or _is_muted(strip, owner):
                continue
            if hasattr(strip, "input_count") and strip.type not in _GENERATED:
                effects.append(strip)
                continue
            piece = self._piece(strip, zero, depth)
            if piece is not None:
                pieces[strip.name] = piece
        fades = []
        for strip in effects:
            inputs = _inputs(strip)
            times = api.times(strip)
            if strip.type in _FADES and len(inputs) == 2:
                before, after = inputs
                fades.append(Fade(strip.name, before.name, after.name, times.first - zero, times.end - zero))
            elif strip.type == "SPEED" and inputs and inputs[0].name in pieces:
                name = inputs[0].name
                pieces[name] = self._sped(strip, pieces[name], inputs[0])
            elif strip.type == "MULTICAM":
                pieces.update(self._angle(strip, pieces, zero))
            elif strip.type != _TRANSPARENT and not inputs:
                pieces[strip.name] = self._opaque(strip, zero)
        return list(pieces.values()), fades

    def _piece(self, strip: Any, zero: int, depth: int) -> Piece | None:
        if strip.type == "MOVIE":
            return self._movie(strip, zero)
        if strip.type == "SOUND":
            return self._sound(strip, zero)
        if strip.type == "IMAGE":
            return self._images(strip, zero)
        if strip.type == "META":
            return self._meta(strip, zero, depth)
        if strip.type in _GENERATED:
            black = strip.type == "COLOR" and not any(strip.color)
            label = "black" if black else {"COLOR": "SolidColor", "TEXT": "Text"}[strip.type]
            return replace(self._opaque(strip, zero), kind="generated", label=label)
        text = f"'{strip.name}' ({strip.type.lower()}) is no file: its pictures are unseen"
        self._tell(text)
        return self._opaque(strip, zero)

    def _opaque(self, strip: Any, zero: int) -> Piece:
        times = api.times(strip)
        return Piece("opaque", strip.type, strip.name, strip.channel, times.first - zero, times.end - zero)

    def _movie(self, strip: Any, zero: int) -> Piece:
        path = _path(self.bpy, strip)
        times = api.times(strip)
        piece = self._opaque(strip, zero)
        own = api.movie_rate(strip)
        if own is None:
            # Blender could not open it: the reader tells of the file.
            medium = Medium(path, self.rate, times.length)
            return replace(piece, kind="picture", medium=medium, at=Fraction(times.first - times.zero))
        keys = len(strip.retiming_keys)
        pictures = times.length
        if own != self.rate or keys:
            measured = self.measure(path)
            if measured is None or keys > 2:
                self._tell(f"the speed of '{strip.name}' is not told by Blender: its pictures are unseen")
                return piece
            pictures = measured - times.trimmed
        if strip.use_reverse_frames:
            self._tell(f"'{strip.name}' plays backwards: its pictures are unseen")
            return piece
        speed = self._speed(own, pictures, times.length, retimed=keys > 0)
        if speed != 1 and not keys:
            self._tell(
                f"'{PurePath(path).name}' has {float(own.fps):.6g} frames a second and the scene "
                f"{float(self.rate.fps):.6g}, shown one for one: it plays at {float(speed):.3g} of its speed"
            )
        at = (times.first - times.zero) * speed * own.fps / self.rate.fps + times.trimmed
        medium = Medium(path, own, max(pictures, 1) + times.trimmed)
        return replace(piece, kind="picture", medium=medium, at=at, speed=speed)

    def _speed(self, own: Rate, pictures: int, length: int, *, retimed: bool) -> Fraction:
        """Seconds of the file in a second: `pictures` of it are shown over `length` frames of the scene."""
        if pictures == length:
            return self.rate.fps / own.fps
        in_its_time = pictures * self.rate.fps / own.fps
        # The strip of a movie that keeps its time has whole frames.
        if abs(length - in_its_time) <= 1 and not retimed:
            return Fraction(1)
        return Fraction(pictures, max(length, 1)) * self.rate.fps / own.fps

    def _images(self, strip: Any, zero: int) -> Piece:
        times = api.times(strip)
        piece = self._opaque(strip, zero)
        names = [one.filename for one in strip.elements]
        path = _path(self.bpy, strip)
        if len(names) == 1:
            return replace(piece, kind="picture", medium=Medium(path, self.rate, piece.end - piece.first))
        numbers = _numbers(names)
        if numbers is None:
            self._tell(f"the pictures of '{strip.name}' are not numbered in a row: they are unseen")
            return piece
        first, step, digits = numbers
        medium = Medium(path, self.rate, len(names), digits, first, step)
        at = Fraction(times.first - times.zero + times.trimmed)
        return replace(piece, kind="picture", medium=medium, at=at)

    def _sound(self, strip: Any, zero: int) -> Piece | None:
        times = api.times(strip)
        path = _path(self.bpy, strip)
        if not path:
            return None
        if len(strip.retiming_keys) > 0:
            self._tell(f"the speed of '{strip.name}' is not told by Blender: it is unheard")
            return None
        if strip.sound.packed_file is not None:
            self._tell(f"'{strip.name}' is packed into the .blend file: unpack it to have it heard")
        offset = Fraction(strip.sound_offset).limit_denominator(48_000) * self.rate.fps
        at = times.first - times.zero + times.trimmed - offset
        medium = Medium(path, self.rate, times.length + times.trimmed)
        return replace(self._opaque(strip, zero), kind="sound", medium=medium, at=at)

    def _meta(self, strip: Any, zero: int, depth: int) -> Piece:
        times = api.times(strip)
        piece = self._opaque(strip, zero)
        if depth >= _MOST_NESTED:
            self._tell(f"'{strip.name}' lies in too many metas: its pictures are unseen")
            return piece
        inside, fades = self.level(strip, api.strips(strip), times.zero, depth + 1)
        at = Fraction(times.first - times.zero)
        return replace(piece, kind="nest", at=at, inside=tuple(inside), fades=tuple(fades))

    def _sped(self, effect: Any, piece: Piece, source: Any) -> Piece:
        """A strip as its Speed effect shows it: Blender counts from where the strip's content begins."""
        times, range_ = api.times(source), api.times(effect)
        control, held = effect.speed_control, None
        factor = Fraction(0)
        if control == "STRETCH":
            shown = times.length - (times.first - times.zero)
            factor = Fraction(max(shown, 1), max(range_.end - range_.first, 1))
        elif control == "MULTIPLY":
            factor = Fraction(effect.speed_factor).limit_denominator(10_000)
        elif control == "FRAME_NUMBER":
            held = Fraction(effect.speed_frame_number)
        else:
            held = Fraction(effect.speed_length) * times.length / 100
        if factor < 0 or piece.kind not in ("picture", "nest") or api.is_animated(self.scene, effect):
            self._tell(f"the Speed effect of '{piece.name}' changes or plays backwards: it is unseen")
            return replace(piece, kind="opaque", medium=None, inside=(), fades=())
        content = Fraction(times.first - times.zero)
        counted = piece.medium.rate if piece.medium is not None else self.rate
        each = piece.speed * counted.fps / self.rate.fps
        at = piece.at + ((content * factor if held is None else held) - content) * each
        return replace(piece, at=at, speed=piece.speed * factor)

    def _angle(self, effect: Any, pieces: dict[str, Piece], zero: int) -> dict[str, Piece]:
        """What a Multicam strip shows: the strips of another channel, on its own."""
        times = api.times(effect)
        out = {}
        for piece in [one for one in pieces.values() if one.channel == effect.multicam_source]:
            shown = piece.between(times.first - zero, times.end - zero, self.rate)
            if shown is not None and shown.kind != "sound":
                out[f"{effect.name}\n{piece.name}"] = replace(shown, channel=effect.channel)
        return out

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self.problems.append(text)


def _numbers(names: list[str]) -> tuple[int, int, int] | None:
    """(first number, step, digits) of pictures numbered in a row; None of others."""
    matches = [_NUMBERED.fullmatch(name) for name in names]
    found = [match for match in matches if match is not None]
    if len(found) < max(len(names), 2) or len({(one["prefix"], one["suffix"]) for one in found}) > 1:
        return None
    numbers = [int(one["number"]) for one in found]
    step = numbers[1] - numbers[0]
    digits = len(found[0]["number"])
    if step < 1 or any(later - one != step for one, later in pairwise(numbers)):
        return None
    alike = all(one["number"] == f"{number:0{digits}}" for one, number in zip(found, numbers, strict=True))
    return (numbers[0], step, digits) if alike else None
