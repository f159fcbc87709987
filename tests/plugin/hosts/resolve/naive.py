"""Adapters as folklore writes them, one for each trap: they do what they mean to in a world without the trap,
and not in one with it. That is how the fake is known to bite.

Here: placing. Each says True when what it meant came about, whatever Resolve answered; `Naive.world` is the
timeline that it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from fakes.resolve.fake import FakeResolve
from fakes.resolve.sound import click_wav
from fakes.resolve.state import Edit
from fakes.resolve.traps import Killed

NTSC = Fraction(30000, 1001)
AT, FRAMES = 96, 48

Act = Callable[[FakeResolve, Path], bool]


@dataclass(frozen=True)
class Naive:
    """`world` goes to `made`, `traps` replaces fields of both worlds."""

    act: Act
    world: Mapping[str, Any] = field(default_factory=dict)
    traps: Mapping[str, Any] = field(default_factory=dict)


def stem(folder: Path, fps: Fraction = Fraction(24), seconds: int = 10) -> Path:
    return click_wav(folder / "drums.wav", 48_000 * seconds, [0, 48_000])


def project_of(fake: FakeResolve) -> Any:
    return fake.resolve.GetProjectManager().GetCurrentProject()


def new_track(timeline: Any) -> int:
    timeline.AddTrack("audio", {"audioType": "stereo"})
    return int(timeline.GetTrackCount("audio"))


def put(fake: FakeResolve, path: Path, **other: Any) -> Any:
    """One file on a new track at record frame AT, and what Resolve answered."""
    project = project_of(fake)
    pool, timeline = project.GetMediaPool(), project.GetCurrentTimeline()
    (item,) = pool.ImportMedia([str(path)])
    plan = {
        "mediaPoolItem": item,
        "startFrame": 0,
        "endFrame": FRAMES,
        "mediaType": 2,
        "recordFrame": timeline.GetStartFrame() + AT,
    }
    plan["trackIndex"] = other.pop("trackIndex", None) or new_track(timeline)
    return pool.AppendToTimeline([plan | other])


def sounds(fake: FakeResolve, edit: Edit | None = None, at: int = AT, frames: int = FRAMES) -> bool:
    """Whether the stem is heard there, whole, in stereo."""
    edit = edit or fake.edit
    first, end = (round(Fraction(frame) / edit.fps * 48_000) for frame in (at, at + frames))
    return any(
        one.path.endswith("drums.wav")
        and (one.sample, one.samples, one.source_sample, one.channels) == (first, end - first, 0, 2)
        for one in fake.render(edit)
    )


def relative_record(fake: FakeResolve, folder: Path) -> bool:
    (item,) = put(fake, stem(folder), recordFrame=AT)
    return item.GetStart() in (AT, fake.edit.start + AT) and sounds(fake)


def inclusive_end(fake: FakeResolve, folder: Path) -> bool:
    put(fake, stem(folder), endFrame=FRAMES - 1)
    return sounds(fake)


def seconds_as_frames(fake: FakeResolve, folder: Path) -> bool:
    put(fake, stem(folder), recordFrame=fake.edit.start + AT + 0.25)
    return sounds(fake)


def timeline_rate_for_wav(fake: FakeResolve, folder: Path) -> bool:
    put(fake, stem(folder))
    return sounds(fake)


def nearest_length(fake: FakeResolve, folder: Path) -> bool:
    put(fake, stem(folder), endFrame=round(100 * 24 / NTSC))
    return sounds(fake, frames=100)


def onto_the_dialogue(fake: FakeResolve, folder: Path) -> bool:
    put(fake, stem(folder), trackIndex=1)
    return sounds(fake)


def onto_the_music(fake: FakeResolve, folder: Path) -> bool:
    fake.edit.of_kind("audio")[1].pieces.clear()
    put(fake, stem(folder), trackIndex=2)
    return sounds(fake)


def plain_track(fake: FakeResolve, folder: Path) -> bool:
    timeline = project_of(fake).GetCurrentTimeline()
    timeline.AddTrack("audio")
    put(fake, stem(folder), trackIndex=timeline.GetTrackCount("audio"))
    return sounds(fake)


def track_ten(fake: FakeResolve, folder: Path) -> bool:
    timeline = project_of(fake).GetCurrentTimeline()
    timeline.AddTrack("audio", {"audioType": "stereo", "index": 10})
    put(fake, stem(folder), trackIndex=10)
    return sounds(fake)


def import_where_it_falls(fake: FakeResolve, folder: Path) -> bool:
    assert fake.film is not None
    before = len(fake.film.current_bin.sources)
    put(fake, stem(folder))
    return len(fake.film.current_bin.sources) == before


def zip_paths_and_items(fake: FakeResolve, folder: Path) -> bool:
    good = stem(folder)
    items = project_of(fake).GetMediaPool().ImportMedia([str(folder / "gone.wav"), str(good)])
    by_path = dict(zip(("gone", "good"), items, strict=False))
    return by_path["good"].GetClipProperty("File Path") == str(good)


def the_timeline_i_hold(fake: FakeResolve, folder: Path) -> bool:
    project = project_of(fake)
    older = project.GetTimelineByIndex(1)
    (item,) = project.GetMediaPool().ImportMedia([str(stem(folder))])
    plan = {"mediaPoolItem": item, "startFrame": 0, "endFrame": FRAMES, "mediaType": 2}
    where = {"trackIndex": new_track(older), "recordFrame": older.GetStartFrame() + AT}
    project.GetMediaPool().AppendToTimeline([plan | where])
    assert fake.film is not None
    return sounds(fake, fake.film.edits[0])


def project_rate_for_wav(fake: FakeResolve, folder: Path) -> bool:
    put(fake, stem(folder))
    return sounds(fake)


def trusts_the_handle(fake: FakeResolve, folder: Path) -> bool:
    (item,) = put(fake, stem(folder))
    return int(item.GetStart()) + int(item.GetDuration()) == fake.edit.start + AT + FRAMES


def trusts_the_append(fake: FakeResolve, folder: Path) -> bool:
    return bool(put(fake, stem(folder))) and sounds(fake)


def verifies_then_saves(fake: FakeResolve, folder: Path) -> bool:
    (item,) = put(fake, stem(folder))
    assert item.GetStart() == fake.edit.start + AT
    fake.resolve.GetProjectManager().SaveProject()
    return sounds(fake)


def deletes_once(fake: FakeResolve, folder: Path) -> bool:
    items = put(fake, stem(folder))
    project_of(fake).GetCurrentTimeline().DeleteClips(items)
    return not sounds(fake)


def deletes_the_picture(fake: FakeResolve, folder: Path) -> bool:
    timeline = project_of(fake).GetCurrentTimeline()
    timeline.DeleteClips([timeline.GetItemListInTrack("video", 1)[0]])
    return not any(one.path == "/rushes/shot1.mov" for one in fake.render())


def saves_once(fake: FakeResolve, folder: Path) -> bool:
    fake.resolve.GetProjectManager().SaveProject()
    return fake.film is not None and fake.film.saves == 1


def holds_its_handles(fake: FakeResolve, folder: Path) -> bool:
    edit = fake.edit
    put(fake, stem(folder))
    return sounds(fake, edit)


def probes_by_calling(fake: FakeResolve, folder: Path) -> bool:
    timeline = project_of(fake).GetCurrentTimeline()
    timeline.GetSettings()
    timeline.SetTrackName("audio", new_track(timeline), "Stem: drums")
    return fake.edit.of_kind("audio")[-1].name == "Stem: drums"


def attaches(fake: FakeResolve, folder: Path) -> bool:
    resolve: Any = fake.attach()
    return bool(resolve.GetProjectManager())


def calls_from_the_window(fake: FakeResolve, folder: Path) -> bool:
    """The thread that draws is the one that asks; a dialog stands open until somebody answers it."""
    drawn = threading.Event()

    def window() -> None:
        try:
            put(fake, stem(folder))
            drawn.set()
        finally:
            fake.dialog.shown.set()

    thread = threading.Thread(target=window)
    thread.start()
    fake.dialog.shown.wait()
    lively = drawn.is_set()
    fake.dialog.answered.set()
    thread.join()
    return lively


def cleans_up_at_the_end(fake: FakeResolve, folder: Path) -> bool:
    """Killed on the way, it leaves what it had begun."""
    before = fake.frozen()
    try:
        put(fake, stem(folder))
    except Killed:
        return fake.frozen() == before
    return sounds(fake)


PLACING: dict[str, Naive] = {
    "record_is_absolute": Naive(relative_record),
    "end_is_exclusive": Naive(inclusive_end),
    "fractions_refused": Naive(seconds_as_frames),
    "wav_rate_frozen": Naive(timeline_rate_for_wav, {"fps": NTSC, "project_fps": 24}),
    "lengths_floored": Naive(nearest_length, {"fps": NTSC, "project_fps": 24}),
    "overlap_dropped": Naive(onto_the_dialogue),
    "locked_refused": Naive(onto_the_music),
    "mono_default": Naive(plain_track),
    "index_appends": Naive(track_ten),
    "import_into_current": Naive(import_where_it_falls),
    "bad_path_shortens": Naive(zip_paths_and_items),
    "append_to_current": Naive(the_timeline_i_hold),
    "linked_stays": Naive(deletes_the_picture),
    "wav_always_24": Naive(project_rate_for_wav, {"fps": 25}),
    "handles_dead": Naive(trusts_the_handle),
    "dropped_append": Naive(trusts_the_append),
    "vanishes_on_save": Naive(verifies_then_saves),
    "delete_false_once": Naive(deletes_once),
    "save_false_once": Naive(saves_once),
    "project_switched": Naive(holds_its_handles),
    "timeline_switched": Naive(holds_its_handles),
    "free_edition": Naive(probes_by_calling),
    "free_cannot_attach": Naive(attaches),
    "modal": Naive(calls_from_the_window, traps={"modal_s": 0.0}),
    "killed": Naive(cleans_up_at_the_end),
}
