"""What is placed survives saving and opening again, and what tells of it too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cutting import FILM, a_host, edit, landing, onsets, stem

from hitpoint.plugin.hosts.base import HostError, HostMarker
from hitpoint.plugin.hosts.blender import api

HIT = HostMarker("1m1@24", 24, 25, "must: door", "the door")


def check_everything_is_known_after_saving_and_opening(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    path = folder / "film.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    host = a_host(bpy, folder)
    read = host.read()
    order = landing(read, (stem(folder, FILM, "drums", "1m1", 0, 96, 24),), markers=(HIT,))
    host.place(order)
    host.save()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    scene = bpy.context.scene
    for opened in (host, a_host(bpy, folder)):
        assert opened.verify("job 1") == ()
        assert opened.markers() == (HIT,)
        again = opened.read()
        assert (again.ident, again.path, again.seen) == (read.ident, read.path, read.seen)
        # Even now it is placed already.
        assert opened.place(order).added == ("Cue: 1m1",)
    assert onsets(bpy, folder) == [48_000]
    assert len([strip for strip in api.strips(scene) if strip.type == "META"]) == 1


def check_the_timeline_lies_beside_the_file(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    unsaved = host.read()
    assert Path(unsaved.path).parent == folder / "unsaved"
    assert any("no place on the disk yet" in one for one in unsaved.problems)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "film.blend"))
    saved = host.read()
    assert Path(saved.path) == folder / "hitpoint" / "film Scene.otio"
    assert saved.problems == ()
    # The name among timelines is the scene's, wherever it is saved.
    assert saved.ident == unsaved.ident


def check_a_file_that_was_never_saved_is_not_saved_by_us(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    try:
        a_host(bpy, folder).save()
    except HostError as error:
        assert "was never saved" in str(error)
    else:
        raise AssertionError("it was saved somewhere")
    assert list(folder.glob("**/*.blend")) == []


def check_paths_from_the_files_folder_are_read_whole(scene: Any, folder: Path, bpy: Any) -> None:
    first, *_ = edit(scene, folder)
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "film.blend"))
    first.filepath = "//shot 1.avi"
    text = Path(a_host(bpy, folder).read().path).read_text(encoding="utf-8")
    assert f'"target_url": "{folder / "shot 1.avi"}"' in text


def check_a_copied_scene_is_another_timeline(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    first = host.read()
    copy = scene.copy()
    bpy.context.window.scene = copy
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = copy
    second = host.read()
    assert second.ident != first.ident
    assert second.path != first.path


def check_what_undo_takes_back_is_gone_with_what_tells_of_it(scene: Any, folder: Path, bpy: Any) -> None:
    edit(scene, folder)
    host = a_host(bpy, folder)
    order = landing(host.read(), (stem(folder, FILM, "drums", "1m1", 0, 96, 24),), markers=(HIT,))
    bpy.ops.ed.undo_push(message="before")
    host.place(order)
    bpy.ops.ed.undo_push(message="Place Music")
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    assert [strip.type for strip in api.strips(scene)] == ["MOVIE"] * 3
    assert host.markers() == ()
    assert host.glance().ident == order.timeline
    assert host.place(order).added == ("Cue: 1m1",)
