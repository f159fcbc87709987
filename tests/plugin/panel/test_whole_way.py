"""The whole way of an editor, with real windows, engine processes and sound, offscreen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from films import SHOTS, timeline
from hitpoint.plugin.runfolder import default_folder
from whole import whole_panel


@pytest.fixture
def source(tmp_path: Path) -> str:
    folder = tmp_path / "film"
    folder.mkdir()
    return str(timeline(folder))


def test_the_whole_way_from_opening_to_placing_and_back_again(source: str, qtbot: QtBot) -> None:
    with whole_panel(qtbot) as panel:
        model = panel.model
        panel.open(source)
        assert model.timeline is not None
        assert [shot.out_frame_exclusive - shot.in_frame for shot in model.timeline.shots] == list(SHOTS)
        # So short a timeline is one cue by itself; here six seconds are asked for.
        assert [(cue.in_frame, cue.out_frame_exclusive) for cue in model.cues.cues] == [(0, sum(SHOTS))]
        model.cues.move_edges("1m1", 0, 144)
        before = panel.planned()
        assert {hit.frame for hit in before.hits} >= {48, 108}
        # A hit is moved: the music follows.
        model.spot.drag(48, 52)
        model.spot.drag(52, 56)
        model.spot.drop(48, 56)
        after = panel.planned()
        assert 48 not in {hit.frame for hit in after.hits}
        (moved,) = [hit for hit in after.hits if hit.frame == 56]
        assert moved.from_wish
        wished = model.history.value
        model.history.undo()
        assert 48 in {hit.frame for hit in panel.planned().hits}
        model.history.redo()
        assert model.history.value == wished
        panel.planned()
        # Two takes, one by the composer and one by the model that looks at the pictures.
        model.controls.set(model="sketch")
        model.work.generate()
        panel.takes(1)
        model.controls.set(model="gvmgen-nano")
        model.work.generate()
        panel.takes(2)
        first, second = model.takes.takes
        assert (first.generator, second.generator) == ("sketch", "gvmgen")
        for take in (first, second):
            for _, stem, _ in take.stems:
                assert soundfile.info(stem).frames >= take.head + take.samples
        # Heard, switched while playing, at the same place.
        model.takes.hear(first.id)
        model.transport.seek(0)
        model.transport.play()
        panel.until(lambda: model.transport.position > 6, "it plays")
        here = model.transport.position
        model.takes.hear(second.id)
        assert model.takes.heard == second.id
        panel.until(lambda: model.transport.position > here + 6, "it plays on")
        model.transport.pause()
        # Undone and done again.
        model.takes.approve(first.id)
        model.history.undo()
        assert model.takes.approved == ""
        model.history.redo()
        assert model.takes.approved == first.id
        # Placed.
        model.host.preview_place()
        panel.until(lambda: model.host.preview and not model.host.busy, "a preview is there")
        assert {row.what for row in model.host.preview} == {"add"}
        assert {row.stem for row in model.host.preview} == {name for name, _, _ in first.stems}
        model.host.place()
        panel.until(lambda: model.host.placed is not None, "it is placed")
        placed = model.host.placed
        assert placed is not None
        scored = json.loads(Path(placed.timeline).read_text())
        tracks = scored["tracks"]["children"]
        assert [track["kind"] for track in tracks] == ["Video", *(["Audio"] * len(first.stems))]
        assert any("scored.otio" in notice.text for notice in model.desk.notices)
        kept = model.history.value
        assert kept is not None
    assert (default_folder(Path(source)) / "session.json").is_file()
    with whole_panel(qtbot) as panel:
        panel.open(source)
        assert panel.model.history.value == kept
        assert [take.id for take in panel.model.takes.takes] == [first.id, second.id]
        panel.planned()
        assert panel.model.spot.planned is not None
        assert 56 in {hit.frame for hit in panel.model.spot.hits}
        panel.until(lambda: set(panel.model.takes.peaks) >= {first.id, second.id}, "waveforms are there")


def test_the_main_job_with_the_keyboard_alone(source: str, qtbot: QtBot) -> None:
    with whole_panel(qtbot) as panel:
        panel.open(source)
    # From here on no call but keys.
    with whole_panel(qtbot) as panel:
        model, window = panel.model, panel.window
        # Keys of menus work in the active window alone; a bare X server activates none by itself.
        with qtbot.waitActive(window):
            window.activateWindow()

        def press(*keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
            for key in keys:
                focused = window.focusWidget()
                assert focused is not None, "nothing has the keyboard"
                qtbot.keyClick(focused, key, modifier)

        control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
        press(Qt.Key.Key_Return)
        panel.until(lambda: model.state == "open", "a recent timeline opens")
        # A cue of its first five seconds, the frame at the playhead with it.
        press(Qt.Key.Key_Home, Qt.Key.Key_I)
        press(*[Qt.Key.Key_Right] * 12, modifier=shift)
        press(Qt.Key.Key_O)
        press(Qt.Key.Key_M, modifier=control)
        assert [(cue.in_frame, cue.out_frame_exclusive) for cue in model.cues.cues] == [(0, 121)]
        panel.planned()
        # Its first hit, two frames later.
        press(Qt.Key.Key_Tab)
        frame = model.spot.hits[0].frame
        press(Qt.Key.Key_Right, Qt.Key.Key_Right, modifier=control)
        panel.planned()
        assert [hit.frame for hit in model.spot.hits if hit.from_wish] == [frame + 2]
        press(Qt.Key.Key_G, modifier=control)
        panel.takes(1)
        # Heard and approved.
        press(Qt.Key.Key_Home)
        press(Qt.Key.Key_2, modifier=control)
        press(Qt.Key.Key_Return)
        assert model.takes.heard == model.takes.takes[0].id
        press(Qt.Key.Key_Space)
        panel.until(lambda: model.transport.playing and model.transport.position > 3, "it plays")
        press(Qt.Key.Key_Space)
        press(Qt.Key.Key_Return, modifier=control)
        assert model.takes.approved == model.takes.takes[0].id
        # Placed, and undone to the beginning.
        press(Qt.Key.Key_P, modifier=control)
        panel.until(lambda: model.host.preview and not model.host.busy, "a preview is there")
        press(Qt.Key.Key_Return)
        panel.until(lambda: model.host.placed is not None, "it is placed")
        press(Qt.Key.Key_Escape)
        while model.history.can_undo:
            press(Qt.Key.Key_Z, modifier=control)
        assert [(cue.in_frame, cue.out_frame_exclusive) for cue in model.cues.cues] == [(0, sum(SHOTS))]


def test_a_session_that_another_panel_has_is_refused_in_one_sentence(source: str, qtbot: QtBot) -> None:
    with whole_panel(qtbot) as first:
        first.open(source)
        kept = first.model.history.value
        with whole_panel(qtbot) as second:
            second.model.open(source)
            second.until(lambda: second.model.state == "failed", "it is refused")
            assert second.model.problem is not None
            assert "open in another panel" in second.model.problem.text
        assert first.model.history.value == kept


def test_a_damaged_session_is_put_aside_and_the_panel_opens_all_the_same(source: str, qtbot: QtBot) -> None:
    folder = default_folder(Path(source))
    folder.mkdir()
    (folder / "session.json").write_text("{")
    with whole_panel(qtbot) as panel:
        panel.open(source)
        assert any("session.damaged-1.json" in notice.text for notice in panel.model.desk.notices)
        panel.model.cues.move_edges("1m1", 0, 96)
    assert json.loads((folder / "session.json").read_text())["cues"]
    assert (folder / "session.damaged-1.json").read_text() == "{"
