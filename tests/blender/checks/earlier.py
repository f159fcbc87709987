"""Music that is in the sequencer already when new music comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cutting import FILM, a_host, edit, landing, onsets, stem

from hitpoint.plugin.hosts.base import Landed
from hitpoint.plugin.hosts.blender import api
from hitpoint.plugin.hosts.blender.host import BlenderHost


def metas(scene: Any) -> list[Any]:
    return [strip for strip in api.strips(scene) if strip.type == "META" and strip.get("hitpoint")]


def scored(bpy: Any, scene: Any, folder: Path) -> BlenderHost:
    edit(scene, folder)
    host = a_host(bpy, folder)
    music(host, folder, "job 1", 24)
    return host


def music(host: BlenderHost, folder: Path, job: str, click: int, first: int = 0, end: int = 96) -> Landed:
    """Two stems that click together at a frame."""
    place = folder / job
    place.mkdir()
    both = tuple(stem(place, FILM, name, "1m1", first, end, click) for name in ("drums", "bass"))
    return host.place(landing(host.read(), both, job))


def check_untouched_music_gives_way_and_its_place_is_used_again(scene: Any, folder: Path, bpy: Any) -> None:
    host = scored(bpy, scene, folder)
    channel = metas(scene)[0].channel
    landed = music(host, folder, "job 2", 48)
    assert (landed.added, landed.replaced, landed.kept) == (("Cue: 1m1",), ("Cue: 1m1",), ())
    (meta,) = metas(scene)
    assert meta["hitpoint"]["job"] == "job 2"
    assert meta.channel == channel
    assert onsets(bpy, folder) == [96_000]
    assert not [sound for sound in bpy.data.sounds if sound.users == 0]
    assert host.verify("job 2") == ()


def keyed(scene: Any, meta: Any) -> None:
    child = api.strips(meta)[0]
    child.keyframe_insert("volume", frame=30)


def moved(scene: Any, meta: Any) -> None:
    child = api.strips(meta)[0]
    times = api.times(child)
    if hasattr(child, "content_start"):
        child.content_start += 2
    else:
        child.frame_start += 2
    assert api.times(child).zero == times.zero + 2


def muted(scene: Any, meta: Any) -> None:
    api.strips(meta)[0].mute = True


def levelled(scene: Any, meta: Any) -> None:
    api.strips(meta)[0].volume = 0.7


def panned(scene: Any, meta: Any) -> None:
    api.strips(meta)[1].pan = -0.5


def locked(scene: Any, meta: Any) -> None:
    meta.lock = True


def renamed(scene: Any, meta: Any) -> None:
    meta.name = "the good one"


def trimmed(scene: Any, meta: Any) -> None:
    api.set_handles(meta, api.times(meta).first, api.times(meta).end - 1)


def trimmed_inside(scene: Any, meta: Any) -> None:
    child = api.strips(meta)[1]
    api.set_handles(child, api.times(child).first + 1, api.times(child).end)


def modified(scene: Any, meta: Any) -> None:
    meta.modifiers.new("bright", "BRIGHT_CONTRAST")


def emptied(scene: Any, meta: Any) -> None:
    api.collection(meta).remove(api.strips(meta)[1])


def added_to(scene: Any, meta: Any) -> None:
    path = api.strips(meta)[0].sound.filepath
    api.collection(meta).new_sound("mine", path, 20, api.times(meta).first)


DEEDS: dict[str, Callable[[Any, Any], None]] = {
    "was given keyframes": keyed,
    "was moved": moved,
    "was switched on or off": muted,
    "was levelled": levelled,
    "bass' was levelled": panned,
    "was locked": locked,
    "was renamed": renamed,
    "was trimmed": trimmed,
    "bass' was trimmed": trimmed_inside,
    "was given modifiers": modified,
    "was given other strips": emptied,
    "Cue: 1m1' was given other strips": added_to,
}


def check_music_that_was_worked_on_stays_switched_off_beside_its_successor(
    scene: Any, folder: Path, bpy: Any
) -> None:
    for number, (words, do) in enumerate(DEEDS.items()):
        if do is modified and bpy.app.version[:2] == (5, 0):
            # A new modifier ends a 5.0 without a screen.
            continue
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene = bpy.context.scene
        scene.sequence_editor_create()
        scene.render.fps = 24
        place = folder / str(number)
        place.mkdir()
        host = scored(bpy, scene, place)
        (old,) = metas(scene)
        do(scene, old)
        told = host.verify("job 1")
        assert any(words in one for one in told), (words, told)
        lay = api.times(old), [(one.name, api.times(one)) for one in api.strips(old)]
        landed = music(host, place, "job 2", 48)
        assert landed.kept == (old.name,), words
        assert landed.replaced == ()
        assert landed.added == (("Cue: 1m1",) if do is renamed else ("Cue: 1m1 v2",))
        assert old.mute
        assert (api.times(old), [(one.name, api.times(one)) for one in api.strips(old)]) == lay
        assert any("stays, switched off" in one for one in landed.problems)
        assert onsets(bpy, place) == [96_000], words
        new = next(one for one in metas(scene) if one != old)
        suffix = "" if do is renamed else " v2"
        if do is not renamed:
            assert [one.name for one in api.strips(new)] == [f"1m1: drums{suffix}", f"1m1: bass{suffix}"]
        # The third takes the second's place; the first stays what it is.
        landed = music(host, place, "job 3", 72)
        assert (landed.added, landed.replaced) == ((new_name(do),), (new_name(do),))
        assert landed.kept == (old.name,)
        assert onsets(bpy, place) == [144_000]


def new_name(do: Callable[[Any, Any], None]) -> str:
    return "Cue: 1m1" if do is renamed else "Cue: 1m1 v2"


def check_another_channel_is_no_work_on_it(scene: Any, folder: Path, bpy: Any) -> None:
    host = scored(bpy, scene, folder)
    metas(scene)[0].channel = 20
    assert host.verify("job 1") == ()
    assert music(host, folder, "job 2", 48).replaced == ("Cue: 1m1",)


def check_music_that_was_moved_into_a_meta_of_the_editors_is_kept(scene: Any, folder: Path, bpy: Any) -> None:
    host = scored(bpy, scene, folder)
    (ours,) = metas(scene)
    theirs = api.collection(scene.sequence_editor).new_meta("group", 9, 1)
    assert ours.move_to_meta(theirs) is None
    api.set_handles(theirs, 1, 97)
    landed = music(host, folder, "job 2", 48)
    assert landed.kept == ("Cue: 1m1",)
    assert onsets(bpy, folder) == [96_000]


def check_stems_that_were_taken_out_are_kept(scene: Any, folder: Path, bpy: Any) -> None:
    host = scored(bpy, scene, folder)
    (ours,) = metas(scene)
    first = api.strips(ours)[0]
    ungrouped(bpy, scene, ours)
    landed = music(host, folder, "job 2", 48)
    assert first.name in landed.kept
    assert len(landed.kept) == 2
    assert onsets(bpy, folder) == [96_000]


def ungrouped(bpy: Any, scene: Any, meta: Any) -> None:
    """As Blender's own operator does it, which wants a sequencer on the screen."""
    for strip in api.all_strips(scene):
        strip.select = strip == meta
    scene.sequence_editor.active_strip = meta
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(one for one in area.regions if one.type == "WINDOW")
    if hasattr(window.workspace, "sequencer_scene"):
        window.workspace.sequencer_scene = scene
    with bpy.context.temp_override(window=window, area=area, region=region, scene=scene):
        assert bpy.ops.sequencer.meta_separate() == {"FINISHED"}


def check_music_beside_the_new_cue_stays(scene: Any, folder: Path, bpy: Any) -> None:
    host = scored(bpy, scene, folder)
    landed = music(host, folder, "job 2", 120, first=96, end=168)
    assert (landed.replaced, landed.kept) == ((), ())
    assert len(metas(scene)) == 2
    assert onsets(bpy, folder) == [48_000, 240_000]


def check_a_longer_earlier_cue_is_replaced_whole_and_told(scene: Any, folder: Path, bpy: Any) -> None:
    host = scored(bpy, scene, folder)
    landed = music(host, folder, "job 2", 24, first=0, end=48)
    assert landed.replaced == ("Cue: 1m1",)
    assert any("longer than the new cue" in one for one in landed.problems)


def check_remove_takes_what_nobody_touched(scene: Any, folder: Path, bpy: Any) -> None:
    host = scored(bpy, scene, folder)
    music(host, folder, "job 2", 120, first=96, end=168)
    landed = host.remove("job 2")
    assert (landed.replaced, landed.kept) == (("Cue: 1m1 v2",), ())
    levelled(scene, metas(scene)[0])
    assert host.remove("job 1").kept == ("Cue: 1m1",)
    assert len(metas(scene)) == 1
    assert host.remove("no job") == Landed(())


def check_a_cue_that_somebody_deleted_can_be_placed_again(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    one = stem(folder, FILM, "drums", "1m1", 0, 96, 24)
    other = stem(folder, FILM, "drums", "1m2", 96, 168, 120)
    order = landing(host.read(), (one, other))
    host.place(order)
    first, second = metas(scene)
    api.strips(second)[0].volume = 0.5
    api.collection(scene.sequence_editor).remove(first)
    landed = host.place(order)
    assert (landed.added, landed.kept) == (("Cue: 1m1",), ())
    assert len(metas(scene)) == 2
