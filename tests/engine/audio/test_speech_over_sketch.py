"""The promise about speech, on the music it is made for: our own sketch, rendered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import sounds
from hitpoint.engine.audio.speech import speech_flags
from hitpoint.engine.audio.voice import VoiceMeter
from hitpoint.engine.audio.wav import work_blocks
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.plan.plan import make_plan
from hitpoint.engine.plan.score import make_score
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.sketch.generator import SketchGenerator
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Cut, Picture, Shot
from judges import shared

RATE = Rate(25)
FRAMES = 24 * 25
STYLES = ("cinematic", "electronic")


@pytest.fixture(scope="module", params=STYLES)
def music(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> sounds.Floats:
    """24 s of one style under cuts every three seconds, float32 [n, 2]."""
    cuts = tuple(Cut(frame, 0.8 if frame % 150 == 0 else 0.3) for frame in range(75, FRAMES, 75))
    level = tuple(float(value) for value in np.linspace(0.2, 0.9, FRAMES))
    flat = (0.5,) * FRAMES
    picture = Picture(RATE, 0, level, flat, flat, flat, (0.0,) * FRAMES, cuts)
    cue = Cue("cue01", RATE, 0, FRAMES, (Shot("gap", 0, FRAMES, "gap"),))
    score = make_score(seed=STYLES.index(request.param), style=request.param, cues=[cue])
    take_request = TakeRequest(cue, picture, score, make_plan(cue, picture, score))
    generator = SketchGenerator(tmp_path_factory.mktemp(request.param))
    take = generator.generate(take_request, progress=silent, cancel=Cancel())
    stems = [np.concatenate(list(work_blocks(Path(stem.path)))) for stem in take.stems]
    return np.sum(stems, axis=0, dtype=np.float32)


def flags(sound: sounds.Floats) -> np.ndarray:
    meter = VoiceMeter()
    meter.feed(soxr.resample(sound.mean(axis=1), 48_000, 16_000))
    return speech_flags(meter.probability())


def test_our_music_alone_is_not_speech(music: sounds.Floats) -> None:
    assert flags(music).mean() <= 0.05


def spoken_over(music: sounds.Floats, words: sounds.Floats) -> float:
    """F1 of the frames found when `words` begin after 3 s, six decibels above the music."""
    words = words[: len(music) - 48_000 * 6]
    gain = 2 * np.sqrt(np.square(music).mean() / np.square(words).mean())
    sound = music.copy()
    sound[144_000 : 144_000 + len(words)] += (gain * words)[:, None]
    found = flags(sound)
    truth = np.zeros(len(found), np.bool_)
    truth[300 : 300 + len(words) // 480] = True
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


@pytest.mark.judge
def test_synthetic_voices_are_found_over_our_music(music: sounds.Floats) -> None:
    text = "The old keeper climbed the stairs every evening, and looked out before the storm came in."
    for voice in ("en-us", "en-gb+f3"):
        assert spoken_over(music, sounds.spoken(f"{text} {text}", voice)) >= 0.8


@pytest.mark.shared
def test_the_narration_is_found_over_our_music(music: sounds.Floats) -> None:
    words, _ = soundfile.read(shared("footage/narration.flac"), dtype="float32")
    assert spoken_over(music, words) >= 0.8
