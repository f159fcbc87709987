"""The fake itself: what it tells a judge is so, and what it writes is what Resolve's users would export."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fakes.resolve.fake import FakeResolve, Killed
from fakes.resolve.made import made, put
from fakes.resolve.render import Heard
from fakes.resolve.state import Edit
from fakes.resolve.traps import Traps

from hitpoint.plugin.hosts.resolve.host import ResolveHost
from hitpoint.plugin.timeline.read import read_timeline
from naive import project_of, stem
from resolve_worlds import random_world

TESTS = Path(__file__).parents[3]
SEEDS = range(40)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    (tmp_path / "clicks").mkdir()
    return tmp_path / "clicks"


def timeline_of(fake: FakeResolve) -> Any:
    return project_of(fake).GetCurrentTimeline()


def export(fake: FakeResolve, folder: Path) -> Path:
    path = folder / "export.otio"
    assert timeline_of(fake).Export(str(path), fake.resolve.EXPORT_OTIO) is True
    return path


def test_fake_loads_the_standard_library_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); sys.path.append(sys.argv[1]); import fakes.resolve.made; "
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}"
        " - sys.stdlib_module_names))"
    )
    told = subprocess.run([sys.executable, "-I", "-c", code, str(TESTS)], capture_output=True, text=True)
    assert (told.stdout.split(), told.stderr) == (["fakes"], "")


def test_no_handler_of_exceptions_outlives_a_kill() -> None:
    fake = made(Traps(killed_at_call=1))
    with pytest.raises(Killed):
        try:
            fake.resolve.GetProjectManager()
        except Exception:  # noqa: BLE001 -- that is what is tried
            pytest.fail("the kill was caught")


def test_call_that_is_killed_afterwards_did_its_work() -> None:
    fake = made()
    timeline = timeline_of(fake)
    for after in (False, True):
        count = len(fake.edit.of_kind("audio"))
        fake.traps = Traps(killed_at_call=fake.calls + 1, killed_after=after)
        with pytest.raises(Killed):
            timeline.AddTrack("audio", "stereo")
        assert len(fake.edit.of_kind("audio")) == count + after


def test_call_waits_for_the_dialog_to_be_answered() -> None:
    fake = made(Traps(modal_at_call=1))
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(fake.resolve.GetProductName()))
    thread.start()
    fake.dialog.shown.wait()
    assert answers == []
    fake.dialog.answered.set()
    thread.join()
    assert answers == ["DaVinci Resolve Studio"]


def test_handles_of_a_closed_project_are_dead_until_it_is_opened_again() -> None:
    fake = made()
    timeline = timeline_of(fake)
    fake.switch_project()
    assert timeline.GetName() is None and timeline.GetTrackCount("audio") is None
    fake.film = fake.films[0]
    assert timeline.GetName() == "cut"


def test_whatever_an_editor_changes_is_told() -> None:
    fake = made()
    before = fake.frozen()
    timeline = timeline_of(fake)
    item = timeline.GetItemListInTrack("video", 1)[0]
    for change in (
        lambda: item.SetClipColor("Teal"),
        lambda: item.SetClipEnabled(False),
        lambda: timeline.SetTrackName("audio", 1, "other"),
        lambda: timeline.AddTrack("audio", {"audioType": "stereo", "index": 1}),
        lambda: timeline.SetMarkInOut(1, 2),
        lambda: timeline.SetCurrentTimecode("01:00:01:00"),
        lambda: timeline.DeleteMarkersByColor("Red"),
        lambda: project_of(fake).GetMediaPool().SetCurrentFolder(fake_root(fake)),
        lambda: project_of(fake).SetCurrentTimeline(project_of(fake).GetTimelineByIndex(1)),
        lambda: timeline.DeleteClips([item]),
    ):
        now = fake.frozen()
        assert change() is True
        assert now.lost_in(fake.frozen()), "nothing was told"
    assert len(before.lost_in(fake.frozen())) >= 8


def fake_root(fake: FakeResolve) -> Any:
    return project_of(fake).GetMediaPool().GetRootFolder()


def test_what_lies_before_the_start_or_is_off_is_not_rendered(tmp_path: Path) -> None:
    fake = made(extras=False)
    edit, lane = fake.edit, fake.edit.of_kind("audio")[1]
    source = fake.take_in(fake.films[0], fake.films[0].root, str(stem(tmp_path)))
    piece = put(fake, lane, source, edit.start - 48, 24)

    def mine() -> list[Heard]:
        return [one for one in fake.render() if one.item == piece.ident]

    assert mine() == []
    piece.start = edit.start - 12
    (half,) = mine()
    assert (half.sample, half.source_sample, half.samples) == (0, 24_000, 24_000)
    piece.start = edit.start + 24
    assert [(one.sample, one.source_sample, one.channels) for one in mine()] == [(48_000, 0, 2)]
    lane.subtype = "mono"
    assert [one.channels for one in mine()] == [1]
    lane.enabled = False
    assert mine() == []


@pytest.mark.parametrize("seed", SEEDS)
def test_our_reader_finds_everything_where_the_fake_has_it(seed: int, tmp_path: Path, sounds: Path) -> None:
    world = random_world(seed, sounds)
    fake, edit = world.fake, world.edit
    document = read_timeline(export(fake, tmp_path))
    assert (document.rate.fps, document.start_timecode_frame) == (edit.fps, edit.start)
    assert document.frames == edit.end - edit.start
    assert [(mark.in_frame, mark.name) for mark in document.markers] == [
        (mark.frame, mark.name) for mark in sorted(edit.marks, key=lambda mark: mark.frame)
    ]
    cuts = {shot.in_frame for shot in document.shots} | {shot.out_frame_exclusive for shot in document.shots}
    assert borders(edit) <= cuts


def borders(edit: Edit) -> set[int]:
    """Where pictures begin that no title lies over."""
    pictures, titles = edit.of_kind("video")
    return {
        piece.start - edit.start
        for piece in pictures.pieces
        if piece.kind == "clip" and not any(one.start <= piece.start <= one.end for one in titles.pieces)
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_exported_sounds_the_same_when_it_is_imported(
    seed: int, tmp_path: Path, sounds: Path
) -> None:
    world = random_world(seed, sounds)
    fake = world.fake
    fake.traps = Traps()
    for _, piece in world.edit.pieces():
        piece.sources_unknown = False
    before = [replace(one, item="") for one in fake.render()]
    pool = project_of(fake).GetMediaPool()
    assert pool.ImportTimelineFromFile(str(export(fake, tmp_path)), {"timelineName": "again"}) is not None
    assert fake.edit.name == "again"
    after = [replace(one, item="") for one in fake.render()]
    if world.edit.drop_frame:
        # It begins at another timecode then; nothing in it moves.
        assert fake.edit.start > world.edit.start
    assert [near(one) for one in after] == [near(one) for one in before]


def near(one: Heard) -> tuple[object, ...]:
    """Without what a file of decimal numbers cannot tell."""
    return (
        one.track,
        one.path,
        one.sample,
        one.samples,
        one.channels,
        round(one.source_sample, -1),
        one.speed,
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_reading_changes_nothing(
    seed: int, tmp_path: Path, sounds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    fake = random_world(seed, sounds).fake
    before = fake.frozen()
    host = ResolveHost(fake.resolve, folder=str(tmp_path / "media"), sleep=lambda seconds: None)
    read = host.read()
    assert read.frames == fake.edit.end - fake.edit.start
    assert host.glance() == host.glance() and host.glance().ident == read.ident
    assert host.selected().spans and host.playhead() == fake.edit.playhead
    assert {mark.in_frame for mark in host.markers()} == {mark.frame for mark in fake.edit.marks}
    assert host.facts().name == "resolve"
    assert fake.frozen() == before and fake.films[0].saves == 0


def test_every_rate_is_written_as_resolve_does() -> None:
    fake = made(Traps(rate_as="df"), fps=Fraction(60000, 1001))
    assert timeline_of(fake).GetSetting("timelineFrameRate") == "59.94 DF"
    assert timeline_of(fake).GetStartFrame() == 216_000
    assert made(fps=Fraction(30000, 1001), start=107_892, drop_frame=True).edit.start == 107_892
