"""The door for picture media: what it opens, what it refuses, and that every picture has its exact time."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from footage import Pixels, flat, number_of, numbered, write_film
from hitpoint.engine.errors import InputError
from hitpoint.engine.picture.decode import MediaInfo, frames, probe, small_frames
from hitpoint.engine.timebase import Rate
from judges import need_program, shared


def test_a_film_is_described_exactly(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.mov", numbered(30), rate=Fraction(30000, 1001), timecode="01:00:00;00", sound=True
    )
    info = probe(path)
    assert info == MediaInfo(
        "video", Rate(30000, 1001), 30, 30 * Fraction(1001, 30000), "01:00:00;00", 160, 90, True
    )


def test_a_still_and_a_sound_are_described(tmp_path: Path) -> None:
    Image.fromarray(flat(90)).save(tmp_path / "still.png")
    assert probe(tmp_path / "still.png") == MediaInfo("still", None, None, Fraction(0), None, 160, 90, False)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 48000, 48000, "NONE", ""))
        file.writeframes(bytes(96000))
    assert probe(tmp_path / "a.wav") == MediaInfo("audio", None, None, Fraction(1), None, 0, 0, True)


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "tiff", "webp", "gif", "ppm"])
def test_usual_stills_open(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"still %03d.{kind}"
    Image.fromarray(flat((200, 40, 40))).save(path)
    (frame,) = small_frames(path, Fraction(0), Fraction(0))
    luma, blue, red = frame.pixels.mean(axis=(1, 2))
    assert 60 < luma < 100
    assert blue < 118
    assert red > 170


@pytest.mark.shared
@pytest.mark.judge
def test_ffprobe_says_the_same_of_a_real_film() -> None:
    path = shared("footage/big_buck_bunny_0_30.webm")
    said = subprocess.run(
        [need_program("ffprobe"), "-v", "error", "-select_streams", "v", "-count_frames", "-show_entries",
         "stream=width,height,r_frame_rate,nb_read_frames", "-of", "json", str(path)],
        capture_output=True, check=True,
    )  # fmt: skip
    stream = json.loads(said.stdout)["streams"][0]
    info = probe(path)
    assert (info.width, info.height) == (stream["width"], stream["height"])
    assert str(info.rate) == str(Fraction(stream["r_frame_rate"]))
    assert info.frames == int(stream["nb_read_frames"])


def _playlist(folder: Path) -> Path:
    write_film(folder / "inner.mp4", numbered(3))
    path = folder / "playlist.mov"
    path.write_text("ffconcat version 1.0\nfile inner.mp4\n")
    return path


def _hls(folder: Path) -> Path:
    write_film(folder / "inner.ts", numbered(3), codec="mpeg2video", rate=25)
    path = folder / "list.mov"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\ninner.ts\n#EXT-X-ENDLIST\n")
    return path


def _text(folder: Path) -> Path:
    path = folder / "text.mp4"
    path.write_text("not a film " * 100)
    return path


def _empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def _bomb(folder: Path) -> Path:
    path = folder / "huge.bmp"
    header = struct.pack("<2sIHHI", b"BM", 1000, 0, 0, 54)
    path.write_bytes(
        header + struct.pack("<IiiHHIIiiII", 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(900)
    )
    return path


def _fifo(folder: Path) -> Path:
    path = folder / "pipe.mp4"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize("make", [_playlist, _hls, _text, _empty, _bomb])
def test_what_is_no_plain_media_is_refused_by_name(tmp_path: Path, make: object) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    with pytest.raises(InputError, match=path.name):
        probe(path)
    with pytest.raises(InputError, match=path.name):
        list(small_frames(path, Fraction(0), Fraction(1)))


@pytest.mark.skipif(os.name != "posix", reason="devices are named otherwise there")
def test_devices_pipes_and_the_kernels_files_are_refused(tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to("/dev/zero")
    for path in (Path("/dev/zero"), Path("/proc/self/environ"), _fifo(tmp_path), link, tmp_path):
        with pytest.raises(InputError, match="plain file"):
            probe(path)


def test_a_missing_file_and_an_address_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.mov", Path("http://127.0.0.1:9/film.mp4")):
        with pytest.raises(InputError, match="does not exist"):
            probe(path)


def test_a_song_with_a_cover_has_no_picture(tmp_path: Path) -> None:
    ffmpeg = need_program("ffmpeg")
    Image.fromarray(flat(200)).save(tmp_path / "cover.jpg")
    subprocess.run(
        [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-i", str(tmp_path / "cover.jpg"),
         "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic",
         str(tmp_path / "song.mp3")],
        check=True, timeout=30,
    )  # fmt: skip
    assert probe(tmp_path / "song.mp3").kind == "audio"


def _numbers(path: Path, start_s: Fraction, end_s: Fraction) -> list[int]:
    return [number_of(frame.pixels) for frame in small_frames(path, start_s, end_s)]


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same 72 numbered pictures at 24 a second in containers that seek and count in different ways."""
    folder = tmp_path_factory.mktemp("films")
    made = {
        name: write_film(folder / name, numbered(72), codec=codec)
        for name, codec in (
            ("b.mp4", "libx264"),
            ("b.mkv", "libx264"),
            ("b.ts", "mpeg2video"),
            ("b.avi", "mpeg4"),
            ("intra.mov", "mjpeg"),
        )
    }
    return made


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["b.mp4", "b.mkv", "b.ts", "b.avi", "intra.mov"]),
    first=st.integers(0, 71),
    count=st.integers(1, 30),
)
def test_any_stretch_gives_its_pictures_and_one_on_either_side(
    films: dict[str, Path], name: str, first: int, count: int
) -> None:
    # Half a frame in, since containers round times.
    start_s, end_s = Fraction(2 * first + 1, 48), Fraction(2 * (first + count) - 1, 48)
    numbers = _numbers(films[name], start_s, end_s)
    wanted = list(range(max(0, first - 1), min(71, first + count) + 1))
    assert numbers == wanted


def test_the_pictures_of_a_bare_stream_are_counted(tmp_path: Path) -> None:
    path = write_film(tmp_path / "bare.h264", numbered(40), rate=25)
    found = [
        (frame.time_s, number_of(frame.pixels)) for frame in small_frames(path, Fraction(1), Fraction(9))
    ]
    assert found == [(Fraction(index, 25), index) for index in range(24, 40)]


def test_times_are_exact_at_ntsc_rates(tmp_path: Path) -> None:
    path = write_film(tmp_path / "n.mp4", numbered(40), rate=Fraction(24000, 1001))
    times = [frame.time_s for frame in small_frames(path, Fraction(0), Fraction(9))]
    assert times == [Fraction(1001 * index, 24000) for index in range(40)]


def test_a_variable_rate_keeps_its_own_times(tmp_path: Path) -> None:
    shown_ms = [0, 40, 90, 400, 410, 1500, 1540, 2600]
    path = write_film(tmp_path / "vfr.mkv", numbered(8), pts=shown_ms, tick=Fraction(1, 1000))
    found = [
        (frame.time_s, number_of(frame.pixels)) for frame in small_frames(path, Fraction(0), Fraction(9))
    ]
    assert found == [(Fraction(ms, 1000), index) for index, ms in enumerate(shown_ms)]


def test_a_film_cut_short_gives_what_is_there(films: dict[str, Path], tmp_path: Path) -> None:
    data = films["b.mkv"].read_bytes()
    (tmp_path / "short.mkv").write_bytes(data[: len(data) // 2])
    numbers = _numbers(tmp_path / "short.mkv", Fraction(0), Fraction(3))
    assert 10 < len(numbers) < 60
    # The last ones may miss the pictures they lean on.
    assert numbers[:-3] == list(range(len(numbers) - 3))


def test_damage_in_the_middle_costs_only_the_pictures_there(films: dict[str, Path], tmp_path: Path) -> None:
    data = bytearray(films["b.ts"].read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    (tmp_path / "hurt.ts").write_bytes(data)
    numbers = _numbers(tmp_path / "hurt.ts", Fraction(0), Fraction(3))
    assert numbers[:20] == list(range(20))
    assert numbers[-10:] == list(range(62, 72))


def test_full_and_limited_range_mean_the_same_grey(tmp_path: Path) -> None:
    picture: Pixels = flat(64)
    limited = write_film(tmp_path / "limited.mp4", [picture] * 3)
    Image.fromarray(picture).save(tmp_path / "full.png")
    values = [next(small_frames(path, Fraction(0), Fraction(0))).pixels[0].mean() for path in
              (limited, tmp_path / "full.png")]  # fmt: skip
    assert abs(values[0] - 64) <= 1.5
    assert abs(values[1] - 64) <= 1.5


def test_pictures_for_showing_come_in_colour_and_size(tmp_path: Path) -> None:
    path = write_film(tmp_path / "red.mp4", [flat((220, 30, 30))] * 2)
    frame = next(frames(path, Fraction(0), Fraction(1), width=64, height=36, rgb=True))
    assert frame.pixels.shape == (36, 64, 3)
    assert np.abs(frame.pixels.astype(int) - (220, 30, 30)).max() < 16


def test_nothing_heavy_is_loaded_before_a_file_is_opened() -> None:
    code = (
        "import sys, hitpoint.engine.picture.decode, hitpoint.engine.picture.look\n"
        "print(sorted({'av', 'cv2', 'scenedetect'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
