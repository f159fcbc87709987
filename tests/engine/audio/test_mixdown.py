"""The timeline's own sound: every clip at its exact sample, every loss told."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

import sounds
from hitpoint.engine.audio.mixdown import timeline_blocks
from hitpoint.engine.errors import Problem
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Media, Shot, Sound


def cue(*clips: Sound, rate: Rate, start: int = 0, stop: int = 100) -> Cue:
    return Cue("cue", rate, start, stop, (Shot("gap", start, stop, "gap"),), sounds=clips)


def mixed(of: Cue, block: int = 48_000) -> tuple[sounds.Floats, list[Problem]]:
    problems: list[Problem] = []
    return np.concatenate(list(timeline_blocks(of, problems, block=block))), problems


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "noise.wav"
    soundfile.write(path, sounds.noise(10), 48_000, subtype="FLOAT")
    return path


@pytest.mark.parametrize("rate", [Rate(24), Rate(25), Rate(24000, 1001), Rate(30000, 1001)])
@pytest.mark.parametrize("block", [48_000, 10_007])
def test_clips_lie_at_the_samples_of_their_frames(rate: Rate, block: int, file: Path) -> None:
    first = Sound("a", "A1", 30, 60, Media(str(file)), source_in_s=Fraction(1))
    second = Sound("b", "A2", 50, 90, Media(str(file)), source_in_s=Fraction(3, 2))
    of = cue(first, second, rate=rate, start=10, stop=101)
    sound, problems = mixed(of, block)
    data, _ = soundfile.read(file, dtype="float32")
    expected = np.zeros((of.samples, 2), np.float32)
    for clip in (first, second):
        begin, end = of.sample(clip.in_frame), of.sample(clip.out_frame_exclusive)
        source = round(clip.source_in_s * 48_000)
        expected[begin:end] += data[source : source + end - begin]
    np.testing.assert_allclose(sound, expected, atol=1e-6)
    assert problems == []


def test_a_clip_that_began_before_the_cue_is_joined_in_the_middle(file: Path) -> None:
    clip = Sound("a", "A1", 0, 100, Media(str(file)))
    of = cue(clip, rate=Rate(25), start=40, stop=90)
    sound, _ = mixed(of)
    data, _ = soundfile.read(file, dtype="float32")
    np.testing.assert_allclose(sound, data[40 * 1_920 : 90 * 1_920], atol=1e-6)


def test_missing_files_and_clips_that_run_backwards_are_silent_and_told_once(
    file: Path, tmp_path: Path
) -> None:
    gone = Media(str(tmp_path / "gone.wav"))
    clips = [
        Sound("a", "A1", 0, 10, gone),
        Sound("b", "A1", 20, 30, gone),
        Sound("c", "A2", 0, 30, Media(str(file)), speed=Fraction(-1)),
        Sound("d", "A2", 40, 50, Media(str(file)), speed=Fraction(0)),
    ]
    sound, problems = mixed(cue(*clips, rate=Rate(25)))
    assert not sound.any()
    assert [problem.kind for problem in problems] == ["sound", "sound"]
    texts = " ".join(problem.text for problem in problems)
    assert "gone.wav" in texts and "backwards" in texts


def test_a_slow_clip_takes_its_time_and_sounds_lower(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 1_000 * np.arange(48_000 * 4) / 48_000)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], axis=1), 48_000, subtype="FLOAT")
    clip = Sound("a", "A1", 0, 100, Media(str(tmp_path / "tone.wav")), speed=Fraction(1, 2))
    sound, problems = mixed(cue(clip, rate=Rate(25)))
    spectrum = np.abs(np.fft.rfft(sound[48_000 : 48_000 * 3, 0]))
    assert spectrum.argmax() / 2 == pytest.approx(500, abs=1)
    assert problems == []


def test_no_sound_is_silence_of_the_cues_length() -> None:
    of = cue(rate=Rate(30000, 1001))
    sound, _ = mixed(of)
    assert len(sound) == of.samples and not sound.any()
