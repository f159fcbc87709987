"""Timelines in the dialect of OpenTimelineIO that DaVinci Resolve writes: read as meant, scored, and written
back in it with everything of the editor's as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import soundfile
from fakes.resolve.fake import FakeResolve
from fakes.resolve.state import Medium

from hitpoint.engine.timebase import Rate
from hitpoint.export.earlier import is_our_track, untouched
from hitpoint.plugin.asking import score_options
from hitpoint.plugin.options import Selection
from hitpoint.plugin.score import Scored, score
from hitpoint.plugin.timeline.document import Document
from hitpoint.plugin.timeline.read import read_timeline

Json = dict[str, Any]
Export = Callable[[float, int], Path]
RESOLVE, KEY = "Resolve_OTIO", "DEFAULT_MEDIA"
# How a rate is spelled -> what it is, and the first frame of 01:00:00:00, of 01:00:00;00 for the drop-frame
# ones.
SPELLED: dict[float, tuple[str, int]] = {
    23.976: ("24000/1001", 86400),
    23.976023976023978: ("24000/1001", 86400),
    24.0: ("24", 86400),
    25.0: ("25", 90000),
    29.97: ("30000/1001", 107892),
    29.97002997002997: ("30000/1001", 108000),
    30.0: ("30", 108000),
    59.94: ("60000/1001", 215784),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HITPOINT_HOME", str(tmp_path / "home"))


def scored(source: Path, *, seed: int = 3, **given: object) -> Scored:
    said = {"model": "sketch", "style": "piano", "handles": 1, **given}
    return score(score_options(said, source=source, out=None, selection=Selection(), seed=seed))


def imported(fake: FakeResolve, document: Document, path: Path, start: int) -> Any:
    """What the scored timeline is in Resolve, imported there as a person would."""
    fps = document.rate.fps
    fake.film = fake.new_film("a film", fps)
    for shot in document.shots:
        if shot.media is not None:
            fake.know(Medium(shot.media.path, fps, 400, start, channels=2))
    pool = fake.resolve.GetProjectManager().GetCurrentProject().GetMediaPool()
    return pool.ImportTimelineFromFile(str(path), {"timelineName": "scored", "importSourceClips": True})


@pytest.mark.parametrize("spelled", SPELLED)
def test_shots_sounds_speeds_and_markers_read_as_meant_at_every_spelling_of_a_rate(
    spelled: float, export: Export
) -> None:
    told, start = SPELLED[spelled]
    document = read_timeline(export(spelled, SPELLED[spelled][1]))
    assert document.rate == Rate.parse(told)
    assert document.start_timecode_frame == start
    assert document.frames == 130
    one, fast, third, last = 40, 30, 24, 36
    assert [(s.name, s.in_frame, s.out_frame_exclusive) for s in document.shots] == [
        ("a", 0, one),
        ("b", one, one + fast),
        # A title is seen through.
        ("c", one + fast, one + fast + third),
        ("d", one + fast + third, one + fast + third + last),
    ]
    assert document.shots[1].dissolve_frames == (4, 4)
    assert [(m.name, m.hit, m.in_frame, m.comment) for m in document.markers] == [
        ("door", "must", 10, "it shuts"),
        ("turn", "would", one, "she turns"),
        ("a note", None, 100, "check grade"),
    ]
    assert document.markers[1].strength == 0.9
    assert document.markers[2].out_frame_exclusive == 112


def test_films_are_read_from_their_own_timecode_and_at_their_speed(
    tmp_path: Path, film_maker: Callable[..., Path], dialect: Any
) -> None:
    films = [
        str(film_maker(tmp_path / f"{n}.mov", frames=400, sound=True, timecode="01:00:00:00")) for n in "ab"
    ]
    made = dialect((films[0], films[1]), 24.0, 90_000, 86_400)
    (tmp_path / "cut.otio").write_text(json.dumps(made.timeline()))
    document = read_timeline(tmp_path / "cut.otio")
    assert [(s.name, s.kind, s.source_in_s * 24, s.speed) for s in document.shots] == [
        ("a", "video", 20, 1),
        ("b", "video", 60, 2),
        ("c", "video", 100, 1),
        ("d", "video", 10, 1),
    ]
    # The mono track is off, and nothing of it is heard.
    assert [(s.track, s.in_frame, s.source_in_s * 24, s.speed) for s in document.sounds] == [
        ("Audio 1", 0, 20, 1),
        ("Audio 1", 40, 60, 2),
        ("Audio 1", 70, 100, 1),
    ]


@pytest.mark.parametrize("spelled", [23.976, 24.0, 25.0, 29.97, 59.94])
def test_it_is_written_back_in_its_dialect_and_resolve_plays_the_stems_where_we_meant(
    spelled: float, export: Export
) -> None:
    source = export(spelled, SPELLED[spelled][1])
    before = json.loads(source.read_text())
    document = read_timeline(source)
    done = scored(source)
    path = done.folder / "scored.otio"
    after = json.loads(path.read_text())

    ours = [track for track in after["tracks"]["children"] if is_our_track(track)]
    stripped = {**after, "tracks": {**after["tracks"], "children": after["tracks"]["children"][: -len(ours)]}}
    # Bytes, so that neither a number's form nor the order of keys is another.
    assert json.dumps(stripped) == json.dumps(before)

    rate, start = document.rate, SPELLED[spelled][1]
    links: list[int] = []
    for track in ours:
        assert (track["OTIO_SCHEMA"], track["kind"], track["enabled"]) == ("Track.1", "Audio", True)
        assert track["metadata"][RESOLVE] == {"Audio Type": "Stereo", "Locked": False, "SoloOn": False}
        (clip,) = track["children"]
        assert (clip["OTIO_SCHEMA"], clip["enabled"]) == ("Clip.2", True)
        channels = clip["metadata"][RESOLVE]["Channels"]
        assert channels == [{"Source Channel ID": n, "Source Track ID": 0} for n in (0, 1)]
        links.append(clip["metadata"][RESOLVE]["Link Group ID"])
        reference = clip["media_references"][clip["active_media_reference_key"]]
        assert reference["OTIO_SCHEMA"] == "ExternalReference.1"
        wav = Path(reference["target_url"])
        assert wav.is_absolute() and wav.is_file()
        # The timeline begins here, so the head has no handle: the file's own timecode is the timeline's.
        assert clip["source_range"]["start_time"] == {
            "OTIO_SCHEMA": "RationalTime.1", "rate": spelled, "value": float(start),
        }  # fmt: skip
        assert reference["available_range"]["start_time"]["value"] == start
        assert clip["source_range"]["duration"]["value"] == document.frames
        held = reference["available_range"]["duration"]["value"]
        assert rate.sample(int(held)) <= soundfile.info(wav).frames
    assert len(set(links)) == len(links) and not set(links) & {0, 1, 2, 3, 4, 41}

    fake = FakeResolve()
    timeline = imported(fake, document, path, start)
    assert timeline is not None, "Resolve refuses it"
    heard = [one for one in fake.render(fake.edit) if one.track.startswith("Stem: ")]
    assert [one.track for one in heard] == [track["name"] for track in ours]
    for one in heard:
        assert (one.sample, one.samples) == (0, rate.sample(document.frames))
        assert (one.source_sample, one.speed, one.channels) == (0, 1, 2)


@pytest.mark.parametrize("spelled", [23.976, 25.0, 29.97])
def test_a_stretch_in_the_middle_lies_at_its_sample_with_its_handles_before_and_after(
    spelled: float, export: Export
) -> None:
    source = export(spelled, SPELLED[spelled][1])
    document, rate, start = read_timeline(source), Rate.of(spelled), SPELLED[spelled][1]
    chosen = Selection(range_text=("2", "4"))
    options = score_options(
        {"model": "sketch", "style": "piano", "handles": 1}, source=source, out=None, selection=chosen, seed=3
    )
    done = score(options)
    first, last = (rate.nearest_frame(Fraction(second)) for second in (2, 4))
    fake = FakeResolve()
    assert imported(fake, document, done.folder / "scored.otio", start) is not None
    stems = {stem["name"]: stem for stem in done.report["cues"][0]["stems"]}
    heard = [one for one in fake.render(fake.edit) if one.track.startswith("Stem: ")]
    assert len(heard) == len(stems)
    for one in heard:
        assert (one.sample, one.samples) == (rate.sample(first), rate.sample(last) - rate.sample(first))
        head = stems[one.track.removeprefix("Stem: ")]["handle_samples"][0]
        # The file begins on a frame: its clip is a whole number of frames in, its sound at the sample.
        assert abs(one.source_sample - head) <= (0 if rate.den == 1 else 1)
        assert head > 0


def test_an_export_of_the_program_itself_is_scored_and_taken_back(tmp_path: Path) -> None:
    from fakes.resolve.made import made

    fake = made(fps=Fraction(30000, 1001), shots=(40, 30, 24, 36))
    exported = tmp_path / "export.otio"
    timeline = fake.resolve.GetProjectManager().GetCurrentProject().GetCurrentTimeline()
    assert timeline.Export(str(exported), fake.resolve.EXPORT_OTIO)
    before = json.loads(exported.read_text())
    done = scored(exported)
    after = json.loads((done.folder / "scored.otio").read_text())
    count = len(before["tracks"]["children"])
    assert json.dumps(after["tracks"]["children"][:count]) == json.dumps(before["tracks"]["children"])
    assert {key: after[key] for key in after if key != "tracks"} == {
        key: before[key] for key in before if key != "tracks"
    }
    pool = fake.resolve.GetProjectManager().GetCurrentProject().GetMediaPool()
    path = str(done.folder / "scored.otio")
    assert pool.ImportTimelineFromFile(path, {"timelineName": "scored", "importSourceClips": True})
    heard = [one for one in fake.render(fake.edit) if one.track.startswith("Stem: ")]
    assert [one.sample for one in heard] == [0] * len(done.report["cues"][0]["stems"])


def test_music_that_came_back_without_our_notes_is_never_heard_as_the_editors_nor_played_twice(
    export: Export,
) -> None:
    source = export(25.0, 90000)
    before, first = read_timeline(source), json.loads((scored(source).folder / "scored.otio").read_text())
    # What a program keeps that drops what it does not know.
    for track in first["tracks"]["children"]:
        if is_our_track(track):
            del track["metadata"]["hitpoint"]
            for clip in track["children"]:
                del clip["metadata"]["hitpoint"]
    source.write_text(json.dumps(first))
    document = read_timeline(source)
    assert (document.shots, document.sounds) == (before.shots, before.sounds)
    done = scored(source, seed=4)
    after = json.loads((done.folder / "scored.otio").read_text())["tracks"]["children"]
    earlier = [track["name"] for track in first["tracks"]["children"][4:]]
    assert earlier and all(name.startswith("Stem: ") for name in earlier)
    assert {track["name"]: track["enabled"] for track in after[4:]} == {
        **dict.fromkeys(earlier, False),
        **dict.fromkeys([f"{name} v2" for name in earlier], True),
    }
    assert any(
        "came back" in text or "dropped what Hitpoint notes" in text for text in done.report["degraded"]
    )


def test_stems_that_somebody_else_delivered_under_such_names_are_the_editors(export: Export) -> None:
    source = export(25.0, 90000)
    data = json.loads(source.read_text())
    sound = data["tracks"]["children"][2]
    sound["name"] = "Stem: drums"
    for clip in sound["children"]:
        clip["media_references"][KEY]["target_url"] = "/from the composer/stems/drums.wav"
    assert not is_our_track(sound)
    source.write_text(json.dumps(data))
    after = json.loads((scored(source).folder / "scored.otio").read_text())["tracks"]["children"]
    assert after[2] == sound


def test_what_resolve_wrote_again_is_still_ours_and_gives_way_when_untouched(
    export: Export, dialect: Any
) -> None:
    source = export(24.0, 86400)
    first = json.loads((scored(source).folder / "scored.otio").read_text())
    for track in first["tracks"]["children"]:
        if is_our_track(track):
            # Resolve writes its own things on each clip, and its effect without parameters.
            track["children"][0]["effects"] = [dialect(("", ""), 24.0, 0).volume(None)]
            assert untouched(track, Rate(24))
    source.write_text(json.dumps(first))
    again = json.loads((scored(source, seed=4).folder / "scored.otio").read_text())
    names = [track["name"] for track in again["tracks"]["children"] if is_our_track(track)]
    assert names == [track["name"] for track in first["tracks"]["children"] if is_our_track(track)]
    level = next(track for track in first["tracks"]["children"] if is_our_track(track))
    level["children"][0]["effects"] = [dialect(("", ""), 24.0, 0).volume(-3.0)]
    source.write_text(json.dumps(first))
    kept = json.loads((scored(source, seed=5).folder / "scored.otio").read_text())
    tracks = {track["name"]: track["enabled"] for track in kept["tracks"]["children"] if is_our_track(track)}
    assert tracks[level["name"]] is False and tracks[f"{level['name']} v2"] is True
