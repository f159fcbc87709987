"""Undo: any sitting, undone wholly, is as it began, and redone as it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from fakes.fake_store import FakeStore
from fakes.kit import Kit, make_kit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from hitpoint.engine.serial import from_json, to_json
from hitpoint.ui.models.history import History
from hitpoint.ui.session import Mix, Session, View

EMPTY = Session("/a.otio", {"name": "a.otio"})

# What an editor does, given the panel and a number to choose with.
ACTIONS: tuple[Callable[[Kit, int], object], ...] = (
    lambda kit, n: kit.model.cues.add(n, n + 60 + n % 100),
    lambda kit, n: kit.model.cues.rename(_cue(kit, n), f"cue {n}"),
    lambda kit, n: kit.model.cues.remove(_cue(kit, n)),
    lambda kit, n: kit.model.cues.move_edges(_cue(kit, n), n, n + 100),
    lambda kit, n: kit.model.cues.lock(_cue(kit, n), n % 3 == 0),
    lambda kit, n: kit.model.cues.select(_cue(kit, n)),
    lambda kit, n: kit.model.spot.add(n),
    lambda kit, n: kit.model.spot.drop(_hit(kit, n), n),
    lambda kit, n: kit.model.spot.set_kind(_hit(kit, n), ("must", "would", "avoid")[n % 3]),  # type: ignore[arg-type]
    lambda kit, n: kit.model.spot.set_strength(_hit(kit, n), n % 10 / 10),
    lambda kit, n: kit.model.spot.delete(_hit(kit, n)),
    lambda kit, n: kit.model.sections.wish("bigger", n, n + 50),
    lambda kit, n: kit.model.sections.unwish(n % 4),
    lambda kit, n: kit.model.sections.draw([(n, 0.2), (n + 40, 0.9)]),
    lambda kit, n: kit.model.controls.set(style=("auto", "piano", "rock")[n % 3]),
    lambda kit, n: kit.model.controls.set_density(n % 20 / 10 - 1),
    lambda kit, n: kit.model.controls.set_key(n % 12, "minor"),
    lambda kit, n: kit.model.takes.mute("drums", n % 2 == 0),
    lambda kit, n: kit.model.takes.set_mix(balance=n % 20 / 10 - 1),
    lambda kit, n: kit.model.takes.reject("t0001", n % 2 == 0),
    lambda kit, n: kit.model.takes.hear(("t0001", "t0002")[n % 2]),
    lambda kit, n: kit.model.transport.set_loop((n, n + 20)),
)


def _cue(kit: Kit, n: int) -> str:
    cues = kit.model.cues.cues
    return cues[n % len(cues)].name if cues else ""


def _hit(kit: Kit, n: int) -> int:
    hits = kit.model.spot.hits
    return hits[n % len(hits)].frame if hits else -1


def without_view(session: Session | None) -> Session:
    assert session is not None
    return replace(session, view=View())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 575)), max_size=14))
def test_a_sitting_undone_wholly_is_as_it_began_and_redone_as_it_ended(
    tmp_path: Path, qtbot: QtBot, sitting: list[tuple[Callable[[Kit, int], object], int]]
) -> None:
    kit = make_kit(tmp_path)
    kit.open()
    kit.model.work.generate()
    kit.model.work.generate()
    kit.settle()
    history = kit.model.history
    first = history.value
    for action, number in sitting:
        action(kit, number)
    kit.settle()
    last = history.value
    steps = 0
    while history.can_undo:
        assert history.undo_label
        history.undo()
        steps += 1
    # A cue that was chosen and not changed is chosen still.
    assert steps <= len(sitting)
    assert replace(without_view(history.value), current="") == replace(without_view(first), current="")
    while history.can_redo:
        assert history.redo_label
        history.redo()
    assert without_view(history.value) == without_view(last)
    assert last is not None
    assert from_json(Session, json.loads(json.dumps(to_json(last)))) == last
    kit.model.close()
    kept = kit.store.load(kit.timeline.path)
    assert without_view(kept) == without_view(last)


def moved(session: Session, balance: float) -> Session:
    return replace(session, mix=Mix(balance=balance))


def test_a_sliders_way_is_one_step_until_it_rests(qtbot: QtBot) -> None:
    now = [0.0]
    history = History(FakeStore(), now=lambda: now[0])
    history.begin(EMPTY)
    for step in range(1, 5):
        history.do("mix", moved(EMPTY, step / 10), move="balance")
        now[0] += 0.5
    now[0] += 5
    history.do("mix", moved(EMPTY, 0.9), move="balance")
    history.undo()
    assert history.value == moved(EMPTY, 0.4)
    history.undo()
    assert history.value == EMPTY and not history.can_undo


def test_another_step_between_ends_a_sliders_way(qtbot: QtBot) -> None:
    history = History(FakeStore(), now=lambda: 0.0)
    history.begin(EMPTY)
    history.do("mix", moved(EMPTY, 0.1), move="balance")
    history.do("other", replace(moved(EMPTY, 0.1), current="x"))
    history.do("mix", replace(moved(EMPTY, 0.2), current="x"), move="balance")
    history.undo()
    assert history.value == replace(moved(EMPTY, 0.1), current="x")


def test_where_the_panel_looks_is_no_step_and_is_not_undone(qtbot: QtBot) -> None:
    history = History(FakeStore())
    history.begin(EMPTY)
    history.do("mix", moved(EMPTY, 0.5))
    assert history.value is not None
    history.amend(replace(history.value, view=View(playhead_frame=77)))
    history.undo()
    assert history.value == replace(EMPTY, view=View(playhead_frame=77))
    assert not history.can_undo


def test_a_new_step_forgets_what_was_undone(qtbot: QtBot) -> None:
    history = History(FakeStore())
    history.begin(EMPTY)
    history.do("a", moved(EMPTY, 0.1))
    history.undo()
    history.do("b", moved(EMPTY, 0.2))
    assert not history.can_redo and history.undo_label == "b"


def test_a_fact_holds_before_and_after_every_step(qtbot: QtBot) -> None:
    history = History(FakeStore())
    history.begin(EMPTY)
    history.do("a", moved(EMPTY, 0.1))
    history.do("b", moved(EMPTY, 0.2))
    history.undo()
    history.everywhere(lambda session: replace(session, takes_made=3))
    for step in (history.redo, history.undo, history.undo):
        assert history.value is not None and history.value.takes_made == 3
        step()
    assert history.value is not None and history.value.takes_made == 3


def test_every_step_is_saved_at_once_and_looking_about_when_it_rests(qtbot: QtBot) -> None:
    store = FakeStore()
    history = History(store)
    history.begin(EMPTY)
    history.do("a", moved(EMPTY, 0.1))
    assert store.load("/a.otio") == moved(EMPTY, 0.1)
    for frame in range(50):
        assert history.value is not None
        history.amend(replace(history.value, view=View(playhead_frame=frame)))
    assert len(store.saved["/a.otio"]) == 1
    qtbot.waitUntil(lambda: len(store.saved["/a.otio"]) == 2, timeout=5000)
    assert store.load("/a.otio") == history.value


def test_what_changes_nothing_is_no_step(qtbot: QtBot) -> None:
    store = FakeStore()
    history = History(store)
    history.begin(EMPTY)
    history.do("a", replace(EMPTY))
    assert not history.can_undo and not store.saved
