"""The Score: what all cues of one film share. Decided by the seed and the style alone, so that one cue scored
again, next week, on another machine, belongs to the same film."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..style import load_style
from ..types import Cue, Fit, Picture, Score, SpottedCue
from .theme import make_theme

# Keys that orchestral instruments and ears both like, by pitch class; D first, as the commonest.
_TONICS = (2, 9, 4, 7, 0, 5, 10, 11)
# The family is this much narrower than the style's own range, around a tempo drawn by the seed.
_FAMILY_WIDTH = 1.16


class Look(NamedTuple):
    """A film in six numbers: means of the Picture's curves, cuts a second, the share that is spoken over."""

    motion: float
    pace: float
    light: float
    warmth: float
    saturation: float
    speech: float


# What film looks like that each style fits, in terms of the Picture (a talking head moves .15, a walk .4).
LOOKS: Mapping[str, Look] = {
    "cinematic": Look(0.35, 0.25, 0.42, 0.50, 0.35, 0.0),
    "documentary": Look(0.25, 0.20, 0.45, 0.52, 0.32, 0.7),
    # Bright, brisk, and somebody explains.
    "corporate": Look(0.40, 0.40, 0.70, 0.50, 0.40, 0.6),
    # Still, pale and cool: mist, sky, water.
    "ambient": Look(0.12, 0.05, 0.62, 0.36, 0.25, 0.0),
    "electronic": Look(0.75, 0.70, 0.42, 0.42, 0.50, 0.0),
    # Dark, and little moves.
    "tension": Look(0.18, 0.15, 0.16, 0.42, 0.22, 0.0),
    # Bright, gaudy, lively.
    "comedy": Look(0.42, 0.45, 0.66, 0.58, 0.65, 0.0),
    "piano": Look(0.06, 0.05, 0.42, 0.54, 0.36, 0.0),
    # Warm daylight, people and land.
    "folk": Look(0.25, 0.15, 0.52, 0.74, 0.48, 0.0),
    # Dark and cut fast.
    "trailer": Look(0.60, 0.65, 0.18, 0.46, 0.28, 0.0),
    "rock": Look(0.75, 0.60, 0.46, 0.68, 0.55, 0.0),
    # Ink on paper: still, light, hardly a colour, and that one warm.
    "guofeng": Look(0.15, 0.10, 0.72, 0.64, 0.10, 0.0),
}
# Differences that weigh the same.
_APART = Look(0.20, 0.30, 0.18, 0.16, 0.20, 0.25)
# A cut between pictures this alike is none to the eye.
_REAL_CUT = 0.1
_MOSTLY_SPOKEN = 0.4


def make_score(*, seed: int, style: str, cues: Sequence[Cue], fit: Fit | None = None) -> Score:
    """The Score of a film; without `fit`, its style's own. OptionError for an unknown style."""
    table = load_style(style)
    rng = np.random.Generator(np.random.PCG64([seed, 0x5C0E]))
    tonic = int(_TONICS[int(rng.integers(len(_TONICS)))])
    low, high = table.tempo_bpm
    middle = float(rng.uniform(low * _FAMILY_WIDTH**0.5, high / _FAMILY_WIDTH**0.5))
    family = (max(low, middle / _FAMILY_WIDTH**0.5), min(high, middle * _FAMILY_WIDTH**0.5))
    return Score(
        seed=seed,
        style=style,
        tonic=tonic,
        tempo_family_bpm=(round(family[0], 2), round(family[1], 2)),
        themes=(make_theme(seed),),
        palette=table.draw_palette(rng),
        spotting=tuple(SpottedCue(cue.name, cue.in_frame, cue.out_frame_exclusive) for cue in cues),
        fit=fit or table.fit,
    )


def choose_style(pictures: Sequence[Picture], among: Sequence[str] = ()) -> str:
    """The style that fits what is seen and heard, for `--style auto`: a rule of thumb, said in the report.

    The nearest of `LOOKS`, or of those `among` them that are named. Film of which nothing is seen is
    cinematic, or documentary where most of it is spoken over.
    """
    look = _look(pictures)
    usual = "cinematic"
    if look is not None and math.isnan(look.motion):
        usual = "documentary" if look.speech > _MOSTLY_SPOKEN else "cinematic"
    if look is None or math.isnan(look.motion):
        return usual if not among or usual in among else among[0]
    return min(among or LOOKS, key=lambda style: _distance(look, LOOKS[style]))


def _look(pictures: Sequence[Picture]) -> Look | None:
    """Means of all pictures together; None without a frame. Frames that are black or unseen tell nothing of
    motion and colour: NaN where there are no others."""
    curves = [_seen(picture) for picture in pictures]
    frames = sum(len(picture.motion) for picture in pictures)
    if not frames:
        return None
    shown = np.concatenate(curves, axis=1)
    means = shown.mean(axis=1) if shown.shape[1] else np.full(len(shown), math.nan)
    motion, light, warmth, saturation = (float(mean) for mean in means)
    cuts = sum(cut.strength > _REAL_CUT for picture in pictures for cut in picture.cuts)
    seconds = sum(float(picture.rate.seconds(len(picture.motion))) for picture in pictures)
    spoken = sum(s.out_frame_exclusive - s.in_frame for picture in pictures for s in picture.speech)
    return Look(motion, cuts / seconds, light, warmth, saturation, spoken / frames)


def _seen(picture: Picture) -> npt.NDArray[np.float64]:
    """Motion, luminance, warmth and saturation of the frames that show something: (4, frames)."""
    curves = np.array(
        [picture.motion, picture.luminance, picture.warmth, picture.saturation], dtype=np.float64
    )
    shows = np.ones(curves.shape[1], dtype=bool)
    for span in (*picture.black, *picture.unseen):
        first = max(0, span.in_frame - picture.in_frame)
        shows[first : max(0, span.out_frame_exclusive - picture.in_frame)] = False
    return curves[:, shows]


def _distance(one: Look, other: Look) -> float:
    pairs = zip(one, other, _APART, strict=True)
    return sum(((a - b) / apart) ** 2 for a, b, apart in pairs)
