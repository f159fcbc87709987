"""Stems onto Resolve's tracks: at their frames, once, and all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fakes.landings import landing
from fakes.resolve.fake import FakeResolve
from fakes.resolve.made import made
from fakes.resolve.sound import click_wav, mixed, onsets
from fakes.resolve.traps import CASES, Traps

from hitpoint.engine.timebase import Rate
from hitpoint.plugin.hosts.base import HostError
from hitpoint.plugin.hosts.resolve.host import ResolveHost

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]
# No right adapter overcomes these: it refuses, or somebody comes in between.
REFUSED = {
    "none_project", "none_timeline", "project_switched", "timeline_switched", "killed", "vanishes_on_save",
}  # fmt: skip


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))
    # No power cut is tried here, and waiting for the disk takes most of the time.
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_descriptor", lambda descriptor: None)
    monkeypatch.setattr("hitpoint.engine.store.durable.sync_folder", lambda folder: None)


def host_of(fake: FakeResolve, tmp_path: Path) -> ResolveHost:
    return ResolveHost(fake.resolve, folder=str(tmp_path / "media"), sleep=lambda seconds: None)


def stems_heard(fake: FakeResolve) -> list[tuple[str, int]]:
    """(track, sample) of every click that sounds from our tracks."""
    out = []
    for one in fake.render():
        if one.track.startswith("Stem: "):
            clicks = onsets(mixed([one], one.sample + one.samples), dead_s=0)
            out += [(one.track, click) for click in clicks]
    return sorted(out)


def expected(
    rate: Rate, *cues: tuple[int, int], stems: tuple[str, ...] = ("drums", "bass")
) -> list[tuple[str, int]]:
    return sorted(
        (f"Stem: {stem}", rate.sample(first + at)) for stem in stems for first, _ in cues for at in (0, 10)
    )


def close(found: list[tuple[str, int]], wanted: list[tuple[str, int]], off: int) -> bool:
    return len(found) == len(wanted) and all(
        a[0] == b[0] and abs(a[1] - b[1]) <= off for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize("fps", RATES, ids=str)
@pytest.mark.parametrize("counts", ["at the timeline's rate", "at another"])
def test_every_stem_sounds_at_its_sample_and_nothing_of_the_editors_moves(
    fps: Fraction, counts: str, tmp_path: Path
) -> None:
    project = fps if counts == "at the timeline's rate" else Fraction(24) if fps != 24 else Fraction(25)
    fake = made(fps=fps, project_fps=project)
    host, before = host_of(fake, tmp_path), fake.frozen()
    cues = ((50, 130), (140, 225))
    landed = host.place(landing(host.read(), tmp_path / "stems", *cues))
    assert landed.added == ("Stem: drums", "Stem: bass")
    rate = Rate(fps.numerator, fps.denominator)
    assert close(stems_heard(fake), expected(rate, *cues), 0 if fps.denominator == 1 else 1)
    assert before.lost_in(fake.frozen()) == ()
    assert host.verify("job 1") == ()


@pytest.mark.parametrize("name", sorted(set(CASES) - REFUSED))
@pytest.mark.parametrize("on", [False, True], ids=["off", "on"])
def test_each_trap_is_overcome(name: str, on: bool, tmp_path: Path) -> None:
    traps = CASES[name][on]
    fake = made(traps, fps=25, project_fps=25)
    host, before = host_of(fake, tmp_path), fake.frozen()
    cue = (50, 130)
    host.place(landing(host.read(), tmp_path / "stems", cue))
    assert close(stems_heard(fake), expected(Rate(25), cue), 0)
    assert before.lost_in(fake.frozen()) == ()


@pytest.mark.parametrize("name", ["none_project", "none_timeline"])
def test_what_is_not_open_is_told_and_nothing_is_done(name: str, tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music, before = landing(host.read(), tmp_path / "stems", (50, 130)), fake.frozen()
    fake.traps = CASES[name][True]
    with pytest.raises(HostError, match=r"is open in DaVinci Resolve: open"):
        host.place(music)
    assert fake.frozen() == before


def test_what_vanishes_when_the_project_is_saved_is_missed_and_all_is_undone(tmp_path: Path) -> None:
    fake = made(Traps(vanishing=1))
    host = host_of(fake, tmp_path)
    music, before = landing(host.read(), tmp_path / "stems", (50, 130)), fake.frozen()
    with pytest.raises(HostError, match="lost 'drums' of '1m1' at 01:00:02:02 when it saved"):
        host.place(music)
    assert fake.frozen() == before
    # The project on the disk is as before too.
    assert fake.film is not None and fake.film.saves == 2
    assert host.place(music).added == ("Stem: drums", "Stem: bass")


def test_the_users_bin_is_open_again_before_anything_is_laid(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 130))
    assert fake.film is not None
    open_bins, mine, call = set(), fake.film.current_bin.name, fake.call

    def watched(handle: Any, name: str, studio: bool, act: Callable[[], Any]) -> Any:
        if name == "AppendToTimeline" and fake.film is not None:
            open_bins.add(fake.film.current_bin.name)
        return call(handle, name, studio, act)

    fake.call = watched  # type: ignore[method-assign]
    host.place(music)
    assert open_bins == {mine}


@pytest.mark.parametrize("frames", range(40, 52))
def test_music_without_a_handle_fills_its_place_at_another_rate_too(frames: int, tmp_path: Path) -> None:
    fake = made(Traps(wav_always_24=True), fps=Fraction(60000, 1001))
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 50 + frames), stems=("drums",))
    (one,) = music.placements
    begin, rate = music.rate.sample(50 - one.source_in_frame), music.rate
    click_wav(Path(one.path), rate.sample(50 + frames) - begin, [rate.sample(50) - begin], begin)
    host.place(
        replace(music, placements=(replace(one, available_frames=one.source_in_frame + frames),), markers=())
    )
    (piece,) = fake.edit.of_kind("audio")[-1].pieces
    assert 0 <= piece.frames - frames <= 2
    assert close(stems_heard(fake), [("Stem: drums", rate.sample(50))], 1)


def test_a_file_that_the_user_imported_himself_is_used_where_it_lies(tmp_path: Path) -> None:
    fake = made(Traps(none_from=frozenset({"ImportMedia"})))
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 130))
    assert fake.film is not None
    for one in music.placements:
        fake.take_in(fake.film, fake.film.root.bins[0], one.path)
    before = fake.frozen()
    host.place(music)
    assert close(stems_heard(fake), expected(Rate(24), (50, 130)), 0)
    host.remove("job 1")
    assert before.lost_in(fake.frozen()) == ()


def test_a_long_film_is_not_asked_for_all_its_pictures(tmp_path: Path) -> None:
    fake = made(shots=(10,) * 400)
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 130))
    before = fake.calls
    host.place(music)
    # Two calls for each of its 800 items, to know where they lie.
    assert fake.calls - before < 2 * 800 + 700


def test_music_lands_on_its_timeline_though_another_is_open(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music, cut = landing(host.read(), tmp_path / "stems", (50, 130)), fake.edit
    fake.switch_timeline()
    other, before = fake.edit, fake.frozen()
    host.place(music)
    assert fake.edit is other
    assert [lane.name for lane in cut.of_kind("audio")][-2:] == ["Stem: drums", "Stem: bass"]
    assert before.lost_in(fake.frozen()) == ()


def test_a_timeline_of_another_project_is_stale(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 130))
    fake.switch_project()
    before = fake.frozen()
    with pytest.raises(HostError, match="not in the project 'another project'") as caught:
        host.place(music)
    assert caught.value.kind == "stale"
    assert fake.frozen() == before


def _trim(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces[1].frames -= 3


def _switch_off(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces[1].enabled = False


def _slip(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces[1].source_start += 2


def _take_out(fake: FakeResolve) -> None:
    fake.edit.of_kind("video")[0].pieces.pop(1)


@pytest.mark.parametrize("change", [_trim, _switch_off, _slip, _take_out])
def test_an_edit_that_changed_under_the_music_is_stale(
    change: Callable[[FakeResolve], None], tmp_path: Path
) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 100))
    change(fake)
    before = fake.frozen()
    with pytest.raises(HostError, match="changed in DaVinci Resolve since it was read") as caught:
        host.place(music)
    assert caught.value.kind == "stale"
    assert fake.frozen() == before


def test_an_edit_that_changed_elsewhere_is_none_of_the_musics_business(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (120, 180))
    _trim(fake)
    assert host.place(music).added == ("Stem: drums", "Stem: bass")


def test_the_same_job_again_is_told_and_does_nothing(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 130))
    first = host.place(music)
    before = fake.frozen()
    again = host_of(fake, tmp_path).place(replace(music, seen=()))
    assert again.added == first.added
    assert "lies there already" in again.problems[-1]
    assert fake.frozen() == before


def test_the_same_music_is_known_again_where_nothing_is_noted(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music = landing(host.read(), tmp_path / "stems", (50, 130))
    host.place(music)
    for note in (tmp_path / "home").rglob("placed-*.json"):
        note.unlink()
    before = fake.frozen()
    assert host.place(music).added == ("Stem: drums", "Stem: bass")
    assert fake.frozen() == before


def test_music_that_cannot_be_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    fake = made()
    host = host_of(fake, tmp_path)
    music, before = landing(host.read(), tmp_path / "stems", (50, 130)), fake.frozen()
    one = music.placements[0]
    for wrong, said in (
        (replace(music, placements=()), "no music to place"),
        (replace(music, rate=Rate(25)), "25 frames a second"),
        (replace(music, placements=(replace(one, path="/nowhere/drums.wav"),)), "was not found"),
        (replace(music, placements=(replace(one, path="drums.wav"),)), "was not found"),
        (replace(music, placements=(replace(one, available_frames=60),)), "does not fill its place"),
    ):
        with pytest.raises(HostError, match=said):
            host.place(wrong)
    assert fake.frozen() == before
