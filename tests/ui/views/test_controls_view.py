"""Controls: every field does something, each as one step, and says what it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes.kit import Kit
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QWheelEvent
from PyQt6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from hitpoint.ui.session import Controls
from hitpoint.ui.views.controls_view import ControlsView, facts


@pytest.fixture
def view(kit: Kit, qtbot: QtBot) -> ControlsView:
    kit.open()
    kit.model.cues.add(0, 240)
    kit.settle()
    made = ControlsView(kit.model)
    qtbot.addWidget(made)
    made.show()
    return made


def pick(box: QComboBox, name: str) -> None:
    """As a user does: choose the item whose data is `name`."""
    at = box.findData(name)
    assert at >= 0, [box.itemData(n) for n in range(box.count())]
    box.setCurrentIndex(at)
    box.activated.emit(at)


def test_each_field_sets_its_part_of_the_controls_and_undo_takes_it_back(
    kit: Kit, view: ControlsView
) -> None:
    before = kit.model.controls.controls
    view.mood.setText("dark")
    view.mood.editingFinished.emit()
    pick(view.model, "gvmgen-nano")
    pick(view.style_name, kit.model.controls.styles[1])
    pick(view.use, "client")
    pick(view.fit, "tight")
    view.seed.setText("41")
    view.seed.editingFinished.emit()
    view.loudness.setValue(-20.0)
    view.candidates.setValue(3)
    view.separate.click()
    now = kit.model.controls.controls
    assert now == replace(
        before,
        mood="dark",
        model="gvmgen-nano",
        style=kit.model.controls.styles[1],
        use="client",
        fit="tight",
        seed=41,
        loudness=-20.0,
        candidates=3,
        separate=True,
    )
    for _ in range(9):
        kit.model.history.undo()
    assert kit.model.controls.controls == before
    assert view.mood.text() == "" and view.seed.text() == "" and not view.separate.isChecked()
    assert view.model.currentData() == before.model


def test_a_field_that_was_left_as_it_was_is_no_step(kit: Kit, view: ControlsView) -> None:
    label = kit.model.history.undo_label
    for line in (view.mood, view.seed, view.prompt):
        line.editingFinished.emit()
    pick(view.model, "auto")
    pick(view.fit, "")
    assert kit.model.history.undo_label == label


def test_below_its_least_a_number_is_as_usual(kit: Kit, view: ControlsView) -> None:
    view.loudness.setValue(-18.0)
    view.loudness.setValue(view.loudness.minimum())
    assert kit.model.controls.controls.loudness is None


def test_density_tempo_and_key_are_wishes(kit: Kit, view: ControlsView) -> None:
    view.feel.density.setValue(-5)
    assert kit.model.controls.density == -0.5
    view.feel.own_tempo.click()
    assert kit.model.controls.tempo is not None and view.feel.low.isVisibleTo(view)
    view.feel.low.setValue(200.0)
    assert kit.model.controls.tempo == (200.0, 200.0), "the bound that was moved pushes the other"
    view.feel.own_tempo.click()
    assert kit.model.controls.tempo is None and not view.feel.low.isVisibleTo(view)
    pick(view.feel.tonic, "9")
    pick(view.feel.mode, "minor")
    assert kit.model.controls.key == (9, "minor")


def test_the_prompt_is_there_only_where_the_model_reads_words(kit: Kit, view: ControlsView) -> None:
    assert not view.prompt.isVisibleTo(view) and not view.separate.isVisibleTo(view)
    pick(view.model, "musicgen-small")
    assert view.prompt.isVisibleTo(view) and view.candidates.isVisibleTo(view)


def test_a_model_tells_licence_memory_and_what_is_missing(kit: Kit, view: ControlsView) -> None:
    small = next(one for one in kit.model.controls.models if one.name == "musicgen-small")
    assert facts(small) == "CC-BY-NC 4.0 · not for sale · 4.3 GB memory"
    pick(view.model, "musicgen-small")
    assert view.facts.text() == small.why_not
    pick(view.model, "auto")
    assert view.facts.text().startswith("Sketch: ")


def test_like_offers_the_timelines_tracks_and_a_file(kit: Kit, view: ControlsView) -> None:
    track = kit.model.controls.tracks[0]
    pick(view.like.box, f"track:{track}")
    assert kit.model.controls.controls.like == f"track:{track}"
    kit.model.controls.set(like="/music/temp.wav")
    assert view.like.box.currentText() == "temp.wav"
    pick(view.like.box, "")
    assert kit.model.controls.controls.like == ""


def test_a_wheel_in_passing_changes_nothing(kit: Kit, view: ControlsView, qapp: QApplication) -> None:
    before = kit.model.controls.controls
    for field in (view.loudness, view.model, view.feel.density):
        middle = field.rect().center().toPointF()
        wheel = QWheelEvent(
            middle,
            field.mapToGlobal(middle),
            middle.toPoint(),
            middle.toPoint() * 10,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        qapp.sendEvent(field, wheel)
    assert kit.model.controls.controls == before == Controls()
    assert kit.model.controls.density == 0.0


def test_a_locked_cue_leaves_nothing_to_press(kit: Kit, view: ControlsView) -> None:
    kit.model.cues.lock("1m1", True)
    assert not view.mood.isEnabled()
    kit.model.cues.lock("1m1", False)
    assert view.mood.isEnabled()
