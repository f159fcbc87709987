"""Edits drawn by chance, scored again and again while somebody works on them: the laws that always hold."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from cutting import a_host, clicks, landing, movie

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Placement
from hitpoint.plugin.hosts.base import HostError, HostMarker
from hitpoint.plugin.hosts.blender import api
from hitpoint.plugin.hosts.blender.host import BlenderHost

ROUNDS = 10
RATES = (Rate(24), Rate(25), Rate(24000, 1001), Rate(30000, 1001))
STEMS = ("drums", "bass", "harmony", "melody", "pads", "hits")


def check_every_stem_lies_in_its_place_and_nothing_of_the_editors_moves(folder: Path, bpy: Any) -> None:
    media = movie(folder / "shot.avi", Rate(24), 400)
    sound = clicks(folder / "stem.wav", 48_000 * 9, (4800,))
    for seed in range(ROUNDS):
        chance = random.Random(seed)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene = bpy.context.scene
        drawn(scene, chance, media)
        host = a_host(bpy, folder)
        for number in range(4):
            placed(bpy, scene, host, chance, f"job {number}", sound, seed)
            if chance.random() < 0.7:
                deed(scene, chance)


def drawn(scene: Any, chance: random.Random, media: Path) -> None:
    rate = chance.choice(RATES)
    scene.render.fps, scene.render.fps_base = rate.nominal, 1.001 if rate.den > 1 else 1.0
    editor = scene.sequence_editor_create()
    scene.frame_start = chance.choice((0, 1, 1, 100))
    for channel in range(1, chance.randint(2, 6)):
        at = scene.frame_start + chance.randint(0, 40)
        for number in range(chance.randint(1, 5)):
            strip = api.collection(editor).new_movie(f"{channel}.{number}", str(media), channel, at)
            end = at + chance.randint(10, 90)
            api.set_handles(strip, at, end)
            strip.mute = chance.random() < 0.1
            strip.select = chance.random() < 0.3
            at = end + chance.choice((0, 0, 7))
    scene.frame_end = max(api.times(strip).end for strip in api.strips(scene)) - 1


def placed(
    bpy: Any, scene: Any, host: BlenderHost, chance: random.Random, job: str, sound: Path, seed: int
) -> None:
    try:
        read = host.read()
    except HostError:
        return
    cues, at = [], chance.randint(0, read.frames // 2)
    while at < read.frames and len(cues) < 3:
        end = min(at + chance.randint(10, 120), read.frames)
        if end > at:
            cues.append((at, end))
        at = end + chance.choice((0, 13))
    stems = chance.sample(STEMS, chance.randint(1, 6))
    head = chance.randint(0, 48)
    wanted = tuple(
        Placement(
            f"Stem: {stem}", f"1m{first}", stem, str(sound), "00", first, end, head, head + end - first + 24
        )
        for first, end in cues
        for stem in stems
    )
    hits = tuple(HostMarker(f"1m{first}@{first}", first, first + 1, "must: in") for first, _ in cues)
    order = landing(read, wanted, job, hits)
    theirs = of_the_editor(scene)
    if chance.random() < 0.2:
        # One file is gone: nothing may happen.
        before = of_all(scene)
        try:
            host.place(replace(order, placements=(*wanted, replace(wanted[0], path="/none.wav"))))
        except HostError:
            assert of_all(scene) == before, seed
        else:
            raise AssertionError("a missing file was placed")
    landed = host.place(order)
    assert of_the_editor(scene) == theirs, seed
    assert host.verify(job) == (), (seed, host.verify(job))
    assert host.place(order).added == landed.added
    metas = {strip.name: strip for strip in api.strips(scene) if strip.type == "META"}
    assert len(landed.added) == len(cues)
    for (first, end), name in zip(cues, landed.added, strict=True):
        meta = metas[name]
        start = scene.frame_start
        assert (api.times(meta).first, api.times(meta).end) == (first + start, end + start), seed
        assert not any(
            other != meta and other.channel == meta.channel and overlap(other, meta)
            for other in api.strips(scene)
        ), seed
        assert [one["hitpoint"]["stem"] for one in api.strips(meta)] == sorted(stems, key=STEMS.index)
        for one in api.strips(meta):
            times = api.times(one)
            assert (times.first, times.end, times.zero) == (first + start, end + start, first + start - head)
    # Where the new music plays, nothing else of ours does.
    for strip in api.strips(scene):
        if strip.get("hitpoint") and strip.name not in landed.added and not strip.mute:
            assert not any(overlap(strip, metas[name]) for name in landed.added), seed
    again = host.read()
    assert (again.seen, again.frames) == (read.seen, read.frames), seed


def overlap(one: Any, other: Any) -> bool:
    first, second = api.times(one), api.times(other)
    return first.first < second.end and second.first < first.end


def deed(scene: Any, chance: random.Random) -> None:
    """What an editor may do to music of ours."""
    ours = [strip for strip in api.strips(scene) if strip.get("hitpoint") and strip.type == "META"]
    if not ours:
        return
    meta = chance.choice(ours)
    kind = chance.randint(0, 5)
    if kind == 0:
        chance.choice(api.strips(meta)).volume = chance.random()
    elif kind == 1:
        meta.mute = not meta.mute
    elif kind == 2:
        meta.lock = True
    elif kind == 3:
        times = api.times(meta)
        api.set_handles(meta, times.first, max(times.first + 1, times.end - chance.randint(1, 9)))
    elif kind == 4:
        api.collection(scene.sequence_editor).remove(meta)
    else:
        meta.name = f"mine {chance.random()}"


def of_the_editor(scene: Any) -> list[Any]:
    return [
        (one.name, one.channel, api.times(one), one.select, one.mute)
        for one in api.strips(scene)
        if not one.get("hitpoint")
    ]


def of_all(scene: Any) -> Any:
    lying = [(one.name, one.channel, api.times(one), one.mute) for one in api.all_strips(scene)]
    return lying, scene.get("hitpoint"), [(one.name, one.frame) for one in scene.timeline_markers]
