"""Hits as markers of the scene, beside those of the editor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cutting import FILM, a_host, edit, landing, stem

from hitpoint.plugin.hosts.base import HostMarker

DOOR = HostMarker("1m1@48", 48, 49, "must: door", "the door falls shut", "red")
STEP = HostMarker("1m1@72", 72, 80, "would: step")
OTHER = HostMarker("1m2@48", 48, 49, "must: door")


def check_hits_are_told_as_they_were_written(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    scene.timeline_markers.new("must: door", frame=49)
    host.write_markers((STEP, DOOR, OTHER), "")
    theirs = HostMarker("", 48, 49, "must: door")
    assert set(host.markers()) == {theirs, DOOR, STEP, OTHER}
    assert [one.in_frame for one in host.markers()] == [48, 48, 48, 72]
    assert not any(marker.select for marker in scene.timeline_markers if marker.name.startswith("♪"))


def check_only_ours_of_the_cue_are_replaced(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    scene.timeline_markers.new("must: door", frame=49)
    host.write_markers((STEP, DOOR, OTHER), "")
    host.write_markers((), "1m1@")
    assert set(host.markers()) == {HostMarker("", 48, 49, "must: door"), OTHER}
    host.write_markers((), "")
    assert host.markers() == (HostMarker("", 48, 49, "must: door"),)
    assert len(scene.timeline_markers) == 1


def check_a_hit_is_known_after_it_was_moved_or_renamed(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    host.write_markers((DOOR, STEP), "")
    moved = next(one for one in scene.timeline_markers if "door" in one.name)
    moved.frame = 61
    found = {one.ident: one for one in host.markers()}
    assert (found["1m1@48"].in_frame, found["1m1@48"].name) == (60, "must: door")
    renamed = next(one for one in scene.timeline_markers if "step" in one.name)
    renamed.name = renamed.name.replace("would: step", "avoid: step")
    found = {one.ident: one for one in host.markers()}
    assert (found["1m1@72"].in_frame, found["1m1@72"].name) == (72, "avoid: step")


def check_a_deleted_hit_never_takes_a_marker_of_the_editors_along(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    scene.timeline_markers.new("must: door", frame=49)
    scene.timeline_markers.new("must: door", frame=80)
    host.write_markers((DOOR,), "")
    ours = next(one for one in scene.timeline_markers if one.name.startswith("♪"))
    scene.timeline_markers.remove(ours)
    assert all(not one.ident for one in host.markers())
    host.write_markers((STEP,), "1m1@")
    assert sorted(one.name for one in host.markers()) == ["must: door", "must: door", "would: step"]


def check_a_copy_of_a_hit_is_the_editors(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    host.write_markers((DOOR,), "")
    scene.timeline_markers.new(scene.timeline_markers[0].name, frame=121)
    assert set(host.markers()) == {DOOR, HostMarker("", 120, 121, "must: door")}


def check_a_name_too_long_for_blender_is_told_whole(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    long = HostMarker("1m1@5", 5, 6, "must: " + "Tür " * 30)
    host.write_markers((long,), "")
    assert host.markers() == (long,)


def check_placing_writes_the_hits_and_removing_takes_them(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    order = landing(host.read(), (stem(folder, FILM, "drums", "1m1", 0, 96, 5),), markers=(DOOR, STEP))
    host.place(order)
    assert host.markers() == (DOOR, STEP)
    next(one for one in scene.timeline_markers if "door" in one.name).frame = 90
    host.remove("job 1")
    # The one that was moved is somebody's work.
    assert [one.ident for one in host.markers()] == ["1m1@48"]


def check_hits_that_were_written_again_still_go_with_their_music(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    order = landing(host.read(), (stem(folder, FILM, "drums", "1m1", 0, 96, 5),), markers=(DOOR,))
    host.place(order)
    host.write_markers((DOOR, STEP), "1m1@")
    host.remove("job 1")
    assert host.markers() == ()


def check_our_hits_are_no_markers_of_the_timeline(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    before = Path(host.read().path).read_bytes()
    mark = host.glance().mark
    host.write_markers((DOOR,), "")
    assert Path(host.read().path).read_bytes() == before
    assert host.glance().mark == mark
    scene.timeline_markers.new("would: hand", frame=20)
    assert Path(host.read().path).read_bytes() != before
    assert host.glance().mark != mark
