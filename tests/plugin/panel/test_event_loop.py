"""The interface never waits: gaps of the event loop are measured while much is opened and made."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import films
from whole import Gaps, whole_panel

CLIPS, FRAMES = 2000, 43
RATE = 24


def long_cut(folder: Path, count: int) -> str:
    """So many clips of 43 frames at 24 per second, over made media: 2,000 are 59 minutes and 43 seconds."""
    pictures = films._pictures(folder)
    clips = [
        {
            "OTIO_SCHEMA": "Clip.2",
            "name": f"shot {index + 1}",
            "metadata": {},
            "source_range": films.span(0, FRAMES),
            "enabled": True,
            "media_references": {
                "DEFAULT_MEDIA": {
                    "OTIO_SCHEMA": "ExternalReference.1",
                    "target_url": pictures[index % len(pictures)],
                }
            },
            "active_media_reference_key": "DEFAULT_MEDIA",
        }
        for index in range(count)
    ]
    track = {"OTIO_SCHEMA": "Track.1", "name": "V1", "kind": "Video", "children": clips}
    data = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": "long",
        "global_start_time": films.time(3600 * RATE),
        "tracks": {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track], "markers": []},
    }
    path = folder / "long.otio"
    path.write_text(json.dumps(data))
    return str(path)


def test_an_hour_of_two_thousand_clips_opens_while_the_event_loop_turns(
    tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    source = long_cut(tmp_path, CLIPS)
    with whole_panel(qtbot) as panel:
        qtbot.wait(300)
        with Gaps() as gaps:
            begun = time.perf_counter()
            panel.open(source)
            seconds = time.perf_counter() - begun
            # What follows the opening: thumbnails, the lists, the first look.
            qtbot.wait(1000)
        assert panel.model.timeline is not None
        assert len(panel.model.timeline.shots) == CLIPS
    with capsys.disabled():
        print(f"\nopened in {seconds:.2f} s; {gaps.told('opening')}")
    # Wanted: 2 s and 50 ms on a quiet machine of two cores. Here others compute beside us.
    assert seconds < 20
    assert gaps.own_ms < 500


def test_the_event_loop_turns_while_a_take_is_made_and_played(
    tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(films.timeline(tmp_path))
    with whole_panel(qtbot) as panel:
        panel.open(source)
        panel.planned()
        with Gaps() as gaps:
            panel.model.controls.set(model="sketch")
            panel.model.work.generate()
            panel.takes(1)
            panel.model.transport.play()
            panel.until(lambda: panel.model.transport.position > 24, "it plays")
            panel.model.transport.pause()
    with capsys.disabled():
        print(f"\n{gaps.told('a take is made and played')}")
    assert gaps.own_ms < 500


def test_a_dragged_hit_of_three_minutes_is_solved_at_once_and_heard_soon(
    tmp_path: Path, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    with whole_panel(qtbot) as panel:
        panel.open(long_cut(tmp_path, 100))
        spot, passages = panel.model.spot, panel.model.passages
        if not panel.model.cues.cues:
            panel.model.cues.add(0, 100 * FRAMES)
        panel.planned()
        passages.hear_changes = True
        solved, heard = [], []
        hits = [hit.frame for hit in spot.hits if 500 < hit.frame < 3800]
        with Gaps() as gaps:
            for frame in hits[:: max(1, len(hits) // 4)][:4]:
                to = frame
                for _ in range(4):
                    to += 1
                    before = spot.planned
                    begun = time.perf_counter()
                    spot.drag(frame, to)
                    panel.until(lambda: spot.planned is not before, "it is solved")  # noqa: B023
                    solved.append(time.perf_counter() - begun)
                begun = time.perf_counter()
                spot.drop(frame, to)
                panel.until(lambda: passages.path, "it is heard")
                heard.append(time.perf_counter() - begun)
                panel.planned()
                passages.clear()
    with capsys.disabled():
        print(f"\n{len(hits)} hits; solved within {[round(1000 * s) for s in sorted(solved)]} ms")
        print(f"heard within {[round(1000 * s) for s in sorted(heard)]} ms; {gaps.told('dragging')}")
    # Wanted: 100 ms and 500 ms on a quiet machine of two cores.
    assert sorted(solved)[len(solved) // 2] < 1.0
    assert sorted(heard)[len(heard) // 2] < 5.0
