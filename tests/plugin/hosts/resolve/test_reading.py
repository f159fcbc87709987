"""Resolve's timeline as a file that lasts, with everything seen on it, and a glance at it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fakes.landings import landing
from fakes.resolve.fake import FakeResolve
from fakes.resolve.made import made, put
from fakes.resolve.state import Lane, Mark
from fakes.resolve.traps import Traps

from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Span
from hitpoint.plugin.hosts.base import HostError, touching
from hitpoint.plugin.hosts.resolve.host import ResolveHost
from hitpoint.plugin.timeline.read import read_timeline

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]
OLD = Traps(version="18.1.4.9")


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    # No power cut is tried here, and waiting for the disk takes most of the time.
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_descriptor", lambda descriptor: None)
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_folder", lambda folder: None)


def host_of(fake: FakeResolve, tmp_path: Path) -> ResolveHost:
    return ResolveHost(fake.resolve, folder=str(tmp_path / "media"), sleep=lambda seconds: None)


def place(fake: FakeResolve, tmp_path: Path, job: str = "first") -> None:
    host = host_of(fake, tmp_path)
    host.place(landing(host.read(), tmp_path / "stems", (50, 130), job=job))


@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("how", ["text", "df", "number"])
def test_rate_start_length_and_shots_are_those_of_the_timeline(
    fps: Fraction, how: str, tmp_path: Path
) -> None:
    drops = fps.denominator == 1001 and how == "df" and fps != Fraction(24000, 1001)
    fake = made(Traps(rate_as=how), fps=fps, drop_frame=drops)
    told = host_of(fake, tmp_path).read()
    assert told.rate == Rate(fps.numerator, fps.denominator)
    assert (told.start_frame, told.frames, told.name) == (fake.edit.start, 336, "cut")
    assert told.problems == ()
    document = read_timeline(Path(told.path))
    assert document.rate == told.rate
    assert document.frames == 336
    assert [shot.in_frame for shot in document.shots] == [0, 48, 108, 144, 216, 240, 290]


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_an_old_resolve_is_read_by_its_tracks_and_gives_the_same_shots(fps: Fraction, tmp_path: Path) -> None:
    new = read_timeline(Path(host_of(made(fps=fps), tmp_path / "new").read().path))
    old = read_timeline(Path(host_of(made(OLD, fps=fps), tmp_path / "old").read().path))
    facts = [
        [(one.in_frame, one.out_frame_exclusive, one.source_in_s, one.speed) for one in document.shots]
        for document in (old, new)
    ]
    assert facts[0] == facts[1]
    assert (old.rate, old.start_timecode_frame, old.frames) == (
        new.rate,
        new.start_timecode_frame,
        new.frames,
    )


def test_speeds_are_known_from_source_and_record_spans(tmp_path: Path) -> None:
    fake = made(OLD, fps=24)
    pictures = fake.edit.of_kind("video")[0].pieces
    twice, back = pictures[2], pictures[3]
    twice.source_end = twice.source_start + 2 * twice.frames
    back.source_start, back.source_end = back.source_end, back.source_start
    shots = read_timeline(Path(host_of(fake, tmp_path).read().path)).shots
    assert [shot.speed for shot in shots[:4]] == [1, 1, 2, -1]


def test_a_speed_that_resolve_does_not_tell_is_a_problem_and_never_a_guess(tmp_path: Path) -> None:
    fake = made(Traps(version="18.1.4.9", zero_sources=True))
    told = host_of(fake, tmp_path).read()
    assert any(
        "does not tell which frames 'shot2.mov' shows at 01:00:02:00" in text for text in told.problems
    )
    assert {shot.kind for shot in read_timeline(Path(told.path)).shots} == {"offline"}


def test_the_file_keeps_its_place_when_timeline_and_project_are_renamed(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    first = host.read()
    assert Path(first.path).parent == tmp_path / "media" / "a-film"
    assert fake.film is not None
    fake.edit.name, fake.film.name = "cut, final", "another name"
    second = host.read()
    assert (second.path, second.ident, second.name) == (first.path, first.ident, "cut, final")


def test_a_copy_of_a_timeline_has_a_file_of_its_own(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    first = host.read()
    assert fake.film is not None
    fake.copied(fake.film, fake.edit, "cut copy")
    assert host.read().path != first.path


@pytest.mark.parametrize("name", ["../../etc", "a/b: c?", "Ключ", "CON", "x" * 300])
def test_names_that_no_disk_takes_make_a_file_below_the_folder(name: str, tmp_path: Path) -> None:
    fake = made()
    assert fake.film is not None
    fake.film.name = fake.edit.name = name
    told = host_of(fake, tmp_path).read()
    assert Path(told.path).is_file()
    assert Path(told.path).parent.parent == tmp_path / "media"


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("not a folder", encoding="utf-8")
    with pytest.raises(HostError, match="cannot be written into"):
        host_of(made(), tmp_path).read()


def test_an_export_that_fails_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    fake = made(Traps(none_from=frozenset({"Export"})))
    with pytest.raises(HostError, match="did not export the timeline 'cut'"):
        host_of(fake, tmp_path).read()
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []


def test_an_export_that_says_no_once_is_asked_again(tmp_path: Path) -> None:
    assert host_of(made(Traps(flaky_false=frozenset({"Export"}))), tmp_path).read().frames == 336


# --- what is seen ---


def test_reading_twice_sees_the_same_and_music_of_ours_is_never_among_it(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    first = host.read()
    place(fake, tmp_path)
    assert host.read().seen == first.seen


def test_tracks_of_ours_that_go_change_nothing_of_the_editors_below_them(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    place(fake, tmp_path)
    theirs = Lane(fake.ident("track"), "audio", "Audio 5", "stereo")
    fake.edit.lanes.append(theirs)
    put(fake, theirs, fake.edit.of_kind("audio")[1].pieces[0].source, fake.edit.start + 60, 40)
    before = host.read()
    host.remove("first")
    assert host.read().seen == before.seen


def test_the_files_reader_does_not_take_music_of_ours_for_the_editors_sound(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    before = read_timeline(Path(host.read().path))
    place(fake, tmp_path)
    after = read_timeline(Path(host.read().path))
    assert [one.track for one in after.sounds] == [one.track for one in before.sounds]


def ours_in(path: str) -> dict[str, Any]:
    data = json.loads(Path(path).read_text(encoding="utf-8"))
    return {
        track["name"]: track["metadata"]["hitpoint"]
        for track in data["tracks"]["children"]
        if "hitpoint" in track["metadata"]
    }


def test_tracks_of_ours_are_sealed_in_the_file_until_somebody_works_on_them(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    place(fake, tmp_path)
    assert {name: "fingerprint" in told for name, told in ours_in(host.read().path).items()} == {
        "Stem: drums": True,
        "Stem: bass": True,
    }
    fake.edit.of_kind("audio")[-1].pieces[0].level_db = -3.0
    assert {name: "fingerprint" in told for name, told in ours_in(host.read().path).items()} == {
        "Stem: drums": True,
        "Stem: bass": False,
    }


def _trim(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces[1].frames -= 1


def _other_medium(fake: FakeResolve) -> None:
    pictures = fake.edit.of_kind("video")[0].pieces
    pictures[1].source = pictures[2].source


def _speed(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces[1].source_end += 30


def _slip(fake: FakeResolve) -> None:
    piece = fake.edit.of_kind("video")[0].pieces[1]
    piece.source_start, piece.source_end = piece.source_start + 1, piece.source_end + 1


def _off(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces[1].enabled = False


def _track_off(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].enabled = False


@pytest.mark.parametrize("change", [_trim, _other_medium, _speed, _slip, _off, _track_off])
def test_each_change_that_music_depends_on_is_seen(
    change: Callable[[FakeResolve], None], tmp_path: Path
) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    first = host.read()
    change(fake)
    second = host.read()
    spans = (Span(50, 100),)
    assert touching(first.seen, spans) != touching(second.seen, spans)


# --- a glance ---


def _take_out(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces.pop(3)


def _move(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces[3].start += 1


def _rename(fake: FakeResolve) -> None:
    fake.edit.name = "another"


@pytest.mark.parametrize("change", [_take_out, _move, _rename, lambda fake: fake.switch_timeline()])
def test_a_glance_tells_an_edit(change: Callable[[FakeResolve], None], tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    first = host.glance()
    assert host.glance() == first
    change(fake)
    assert host.glance() != first


def test_a_glance_does_not_tell_our_own_placing(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    first = host.glance()
    place(fake, tmp_path)
    assert host.glance() == first


def test_a_glance_at_a_long_timeline_asks_little(tmp_path: Path) -> None:
    fake = made(shots=(2,) * 2_000)
    before = fake.calls
    host_of(fake, tmp_path).glance()
    assert fake.calls - before < 150


def test_where_no_timeline_is_open_a_glance_says_so(tmp_path: Path) -> None:
    fake = made()
    assert fake.film is not None
    fake.film.current_edit = None
    told = host_of(fake, tmp_path).glance()
    assert told.ident == ""


def test_markers_of_the_editor_and_of_ours_are_told_apart(tmp_path: Path) -> None:
    fake = made()
    place(fake, tmp_path)
    fake.edit.marks.append(Mark(200, "Sky", "theirs", custom="another script"))
    told = host_of(fake, tmp_path).markers()
    assert {marker.ident for marker in told if marker.ident} == {"1m1@50", "1m1@60"}
    assert {marker.name for marker in told if not marker.ident} == {"must: door", "a note", "theirs"}
