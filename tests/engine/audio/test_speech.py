"""Speech is found over music, and music alone is not taken for speech."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import sounds
from hitpoint.engine.audio.loudness import LevelMeter
from hitpoint.engine.audio.speech import listen, speech_flags
from hitpoint.engine.audio.voice import VoiceMeter
from hitpoint.engine.progress import Cancel
from hitpoint.engine.timebase import Rate
from hitpoint.engine.types import Cue, Media, Shot, Sound
from judges import shared

TEXTS = (
    "The keeper of the lighthouse climbed the stairs every evening before the storm came in from the west.",
    "We have been waiting for the train since early this morning, and nobody has told us anything at all.",
    "Every year more than two million birds cross this valley on their long way to the south.",
)
VOICES = ("en-us", "en-gb+f3", "en-gb-scotland+m5", "de+f2")


def rms(sound: sounds.Floats) -> float:
    return float(np.sqrt(np.square(sound, dtype=np.float64).mean()))


def flags(sound: sounds.Floats) -> np.ndarray:
    meter = VoiceMeter()
    meter.feed(soxr.resample(sound.mean(axis=1), 48_000, 16_000))
    return speech_flags(meter.probability())


def music(seconds: float, seed: int) -> sounds.Floats:
    parts = sounds.stems(seconds, seed=seed, beat_s=0.35 + 0.1 * seed)
    keep = (("drums", "harmony", "melody"), ("harmony", "melody"), ("melody",), ("drums", "harmony"))[
        seed % 4
    ]
    return np.sum([parts[name] for name in keep], axis=0, dtype=np.float32)


def film(words: list[sounds.Floats], bed: sounds.Floats, above_db: float) -> tuple[sounds.Floats, np.ndarray]:
    """Words with pauses of three seconds over music, and for every 10 ms whether someone speaks."""
    out = bed.copy()
    truth = np.zeros(len(out) // 480, np.bool_)
    at = 48_000 * 2
    for word in words:
        gain = rms(bed) / rms(word) * 10 ** (above_db / 20)
        word = word[: max(0, len(out) - at)]
        out[at : at + len(word)] += (gain * word)[:, None]
        truth[at // 480 : (at + len(word)) // 480] = True
        at += len(word) + 48_000 * 3
    return out, truth


def f1(found: np.ndarray, truth: np.ndarray) -> float:
    length = min(len(found), len(truth))
    found, truth = found[:length], truth[:length]
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


@pytest.mark.judge
@pytest.mark.parametrize("voice", VOICES)
def test_synthetic_speech_is_found_six_decibels_above_music(voice: str) -> None:
    words = [sounds.spoken(text, voice) for text in TEXTS]
    bed = music(sum(map(len, words)) / 48_000 + 14, VOICES.index(voice))
    sound, truth = film(words, bed, 6)
    assert f1(flags(sound), truth) >= 0.8


@pytest.mark.shared
def test_the_narration_is_found_six_decibels_above_music_and_alone() -> None:
    words, _ = soundfile.read(shared("footage/narration.flac"), dtype="float32")
    for seed in (0, 1):
        sound, truth = film([words], music(len(words) / 48_000 + 12, seed), 6)
        assert f1(flags(sound), truth) >= 0.8
    sound, truth = film([words], sounds.noise(len(words) / 48_000 + 12) * np.float32(1e-3), 40)
    assert f1(flags(sound), truth) >= 0.9


@pytest.mark.parametrize("seed", range(4))
def test_music_alone_is_not_speech(seed: int) -> None:
    assert flags(music(30, seed)).mean() <= 0.05


@pytest.mark.parametrize("kind", ["silence", "noise", "tone", "hum"])
def test_what_is_neither_speech_nor_music_is_not_speech(kind: str) -> None:
    time = np.arange(48_000 * 12) / 48_000
    sound = {
        "silence": np.zeros((len(time), 2), np.float32),
        "noise": sounds.noise(12) * np.float32(0.2),
        "tone": np.repeat((0.3 * np.sin(2 * np.pi * 440 * time))[:, None], 2, axis=1).astype(np.float32),
        "hum": np.repeat((0.01 * np.sign(np.sin(2 * np.pi * 50 * time)))[:, None], 2, axis=1).astype(
            np.float32
        ),
    }[kind]
    assert not flags(sound).any()


def test_the_probability_does_not_hang_on_the_block_size() -> None:
    sound = soxr.resample(music(4, 0).mean(axis=1), 48_000, 16_000)
    whole, pieces = VoiceMeter(), VoiceMeter()
    whole.feed(sound)
    for at in range(0, len(sound), 1_234):
        pieces.feed(sound[at : at + 1_234])
    assert pieces.probability().tobytes() == whole.probability().tobytes()


def cue(path: Path, *, rate: Rate, frames: int, at: int = 0) -> Cue:
    shots = (Shot("gap", 0, at + frames, "gap"),)
    return Cue(
        "cue", rate, 0, at + frames, shots, sounds=(Sound("a", "A1", at, at + frames, Media(str(path))),)
    )


@pytest.mark.shared
def test_spans_lie_where_the_clip_speaks_and_have_its_loudness() -> None:
    path = shared("footage/narration.flac")
    data, _ = soundfile.read(path, dtype="float32", always_2d=True)
    rate, at = Rate(24000, 1001), 120
    frames = rate.frame_of_sample(len(data))
    heard = listen(cue(path, rate=rate, frames=frames, at=at))
    assert heard.problems == ()
    assert abs(heard.speech[0].in_frame - at) <= 8
    assert abs(heard.speech[-1].out_frame_exclusive - (at + frames)) <= 12
    assert sum(span.out_frame_exclusive - span.in_frame for span in heard.speech) > 0.85 * frames
    meter = LevelMeter()
    meter.feed(np.repeat(data[:, :1], 2, axis=1))
    assert heard.dialogue_lufs == pytest.approx(meter.level().lufs, abs=0.5)


def test_without_speech_there_is_no_dialogue_loudness(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "music.wav", music(10, 1), 48_000, subtype="FLOAT")
    heard = listen(cue(tmp_path / "music.wav", rate=Rate(25), frames=250))
    assert heard.speech == () and heard.dialogue_lufs is None


def test_sound_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    heard = listen(cue(tmp_path / "gone.wav", rate=Rate(25), frames=50))
    assert heard.speech == () and [problem.kind for problem in heard.problems] == ["sound"]


def test_listening_can_be_cancelled(tmp_path: Path) -> None:
    from hitpoint.engine.errors import Cancelled

    cancel = Cancel()
    cancel.set()
    soundfile.write(tmp_path / "music.wav", music(2, 1), 48_000, subtype="FLOAT")
    with pytest.raises(Cancelled):
        listen(cue(tmp_path / "music.wav", rate=Rate(25), frames=50), cancel=cancel)
