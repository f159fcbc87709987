"""Stems into the sequencer: a meta strip for each cue, in it a sound strip for each stem, above all else.

A strip shows the cue, its file goes on beyond both ends. The meta is made without Blender's own operator,
which wants a sequencer on the screen: its content follows the strips in it, and its handles are set to that.
What is new is made on free channels and read back before anything earlier gives way; until then everything
can be undone, and is, where a value is not the one wished.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....engine.types import Placement
from ....export.earlier import base_and_version
from ....export.scored import stem_rank
from ..base import HostError, Landed, Landing, touching
from . import api, markers
from .earlier import Earlier, earlier_of, outcome
from .laid import all_deeds, record_of, sign
from .strips import seen_of
from .table import keep, table_of

CHANNEL = "Hitpoint"
_META_COLOUR = "COLOR_07"
_STEM_COLOURS = ("COLOR_01", "COLOR_02", "COLOR_03", "COLOR_04", "COLOR_05", "COLOR_06")
_OTHER_COLOUR = "COLOR_08"
# Blender keeps room in a strip's name for what tells it from others (measured).
_MOST_BYTES = 61


@dataclass(slots=True)
class _Cue:
    """One meta strip in the making: frames of the scene."""

    name: str
    stems: list[Placement]
    first: int
    end: int
    channel: int = 0
    meta: Any = None
    strips: list[Any] = field(default_factory=list)


def place(bpy: Any, scene: Any, landing: Landing) -> Landed:
    """See Host.place. One meta per cue; a cue of the job that is there is not placed again."""
    start = int(scene.frame_start)
    metas = _metas_of(scene, landing.job)
    there = {record_of(meta)["cue"]: meta for meta in metas}
    wanted = [one for one in landing.placements if one.cue not in there]
    if not wanted:
        return Landed(tuple(meta.name for meta in metas))
    _check_edit(bpy, scene, landing)
    for one in wanted:
        _check_file(one)
    cues = _cues(wanted, start)
    editor = scene.sequence_editor or scene.sequence_editor_create()
    active = editor.active_strip
    settled = outcome(earlier_of(bpy, scene), [(cue.first, cue.end) for cue in cues], landing.job)
    _find_channels(cues, [strip.channel for strip in api.strips(scene)], scene)

    gone = [one.strip for one in settled.replaced]
    replaced = tuple(one.name for one in settled.replaced)
    kept = tuple(one.name for one in settled.kept)
    names: list[tuple[Any, str]] = []
    made = False
    try:
        for cue in cues:
            _make(bpy, editor, cue, start)
        names = _set_aside(gone)
        for cue in cues:
            _finish(bpy, scene, cue, landing)
        made = True
    except RuntimeError as error:
        raise HostError(f"Blender did not place the music ({_reason(error)}): nothing was changed") from None
    finally:
        if not made:
            _take_back(bpy, scene, [cue.meta for cue in cues if cue.meta is not None])
            for strip, name in names:
                strip.name = name

    # From here on nothing is asked of Blender that it can refuse.
    if active is not None and any(active == one or active.parent_meta() == one for one in gone):
        active = None
    for earlier in settled.kept:
        earlier.strip.mute = True
    _take_back(bpy, scene, gone)
    _move_down(cues, scene)
    editor.active_strip = active
    _note(scene, landing.job, cues, gone=settled.replaced)
    if landing.markers:
        idents = tuple(f"{cue.name}@" for cue in cues)
        hits = tuple(one for one in landing.markers if one.ident.startswith(idents))
        markers.write(scene, hits, idents, landing.job)
    return Landed(tuple(cue.meta.name for cue in cues), replaced, kept, settled.problems)


def verify(bpy: Any, scene: Any, job: str) -> tuple[str, ...]:
    """See Host.verify."""
    cues = table_of(scene).jobs.get(job)
    if cues is None:
        return (f"nothing in the scene '{scene.name}' was placed by this job",)
    metas = {record_of(meta)["cue"]: meta for meta in _metas_of(scene, job)}
    out = []
    for cue, name in cues.items():
        meta = metas.get(cue)
        if meta is None:
            out.append(f"'{name}' is no longer there")
            continue
        out += [f"{deed} since it was placed" for deed in all_deeds(bpy, scene, meta)]
        for strip in api.strips(meta):
            path = api.absolute(bpy, strip.sound.filepath, strip.sound) if record_of(strip) else ""
            if path and strip.sound.packed_file is None and not Path(path).is_file():
                out.append(f"the file of '{strip.name}' is gone: '{path}'")
    return tuple(out)


def remove(bpy: Any, scene: Any, job: str) -> Landed:
    """See Host.remove. What was switched off when it was placed stays so."""
    ours = [one for one in earlier_of(bpy, scene) if one.job == job]
    going = [one for one in ours if not one.deeds]
    names = tuple(one.name for one in going)
    kept = tuple(one.name for one in ours if one.deeds)
    _take_back(bpy, scene, [one.strip for one in going])
    table = table_of(scene)
    if not kept:
        table.jobs.pop(job, None)
        keep(scene, table)
    markers.take_away(scene, job)
    return Landed((), names, kept)


def _metas_of(scene: Any, job: str) -> list[Any]:
    return [
        strip
        for strip in api.all_strips(scene)
        if strip.type == "META" and record_of(strip).get("job") == job
    ]


def _check_edit(bpy: Any, scene: Any, landing: Landing) -> None:
    rate = api.rate_of(scene)
    if rate != landing.rate:
        raise HostError(
            f"the scene has {rate} frames a second, the music was made for {landing.rate}: score it again",
            kind="stale",
        )
    if landing.timeline:
        now = touching(seen_of(bpy, scene), landing.spans)
        if now != touching(landing.seen, landing.spans):
            raise HostError(
                "the strips under the music are others than when it was made: score it again", kind="stale"
            )


def _check_file(one: Placement) -> None:
    frames = one.out_frame_exclusive - one.in_frame
    if frames < 1 or one.source_in_frame < 0 or one.source_in_frame + frames > one.available_frames:
        raise HostError(f"the music of '{one.cue}' does not fill its place: score it again")
    path = Path(one.path)
    if not path.is_absolute() or not path.is_file():
        # Blender itself would make a strip of one frame out of it, and say nothing.
        raise HostError(f"'{path}' is not there: score it again")


def _cues(placements: Iterable[Placement], start: int) -> list[_Cue]:
    found: dict[str, _Cue] = {}
    for one in placements:
        first, end = one.in_frame + start, one.out_frame_exclusive + start
        cue = found.setdefault(one.cue, _Cue(one.cue, [], first, end))
        cue.stems.append(one)
        cue.first, cue.end = min(cue.first, first), max(cue.end, end)
    for cue in found.values():
        cue.stems.sort(key=lambda one: stem_rank(one.stem))
    return sorted(found.values(), key=lambda cue: cue.first)


def _find_channels(cues: Sequence[_Cue], used: Sequence[int], scene: Any) -> None:
    """Above all strips, whatever they are: never between two pictures."""
    lowest = 1 + max(used, default=0)
    ends: list[int] = []
    for cue in cues:
        row = next((row for row, end in enumerate(ends) if end <= cue.first), len(ends))
        ends[row : row + 1] = [cue.end]
        cue.channel = lowest + row
    if lowest + len(ends) - 1 > api.MOST_CHANNELS or max(len(c.stems) for c in cues) > api.MOST_CHANNELS:
        raise HostError(
            f"the scene '{scene.name}' has strips up to channel {lowest - 1}, and Blender has "
            f"{api.MOST_CHANNELS}: move the topmost strips down and place the music again"
        )


def _make(bpy: Any, editor: Any, cue: _Cue, start: int) -> None:
    """The meta of a cue with its stems, read back. HostError where anything is not as wished."""
    cue.meta = api.collection(editor).new_meta(cue.name[:20], cue.channel, cue.first)
    cue.meta.select = False
    inside = api.collection(cue.meta)
    # As an ungrouped meta wants them: the channels above are free.
    lowest = min(cue.channel, api.MOST_CHANNELS + 1 - len(cue.stems))
    for channel, one in enumerate(cue.stems, lowest):
        first, end = one.in_frame + start, one.out_frame_exclusive + start
        zero = first - one.source_in_frame
        strip = inside.new_sound(one.stem[:20], one.path, channel, zero)
        cue.strips.append(strip)
        strip.select = False
        # Blender rounds a file's length to frames.
        if api.times(strip).length < one.source_in_frame + end - first - 1:
            raise HostError(
                f"'{one.path}' holds {api.times(strip).length} frames by Blender's count, its place needs "
                f"{one.source_in_frame + end - first}: nothing was changed; score it again"
            )
        api.set_handles(strip, first, end)
        times = api.times(strip)
        path = api.absolute(bpy, strip.sound.filepath, strip.sound)
        if (times.first, times.end, times.zero) != (first, end, zero) or Path(path) != Path(one.path):
            raise _another(cue.name)
        if strip.channel != channel or strip.mute or strip.volume != 1 or strip.pan or strip.sound_offset:
            raise _another(cue.name)
    api.set_handles(cue.meta, cue.first, cue.end)
    times = api.times(cue.meta)
    if (times.first, times.end, times.zero, times.length) != (
        cue.first,
        cue.end,
        cue.first,
        cue.end - cue.first,
    ):
        raise _another(cue.name)
    if cue.meta.channel != cue.channel or cue.meta.mute or len(inside) != len(cue.stems):
        raise _another(cue.name)


def _another(cue: str) -> HostError:
    return HostError(f"Blender put the music of '{cue}' elsewhere than asked: nothing was changed")


def _move_down(cues: Sequence[_Cue], scene: Any) -> None:
    """To where earlier music lay that gave way, so that scoring again does not climb."""
    new = [cue.meta for cue in cues]
    rest = [strip for strip in api.strips(scene) if strip not in new]
    by = min(cue.channel for cue in cues) - 1 - max((strip.channel for strip in rest), default=0)
    for cue in sorted(cues, key=lambda cue: cue.channel) if by > 0 else ():
        cue.meta.channel = cue.channel - by
    for cue in cues:
        channel = scene.sequence_editor.channels[cue.meta.channel]
        if channel.name == f"Channel {cue.meta.channel}":
            channel.name = CHANNEL


def _set_aside(metas: Iterable[Any]) -> list[tuple[Any, str]]:
    """Take their names from what gives way, for the new; (strip, name) of each."""
    parts = [strip for meta in metas for strip in (meta, *api.strips(meta))]
    names = [(strip, strip.name) for strip in parts]
    for number, strip in enumerate(parts):
        strip.name = f"~{number}"
    return names


def _finish(bpy: Any, scene: Any, cue: _Cue, landing: Landing) -> None:
    """Names, colours and our notes."""
    taken = [base_and_version(strip.name) for strip in api.all_strips(scene)]
    base = f"Cue: {cue.name}"
    version = 1 + max((number for name, number in taken if name == _fitted(base, "")), default=0)
    suffix = "" if version == 1 else f" v{version}"
    cue.meta.name = _fitted(base, suffix)
    cue.meta.color_tag = _META_COLOUR
    for one, strip in zip(cue.stems, cue.strips, strict=True):
        strip.name = _fitted(cue.name, f": {one.stem}{suffix}")
        rank = stem_rank(one.stem)[0]
        strip.color_tag = _STEM_COLOURS[rank] if rank < len(_STEM_COLOURS) else _OTHER_COLOUR
        cue.meta.channels[strip.channel].name = one.track
        sign(bpy, scene, strip, job=landing.job, take=landing.take, cue=cue.name, stem=one.stem)
    sign(bpy, scene, cue.meta, job=landing.job, take=landing.take, cue=cue.name, stem="")


def _note(scene: Any, job: str, cues: Sequence[_Cue], *, gone: Sequence[Earlier]) -> None:
    table = table_of(scene)
    for one in gone:
        left = table.jobs.get(one.job, {})
        left.pop(one.cue, None)
        if not left:
            table.jobs.pop(one.job, None)
    table.jobs.setdefault(job, {}).update({cue.name: cue.meta.name for cue in cues})
    keep(scene, table)


def _take_back(bpy: Any, scene: Any, metas: Iterable[Any]) -> None:
    """Remove strips of ours with all in them, their sounds, and the name of a channel that gets empty."""
    editor = scene.sequence_editor
    for meta in metas:
        parts = [meta, *api.strips(meta)] if meta.type == "META" else [meta]
        sounds = [strip.sound for strip in parts if strip.type == "SOUND" and strip.sound is not None]
        channel = meta.channel
        parent = meta.parent_meta()
        api.collection(parent if parent is not None else editor).remove(meta)
        for sound in dict.fromkeys(sounds):
            if sound.users == 0:
                bpy.data.sounds.remove(sound)
        is_empty = all(strip.channel != channel for strip in api.strips(scene))
        if parent is None and is_empty and editor.channels[channel].name == CHANNEL:
            editor.channels[channel].name = f"Channel {channel}"


def _fitted(name: str, rest: str) -> str:
    """Both together, the name cut to what Blender holds."""
    return name.encode()[: _MOST_BYTES - len(rest.encode())].decode(errors="ignore") + rest


def _reason(error: RuntimeError) -> str:
    return str(error).strip().removeprefix("Error: ")
