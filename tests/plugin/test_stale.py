"""The edit that was scored is told from the edit that there is: by range, by media, at the last moment."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from films import SHOTS, timeline
from footage import flat, write_film
from hitpoint.engine.errors import Cancelled, StaleResult
from hitpoint.engine.progress import Cancel
from hitpoint.engine.store.journal import Journal
from hitpoint.engine.store.stages import Stages
from hitpoint.plugin import stale
from hitpoint.plugin.options import ScoreOptions, Selection
from hitpoint.plugin.score import read, score
from hitpoint.plugin.stale import Ranges

Edit = Callable[[dict[str, Any]], None]
# Shots 2 and 3 of the film, to the frame: from 48 to 144.
INSIDE = Selection(range_text=("01:00:02:00", "01:00:06:00"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of its own: tests change its media."""
    (tmp_path / "film").mkdir()
    path = timeline(tmp_path / "film")
    data = json.loads(path.read_text())
    for number, clip in enumerate(_clips(data)):
        own = tmp_path / "film" / f"own{number}.png"
        shutil.copyfile(clip["media_references"]["DEFAULT_MEDIA"]["target_url"], own)
        clip["media_references"]["DEFAULT_MEDIA"]["target_url"] = str(own)
    path.write_text(json.dumps(data))
    return path


def _clips(data: dict[str, Any]) -> list[dict[str, Any]]:
    clips: list[dict[str, Any]] = data["tracks"]["children"][0]["children"]
    return clips


def _edit(path: Path, change: Edit) -> None:
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def _ranges(path: Path, chosen: Selection = INSIDE) -> Ranges:
    document, cues = read(path, chosen)
    return Ranges(document, cues, chosen, Cancel())


def _length(clip: dict[str, Any], frames: float) -> None:
    clip["source_range"]["duration"]["value"] += frames


def trim_inside(data: dict[str, Any]) -> None:
    _length(_clips(data)[1], -6)
    _length(_clips(data)[2], 6)


def trim_back(data: dict[str, Any]) -> None:
    _length(_clips(data)[1], 6)
    _length(_clips(data)[2], -6)


def retime(data: dict[str, Any]) -> None:
    warp = {"OTIO_SCHEMA": "LinearTimeWarp.1", "name": "", "effect_name": "", "time_scalar": 2.0}
    _clips(data)[1]["effects"] = [{**warp, "metadata": {}}]


def ripple(data: dict[str, Any]) -> None:
    _length(_clips(data)[0], 12)


def swap(data: dict[str, Any]) -> None:
    _clips(data)[1], _clips(data)[2] = _clips(data)[2], _clips(data)[1]


def cut_off(data: dict[str, Any]) -> None:
    del _clips(data)[1:]


def other_media(data: dict[str, Any]) -> None:
    two = [clip["media_references"]["DEFAULT_MEDIA"] for clip in _clips(data)[1:4:2]]
    two[0]["target_url"] = two[1]["target_url"]


def slip(data: dict[str, Any]) -> None:
    _clips(data)[2]["source_range"]["start_time"]["value"] += 3


@pytest.mark.parametrize("change", [trim_inside, ripple, swap, cut_off, other_media])
def test_a_change_inside_the_range_is_stale(film: Path, change: Edit) -> None:
    ranges = _ranges(film)
    _edit(film, change)
    with pytest.raises(
        StaleResult, match=r"^the edit changed between 01:00:0\d:\d\d and 01:00:0\d:\d\d while"
    ):
        ranges.now(Cancel())


def test_the_stretch_that_changed_is_named_to_the_frame(film: Path) -> None:
    ranges = _ranges(film, Selection())
    _edit(film, other_media)
    with pytest.raises(
        StaleResult, match="between 01:00:02:00 and 01:00:04:12 while it was scored: the music"
    ):
        ranges.now(Cancel())


@pytest.mark.parametrize("change", [retime, slip])
def test_speed_and_slip_count_where_the_media_move(film: Path, change: Edit, tmp_path: Path) -> None:
    movie = tmp_path / "film" / "moves.mp4"
    write_film(movie, [flat(number) for number in range(200)])
    _edit(film, lambda data: _relink(data, movie))
    ranges = _ranges(film)
    _edit(film, change)
    with pytest.raises(StaleResult, match="the edit changed between"):
        ranges.now(Cancel())


def _relink(data: dict[str, Any], path: Path) -> None:
    for clip in _clips(data):
        clip["media_references"]["DEFAULT_MEDIA"]["target_url"] = str(path)


def lengthen_the_end(data: dict[str, Any]) -> None:
    _length(_clips(data)[-1], 24)


def rename(data: dict[str, Any]) -> None:
    _clips(data)[1]["name"] = "another name"
    _clips(data)[1]["metadata"] = {"colour": "pink"}


def other_track(data: dict[str, Any]) -> None:
    data["tracks"]["children"].append(
        {"OTIO_SCHEMA": "Track.1", "name": "subtitles", "kind": "Video", "children": []}
    )


@pytest.mark.parametrize("change", [lengthen_the_end, rename, other_track])
def test_a_change_elsewhere_gives_the_timeline_as_it_is_now(film: Path, change: Edit) -> None:
    ranges = _ranges(film)
    _edit(film, change)
    document, problems = ranges.now(Cancel())
    assert document.data == json.loads(film.read_text())
    assert [problem.text for problem in problems] == [
        "'cut.otio' changed elsewhere while it was scored: the music was placed into it as it is now"
    ]


def test_a_longer_end_is_stale_where_the_whole_timeline_was_asked_for(film: Path) -> None:
    ranges = _ranges(film, Selection())
    _edit(film, lengthen_the_end)
    with pytest.raises(StaleResult, match="the edit changed"):
        ranges.now(Cancel())


def test_a_marker_that_asks_for_a_hit_is_told_and_does_not_hold_the_music_back(film: Path) -> None:
    ranges = _ranges(film)
    marker = {
        "OTIO_SCHEMA": "Marker.2", "name": "hit", "color": "RED", "metadata": {},
        "marked_range": json.loads(film.read_text())["tracks"]["markers"][0]["marked_range"],
    }  # fmt: skip
    marker["marked_range"] = json.loads(json.dumps(marker["marked_range"]))
    marker["marked_range"]["start_time"]["value"] = 60.0
    marker["marked_range"]["duration"]["value"] = 0.0
    _edit(film, lambda data: data["tracks"]["markers"].append(marker))
    _, problems = ranges.now(Cancel())
    assert [problem.text.partition(" changed")[0] for problem in problems] == [
        "sounds or markers under the music"
    ]


def test_an_unchanged_file_is_the_same_document_without_a_word(film: Path) -> None:
    document, cues = read(film, INSIDE)
    ranges = Ranges(document, cues, INSIDE, Cancel())
    assert ranges.now(Cancel()) == (document, [])
    assert ranges.is_still(document)
    _edit(film, rename)
    assert not ranges.is_still(document)


def test_media_that_changed_on_the_disk_are_another_range(film: Path) -> None:
    ranges = _ranges(film)
    Image.new("RGB", (160, 90), (1, 2, 3)).save(film.with_name("own1.png"))
    with pytest.raises(StaleResult, match="between 01:00:02:00 and 01:00:04:12"):
        ranges.now(Cancel())


def test_media_that_were_only_touched_are_the_same(film: Path) -> None:
    ranges = _ranges(film)
    os.utime(film.with_name("own1.png"), ns=(1, 1))
    ranges.now(Cancel())


def test_media_outside_of_the_range_may_change(film: Path) -> None:
    ranges = _ranges(film)
    Image.new("RGB", (160, 90), (1, 2, 3)).save(film.with_name("own6.png"))
    ranges.now(Cancel())


def test_media_that_vanished_are_another_range(film: Path) -> None:
    ranges = _ranges(film)
    film.with_name("own1.png").unlink()
    with pytest.raises(StaleResult):
        ranges.now(Cancel())


def test_a_film_is_its_own_edit(tmp_path: Path) -> None:
    movie = write_film(tmp_path / "film.mp4", [flat(number) for number in range(48)])
    ranges = _ranges(movie, Selection())
    assert ranges.now(Cancel())[1] == []
    write_film(movie, [flat(number + 90) for number in range(48)])
    with pytest.raises(StaleResult, match="between 00:00:00:00 and 00:00:02:00"):
        ranges.now(Cancel())


def test_a_bundle_is_read_again_whole(film: Path) -> None:
    bundle = film.with_suffix(".otioz")
    _pack(film, bundle)
    ranges = _ranges(bundle)
    assert ranges.now(Cancel())[1] == []
    _edit(film, lengthen_the_end)
    _pack(film, bundle)
    assert len(ranges.now(Cancel())[1]) == 1
    _edit(film, trim_inside)
    _pack(film, bundle)
    with pytest.raises(StaleResult, match="the edit changed"):
        ranges.now(Cancel())


def _pack(film: Path, bundle: Path) -> None:
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.write(film, "content.otio")


@pytest.mark.parametrize("left", [b"", b'{"OTIO_SCHEMA": "Timeline.1", "tra', None])
def test_a_file_that_stays_broken_or_away_is_a_sentence(film: Path, left: bytes | None) -> None:
    ranges = _ranges(film)
    if left is None:
        film.unlink()
    else:
        film.write_bytes(left)
    begun = time.monotonic()
    with pytest.raises(StaleResult, match=r"'cut\.otio' could be read no more .* the music is kept"):
        ranges.now(Cancel())
    assert time.monotonic() - begun >= stale._PATIENCE_S


def test_an_editor_that_is_just_saving_is_waited_for(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "_PATIENCE_S", 60.0)
    ranges, whole = _ranges(film), film.read_bytes()
    film.write_bytes(whole[:500])
    saved = threading.Timer(0.3, lambda: film.write_bytes(whole))
    saved.start()
    assert ranges.now(Cancel())[1] == []
    saved.join()


def test_it_stops_waiting_when_asked(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "_PATIENCE_S", 60.0)
    ranges, cancel = _ranges(film), Cancel()
    film.unlink()
    threading.Timer(0.3, cancel.set).start()
    with pytest.raises(Cancelled):
        ranges.now(cancel)


def test_the_fingerprint_is_of_the_picture_and_nothing_else(film: Path) -> None:
    first = _ranges(film).fingerprint(0)
    for change, same in ((rename, True), (lengthen_the_end, True), (trim_inside, False)):
        _edit(film, change)
        assert (_ranges(film).fingerprint(0) == first) is same


# --- through score ------------------------------------------------------------------------------------------


def _options(film: Path) -> ScoreOptions:
    return ScoreOptions(
        source=film, out=film.parent / "out", selection=INSIDE, model="sketch", style="piano", seed=3,
        loudness=None, handles=0.0, format="otio", split="none", gates="off",
    )  # fmt: skip


def test_a_stale_result_is_not_placed_and_the_next_run_scores_the_new_edit(film: Path) -> None:
    made: list[tuple[str, bool]] = []
    stages = Stages(told=lambda kind, new: made.append((kind, new)))
    score(_options(film), stages=stages)
    before = {path: path.read_bytes() for path in (film.parent / "out").rglob("*") if path.is_file()}
    options = replace(_options(film), seed=4)
    with pytest.raises(StaleResult):
        score(options, stages=stages, stored=lambda _: _edit(film, trim_inside))
    after = {path: path.read_bytes() for path in (film.parent / "out").rglob("*") if path.is_file()}
    assert after == before
    assert not [path for path in film.parent.iterdir() if path.name.endswith(".part")]
    made.clear()
    # The edit taken back: all of the music is found.
    _edit(film, trim_back)
    score(options, stages=stages)
    assert made == [("finish", False)]


def test_the_music_goes_into_the_timeline_as_it_is_when_it_changed_elsewhere(film: Path) -> None:
    done = score(_options(film), stages=Stages(Journal()), stored=lambda _: _edit(film, lengthen_the_end))
    scored = json.loads((done.folder / "scored.otio").read_text())
    last = scored["tracks"]["children"][0]["children"][-1]
    assert last["source_range"]["duration"]["value"] == SHOTS[-1] + 24
    assert any("changed elsewhere" in text for text in done.report["degraded"])
    assert done.report["cues"][0]["fingerprint"] == _ranges(film).fingerprint(0)


def test_an_edit_saved_while_the_files_are_written_is_seen(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hitpoint.plugin import writing as module

    real, edits = module.deliver, iter([lengthen_the_end])

    def deliver(*given: Any) -> Any:
        problems = real(*given)
        for change in edits:
            _edit(film, change)
            break
        return problems

    monkeypatch.setattr(module, "deliver", deliver)
    done = score(_options(film), stages=Stages())
    scored = json.loads((done.folder / "scored.otio").read_text())
    assert (
        scored["tracks"]["children"][0]["children"][-1]["source_range"]["duration"]["value"] == SHOTS[-1] + 24
    )
    monkeypatch.setattr(module, "deliver", lambda *given: (real(*given), _edit(film, lengthen_the_end))[0])
    with pytest.raises(StaleResult, match="again and again"):
        score(_options(film), stages=Stages())
