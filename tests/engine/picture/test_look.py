"""A cue is seen as its viewer sees it: the right picture at every record frame, whatever the edit does."""

from __future__ import annotations

import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from footage import cue_of, flat, numbered, scenery, video, write_film
from hitpoint.engine.errors import Cancelled
from hitpoint.engine.picture import source
from hitpoint.engine.picture.look import look
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.serial import from_json, to_json
from hitpoint.engine.store.cache import entry_path
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, ImageSequence, Media, Picture, Shot, Sound, Span
from judges import shared


def seen(cue: Cue, *, use_cache: bool = True) -> Picture:
    return look(cue, progress=silent, cancel=Cancel(), use_cache=use_cache)


def shown_numbers(picture: Picture) -> list[int]:
    """Which of the `numbered` pictures each record frame shows."""
    return [round((value * 255 - 16) / 3) for value in picture.luminance]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "numbers.mp4", numbered(72))


def test_every_record_frame_shows_its_source_frame(film: Path) -> None:
    cue = cue_of(video(film, 0, 10, source=40), video(film, 10, 30, source=3))
    assert shown_numbers(seen(cue)) == [*range(40, 50), *range(3, 23)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    speed=st.sampled_from(
        [Fraction(*pair) for pair in ((2, 1), (1, 2), (1, 3), (3, 2), (4, 5), (-1, 1), (-1, 2), (0, 1))]
    ),
    source_frame=st.integers(20, 44),
    rate=st.sampled_from([Rate(24), Rate(25), Rate(30), Rate(24000, 1001), Rate(60)]),
)
def test_retimes_and_rates_pick_the_picture_on_screen(
    film: Path, speed: Fraction, source_frame: int, rate: Rate
) -> None:
    cue = cue_of(video(film, 0, 10, source=source_frame, speed=speed), rate=rate)
    wanted = []
    for frame in range(10):
        # A picture counts from 0.6 ms before its time on, since some containers round to 1 ms.
        exact = source_frame + speed * rate.seconds(frame) * 24 + Fraction(6, 10_000) * 24
        wanted.append(exact.numerator // exact.denominator)
    assert shown_numbers(seen(cue)) == wanted


def test_a_cue_inside_a_timeline_sees_its_own_part(film: Path) -> None:
    cue = cue_of(video(film, 100, 140, source=8), in_frame=112)
    picture = seen(cue)
    assert (picture.in_frame, len(picture.motion)) == (112, 28)
    assert shown_numbers(picture) == list(range(20, 48))


def test_curves_have_one_value_a_frame_between_0_and_1(film: Path) -> None:
    picture = seen(cue_of(video(film, 0, 31), Shot("gap", 31, 40, "gap"), video(film, 40, 60, source=30)))
    for name in ("motion", "luminance", "warmth", "saturation", "change"):
        values = getattr(picture, name)
        assert len(values) == 60
        assert all(0 <= value <= 1 for value in values)


def test_a_gap_is_black_and_unseen(film: Path) -> None:
    picture = seen(
        cue_of(video(film, 0, 12, source=30), Shot("gap", 12, 24, "gap"), video(film, 24, 36, source=30))
    )
    assert picture.luminance[12:24] == (0,) * 12
    assert picture.motion[12:24] == (0,) * 12
    assert Span(12, 24) in picture.black
    assert picture.unseen == (Span(12, 24),)
    assert [cut.frame for cut in picture.cuts] == [12, 24]
    assert all(cut.strength > 0.4 for cut in picture.cuts)


def test_an_offline_shot_is_unseen_holds_the_last_values_and_is_told(film: Path) -> None:
    offline = Shot("lost", 10, 20, "offline", problem="is missing")
    picture = seen(cue_of(video(film, 0, 10), offline, video(film, 20, 30)))
    assert picture.unseen == (Span(10, 20),)
    assert set(picture.luminance[10:20]) == {picture.luminance[9]}
    assert [problem.kind for problem in picture.problems] == ["offline"]
    assert "'lost'" in picture.problems[0].text


def test_unreadable_media_are_unseen_and_told_not_fatal(film: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing of a film" * 99)
    picture = seen(cue_of(video(film, 0, 10), video(broken, 10, 20)))
    assert picture.unseen == (Span(10, 20),)
    assert [problem.kind for problem in picture.problems] == ["picture"]
    assert "broken.mp4" in picture.problems[0].text


@pytest.mark.skipif(os.name != "posix", reason="devices are named otherwise there")
def test_a_device_in_a_timeline_is_unseen_and_told(film: Path) -> None:
    picture = seen(cue_of(video(film, 0, 10), video(Path("/dev/zero"), 10, 20)))
    assert picture.unseen == (Span(10, 20),)
    assert "/dev/zero" in picture.problems[0].text


def test_a_dissolve_whose_handle_is_missing_holds_the_first_picture(film: Path) -> None:
    other = video(film, 12, 30, source=0, dissolve_frames=(6, 6))
    picture = seen(cue_of(video(film, 0, 12, source=40), other))
    assert picture.unseen == ()
    assert picture.luminance[6] * 255 == pytest.approx((11.5 * (16 + 3 * 46) + 0.5 * 16) / 12, abs=2)


def test_what_was_seen_of_a_film_cut_short_stays(film: Path, tmp_path: Path) -> None:
    whole = write_film(tmp_path / "whole.mkv", numbered(72))
    data = whole.read_bytes()
    short = tmp_path / "short.mkv"
    short.write_bytes(data[: len(data) // 2])
    picture = seen(cue_of(video(short, 0, 72)))
    (gone,) = picture.unseen
    assert gone.out_frame_exclusive == 72
    assert 20 < gone.in_frame < 60
    assert shown_numbers(picture)[:20] == list(range(20))
    assert "short.mkv" in picture.problems[0].text


def test_a_freeze_does_not_move_and_a_retime_moves_by_its_speed(tmp_path: Path) -> None:
    path = write_film(tmp_path / "pan.mp4", scenery(3, 72, step=1.0))

    def speed_of(value: Fraction) -> float:
        motion = seen(cue_of(video(path, 0, 20, source=10, speed=value))).motion[10]
        # The inverse of the curve that compresses motion.
        return float(0.3 * (-np.log(1 - motion)) ** (1 / 0.7))

    normal = speed_of(Fraction(1))
    assert normal == pytest.approx(24 / 160, rel=0.6)
    assert speed_of(Fraction(2)) == pytest.approx(2 * normal, rel=0.25)
    assert speed_of(Fraction(1, 2)) == pytest.approx(normal / 2, rel=0.25)
    assert speed_of(Fraction(-1)) == pytest.approx(normal, rel=0.25)
    assert speed_of(Fraction(0)) == 0


def test_a_dissolve_mixes_both_sides_evenly(tmp_path: Path) -> None:
    dark = write_film(tmp_path / "dark.mp4", [flat(40)] * 48)
    light = write_film(tmp_path / "light.mp4", [flat(200)] * 48)
    cue = cue_of(video(dark, 0, 24), video(light, 24, 48, source=12, dissolve_frames=(6, 6)))
    picture = seen(cue)
    ramp = np.array(picture.luminance[18:30]) * 255
    assert ramp == pytest.approx(40 + 160 * (np.arange(12) + 0.5) / 12, abs=2)
    assert picture.luminance[17] * 255 == pytest.approx(40, abs=2)
    assert picture.luminance[30] * 255 == pytest.approx(200, abs=2)
    (cut,) = picture.cuts
    assert (cut.frame, cut.kind, cut.width_frames) == (24, "dissolve", 12)
    assert max(picture.change) < 0.5


def test_a_dissolve_from_a_gap_is_a_fade(tmp_path: Path) -> None:
    light = write_film(tmp_path / "light.mp4", [flat(200)] * 60)
    cue = cue_of(Shot("gap", 0, 12, "gap"), video(light, 12, 48, source=12, dissolve_frames=(0, 12)))
    (cut,) = seen(cue).cuts
    assert (cut.frame, cut.kind, cut.width_frames) == (18, "fade", 12)


def test_stills_are_seen_and_do_not_move(tmp_path: Path) -> None:
    Image.fromarray(scenery(4, 1)[0]).save(tmp_path / "still.png")
    shot = Shot("still", 0, 24, "still", Media(str(tmp_path / "still.png")))
    picture = seen(cue_of(shot))
    assert picture.unseen == ()
    assert set(picture.motion) == {0}
    assert set(picture.change) == {0}
    assert picture.luminance[0] > 0.3


def test_an_image_sequence_is_seen_at_its_own_rate(tmp_path: Path) -> None:
    for index, pixels in enumerate(numbered(30)):
        Image.fromarray(pixels).save(tmp_path / f"frame.{1001 + index:06d}.png")
    sequence = ImageSequence("frame.", ".png", 6, 1001, 1, Rate(12))
    shot = Shot("frames", 0, 24, "video", Media(str(tmp_path), sequence), Fraction(5, 12))
    assert shown_numbers(seen(cue_of(shot))) == [5 + frame // 2 for frame in range(24)]


def test_with_and_without_the_cache_the_picture_is_the_same(tmp_path: Path) -> None:
    path = write_film(tmp_path / "pan.mp4", scenery(3, 40, step=2.0) + scenery(9, 40, step=0.5))
    cue = cue_of(video(path, 0, 30, source=20), video(path, 30, 50, source=3), video(path, 50, 60, source=60))
    cold = seen(cue)
    assert seen(cue) == cold
    assert seen(cue, use_cache=False) == cold


def test_another_cut_of_known_footage_is_seen_without_decoding(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(cue_of(video(film, 0, 72)))
    recut = cue_of(video(film, 0, 10, source=50), video(film, 10, 40, source=9))
    fresh = seen(recut, use_cache=False)

    def never(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(source, "small_frames", never)
    assert seen(recut) == fresh


def test_parts_seen_at_different_times_give_the_same_picture(film: Path) -> None:
    seen(cue_of(video(film, 0, 8, source=30)))
    seen(cue_of(video(film, 0, 8, source=4)))
    cue = cue_of(video(film, 0, 72))
    assert seen(cue) == seen(cue, use_cache=False)


def test_a_broken_cache_entry_is_made_anew(film: Path, own_home: Path) -> None:
    cue = cue_of(video(film, 0, 72))
    cold = seen(cue)
    (entry,) = (own_home / "cache" / "picture").glob("*/*")
    good = entry.read_bytes()
    entry.write_bytes(good[:-9] + b"garbage..")
    assert seen(cue) == cold
    assert entry.read_bytes() == good
    assert entry == entry_path("picture", entry.stem)


def test_a_film_replaced_under_its_name_is_seen_anew(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", [flat(40)] * 24)
    cue = cue_of(video(path, 0, 24))
    assert seen(cue).luminance[5] * 255 == pytest.approx(40, abs=2)
    write_film(path, [flat(200)] * 24)
    assert seen(cue).luminance[5] * 255 == pytest.approx(200, abs=2)


def test_a_cache_that_cannot_be_written_is_told(film: Path, own_home: Path) -> None:
    (own_home / "cache").write_text("a file where a folder should be")
    picture = seen(cue_of(video(film, 0, 20)))
    assert shown_numbers(picture) == list(range(20))
    assert [problem.kind for problem in picture.problems] == ["cache"]


def test_it_stops_when_asked(film: Path) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Cancelled):
        look(cue_of(video(film, 0, 72)), progress=silent, cancel=cancel)


def test_progress_runs_from_0_to_1(film: Path) -> None:
    steps: list[Step] = []
    look(cue_of(video(film, 0, 72)), progress=steps.append, cancel=Cancel())
    done = [step.done for step in steps if step.stage == "picture"]
    assert done == sorted(done)
    assert done[-1] == 1
    assert all(step.total == 1 for step in steps)


def test_a_picture_survives_being_written(film: Path) -> None:
    picture = seen(cue_of(video(film, 0, 30), Shot("gap", 30, 40, "gap")))
    assert from_json(Picture, to_json(picture)) == picture


def test_a_picture_twice_on_screen_counts_as_the_motion_it_is(tmp_path: Path) -> None:
    """Animation drawn at 12 shows every picture twice: its motion curve must not flicker."""
    smooth = scenery(3, 48, step=1.0)
    doubled = [smooth[index // 2 * 2] for index in range(48)]
    path = write_film(tmp_path / "twos.mp4", doubled)
    motion = np.array(seen(cue_of(video(path, 0, 48))).motion[6:-6])
    assert motion.std() < 0.25 * motion.mean()


@pytest.mark.shared
def test_speech_on_the_timeline_is_heard(film: Path) -> None:
    voice = shared("footage/narration.flac")
    cue = replace(
        cue_of(video(film, 0, 72)), sounds=(Sound("voice", "A1", 0, 72, Media(str(voice)), Fraction(1, 2)),)
    )
    picture = seen(cue)
    assert picture.speech
    assert picture.dialogue_lufs is not None
    assert -50 < picture.dialogue_lufs < -5
