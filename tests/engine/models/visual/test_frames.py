from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from footage import cue_of, numbered, video, write_film
from hitpoint.engine.errors import OptionError
from hitpoint.engine.models.visual.frames import BLACK, SourceFrame, frame_times, legacy_frames
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import ImageSequence, Media, Shot


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", numbered(72))


def _numbers(cue_sources: tuple[SourceFrame, ...], fps: int = 24) -> list[int]:
    return [int(source.time_s * fps) for source in cue_sources]


def test_one_picture_a_second_from_the_cue_s_start_at_exact_times(film: Path) -> None:
    seen = frame_times(cue_of(video(film, 10, 70), in_frame=10), 1.0, "pts")
    assert seen.times_s == (0.0, 1.0, 2.0)
    assert _numbers(seen.sources) == [0, 24, 48]
    assert seen.index == (0, 1, 2) and seen.offline == 0


def test_a_moment_lies_in_the_middle_of_its_source_frame(film: Path) -> None:
    seen = frame_times(cue_of(video(film, 0, 24, source=5)), 24.0, "pts")
    assert [source.time_s for source in seen.sources] == [Fraction(2 * n + 1, 48) for n in range(5, 29)]


def test_every_started_second_has_a_picture(film: Path) -> None:
    assert len(frame_times(cue_of(video(film, 0, 25)), 1.0, "pts").times_s) == 2
    assert len(frame_times(cue_of(video(film, 0, 24)), 1.0, "pts").times_s) == 1
    assert len(frame_times(cue_of(video(film, 0, 24)), 2.5, "pts").times_s) == 3


def test_a_repeated_source_frame_is_listed_once(film: Path) -> None:
    cue = cue_of(video(film, 0, 24), video(film, 24, 48), video(film, 48, 72, speed=Fraction(0)))
    seen = frame_times(cue, 1.0, "pts")
    assert len(seen.sources) == 1 and seen.index == (0, 0, 0)


def test_slow_motion_asks_for_each_source_frame_once(film: Path) -> None:
    seen = frame_times(cue_of(video(film, 0, 48, speed=Fraction(1, 4))), 24.0, "pts")
    assert len(seen.times_s) == 48 and _numbers(seen.sources) == list(range(12))


def test_retimes_reverse_and_freezes_follow_the_edit(film: Path) -> None:
    cue = cue_of(
        video(film, 0, 24, speed=Fraction(2)),
        video(film, 24, 48, source=47, speed=Fraction(-1)),
        video(film, 48, 72, source=30, speed=Fraction(0)),
    )
    seen = frame_times(cue, 2.0, "pts")
    assert [_numbers(seen.sources)[place] for place in seen.index] == [0, 24, 47, 35, 30, 30]


def test_a_dissolve_shows_the_shot_whose_stretch_it_is(film: Path) -> None:
    cue = cue_of(video(film, 0, 24), video(film, 24, 48, source=48, dissolve_frames=(6, 6)))
    seen = frame_times(cue, 8.0, "pts")
    assert _numbers(seen.sources)[7:9] == [21, 48]


def test_gaps_and_offline_shots_are_black_and_offline_is_counted(film: Path) -> None:
    cue = cue_of(
        video(film, 0, 24),
        Shot("gap", 24, 48, "gap"),
        Shot("lost", 48, 72, "offline", Media("/nowhere/lost.mov")),
        Shot("still", 72, 96, "still", Media(str(film))),
    )
    seen = frame_times(cue, 1.0, "pts")
    assert [seen.sources[place] for place in seen.index[1:3]] == [BLACK, BLACK]
    assert len(seen.sources) == 3 and seen.offline == 1
    assert seen.sources[seen.index[3]].time_s == 0


def test_an_image_sequence_counts_its_own_pictures() -> None:
    sequence = ImageSequence("a", ".png", 4, 1001, 1, Rate(12))
    shot = Shot("s", 0, 48, "video", Media("/pictures", sequence), Fraction(0))
    seen = frame_times(cue_of(shot), 4.0, "pts")
    assert [int(source.time_s * 12) for source in seen.sources] == [0, 3, 6, 9, 12, 15, 18, 21]


@pytest.mark.parametrize(
    ("rate", "spacing"), [(Rate(24000, 1001), 23), (Rate(30000, 1001), 29), (Rate(60000, 1001), 59)]
)
def test_legacy_skip_keeps_the_published_frames(film: Path, rate: Rate, spacing: int) -> None:
    cue = replace(cue_of(video(film, 0, 300)), rate=rate)
    assert list(legacy_frames(cue, 1.0)) == list(range(0, 300, spacing))
    seen = frame_times(cue, 1.0, "legacy_skip")
    assert seen.times_s[1] == pytest.approx(spacing * rate.den / rate.num)


def test_legacy_skip_refuses_more_pictures_than_there_are(film: Path) -> None:
    with pytest.raises(OptionError, match="25 pictures a second"):
        frame_times(cue_of(video(film, 0, 24)), 25.0, "legacy_skip")
