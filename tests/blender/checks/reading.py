"""What the adapter tells of the sequencer besides the timeline itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cutting import FILM, a_host, edit, landing, stem

from hitpoint.engine.types import Span
from hitpoint.plugin.hosts.blender import api


def check_the_selection_is_the_selected_strips_then_the_preview_range_then_all(
    scene: Any, folder: Path, bpy: Any
) -> None:
    first, second, third = edit(scene, folder)
    host = a_host(bpy, folder)
    first.select, second.select, third.select = True, False, True
    found = host.selected()
    assert found.spans == (Span(0, 96), Span(168, 288))
    assert found.rule == "the 2 selected strips"
    second.select = True
    assert host.selected().spans == (Span(0, 288),)
    first.select = second.select = third.select = False
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 25, 48
    assert host.selected().spans == (Span(24, 48),)
    assert "preview range" in host.selected().rule
    scene.use_preview_range = False
    assert host.selected().spans == (Span(0, 288),)
    assert "whole edit" in host.selected().rule


def check_music_of_ours_is_no_selection_and_no_edit(scene: Any, folder: Path, bpy: Any) -> None:
    for strip in edit(scene, folder):
        strip.select = False
    host = a_host(bpy, folder)
    read, mark = host.read(), host.glance().mark
    host.place(landing(read, (stem(folder, FILM, "drums", "1m1", 0, 96, 5),)))
    for strip in api.all_strips(scene):
        strip.select = strip.get("hitpoint") is not None
    assert "whole edit" in host.selected().rule
    again = host.read()
    assert (again.seen, again.frames, again.ident) == (read.seen, read.frames, read.ident)
    assert host.glance().mark == mark


def check_the_playhead_counts_from_the_start_frame(scene: Any, folder: Path, bpy: Any) -> None:
    scene.frame_start = 101
    edit(scene, folder)
    host = a_host(bpy, folder)
    scene.frame_set(101)
    assert host.playhead() == 0
    host.set_playhead(40)
    assert scene.frame_current == 141
    assert host.playhead() == 40
    scene.frame_set(100)
    assert host.playhead() is None
    scene.frame_set(101 + 288)
    assert host.playhead() is None


def check_a_glance_is_another_as_soon_as_the_edit_is(scene: Any, folder: Path, bpy: Any) -> None:
    first, second, _ = edit(scene, folder)
    host = a_host(bpy, folder)
    marks = [host.glance().mark]
    assert host.glance().mark == marks[0]

    def noted() -> None:
        marks.append(host.glance().mark)
        assert marks[-1] not in marks[:-1]

    api.set_handles(second, 98, 160)
    noted()
    first.mute = True
    noted()
    scene.sequence_editor.channels[1].mute = True
    noted()
    first.channel = 5
    noted()
    scene.frame_end = 200
    noted()
    scene.render.fps = 25
    noted()
    scene.sequence_editor.channels[1].mute = False
    noted()
    assert host.glance().ident == host.read().ident


def check_seen_is_another_where_a_medium_is(scene: Any, folder: Path, bpy: Any) -> None:
    first, _, _ = edit(scene, folder)
    host = a_host(bpy, folder)
    before = host.read().seen
    first.filepath = str(folder / "shot 3.avi")
    after = host.read().seen
    assert before[0] != after[0]
    assert before[1:] == after[1:]


def check_the_facts_name_this_blender(folder: Path, bpy: Any) -> None:
    facts = a_host(bpy, folder).facts()
    assert facts.name == "blender"
    assert facts.title == f"Blender {bpy.app.version_string}"
    assert facts.road == "extension"
    assert facts.capabilities.cannot == {}


def check_the_scene_is_the_sequencers_also_without_a_window(scene: Any, bpy: Any) -> None:
    other = bpy.data.scenes.new("other")
    if not hasattr(bpy.context.workspace, "sequencer_scene"):
        assert api.scene_of(bpy.context) == scene
        return
    bpy.context.workspace.sequencer_scene = other
    assert api.scene_of(bpy.context) == other
    with bpy.context.temp_override(window=None):
        assert api.scene_of(bpy.context) == other


def check_a_clip_is_measured_and_nothing_of_it_stays(folder: Path, scene: Any, bpy: Any) -> None:
    edit(scene, folder)
    assert api.movie_frames(bpy, str(folder / "shot 2.avi")) == 72
    assert api.movie_frames(bpy, str(folder / "none.avi")) is None
    (folder / "no movie.avi").write_bytes(b"no movie")
    assert api.movie_frames(bpy, str(folder / "no movie.avi")) is None
    assert len(bpy.data.movieclips) == 0
