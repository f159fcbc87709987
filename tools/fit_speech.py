"""Fits the numbers of engine/audio/voice_table.py anew: python tools/fit_speech.py SPEECH_FOLDER MUSIC_FOLDER

Both folders hold sound files, one speaker or piece each, at any depth. Mixtures of 30 s are made of them
(speech with pauses over music 0 to 15 dB below it, speech alone, music alone); every other file is kept
out of the fit and judges it. Prints the judgement and the table.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import scipy.optimize
import soundfile
import soxr

from hitpoint.engine.audio.speech import speech_flags
from hitpoint.engine.audio.voice import HOP, NAMES, RATE, VoiceMeter

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

SECONDS = 30
UNITS = 8
DECAY = 2e-6
LOUDNESS = 0.05


def load(folder: Path) -> list[Floats]:
    """At most two minutes of every file, mono at 16 kHz."""
    out = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".wav", ".flac", ".ogg", ".mp3"):
            with soundfile.SoundFile(path) as file:
                data = file.read(120 * file.samplerate, dtype="float32", always_2d=True).mean(axis=1)
                out.append(soxr.resample(data, file.samplerate, RATE))
    return out


def speaking(speech: Floats) -> npt.NDArray[np.bool_]:
    """Every 10 ms: within 32 dB of the loudest, pauses under a third of a second closed."""
    frames = np.square(speech[: len(speech) // HOP * HOP]).reshape(-1, HOP).mean(axis=1)
    active = scipy.ndimage.maximum_filter1d(frames, 5) > frames.max() * 10**-3.2
    return np.asarray(scipy.ndimage.binary_closing(np.pad(active, 40), np.ones(35))[40:-40])


def mixture(
    rng: np.random.Generator, speech: list[Floats], music: Floats | None
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    sound = np.zeros(SECONDS * RATE, np.float32)
    truth = np.zeros(SECONDS * RATE // HOP, np.bool_)
    at = int(rng.uniform(0, 300)) * HOP
    while speech and at < len(sound) - RATE:
        words = speech[rng.integers(len(speech))][: len(sound) - at]
        active = speaking(words)
        if active.sum() > 20:
            loud = words[: len(active) * HOP].reshape(-1, HOP)[active]
            sound[at : at + len(words)] += words * (LOUDNESS / np.sqrt(np.square(loud).mean()))
            truth[at // HOP : at // HOP + len(active)] |= active[: len(truth) - at // HOP]
        at += len(words) // HOP * HOP + int(rng.choice((20, 60, 200, 500)) * rng.uniform(0.5, 1.5)) * HOP
    if music is not None:
        start = int(rng.integers(max(1, len(music) - len(sound))))
        bed = np.resize(music[start : start + len(sound)], len(sound))
        below_db = rng.choice((0, 3, 6, 6, 6, 10, 15))
        sound += bed * (LOUDNESS * 10 ** (-below_db / 20) / (np.sqrt(np.square(bed).mean()) + 1e-6))
    sound += rng.standard_normal(len(sound)).astype(np.float32) * LOUDNESS * 10 ** (-rng.uniform(35, 65) / 20)
    truth = scipy.ndimage.binary_closing(np.pad(truth, 60), np.ones(50))[60:-60]
    return sound * np.float32(10 ** (rng.uniform(-15, 10) / 20)), truth


def examples(
    rng: np.random.Generator, speech: list[Floats], music: list[Floats], count: int
) -> list[tuple[Doubles, npt.NDArray[np.bool_]]]:
    out = []
    for index in range(count):
        bed = None if index % 8 == 0 else music[rng.integers(len(music))]
        sound, truth = mixture(rng, [] if index % 3 == 1 else speech, bed)
        meter = VoiceMeter()
        meter.feed(sound)
        out.append((meter.evidence(), truth))
    return out


def split(flat: Doubles) -> tuple[Doubles, Doubles, Doubles, float]:
    inputs = len(NAMES)
    hidden = flat[: inputs * UNITS].reshape(inputs, UNITS)
    rest = flat[inputs * UNITS :]
    return hidden, rest[:UNITS], rest[UNITS : 2 * UNITS], float(rest[-1])


def fit(rng: np.random.Generator, inputs: Doubles, truth: Doubles) -> Doubles:
    """Cross entropy with weight decay, by L-BFGS."""

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        hidden, bias, output, last = split(flat)
        active = np.tanh(inputs @ hidden + bias)
        score = active @ output + last
        error = (1 / (1 + np.exp(-score)) - truth) / len(truth)
        back = error[:, None] * output * (1 - active**2)
        slope = np.concatenate(((inputs.T @ back).ravel(), back.sum(axis=0), active.T @ error, [error.sum()]))
        value = float((np.logaddexp(0, score) - truth * score).mean() + DECAY / 2 * (flat**2).sum())
        return value, slope + DECAY * flat

    start = rng.standard_normal(len(NAMES) * UNITS + 2 * UNITS + 1) * 0.3
    found = scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 400})
    return np.asarray(found.x)


def judge(
    flat: Doubles, means: Doubles, spreads: Doubles, test: list[tuple[Doubles, npt.NDArray[np.bool_]]]
) -> str:
    hidden, bias, output, last = split(flat)
    both = found_only = truth_only = alone = alone_found = 0
    for evidence, truth in test:
        score = np.tanh((evidence - means) / spreads @ hidden + bias) @ output + last
        found = speech_flags(scipy.ndimage.uniform_filter1d(1 / (1 + np.exp(-score)), 31))
        if truth.any():
            both += int((found & truth).sum())
            found_only += int((found & ~truth).sum())
            truth_only += int((~found & truth).sum())
        else:
            alone, alone_found = alone + len(found), alone_found + int(found.sum())
    f1 = 2 * both / (2 * both + found_only + truth_only)
    return f"F1 {f1:.3f}, music alone taken for speech {alone_found / alone:.3f}"


def row(values: npt.ArrayLike) -> str:
    return "(" + ", ".join(f"{value:.3g}" for value in np.ravel(np.asarray(values))) + ")"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("speech", type=Path)
    parser.add_argument("music", type=Path)
    parser.add_argument("--mixtures", type=int, default=900)
    chosen = parser.parse_args()
    rng = np.random.Generator(np.random.PCG64(0))
    speech, music = load(chosen.speech), load(chosen.music)
    train = examples(rng, speech[::2], music[::2], chosen.mixtures)
    test = examples(rng, speech[1::2], music[1::2], chosen.mixtures // 3)
    inputs = np.concatenate([evidence[::4] for evidence, _ in train])
    truth = np.concatenate([flags[::4] for _, flags in train]).astype(np.float64)
    means, spreads = inputs.mean(axis=0), inputs.std(axis=0)
    flat = fit(rng, (inputs - means) / spreads, truth)
    hidden, bias, output, last = split(flat)
    print("# kept out of the fit:", judge(flat, means, spreads, test))
    print(f"MEANS = {row(means)}\nSPREADS = {row(spreads)}")
    print("HIDDEN = (\n" + "".join(f"    {row(line)},\n" for line in hidden) + ")")
    print(f"HIDDEN_BIAS = {row(bias)}\nOUTPUT = {row(output)}\nOUTPUT_BIAS = {last:.3g}")


if __name__ == "__main__":
    main()
