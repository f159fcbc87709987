"""Foreign sound comes in at exact positions, and hostile files do not come in."""

from __future__ import annotations

import os
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

import sounds
from hitpoint.engine.audio.decode import SoundFile, audio_blocks, read_mono
from hitpoint.engine.errors import InputError, Problem
from judges import need_program

CLICKS = [round(48_000 * (0.25 + 0.5 * k)) for k in range(15)]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of clicks over a quiet tone; the right side has half the level."""
    time = np.arange(48_000 * 8)
    left = 0.01 * np.sin(2 * np.pi * 300 * time / 48_000)
    for click in CLICKS:
        left[click - 20 : click + 20] += 0.8 * np.hanning(40)
    path = tmp_path_factory.mktemp("sound") / "original.wav"
    soundfile.write(path, np.stack([left, left / 2], axis=1), 48_000, subtype="PCM_24")
    return path


def encoded(original: Path, name: str, *options: str) -> Path:
    path = original.with_name(name)
    command = [need_program("ffmpeg"), "-v", "error", "-y", "-i", str(original), *options, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def heard(path: Path, start_s: Fraction = Fraction(0), seconds: int = 8) -> sounds.Floats:
    return np.concatenate(list(audio_blocks(path, samples=seconds * 48_000, start_s=start_s)))


def lateness(sound: sounds.Floats, first: int) -> list[int]:
    out = []
    for click in CLICKS:
        at = click - first
        if 300 < at < len(sound) - 300:
            out.append(int(np.abs(sound[at - 200 : at + 200, 0]).argmax()) - 200)
    return out


EXACT = {
    "a.flac": (),
    "a.aiff": (),
    "a.w64": (),
    "a.mp3": ("-b:a", "256k"),
    "a.m4a": ("-b:a", "256k"),
    "a.opus": ("-b:a", "192k"),
    "a44.wav": ("-ar", "44100"),
    "a32.wav": ("-ar", "32000", "-c:a", "pcm_f32le"),
    "a.avi": ("-c:a", "pcm_s16le"),
}


@pytest.mark.judge
@pytest.mark.parametrize("name", EXACT)
def test_positions_are_exact_from_the_start_and_from_the_middle(name: str, original: Path) -> None:
    path = encoded(original, name, *EXACT[name])
    whole = heard(path)
    assert whole.shape == (48_000 * 8, 2)
    # Lossy codecs smear a click by a sample; moving a stream would show as more, and everywhere.
    assert {abs(late) <= 2 for late in lateness(whole, 0)} == {True}
    start = Fraction(1001 * 100, 24_000)
    middle = heard(path, start, 3)
    assert {abs(late) <= 2 for late in lateness(middle, round(start * 48_000))} == {True}


@pytest.mark.judge
def test_milliseconds_of_matroska_neither_tear_nor_add_up(original: Path) -> None:
    path = encoded(original, "a.mka", "-c:a", "pcm_s16le")
    assert {abs(late) <= 1 for late in lateness(heard(path), 0)} == {True}
    middle = heard(path, Fraction(4), 3)
    late = lateness(middle, 4 * 48_000)
    assert max(late) == min(late) and abs(late[0]) <= 24


@pytest.mark.judge
def test_second_zero_is_where_the_picture_begins(original: Path) -> None:
    program = need_program("ffmpeg")
    path = original.with_name("late.mkv")
    picture = ["-f", "lavfi", "-i", "color=s=64x64:r=25:d=8"]
    sound = ["-itsoffset", "0.5", "-i", str(original)]
    codecs = ["-c:v", "mpeg4", "-c:a", "pcm_s16le", "-output_ts_offset", "3"]
    command = [program, "-v", "error", "-y", *picture, *sound, *codecs, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    assert {abs(late) <= 24 for late in lateness(heard(path), -24_000)} == {True}


def test_beyond_the_end_and_before_the_beginning_there_is_silence(original: Path) -> None:
    after = heard(original, Fraction(7), 3)
    assert after[:47_000].any() and not after[48_000:].any()
    before = heard(original, Fraction(-1), 3)
    assert not before[:48_000].any()
    np.testing.assert_array_equal(before[48_000:], heard(original, Fraction(0), 2))


def test_samples_are_those_of_the_file(original: Path) -> None:
    expected, _ = soundfile.read(original, dtype="float32")
    np.testing.assert_allclose(heard(original), expected, atol=1e-6)


def test_mono_goes_to_both_sides_and_surround_folds_down(tmp_path: Path) -> None:
    mono = sounds.noise(1)[:, 0]
    soundfile.write(tmp_path / "mono.wav", mono, 48_000, subtype="FLOAT")
    np.testing.assert_allclose(
        heard(tmp_path / "mono.wav", seconds=1), np.stack([mono, mono], axis=1), atol=1e-6
    )
    surround = np.zeros((48_000, 6), np.float32)
    surround[:, 2] = mono * 0.5  # the centre, where dialogue lives
    soundfile.write(tmp_path / "surround.wav", surround, 48_000, subtype="FLOAT", format="WAVEX")
    folded = heard(tmp_path / "surround.wav", seconds=1)
    np.testing.assert_allclose(folded, np.stack([mono, mono], axis=1) * 0.5 * 0.7071, atol=1e-5)


def test_another_speed_is_a_tape_of_that_speed(original: Path) -> None:
    with SoundFile(original, start_s=Fraction(1), speed=Fraction(2)) as file:
        sound = file.read(48_000 * 3)
    peaks = [click for click in range(100, len(sound) - 100) if sound[click, 0] > 0.5]
    expected = [(click - 48_000) / 2 for click in CLICKS if click >= 48_000]
    groups = np.split(peaks, np.flatnonzero(np.diff(peaks) > 100) + 1)
    np.testing.assert_allclose([group.mean() for group in groups], expected[: len(groups)], atol=2)
    assert len(groups) == 12


def test_read_mono_has_the_length_and_rate_asked_for(original: Path) -> None:
    sound = read_mono(original, rate=16_000, start_s=Fraction(1, 2), duration_s=Fraction(5, 2))
    assert sound.shape == (40_000,) and sound.dtype == np.float32
    assert abs(int(sound[:8_000].argmax()) - 4_000) <= 1


@pytest.mark.judge
def test_damage_is_silence_and_told(original: Path) -> None:
    path = encoded(original, "damaged.mp3", "-b:a", "192k")
    data = bytearray(path.read_bytes())
    data[40_000:70_000] = sounds.random(0).integers(0, 256, 30_000, dtype=np.uint8).tobytes()
    path.write_bytes(data)
    problems: list[Problem] = []
    sound = np.concatenate(list(audio_blocks(path, samples=48_000 * 8, problems=problems)))
    assert np.isfinite(sound).all() and sound[:48_000].any()
    assert [problem.kind for problem in problems] == ["sound"] and "damaged.mp3" in problems[0].text


def test_what_is_no_sound_file_is_refused_with_a_sentence(original: Path, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound at all")
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "cut.wav").write_bytes(original.read_bytes()[:30])
    (tmp_path / "list.mov").write_text(f"ffconcat version 1.0\nfile '{original}'\n")
    (tmp_path / "play.m3u8").write_text(f"#EXTM3U\n#EXTINF:5,\n{original}\n")
    for name in ("text.wav", "empty.wav", "cut.wav", "list.mov", "play.m3u8", "gone.wav"):
        with pytest.raises(InputError, match=name):
            heard(tmp_path / name, seconds=1)


@pytest.mark.skipif(os.name != "posix", reason="device files and pipes are a Unix matter")
def test_devices_pipes_and_proc_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "link.wav").symlink_to("/dev/zero")
    for path in (tmp_path / "pipe.wav", tmp_path / "link.wav", Path("/proc/self/environ"), tmp_path):
        with pytest.raises(InputError, match="regular file"):
            heard(path, seconds=1)


@pytest.mark.judge
def test_a_picture_without_sound_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "mute.mp4"
    command = [need_program("ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    with pytest.raises(InputError, match="no sound"):
        heard(path, seconds=1)
