"""How well speech is told from our music: a table of F1 at +6 dB over it, and of false frames on music alone.

python -m tools.bench_speech [SPEECH_FILE ...]        espeak-ng speaks besides, where it is installed
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from hitpoint.engine.audio.speech import speech_flags
from hitpoint.engine.audio.voice import HOP, RATE, VoiceMeter
from hitpoint.engine.audio.wav import work_blocks
from hitpoint.engine.progress import Cancel, silent
from hitpoint.engine.sketch.generator import SketchGenerator
from hitpoint.engine.style import style_names

from .made import take_request

_SECONDS = 30
_SEEDS = (1, 2)
_TEXT = "The old keeper climbed the stairs every evening, and looked out before the storm came in. "
_VOICES = ("en-us", "en-gb+f3", "en-gb-scotland+m3")

Floats = npt.NDArray[np.float32]


def _voices(files: list[str]) -> dict[str, Floats]:
    out: dict[str, Floats] = {}
    if shutil.which("espeak-ng"):
        for voice in _VOICES:
            command = ["espeak-ng", "-v", voice, "--stdout", _TEXT * 3]
            data = subprocess.run(command, capture_output=True, check=True).stdout
            out[voice] = _loaded(io.BytesIO(data))
    for name in files:
        out[Path(name).stem] = _loaded(name)
    return out


def _loaded(source: object) -> Floats:
    sound, rate = soundfile.read(source, dtype="float32", always_2d=True)
    return np.asarray(soxr.resample(sound.mean(axis=1), rate, RATE), dtype=np.float32)


def _music(style: str, seed: int) -> Floats:
    request = take_request(seconds=_SECONDS, style=style, energy=0.6, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        take = SketchGenerator(Path(folder)).generate(request, progress=silent, cancel=Cancel())
        stems = [np.concatenate(list(work_blocks(Path(stem.path)))) for stem in take.stems]
    return np.asarray(soxr.resample(np.sum(stems, axis=0).mean(axis=1), 48_000, RATE), dtype=np.float32)


def _flags(sound: Floats) -> npt.NDArray[np.bool_]:
    meter = VoiceMeter()
    meter.feed(sound)
    return speech_flags(meter.probability())


def _f1(music: Floats, words: Floats) -> float:
    """Words begin after 3 s, 6 dB above the music."""
    words = words[: len(music) - 6 * RATE]
    gain = 2 * np.sqrt(np.square(music).mean() / np.square(words).mean())
    sound = music.copy()
    sound[3 * RATE : 3 * RATE + len(words)] += gain * words
    found = _flags(sound)
    truth = np.zeros(len(found), np.bool_)
    truth[3 * RATE // HOP : (3 * RATE + len(words)) // HOP] = True
    return float(2 * (found & truth).sum() / (found.sum() + truth.sum()))


def main() -> None:
    voices = _voices(sys.argv[1:])
    print(f"{'music':16} {'false':>6}  " + "  ".join(voices))
    for style in style_names():
        for seed in _SEEDS:
            music = _music(style, seed)
            scores = "  ".join(f"{_f1(music, words):{len(name)}.3f}" for name, words in voices.items())
            print(f"{style + ' ' + str(seed):16} {_flags(music).mean():6.1%}  {scores}", flush=True)


if __name__ == "__main__":
    main()
