"""The main job without a mouse: open an earlier timeline, move a hit, generate, hear, approve, place."""

from __future__ import annotations

from pathlib import Path

from fakes.fake_store import FakeStore
from fakes.kit import make_kit
from fakes.timelines import made_timeline
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from hitpoint.ui.panel import Panel

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_the_main_job_is_done_with_the_keyboard_alone(
    qapp: QApplication, tmp_path: Path, qtbot: QtBot
) -> None:
    store = FakeStore()
    earlier = make_kit(tmp_path / "earlier", store=store)
    earlier.open()
    earlier.model.cues.add(0, 240)
    earlier.settle()
    earlier.model.close()

    kit = make_kit(tmp_path, made_timeline(), store=store)
    panel = Panel(kit.model)
    qtbot.addWidget(panel)
    panel.show()
    qtbot.waitExposed(panel)

    def press(*keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            focus: QWidget | None = panel.focusWidget()
            assert focus is not None, "nothing has the keyboard"
            qtbot.keyClick(focus, key, modifier)

    # Open the one from before.
    press(Qt.Key.Key_Return)
    kit.settle()
    assert kit.model.state == "open" and kit.model.cues.current is not None

    # The strip has the keyboard: to the first hit, and three frames later with it.
    press(Qt.Key.Key_Tab)
    frame = kit.model.spot.hits[0].frame
    press(Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, modifier=CONTROL)
    kit.settle()
    moved = [hit.frame for hit in kit.model.spot.hits if hit.from_wish]
    assert moved == [frame + 3]

    # Two takes; the first is heard again, and approved.
    for _ in range(2):
        press(Qt.Key.Key_G, modifier=CONTROL)
        kit.settle()
    first, _ = (take.id for take in kit.model.takes.takes)
    press(Qt.Key.Key_Space)
    assert kit.player.playing
    press(Qt.Key.Key_2, modifier=CONTROL)
    focus = panel.focusWidget()
    assert focus is not None and focus in panel.takes.rows.values()
    press(Qt.Key.Key_N)
    while panel.focusWidget() is not panel.takes.rows[first]:
        press(Qt.Key.Key_Up)
    press(Qt.Key.Key_Return)
    assert kit.model.takes.heard == first == kit.player.heard and kit.player.playing
    press(Qt.Key.Key_Return, modifier=CONTROL)
    assert kit.model.takes.approved == first

    # Placed, with a look at what it will do first.
    press(Qt.Key.Key_P, modifier=CONTROL)
    kit.settle()
    assert panel.sheet.isVisible() and panel.sheet.table.rowCount() > 0
    press(Qt.Key.Key_Return)
    kit.settle()
    assert kit.model.host.placed is not None
    press(Qt.Key.Key_Escape)
    assert not panel.sheet.isVisible()

    # And all of it can be undone.
    while kit.model.history.can_undo:
        press(Qt.Key.Key_Z, modifier=CONTROL)
    assert kit.model.spot.hits == () or not any(hit.from_wish for hit in kit.model.spot.hits)
    kit.settle()
    kit.model.close()
