"""The prompt of a text-conditioned model, written from what the Picture shows and the style asks for."""

from __future__ import annotations

import statistics

import numpy as np

from ..generator import TakeRequest
from ..plan.like import likeness_of
from ..plan.mood import lift, mood_of
from ..style import load_style
from ..types import Picture, Plan, Score

# Mood words by energy (rows: calm, moving, driving) and by light and warmth (columns: dark, neutral, bright).
_MOODS = (
    ("dark, brooding, sparse", "calm, reflective", "tender, hopeful"),
    ("tense, uneasy", "flowing, curious", "warm, uplifting"),
    ("menacing, driving", "energetic, urgent", "triumphant, joyful"),
)


def prompt_of(request: TakeRequest) -> str:
    """The words asked for, or those written from picture and plan; words of mood come last."""
    prompt = request.neural.prompt or write_prompt(request.picture, request.plan, request.score)
    mood = mood_of(request.score)
    return prompt if mood is None else f"{prompt}, {mood.text}"


def write_prompt(picture: Picture, plan: Plan, score: Score) -> str:
    """A sentence in the words that MusicGen's training captions use: genre, instruments, mood, tempo."""
    energy, valence = _energy(plan), _valence(picture)
    asked, followed = mood_of(score), likeness_of(score)
    if asked is not None:
        valence = float(lift(np.array(valence), asked.valence))
    mood = _MOODS[_third(energy)][_third(valence)]
    heard = followed.mode if followed is not None else ""
    mode = f"{heard or ('major' if valence >= 0.5 else 'minor')} key"
    tempi = [segment.bpm for segment in plan.segments]
    bpm = f", {round(statistics.median(tempi))} bpm" if tempi else ""
    return f"{load_style(score.style).words}, {mood}, {mode}{bpm}, instrumental"


def _energy(plan: Plan) -> float:
    return statistics.fmean(plan.energy) if plan.energy else 0.5


def _valence(picture: Picture) -> float:
    """0 (dark, cold) to 1 (bright, warm): the two halves weigh the same."""
    if not picture.luminance:
        return 0.5
    return (statistics.fmean(picture.luminance) + statistics.fmean(picture.warmth)) / 2


def _third(value: float) -> int:
    return 0 if value < 0.38 else 1 if value < 0.6 else 2
