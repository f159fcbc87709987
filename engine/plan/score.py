"""The Score: what all cues of one film share. Decided by the seed and the style alone, so that one cue scored
again, next week, on another machine, belongs to the same film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..style import load_style, style_names
from ..types import Cue, Picture, Score, SpottedCue
from .theme import make_theme

# Keys that orchestral instruments and ears both like, by pitch class; D first, as the commonest.
_TONICS = (2, 9, 4, 7, 0, 5, 10, 11)
# The family is this much narrower than the style's own range, around a tempo drawn by the seed.
_FAMILY_WIDTH = 1.16


def make_score(*, seed: int, style: str, cues: Sequence[Cue]) -> Score:
    """The Score of a film. OptionError for an unknown style."""
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
    )


def choose_style(pictures: Sequence[Picture]) -> str:
    """The style that fits what is seen and heard, for `--style auto`: a rule of thumb, said in the report."""
    frames = sum(len(picture.motion) for picture in pictures)
    if not frames:
        return "cinematic"
    motion = sum(sum(picture.motion) for picture in pictures) / frames
    cuts = sum(cut.strength > 0.1 for picture in pictures for cut in picture.cuts)
    seconds = sum(float(picture.rate.seconds(len(picture.motion))) for picture in pictures)
    spoken = sum(s.out_frame_exclusive - s.in_frame for picture in pictures for s in picture.speech) / frames
    pace = cuts / seconds
    if spoken > 0.4:
        choice = "documentary"
    elif motion > 0.5 and pace > 0.4:
        choice = "electronic"
    elif motion < 0.15 and pace < 0.2:
        choice = "piano"
    else:
        choice = "cinematic"
    assert choice in style_names()
    return choice
