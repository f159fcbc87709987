"""Where Blender has no more room, or was told something odd."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cutting import FILM, a_host, edit, landing, stem

from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.blender import api


def refused(call: Any) -> HostError:
    try:
        call()
    except HostError as error:
        return error
    raise AssertionError("it was not refused")


def check_the_last_channel_is_used_and_none_beyond(scene: Any, folder: Path, bpy: Any) -> None:
    strips = edit(scene, folder)
    host = a_host(bpy, folder)
    both = tuple(stem(folder, FILM, name, "1m1", 0, 96, 5) for name in ("drums", "bass", "pads"))
    strips[2].channel = 127
    host.place(landing(host.read(), both))
    (meta,) = [strip for strip in api.strips(scene) if strip.type == "META"]
    assert meta.channel == 128
    assert [strip.channel for strip in api.strips(meta)] == [126, 127, 128]
    host.remove("job 1")
    strips[2].channel = 128
    before = [(strip.name, api.times(strip)) for strip in api.all_strips(scene)]
    refusal = refused(lambda: host.place(landing(host.read(), both)))
    assert "has strips up to channel 128, and Blender has 128" in str(refusal)
    assert [(strip.name, api.times(strip)) for strip in api.all_strips(scene)] == before
    assert len(bpy.data.sounds) == 0


def check_overlapping_cues_lie_on_channels_of_their_own(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    one = stem(folder, FILM, "drums", "1m1", 0, 100, 5)
    other = stem(folder, FILM, "bass", "1m2", 80, 168, 90)
    host.place(landing(host.read(), (one, other)))
    assert [(strip.name, strip.channel) for strip in api.strips(scene)[3:]] == [
        ("Cue: 1m1", 2),
        ("Cue: 1m2", 3),
    ]


def check_names_are_cut_to_what_blender_holds(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    cue = "Überfahrt bei Nacht " * 4
    host.place(landing(host.read(), (stem(folder, FILM, "drums", cue, 0, 96, 5),)))
    (meta,) = [strip for strip in api.strips(scene) if strip.type == "META"]
    assert meta.name.startswith("Cue: Überfahrt")
    assert host.verify("job 1") == ()
    api.strips(meta)[0].volume = 0.5
    place = folder / "again"
    place.mkdir()
    landed = host.place(landing(host.read(), (stem(place, FILM, "drums", cue, 0, 96, 5),), "job 2"))
    assert landed.added[0].endswith(" v2")
    names = [strip.name for strip in api.all_strips(scene)]
    assert not any(name.endswith(".001") for name in names), names
    assert sum(name.endswith(": drums") for name in names) == 1
    assert sum(name.endswith(": drums v2") for name in names) == 1


def check_a_rate_that_no_editor_has_is_refused_in_a_sentence(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    scene.render.fps, scene.render.fps_base = 1, 2
    assert "which no editor has" in str(refused(a_host(bpy, folder).read))


def check_blenders_rates_are_exact(scene: Any) -> None:
    for fps, base, text in (
        (24, 1.001, "24000/1001"),
        (30, 1.001, "30000/1001"),
        (60, 1.001, "60000/1001"),
        (24, 1.0, "24"),
        (25, 1.0, "25"),
        (50, 1.0, "50"),
        (120, 1.0, "120"),
    ):
        scene.render.fps, scene.render.fps_base = fps, base
        assert str(api.rate_of(scene)) == text


def check_a_scene_without_a_sequencer_has_nothing_to_score(scene: Any, folder: Path, bpy: Any) -> None:
    scene.sequence_editor_clear()
    host = a_host(bpy, folder)
    assert host.glance().ident == ""
    assert "has no strips" in str(refused(host.read))
    assert host.playhead() is None
