"""Gate 5: by what the picture's hits are met. A boom at every cut tells that the music has run out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from ...audio.finish import EFFECTS, MUSIC
from ...audio.measure import measure_hits
from ...audio.onset import HOP, OnsetCurve, onset_curve
from ...timebase import SAMPLE_RATE
from ...types import Hit
from .piece import Piece, Sound
from .verdict import Verdict

Device = Literal["drums", "bass", "harmony", "melody", "silence", "fx", "none"]

MOST_FX = 0.2
# Styles in which a boom is an event: at most this many within the stretch.
SPARING_STYLES = frozenset({"documentary", "piano", "folk", "corporate"})
SPARING_S = 30
MOST_IN_STRETCH = 1

_DEVICES: Mapping[str, Device] = {
    "drums": "drums",
    "bass": "bass",
    "harmony": "harmony",
    "pads": "harmony",
    "melody": "melody",
    # What a separator leaves when it has taken drums and bass away.
    "other": "harmony",
}
# Falling silent: so much softer from a tenth of a second after the hit on than before it, and loud before.
# A rest of one beat is none.
_FALL_DB = 12.0
_LOUD_BEFORE = 1e-5  # mean square, -50 dBFS
_BEFORE = (-0.60, -0.04)
_AFTER = (0.10, 0.90)


@dataclass(frozen=True, slots=True)
class Met:
    """A hit that is struck, and by what it is met; "none" where the music does nothing."""

    hit: Hit
    device: Device


def met_by(piece: Piece) -> tuple[Verdict, Verdict, Verdict]:
    """Share of hits that effects meet alone, the most of those in any 30 s, and devices used twice running.

    Nothing of it applies to a piece whose stems do not tell devices apart, or without struck hits; the
    last also not with a single one.
    """
    found = devices(piece)
    alone = crowd = twice = None
    if found:
        by_fx = [met.hit.sample for met in found if met.device == "fx"]
        alone = len(by_fx) / len(found)
        if piece.style in SPARING_STYLES:
            crowd = _most_within(by_fx, SPARING_S * SAMPLE_RATE)
        used = [met.device for met in found if met.device != "none"]
        if len(used) > 1:
            twice = sum(a == b for a, b in pairwise(used))
    return (
        Verdict("met by music", "hits met by effects alone", alone, None, MOST_FX, "of hits"),
        Verdict("met by music", f"effects alone in any {SPARING_S} s", crowd, None, MOST_IN_STRETCH),
        Verdict("met by music", "same device twice running", twice, None, 0),
    )


def devices(piece: Piece) -> tuple[Met, ...] | None:
    """What meets each struck hit, in time: the stem whose onset stands out most of itself within 40 ms; where
    the music has no onset, its falling silent, else effects. None where stems do not tell devices apart.
    """
    parts: dict[str, Sound] = {}
    for name, sound in piece.stems.items():
        device = EFFECTS if name == EFFECTS else _DEVICES.get(name)
        if device is None:
            return None
        parts[device] = parts[device] + sound if device in parts else sound
    music = [sound for name, sound in parts.items() if name != EFFECTS]
    if len(music) < 2:
        return None
    band = np.asarray(np.sum(music, axis=0), np.float32)
    curves = {name: onset_curve(sound) for name, sound in parts.items()} | {MUSIC: onset_curve(band)}
    report = measure_hits(curves, piece.plan, head_samples=piece.handles[0])
    out = []
    for measure in sorted(report.hits, key=lambda measure: measure.hit.sample):
        if not measure.hit.struck or measure.hit.kind == "avoid":
            continue
        means = _device(measure.met_by)
        if means in ("fx", "none") and _falls_silent(curves[MUSIC], measure.hit.sample + piece.handles[0]):
            means = "silence"
        out.append(Met(measure.hit, means))
    return tuple(out)


def _device(name: str) -> Device:
    if name == EFFECTS:
        return "fx"
    return _DEVICES.get(name, "none")


def _falls_silent(curve: OnsetCurve, sample: int) -> bool:
    """Whether the music stops at `sample` of its file."""
    before, after = (_mean_power(curve, sample, window) for window in (_BEFORE, _AFTER))
    return before > _LOUD_BEFORE and after < before * 10 ** (-_FALL_DB / 10)


def _mean_power(curve: OnsetCurve, sample: int, window: tuple[float, float]) -> float:
    first, last = (max(0, round((sample + seconds * SAMPLE_RATE) / HOP)) for seconds in window)
    power = curve.power[first:last]
    return float(power.mean()) if len(power) else 0.0


def _most_within(samples: Sequence[int], stretch: int) -> int:
    return max((sum(start <= other < start + stretch for other in samples) for start in samples), default=0)
