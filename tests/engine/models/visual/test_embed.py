from __future__ import annotations

import struct
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from footage import cue_of, flat, numbered, video, write_film
from hitpoint.engine.errors import Cancelled, InputError
from hitpoint.engine.models.visual.embed import Embedded, embed_cue
from hitpoint.engine.models.visual.frames import frame_times
from hitpoint.engine.models.visual.transform import DEVIATION, MEAN
from hitpoint.engine.picture.decode import shown_pictures
from hitpoint.engine.progress import Cancel, Step, silent
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, ImageSequence, Media, Shot


class CountingEncoder:
    """A row is the mean colour of the picture in bytes; every picture ever encoded is remembered."""

    def __init__(self, sha256: str = "aa") -> None:
        self.sha256 = sha256
        self.asked_size = 0
        self.grey: list[float] = []
        self.most = 0

    @property
    def image(self) -> int:
        self.asked_size += 1
        return 32

    def memory(self, frames: np.ndarray) -> np.ndarray:
        means = (frames.mean(axis=(2, 3)) * DEVIATION + MEAN) * 255
        self.grey += [round(float(value)) for value in means[:, 1]]
        self.most = max(self.most, len(frames))
        return means.astype(np.float32)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", numbered(72))


def _embed(cue: Cue, encoder: CountingEncoder, rate: float = 1.0, **more: bool) -> Embedded:
    seen = frame_times(cue, rate, "pts")
    return embed_cue(cue, seen, encoder, progress=silent, cancel=Cancel(), **more)


def _numbers(embedded: Embedded) -> list[int]:
    return [round((float(row[1]) - 16) / 3) for row in embedded.rows]


def test_each_time_gets_the_row_of_the_picture_on_screen(film: Path) -> None:
    cue = cue_of(
        video(film, 0, 24, source=3),
        video(film, 24, 48, source=47, speed=Fraction(-1)),
        video(film, 48, 72, speed=Fraction(2)),
    )
    found = _embed(cue, CountingEncoder(), 4.0)
    assert _numbers(found) == [3, 9, 15, 21, 47, 41, 35, 29, 0, 12, 24, 36]
    assert found.failed == 0 and found.problems == ()


def test_the_same_source_frame_is_encoded_once_in_a_cue(film: Path) -> None:
    encoder = CountingEncoder()
    cue = cue_of(*(video(film, 24 * n, 24 * n + 24) for n in range(5)))
    found = _embed(cue, encoder, 2.0)
    assert len(found.rows) == 10 and found.encoded == 2 and len(encoder.grey) == 2


def test_a_second_run_of_the_same_request_encodes_nothing(film: Path, tmp_path: Path) -> None:
    cue = cue_of(video(film, 0, 60), Shot("gap", 60, 84, "gap"))
    first, again, other = CountingEncoder(), CountingEncoder(), CountingEncoder("bb")
    made = _embed(cue, first, 2.0)
    kept = _embed(cue, again, 2.0)
    assert again.grey == [] and kept.encoded == 0 and kept.cached == made.encoded == len(first.grey)
    assert np.array_equal(made.rows, kept.rows)
    assert again.asked_size == 0
    assert _embed(cue, other, 2.0).encoded == made.encoded
    # A copy under another name is the same medium: what counts is its content.
    copy = tmp_path / "renamed.mp4"
    copy.write_bytes(film.read_bytes())
    assert _embed(cue_of(video(copy, 0, 60)), again, 2.0).encoded == 0


def test_only_what_is_missing_is_encoded(film: Path) -> None:
    encoder = CountingEncoder()
    _embed(cue_of(video(film, 0, 24)), encoder, 2.0)
    found = _embed(cue_of(video(film, 0, 48)), encoder, 2.0)
    assert (found.cached, found.encoded) == (2, 2)
    assert _embed(cue_of(video(film, 0, 24)), encoder, 2.0, use_cache=False).encoded == 2


def test_black_is_encoded_at_most_once() -> None:
    encoder = CountingEncoder()
    lost = Shot("lost", 24, 72, "offline", Media("/nowhere/lost.mov"))
    found = _embed(cue_of(Shot("gap", 0, 24, "gap"), lost, Shot("gap", 72, 96, "gap")), encoder)
    assert encoder.grey == [0] and len(found.rows) == 4
    assert [problem.kind for problem in found.problems] == ["frames"]
    assert "2 of 4 pictures are offline" in found.problems[0].text


def test_a_few_pictures_that_do_not_decode_show_the_one_before_and_are_told(film: Path) -> None:
    # The medium ends at frame 72; two of thirty times ask for what lies beyond.
    cue = cue_of(video(film, 0, 104))
    seen = frame_times(cue, 9.0, "pts")
    assert len(seen.index) == 39
    with pytest.raises(InputError, match="pictures of 'test' could not be decoded"):
        _embed(cue, CountingEncoder(), 9.0)
    found = _embed(cue_of(video(film, 0, 72), video(film, 72, 90, source=60)), CountingEncoder(), 24.0)
    assert found.failed == 0
    short = cue_of(video(film, 0, 48), video(film, 48, 80, source=58))
    held = _embed(short, CountingEncoder(), 24.0)
    # Half a second beyond its end the last picture is held, then it is missing.
    assert held.failed == 80 - 48 - 14 - 12 and _numbers(held)[-1] == 71
    assert held.problems[-1].text.startswith(f"{held.failed} of 80 pictures could not be decoded")


def test_a_medium_that_cannot_be_read_stops_the_work_with_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"not a film at all" * 100)
    with pytest.raises(InputError, match=r"broken\.mp4"):
        _embed(cue_of(video(broken, 0, 48)), CountingEncoder())


def test_pictures_of_a_variable_rate_that_show_twice_are_encoded_once(tmp_path: Path) -> None:
    # Ten pictures, the third of which stays for ten ticks.
    pts = [0, 1, 2, 12, 13, 14, 15, 16, 17, 18]
    film = write_film(tmp_path / "vfr.mkv", numbered(10), pts=pts, tick=Fraction(1, 24), rate=24)
    encoder = CountingEncoder()
    found = _embed(cue_of(video(film, 0, 18)), encoder, 24.0)
    assert max(Counter(encoder.grey).values()) == 1
    assert _numbers(found)[3] == _numbers(found)[10] == 2


def test_stills_and_image_sequences_are_seen(tmp_path: Path) -> None:
    for number in range(12):
        Image.fromarray(flat(16 + 3 * number)).save(tmp_path / f"p{number + 7:03d}.png")
    sequence = ImageSequence("p", ".png", 3, 7, 1, Rate(24))
    cue = cue_of(
        Shot("run", 0, 12, "video", Media(str(tmp_path), sequence)),
        Shot("still", 12, 36, "still", Media(str(tmp_path / "p012.png"))),
    )
    assert _numbers(_embed(cue, CountingEncoder(), 4.0)) == [0, 6, 5, 5, 5, 5]


def test_a_phone_s_picture_is_seen_upright(tmp_path: Path) -> None:
    picture = flat(16)
    picture[:, :80] = 235
    film = write_film(tmp_path / "film.mp4", [picture] * 3)
    (plain,) = shown_pictures(film, [Fraction(0)])
    assert plain is not None and plain.pixels.shape == (90, 160, 3)
    data = film.read_bytes()
    # The matrix of the track header (ISO 14496-12), here: turn clockwise by 90 degrees.
    at = data.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 90 << 16, 0, 1 << 30)
    film.write_bytes(data[:at] + matrix + data[at + 36 :])
    (turned,) = shown_pictures(film, [Fraction(0)])
    assert turned is not None and turned.pixels.shape == (160, 90, 3)
    # What was left is above.
    assert turned.pixels[:70].mean() > 200 and turned.pixels[90:].mean() < 40


def test_full_size_pictures_are_those_on_screen_whether_sought_or_read_through(tmp_path: Path) -> None:
    film = write_film(tmp_path / "long.mp4", numbered(72) * 4)
    frames = [0, 1, 40, 200, 201, 287]
    shown = list(shown_pictures(film, [Fraction(2 * n + 1, 48) for n in frames] + [Fraction(60)]))
    assert [frame.time_s * 24 for frame in shown[:-1] if frame is not None] == frames
    assert shown[-1] is None


def test_pictures_go_to_the_encoder_in_bounded_batches(film: Path) -> None:
    encoder = CountingEncoder()
    _embed(cue_of(video(film, 0, 72)), encoder, 24.0)
    assert len(encoder.grey) == 72 and encoder.most <= 16


def test_it_stops_when_asked_and_keeps_what_was_finished(film: Path, tmp_path: Path) -> None:
    other = write_film(tmp_path / "other.mp4", numbered(60)[::-1])
    cue = cue_of(video(film, 0, 24), video(other, 24, 72))
    cancel = Cancel()

    def progress(step: Step) -> None:
        if step.text == "other.mp4":
            cancel.set()

    seen = frame_times(cue, 12.0, "pts")
    with pytest.raises(Cancelled):
        embed_cue(cue, seen, CountingEncoder(), progress=progress, cancel=cancel)
    assert _embed(cue, CountingEncoder(), 12.0).cached == 12
