"""Cut off at any call, by a kill or by a fault: then everything is as before, or all of it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes.landings import landing
from fakes.resolve.fake import FakeResolve, Killed
from fakes.resolve.made import made
from fakes.resolve.traps import Traps

from hitpoint.plugin.hosts.base import HostError, HostMarker
from hitpoint.plugin.hosts.resolve.host import ResolveHost

CUE = (50, 100)


def host_of(fake: FakeResolve, folder: Path) -> ResolveHost:
    return ResolveHost(fake.resolve, folder=str(folder / "media"), sleep=lambda seconds: None)


def place(fake: FakeResolve, folder: Path, job: str) -> Callable[[ResolveHost], object]:
    """Reads first, so that what is done afterwards begins with the placing."""
    music = landing(host_of(fake, folder).read(), folder / "stems", CUE, stems=("drums",), job=job)
    return lambda host: host.place(music)


def untouched(fake: FakeResolve, folder: Path) -> Callable[[ResolveHost], object]:
    return place(fake, folder, "first")


def again(fake: FakeResolve, folder: Path) -> Callable[[ResolveHost], object]:
    """Where earlier music of ours gives way."""
    place(fake, folder, "first")(host_of(fake, folder))
    return place(fake, folder, "second")


def beside_work(fake: FakeResolve, folder: Path) -> Callable[[ResolveHost], object]:
    """Where earlier music of ours was trimmed."""
    place(fake, folder, "first")(host_of(fake, folder))
    fake.edit.of_kind("audio")[-1].pieces[0].frames -= 5
    return place(fake, folder, "second")


def removing(fake: FakeResolve, folder: Path) -> Callable[[ResolveHost], object]:
    place(fake, folder, "first")(host_of(fake, folder))
    return lambda host: host.remove("first")


def marking(fake: FakeResolve, folder: Path) -> Callable[[ResolveHost], object]:
    place(fake, folder, "first")(host_of(fake, folder))
    markers = (HostMarker("1m1@50", 52, 53, "must: door"), HostMarker("1m1@70", 70, 71, "would: x"))
    return lambda host: host.write_markers(markers, "1m1@")


def elsewhere(fake: FakeResolve, folder: Path) -> Callable[[ResolveHost], object]:
    """Where another timeline is open than the one that the music is for."""
    act = place(fake, folder, "first")
    fake.switch_timeline()
    return act


WAYS = [untouched, again, beside_work, removing, marking, elsewhere]


def picture(fake: FakeResolve) -> list[Any]:
    """All there is, but for the numbers that Resolve gives."""
    out: list[Any] = []
    assert fake.film is not None
    for film in fake.films:
        edit = film.current_edit
        out.append((film.current_bin.name, edit.name if edit else ""))
        out += [(one.name, sorted(source.medium.path for source in one.sources)) for one in film.root.walk()]
        for edit in film.edits:
            out.append((edit.name, edit.playhead, edit.mark_in, edit.mark_out))
            for lane in edit.lanes:
                out.append((lane.kind, lane.name, lane.subtype, lane.enabled, lane.locked))
                out += [
                    (
                        one.start,
                        one.frames,
                        one.source.medium.path if one.source else one.kind,
                        one.source_start,
                    )
                    for one in lane.sorted()
                ]
            out += sorted((one.frame, one.colour, one.name, one.custom) for one in edit.marks)
    return out


@dataclass
class World:
    fake: FakeResolve
    folder: Path
    act: Callable[[ResolveHost], object]
    before: list[Any]


def world(way: Callable[[FakeResolve, Path], Callable[[ResolveHost], object]], folder: Path) -> World:
    fake = made(shots=(48, 60), audio=("stereo",))
    act = way(fake, folder)
    return World(fake, folder, act, picture(fake))


def plain(found: list[Any], folder: Path) -> str:
    return repr(found).replace(str(folder), "")


class Homes:
    """A state folder for each world."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        # No power cut is tried here, and waiting for the disk takes most of the time.
        monkeypatch.setattr("hitpoint.engine.store.durable.sync_descriptor", lambda descriptor: None)
        monkeypatch.setattr("hitpoint.engine.store.durable.sync_folder", lambda folder: None)

    def move(self, folder: Path) -> Path:
        self.monkeypatch.setenv("HITPOINT_HOME", str(folder / "home"))
        return folder


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch) -> Homes:
    return Homes(monkeypatch)


def check_kills(
    way: Callable[[FakeResolve, Path], Callable[[ResolveHost], object]],
    homes: Homes,
    tmp_path: Path,
    every: int,
    first: int,
) -> None:
    done = world(way, homes.move(tmp_path / "done"))
    calls = done.fake.calls
    done.act(host_of(done.fake, done.folder))
    calls = done.fake.calls - calls
    after = plain(picture(done.fake), done.folder)
    outcomes = set()
    for number in range(first, calls + 1, every):
        for late in (False, True):
            one = world(way, homes.move(tmp_path / f"{number}-{late}"))
            one.fake.traps = Traps(killed_at_call=one.fake.calls + number, killed_after=late)
            with pytest.raises(Killed):
                one.act(host_of(one.fake, one.folder))
            one.fake.traps = Traps()
            host_of(one.fake, one.folder).recover()
            left = plain(picture(one.fake), one.folder)
            before = plain(one.before, one.folder)
            assert left in (before, after), f"killed at call {number}, late: {late}"
            assert not list((one.folder / "home").rglob("placing-*"))
            outcomes.add(left == after)
            if way is not removing or left == before:
                # What is noted is right too: the next one does what this was to do.
                one.act(host_of(one.fake, one.folder))
                assert plain(picture(one.fake), one.folder) == after
    # Markers alone are noted nowhere: until the last call they are undone.
    assert first > 1 or outcomes == ({False} if way is marking else {False, True})


@pytest.mark.parametrize("way", WAYS)
def test_killed_at_some_calls_it_is_undone_or_done(
    way: Callable[[FakeResolve, Path], Callable[[ResolveHost], object]], homes: Homes, tmp_path: Path
) -> None:
    check_kills(way, homes, tmp_path, every=37, first=5)


@pytest.mark.heavy
@pytest.mark.parametrize("way", WAYS)
def test_killed_at_every_call_it_is_undone_or_done(
    way: Callable[[FakeResolve, Path], Callable[[ResolveHost], object]], homes: Homes, tmp_path: Path
) -> None:
    check_kills(way, homes, tmp_path, every=1, first=1)


@pytest.mark.parametrize("way", [untouched, again])
def test_killed_again_while_it_is_undone_the_next_start_undoes_the_rest(
    way: Callable[[FakeResolve, Path], Callable[[ResolveHost], object]], homes: Homes, tmp_path: Path
) -> None:
    probe = world(way, homes.move(tmp_path / "probe"))
    calls = probe.fake.calls
    probe.act(host_of(probe.fake, probe.folder))
    # Late, when most is done.
    number = round((probe.fake.calls - calls) * 0.8)
    for second in range(3, 200, 29):
        one = world(way, homes.move(tmp_path / str(second)))
        one.fake.traps = Traps(killed_at_call=one.fake.calls + number)
        with pytest.raises(Killed):
            one.act(host_of(one.fake, one.folder))
        one.fake.traps = Traps(killed_at_call=one.fake.calls + second)
        try:
            host_of(one.fake, one.folder).recover()
        except Killed:
            one.fake.traps = Traps()
            host_of(one.fake, one.folder).recover()
        assert picture(one.fake) == one.before


def test_it_waits_for_its_project_and_hinders_no_other(homes: Homes, tmp_path: Path) -> None:
    one = world(untouched, homes.move(tmp_path))
    one.fake.traps = Traps(killed_at_call=one.fake.calls + 150)
    with pytest.raises(Killed):
        one.act(host_of(one.fake, one.folder))
    one.fake.traps = Traps()
    one.fake.switch_project()
    host = host_of(one.fake, one.folder)
    (said,) = host.recover()
    assert "'a film'" in said and "open it" in said
    place(one.fake, one.folder / "other", "elsewhere")(host)
    one.fake.film = one.fake.films[0]
    (said,) = host.recover()
    assert "it was undone" in said
    assert host.recover() == ()
    assert one.fake.film.edits[-1].of_kind("audio")[-1].name == "Audio 1"


def test_another_window_that_is_at_it_is_let_be(
    homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = world(untouched, homes.move(tmp_path))
    one.fake.traps = Traps(killed_at_call=one.fake.calls + 150)
    with pytest.raises(Killed):
        one.act(host_of(one.fake, one.folder))
    one.fake.traps = Traps()
    left = picture(one.fake)
    monkeypatch.setattr("os.getpid", lambda: 1)
    monkeypatch.setattr("hitpoint.plugin.hosts.resolve.journal.is_alive", lambda pid: True)
    host = host_of(one.fake, one.folder)
    assert host.recover() == ()
    with pytest.raises(HostError, match="another window of Hitpoint") as caught:
        one.act(host)
    assert caught.value.kind == "busy"
    assert picture(one.fake) == left


def test_a_disk_that_is_full_undoes_all(
    homes: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = world(untouched, homes.move(tmp_path))
    from hitpoint.engine.errors import OutputError
    from hitpoint.plugin.hosts.resolve import journal

    real, count = journal.durable_write, [0]

    def full(path: Path, data: bytes) -> None:
        count[0] += 1
        if count[0] > 4:
            raise OutputError("no space left to write the journal: free some room")
        real(path, data)

    monkeypatch.setattr(journal, "durable_write", full)
    with pytest.raises(HostError, match="no space left"):
        one.act(host_of(one.fake, one.folder))
    assert picture(one.fake) == one.before


def test_a_timeline_that_somebody_opened_in_the_middle_stays_open(homes: Homes, tmp_path: Path) -> None:
    probe = world(again, homes.move(tmp_path / "probe"))
    calls = probe.fake.calls
    probe.act(host_of(probe.fake, probe.folder))
    calls = probe.fake.calls - calls
    refused = 0
    for number in range(10, calls, 17):
        one = world(again, homes.move(tmp_path / str(number)))
        one.fake.traps = Traps(timeline_switched_at_call=one.fake.calls + number)
        try:
            one.act(host_of(one.fake, one.folder))
        except HostError as error:
            refused += 1
            assert error.kind == "stale"
            # But for the timeline that is open.
            assert sorted(map(repr, picture(one.fake)[1:])) == sorted(map(repr, one.before[1:]))
        assert one.fake.edit.name == "an older cut"
        assert not list((one.folder / "home").rglob("placing-*"))
    assert refused > 3


def test_what_is_undone_at_the_next_start_leaves_the_playhead_alone(homes: Homes, tmp_path: Path) -> None:
    one = world(untouched, homes.move(tmp_path))
    one.fake.traps = Traps(killed_at_call=one.fake.calls + 150)
    with pytest.raises(Killed):
        one.act(host_of(one.fake, one.folder))
    one.fake.traps = Traps()
    one.fake.edit.playhead = 77
    host_of(one.fake, one.folder).recover()
    assert one.fake.edit.playhead == 77


def test_a_project_that_somebody_opened_in_the_middle_is_named_and_the_rest_waits(
    homes: Homes, tmp_path: Path
) -> None:
    probe = world(untouched, homes.move(tmp_path / "probe"))
    calls = probe.fake.calls
    probe.act(host_of(probe.fake, probe.folder))
    calls = probe.fake.calls - calls
    said = set()
    for number in range(100, calls, 7):
        one = world(untouched, homes.move(tmp_path / str(number)))
        one.fake.traps = Traps(project_switched_at_call=one.fake.calls + number)
        try:
            one.act(host_of(one.fake, one.folder))
        except HostError as error:
            said.add(str(error).partition(":")[0])
            one.fake.film = one.fake.films[0]
            host_of(one.fake, one.folder).recover()
            assert len(one.fake.films) == 2
            del one.fake.films[1]
            assert picture(one.fake) == one.before
    assert "another project was opened in DaVinci Resolve while the music was being placed" in said
