"""Sound for tests: made here from arithmetic, spoken by espeak-ng, and measured by ffmpeg."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from judges import need_program

RATE = 48_000
_FILTER = "ebur128=peak=true:framelog=verbose"
Floats = npt.NDArray[np.float32]


def random(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def tone(hertz: float, seconds: float, *, partials: int = 6) -> Floats:
    """A plucked note, float32 [n]."""
    time = np.arange(round(seconds * RATE)) / RATE
    out = np.zeros(len(time))
    for k in range(1, partials + 1):
        if k * hertz < 20_000:
            out += np.sin(2 * np.pi * k * hertz * time) * np.exp(-time * (1 + k)) / k
    return (out * np.minimum(1, time / 0.004)).astype(np.float32)


def put(out: Floats, sound: Floats, second: float, gain: float) -> None:
    at = round(second * RATE)
    sound = sound[: max(0, len(out) - at)]
    out[at : at + len(sound)] += (gain * sound)[:, None] if out.ndim == 2 else gain * sound


def drum(seed: int, *, decay_s: float = 0.06) -> Floats:
    """A hit of noise up to 18 kHz: oversamplers do not agree on peaks of what lies at the very end of the
    band.
    """
    noise = random(seed).standard_normal(round(6 * decay_s * 36_000))
    noise = soxr.resample(noise, 36_000, RATE, quality="VHQ")
    return (noise * np.exp(-np.arange(len(noise)) / (decay_s * RATE))).astype(np.float32)


def stems(seconds: float, seed: int = 0, *, beat_s: float = 0.5) -> dict[str, Floats]:
    """Four stems of plain pop: drums, chords, a melody and effects, float32 [n, 2]."""
    rng = random(seed)
    out = {
        name: np.zeros((round(seconds * RATE), 2), np.float32)
        for name in ("drums", "harmony", "melody", "hits")
    }
    roots = (130.8, 110.0, 174.6, 196.0)
    for step in range(int(seconds / beat_s)):
        second = step * beat_s
        put(out["drums"], drum(step % 4), second, 0.5 if step % 4 == 0 else 0.15)
        root = roots[step // 4 % 4]
        if step % 4 == 0:
            for ratio in (1, 1.26, 1.5):
                put(out["harmony"], tone(root * ratio, 4 * beat_s), second, 0.12)
        put(out["melody"], tone(root * float(rng.choice((2, 2.25, 2.52, 3))), 2 * beat_s), second, 0.2)
    put(out["hits"], drum(99, decay_s=0.3), seconds / 2, 0.4)
    out["harmony"][:, 1] *= 0.8
    out["melody"][:, 0] *= 0.7
    return out


def noise(seconds: float, seed: int = 0) -> Floats:
    """Stereo noise that falls with frequency like music, float32 [n, 2]."""
    white = random(seed).standard_normal((round(seconds * RATE), 2))
    spectrum = np.fft.rfft(white, axis=0)
    falling = spectrum / np.sqrt(np.arange(len(spectrum)) + 20)[:, None]
    out = np.fft.irfft(falling, len(white), axis=0)
    return (out / np.abs(out).max()).astype(np.float32)


def spoken(text: str, voice: str = "en-us", *, words_a_minute: int = 160) -> Floats:
    """Mono at 48 kHz, float32 [n]."""
    program = need_program("espeak-ng")
    run = subprocess.run(
        [program, "-v", voice, "-s", str(words_a_minute), "--stdout", text], capture_output=True, check=True
    )
    data, rate = soundfile.read(io.BytesIO(run.stdout), dtype="float32")
    return np.asarray(soxr.resample(data, rate, RATE))


def ebur128(path: Path) -> dict[str, float]:
    """What ffmpeg says: integrated LUFS, range LU, true peak dBFS."""
    run = subprocess.run(
        [
            need_program("ffmpeg"),
            "-hide_banner",
            "-nostats",
            "-i",
            str(path),
            "-af",
            _FILTER,
            "-f",
            "null",
            "-",
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    summary = run.stderr[run.stderr.rindex("Summary:") :]
    found = dict(re.findall(r"\b(I|LRA|Peak):\s+(-?[\d.]+|-inf)", summary))
    return {key: float(value) for key, value in found.items()}


def decibels(ratio: float) -> float:
    return float(20 * np.log10(ratio))
