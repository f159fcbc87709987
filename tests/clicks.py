"""Click music whose beats are known though its tempo drifts, and cues with real cut lists to fit it to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from cutlists import FPS, CutList
from hitpoint.engine.audio.wav import WorkWriter
from hitpoint.engine.generator import TakeRequest
from hitpoint.engine.timebase import SAMPLE_RATE, Rate
from hitpoint.engine.types import (
    Cue,
    Hit,
    Picture,
    Plan,
    Provenance,
    Score,
    Section,
    Shot,
    Stem,
    Take,
    TempoSegment,
)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClickMusic:
    """`sound`, float32 [n, 1] at 48 kHz; a beat begins at each of `beats_s`, a bar at every fourth."""

    sound: Floats
    beats_s: npt.NDArray[np.float64]

    @property
    def beats(self) -> npt.NDArray[np.int64]:
        return np.rint(self.beats_s * SAMPLE_RATE).astype(np.int64)


def click_music(
    seed: int,
    seconds: float,
    *,
    bpm: float | None = None,
    drift: float = 0.06,
    off_beats: bool = False,
    channels: int = 1,
) -> ClickMusic:
    """A deep click on the bar, a higher one on the other beats; the tempo wanders by `drift`."""
    random = np.random.Generator(np.random.PCG64(seed))
    base = bpm or float(random.uniform(80, 140))
    now, phase = float(random.uniform(0.1, 0.6)), float(random.uniform(0, 2 * np.pi))
    period = float(random.uniform(15, 40))
    beats = []
    while now < seconds - 0.3:
        beats.append(now)
        now += 60 / (base * (1 + drift * np.sin(2 * np.pi * now / period + phase)))
    sound = np.zeros(round(seconds * SAMPLE_RATE))
    time = np.arange(round(0.12 * SAMPLE_RATE)) / SAMPLE_RATE

    def put(at_s: float, level: float, hertz: float) -> None:
        at = round(at_s * SAMPLE_RATE)
        click = np.sin(2 * np.pi * hertz * time) + 0.5 * random.standard_normal(len(time))
        end = min(len(sound), at + len(time))
        sound[at:end] += (level * np.exp(-time * 40) * click)[: end - at]

    for index, beat in enumerate(beats):
        put(beat, 0.5 if index % 4 == 0 else 0.35, 80 if index % 4 == 0 else 200)
        if off_beats and index + 1 < len(beats):
            put((beat + beats[index + 1]) / 2, 0.1, 4_000)
    mono = sound.astype(np.float32)[:, None]
    return ClickMusic(np.repeat(mono, channels, axis=1), np.array(beats))


def fit_request(
    hits: Sequence[Hit], *, seconds: float = 60.0, handle_frames: tuple[int, int] = (50, 50)
) -> TakeRequest:
    """A cue of 25 fps with those hits, and a plan of 120 beats a minute that knows nothing of any music."""
    frames = round(seconds * FPS)
    start = handle_frames[0]
    shot = Shot("shot", start, start + frames, "gap")
    cue = Cue("cue", Rate(FPS), start, start + frames, (shot,))
    bars = frames // (2 * FPS)
    length = bars * 2 * SAMPLE_RATE
    half = bars // 2
    plan = Plan(
        cue="cue",
        samples=cue.samples,
        hits=tuple(hits),
        segments=(TempoSegment(0, length, (4,) * bars),),
        sections=(Section("A", 0, half, 0.2, 0.5), Section("B", half, bars, 0.8, 0.5)),
        energy=(0.2,) * half + (0.8,) * (bars - half),
        ending_bar=bars - 1,
    )
    curve = (0.5,) * frames
    picture = Picture(cue.rate, start, curve, curve, curve, curve, curve, ())
    score = Score(1, "cinematic", 2, (80, 120), (), {})
    return TakeRequest(cue, picture, score, plan, handle_frames)


def cut_request(cuts: CutList) -> TakeRequest:
    return fit_request(cuts.hits(), seconds=cuts.seconds)


def music_seconds(request: TakeRequest) -> float:
    """Cue, handles and 5 % spare, as a neural generator makes them."""
    return 1.05 * (request.cue.samples + sum(request.handle_samples)) / SAMPLE_RATE


def take_of(sounds: dict[str, Floats], request: TakeRequest, folder: Path, *, rate: int = 32_000) -> Take:
    """A neural take of stems given at 48 kHz, written at `rate`."""
    stems = []
    for name, sound in sounds.items():
        there = (
            np.asarray(soxr.resample(sound, SAMPLE_RATE, rate), np.float32) if rate != SAMPLE_RATE else sound
        )
        path = folder / f"{name}.wav"
        with WorkWriter(path, len(there), channels=there.shape[1], sample_rate=rate) as out:
            out.write(there)
        stems.append(Stem(name, str(path), out.sha256, len(there), request.handle_samples, rate))
    made = Provenance("gvmgen", "0", 1, model="tiny")
    return Take("cue", tuple(stems), request.plan, made, beats="own", extra={"backend": "none"})
