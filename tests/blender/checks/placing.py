"""Stems are placed as asked, sound where they should, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from cutting import FILM, a_host, edit, landing, onsets, picture_of, stem

from hitpoint.engine.timebase import Rate
from hitpoint.plugin.hosts.base import HostError, HostMarker
from hitpoint.plugin.hosts.blender import api

RATES = (Rate(24), Rate(25), Rate(24000, 1001), Rate(30000, 1001))
NAMES = ("drums", "bass", "pads")


def check_stems_sound_at_the_planned_samples(scene: Any, folder: Path, bpy: Any) -> None:
    for rate in RATES:
        for strip in api.strips(scene):
            api.collection(scene.sequence_editor).remove(strip)
        edit(scene, folder, rate)
        host = a_host(bpy, folder)
        wanted = []
        for cue, first, end in (("1m1", 0, 96), ("1m2", 96, 240)):
            for number, name in enumerate(NAMES):
                # Each stem clicks at a time of its own, and in its handles, which must not sound.
                at = first + 10 + 20 * number
                wanted.append(stem(folder, rate, name, cue, first, end, first - 12, at, end + 6))
        host.place(landing(host.read(), tuple(wanted), job=str(rate)))
        expected = [rate.sample(frame) for frame in (10, 30, 50, 106, 126, 146)]
        found = onsets(bpy, folder)
        most = 0 if rate.den == 1 else 4
        assert len(found) == len(expected), (rate, found, expected)
        assert all(abs(one - other) <= most for one, other in zip(found, expected, strict=True)), (
            rate,
            found,
        )


def check_a_cue_is_one_meta_that_holds_its_stems(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    wanted = tuple(stem(folder, Rate(24), name, "1m1", 24, 200, 48) for name in NAMES)
    landed = host.place(landing(host.read(), wanted))
    assert landed.added == ("Cue: 1m1",)
    (meta,) = [strip for strip in api.strips(scene) if strip.type == "META"]
    assert (meta.channel, api.times(meta).first, api.times(meta).end) == (2, 25, 201)
    assert scene.sequence_editor.channels[2].name == "Hitpoint"
    children = api.strips(meta)
    assert [child.name for child in children] == ["1m1: drums", "1m1: bass", "1m1: pads"]
    assert [meta.channels[child.channel].name for child in children] == [f"Stem: {name}" for name in NAMES]
    assert len({child.color_tag for child in children} | {meta.color_tag, "NONE"}) == 5
    for child in children:
        times = api.times(child)
        # The handles are there to be pulled.
        assert (times.first, times.end, times.zero, times.length) == (25, 201, 1, 224)
    record = children[0]["hitpoint"].to_dict()
    assert (record["job"], record["take"], record["cue"], record["stem"]) == (
        "job 1", "sketch, seed 7", "1m1", "drums",
    )  # fmt: skip
    assert host.verify("job 1") == ()


def check_what_the_editor_has_stays_as_it_was(scene: Any, folder: Path, bpy: Any) -> None:
    strips = edit(scene, folder)
    strips[0].select, strips[1].select, strips[2].select = True, False, True
    scene.sequence_editor.active_strip = strips[2]
    scene.frame_set(77)
    before = picture_of(scene)
    host = a_host(bpy, folder)
    wanted = tuple(stem(folder, Rate(24), name, "1m1", 0, 200, 48) for name in NAMES)
    host.place(landing(host.read(), wanted))
    assert picture_of(scene) == before
    assert scene.sequence_editor.active_strip == strips[2]
    assert scene.frame_current == 77
    assert not any(strip.select for strip in api.all_strips(scene) if strip.get("hitpoint"))
    host.remove("job 1")
    assert picture_of(scene) == before
    assert len(list(api.all_strips(scene))) == 3
    assert scene.sequence_editor.channels[2].name == "Channel 2"
    assert not [sound for sound in bpy.data.sounds if sound.users == 0]


def check_music_lies_above_every_strip_also_sound(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    voice = stem(folder, Rate(24), "voice", "scene", 0, 100, 5)
    api.collection(scene.sequence_editor).new_sound("voice", voice.path, 9, 250)
    host = a_host(bpy, folder)
    host.place(landing(host.read(), (stem(folder, Rate(24), "drums", "1m1", 0, 96, 5),)))
    (meta,) = [strip for strip in api.strips(scene) if strip.type == "META"]
    assert meta.channel == 10


def check_the_same_job_is_not_placed_twice(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    order = landing(host.read(), (stem(folder, Rate(24), "drums", "1m1", 0, 96, 5),))
    first = host.place(order)
    lying = [(strip.name, api.times(strip)) for strip in api.all_strips(scene)]
    assert host.place(order).added == first.added
    assert [(strip.name, api.times(strip)) for strip in api.all_strips(scene)] == lying


def check_a_cue_at_the_start_has_its_handle_before_frame_0(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    host.place(landing(host.read(), (stem(folder, Rate(24), "drums", "1m1", 0, 96, 0, 48),)))
    (meta,) = [strip for strip in api.strips(scene) if strip.type == "META"]
    assert api.times(api.strips(meta)[0]).zero == 1 - 24
    assert onsets(bpy, folder) == [0, 96000]


def check_a_changed_edit_is_refused_where_the_cue_is_and_only_there(
    scene: Any, folder: Path, bpy: Any
) -> None:
    strips = edit(scene, folder)
    host = a_host(bpy, folder)
    read = host.read()
    order = landing(read, (stem(folder, Rate(24), "drums", "1m1", 0, 90, 5),))
    api.set_handles(strips[2], 180, 280)
    assert host.place(order).added
    host.remove("job 1")
    api.set_handles(strips[0], 2, 97)
    before = [(strip.name, api.times(strip)) for strip in api.all_strips(scene)]
    refusal = refused(lambda: host.place(order))
    assert refusal.kind == "stale" and "score it again" in str(refusal)
    assert [(strip.name, api.times(strip)) for strip in api.all_strips(scene)] == before


def check_another_scene_or_rate_is_refused(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    order = landing(host.read(), (stem(folder, Rate(24), "drums", "1m1", 0, 90, 5),))
    assert refused(lambda: host.place(replace(order, timeline="another"))).kind == "stale"
    scene.render.fps = 25
    assert refused(lambda: host.place(order)).kind == "stale"


def check_a_missing_or_short_file_changes_nothing(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    read = host.read()
    good = stem(folder, Rate(24), "drums", "1m1", 0, 90, 5)
    before = [(strip.name, api.times(strip)) for strip in api.all_strips(scene)]
    hits = (HostMarker("1m1@5", 5, 6, "must: door"),)
    absent = replace(good, stem="bass", path=str(folder / "gone.wav"))
    broken = replace(good, stem="bass", path=str(folder / "broken.wav"))
    (folder / "broken.wav").write_bytes(b"RIFF of nothing")
    short = replace(
        stem(folder, Rate(24), "bass", "1m2", 0, 40, 5),
        cue="1m1",
        out_frame_exclusive=90,
        available_frames=200,
    )
    for bad in (absent, broken, short):
        assert refused(lambda bad=bad: host.place(landing(read, (good, bad), markers=hits)))
        assert [(strip.name, api.times(strip)) for strip in api.all_strips(scene)] == before
        assert len(scene.timeline_markers) == 0
        assert not [sound for sound in bpy.data.sounds if sound.users == 0], bad.path


def check_a_placement_that_fails_anywhere_is_undone_whole(scene: Any, folder: Path, bpy: Any) -> None:
    strips = edit(scene, folder)
    scene.sequence_editor.active_strip = strips[1]
    host = a_host(bpy, folder)
    hit = HostMarker("1m1@5", 5, 6, "must: door")
    both = tuple(stem(folder, FILM, name, "1m1", 0, 90, 5) for name in NAMES)
    host.place(landing(host.read(), both, "job 1", (hit,)))
    before = everything(bpy, scene)
    order = landing(host.read(), tuple(replace(one, cue="1m2") for one in both) + both, "job 2", (hit,))
    failed = 0
    for name in ("set_handles", "times", "is_animated"):
        plain = getattr(api, name)
        for number in range(1, 60, 1 if name == "set_handles" else 7):
            calls = iter(range(1, 10**6))

            def failing(*given: Any, number: int = number, plain: Any = plain, calls: Any = calls) -> Any:
                if next(calls) == number:
                    raise RuntimeError("Error: no\n")
                return plain(*given)

            setattr(api, name, failing)
            try:
                host.place(order)
            except (HostError, RuntimeError):
                failed += 1
            else:
                break
            finally:
                setattr(api, name, plain)
            assert everything(bpy, scene) == before, (name, number)
        if everything(bpy, scene) != before:
            host.remove("job 2")
            host.place(landing(host.read(), both, "job 1", (hit,)))
            before = everything(bpy, scene)
    assert failed > 15, failed


def everything(bpy: Any, scene: Any) -> Any:
    """All that placing may change, but for what was looked at last."""
    editor = scene.sequence_editor
    return (
        [
            (
                one.name,
                one.channel,
                api.times(one),
                one.select,
                one.mute,
                one.color_tag,
                one.get("hitpoint") and one["hitpoint"].to_dict(),
            )
            for one in api.all_strips(scene)
        ],
        [channel.name for channel in editor.channels],
        sorted((marker.name, marker.frame) for marker in scene.timeline_markers),
        scene.get("hitpoint"),
        sorted(sound.filepath for sound in bpy.data.sounds),
        editor.active_strip.name,
        scene.frame_current,
    )


def check_verify_tells_what_was_done(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    wanted = tuple(stem(folder, Rate(24), name, "1m1", 0, 90, 5) for name in NAMES)
    host.place(landing(host.read(), wanted))
    (meta,) = [strip for strip in api.strips(scene) if strip.type == "META"]
    api.strips(meta)[0].volume = 0.5
    assert host.verify("job 1") == ("'1m1: drums' was levelled since it was placed",)
    Path(api.strips(meta)[1].sound.filepath).unlink()
    assert len(host.verify("job 1")) == 2
    api.collection(scene.sequence_editor).remove(meta)
    assert host.verify("job 1") == ("'Cue: 1m1' is no longer there",)
    assert len(host.verify("no job")) == 1


def check_a_render_is_not_disturbed(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    order = landing(host.read(), (stem(folder, Rate(24), "drums", "1m1", 0, 90, 5),))
    rendering = api.is_rendering
    api.is_rendering = lambda bpy: True
    try:
        assert refused(lambda: host.place(order)).kind == "busy"
    finally:
        api.is_rendering = rendering


def refused(call: Any) -> HostError:
    try:
        call()
    except HostError as error:
        return error
    raise AssertionError("it was not refused")
